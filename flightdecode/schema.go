package flightdecode

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
)

// maxDepth is the greatest depth of nested types, the limit of Arrow's C++ and Go
// readers, too.
const maxDepth = 64

// layout is the arrangement of an array of some type in buffers and children.
type layout uint8

const (
	layoutNull        layout = iota // nothing
	layoutBoolean                   // validity, bits
	layoutFixed                     // validity, column.width bytes per value
	layoutBinary                    // validity, 32-bit offsets, data
	layoutLargeBinary               // validity, 64-bit offsets, data
	layoutView                      // validity, views, any number of data buffers
	layoutList                      // validity, 32-bit offsets; one child
	layoutLargeList                 // validity, 64-bit offsets; one child
	layoutMap                       // same as layoutList; the child and its keys have no nulls
	layoutFixedList                 // validity; one child with column.width values per list
	layoutStruct                    // validity; any number of children
	layoutDictionary                // validity, indices of column.width bytes
)

// column is the plan for decoding a field. It is made once per schema and used for
// every batch. The children of a field are columns, too.
type column struct {
	name     string
	parent   *column // nil for a column of the schema
	dtype    arrow.DataType
	layout   layout
	width    int
	children []column
	// dictionary is the source of the values of a dictionary-encoded field.
	dictionary *dictionary
}

// errorf returns an error about the column, which it names together with its parents.
func (c *column) errorf(format string, args ...any) error {
	path := strconv.Quote(c.name)
	for p := c.parent; p != nil; p = p.parent {
		path = strconv.Quote(p.name) + "." + path
	}
	return fmt.Errorf("column %s: %w", path, fmt.Errorf(format, args...))
}

// Slots of Schema.
const (
	schemaEndianness = iota
	schemaFields
	schemaCustomMetadata
)

// Slots of Field.
const (
	fieldName = iota
	fieldNullable
	fieldTypeType
	fieldType
	fieldDictionary
	fieldChildren
	fieldCustomMetadata
)

// Slots of DictionaryEncoding.
const (
	encodingID = iota
	encodingIndexType
	encodingIsOrdered
	encodingKind
)

// schemaReader creates an Arrow schema and the plan for decoding its batches.
type schemaReader struct {
	fb           *flatbuffer
	dictionaries map[int64]*dictionary // by id; nil if there are none
}

var errHost = errors.New("record batches are little endian and are not converted for this big-endian machine")

func (s *schemaReader) read(h header) (*arrow.Schema, []column, error) {
	switch {
	case h.table.int16(schemaEndianness, 0) != 0:
		return nil, nil, errors.New("its record batches are big endian; only little endian is supported")
	case binary.NativeEndian.Uint16([]byte{1, 0}) != 1:
		return nil, nil, errHost
	}
	fields, columns, err := s.fields(h.table.tables(schemaFields), nil, 0)
	metadata := keyValues(h.table.tables(schemaCustomMetadata))
	// Everything read after the first fault is meaningless, and so are
	// complaints about it.
	if s.fb.err != nil {
		return nil, nil, s.fb.err
	}
	if err != nil {
		return nil, nil, err
	}
	return arrow.NewSchema(fields, &metadata), columns, nil
}

func (s *schemaReader) fields(v tables, parent *column, depth int) ([]arrow.Field, []column, error) {
	// Charge the budget before allocating: many tables may refer to one long
	// vector.
	if v.n == 0 || !s.fb.spend(v.n*tableCost) {
		return nil, nil, nil
	}
	if depth == maxDepth {
		return nil, nil, parent.errorf("its type is nested more than %d levels deep", maxDepth)
	}
	fields := make([]arrow.Field, v.n)
	columns := make([]column, v.n)
	for i := range v.n {
		columns[i].parent = parent
		var err error
		if fields[i], err = s.field(v.nth(i), &columns[i], depth); err != nil {
			return nil, nil, err
		}
	}
	return fields, columns, nil
}

func (s *schemaReader) field(t table, c *column, depth int) (arrow.Field, error) {
	c.name = t.string(fieldName)
	children, columns, err := s.fields(t.tables(fieldChildren), c, depth+1)
	if err != nil {
		return arrow.Field{}, err
	}
	c.children = columns
	params, ok := t.table(fieldType)
	if !ok {
		return arrow.Field{}, c.errorf("it has no type")
	}
	if err := c.setType(typeID(t.uint8(fieldTypeType)), params, children); err != nil {
		return arrow.Field{}, err
	}
	if encoding, ok := t.table(fieldDictionary); ok {
		if err := s.encode(encoding, c); err != nil {
			return arrow.Field{}, err
		}
	}
	return arrow.Field{
		Name:     c.name,
		Type:     c.dtype,
		Nullable: t.bool(fieldNullable),
		Metadata: keyValues(t.tables(fieldCustomMetadata)),
	}, nil
}

// encode turns c, the plan for the values, into a plan for indices into a
// dictionary of such values.
func (s *schemaReader) encode(encoding table, c *column) error {
	if kind := encoding.int16(encodingKind, 0); kind != 0 {
		return c.errorf("its dictionary is of kind %d; only dense arrays are supported", kind)
	}
	index := arrow.DataType(arrow.PrimitiveTypes.Int32)
	if t, ok := encoding.table(encodingIndexType); ok {
		if index = intType(t); index == nil {
			return c.errorf("its dictionary has indices of an impossible integer type")
		}
	}
	id := encoding.int64(encodingID)
	d := s.dictionaries[id]
	if d == nil {
		if s.dictionaries == nil {
			s.dictionaries = make(map[int64]*dictionary)
		}
		values := *c
		d = &dictionary{id: id, values: &values}
		s.dictionaries[id] = d
	} else if !arrow.TypeEqual(d.values.dtype, c.dtype) {
		return c.errorf("its dictionary %d has values of type %s, and of type %s in another column", id, c.dtype, d.values.dtype)
	}
	c.dtype = &arrow.DictionaryType{IndexType: index, ValueType: d.values.dtype, Ordered: encoding.bool(encodingIsOrdered)}
	c.layout = layoutDictionary
	c.width = byteWidth(index)
	c.children = nil
	c.dictionary = d
	return nil
}

func byteWidth(dtype arrow.DataType) int {
	return dtype.(arrow.FixedWidthDataType).BitWidth() / 8
}
