package load

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/insert"
)

// Type is the type of a table's column.
type Type struct {
	Arrow arrow.DataType // in which its values are sent; String for JSON, whose text is sent
	JSON  bool
	Dim   int // of a VECTOR, which is sent as Binary
}

// The types that are made of a file's text.
var (
	typeBool   = Type{Arrow: arrow.FixedWidthTypes.Boolean}
	typeInt64  = Type{Arrow: arrow.PrimitiveTypes.Int64}
	typeUint64 = Type{Arrow: arrow.PrimitiveTypes.Uint64}
	typeDouble = Type{Arrow: arrow.PrimitiveTypes.Float64}
	typeString = Type{Arrow: arrow.BinaryTypes.String}
	typeDate   = Type{Arrow: arrow.FixedWidthTypes.Date32}
	typeJSON   = Type{Arrow: arrow.BinaryTypes.String, JSON: true}
)

func timestampOf(unit arrow.TimeUnit) Type { return Type{Arrow: &arrow.TimestampType{Unit: unit}} }

// IsTimestamp reports whether the type is a timestamp, which a time index must be.
func (t Type) IsTimestamp() bool { return t.Arrow.ID() == arrow.TIMESTAMP }

// digits are the decimal digits of a second that a unit has, which is how SQL names it.
var digits = [...]int{arrow.Second: 0, arrow.Millisecond: 3, arrow.Microsecond: 6, arrow.Nanosecond: 9}

// String returns the name of the type in GreptimeDB's SQL.
func (t Type) String() string {
	switch {
	case t.JSON:
		return "JSON"
	case t.Dim > 0:
		return fmt.Sprintf("VECTOR(%d)", t.Dim)
	}
	switch dt := t.Arrow.(type) {
	case *arrow.BooleanType:
		return "BOOLEAN"
	case *arrow.Int8Type:
		return "TINYINT"
	case *arrow.Int16Type:
		return "SMALLINT"
	case *arrow.Int32Type:
		return "INT"
	case *arrow.Int64Type:
		return "BIGINT"
	case *arrow.Uint8Type:
		return "TINYINT UNSIGNED"
	case *arrow.Uint16Type:
		return "SMALLINT UNSIGNED"
	case *arrow.Uint32Type:
		return "INT UNSIGNED"
	case *arrow.Uint64Type:
		return "BIGINT UNSIGNED"
	case *arrow.Float32Type:
		return "FLOAT"
	case *arrow.Float64Type:
		return "DOUBLE"
	case *arrow.StringType:
		return "STRING"
	case *arrow.BinaryType:
		return "VARBINARY"
	case *arrow.Date32Type:
		return "DATE"
	case *arrow.TimestampType:
		return fmt.Sprintf("TIMESTAMP(%d)", digits[dt.Unit])
	case *arrow.Time32Type:
		return fmt.Sprintf("TIME(%d)", digits[dt.Unit])
	case *arrow.Time64Type:
		return fmt.Sprintf("TIME(%d)", digits[dt.Unit])
	case *arrow.Decimal128Type:
		return fmt.Sprintf("DECIMAL(%d, %d)", dt.Precision, dt.Scale)
	}
	return t.Arrow.String()
}

// simpleTypes are those without parameters.
var simpleTypes = map[insert.Type]Type{
	insert.Bool:    typeBool,
	insert.Int8:    {Arrow: arrow.PrimitiveTypes.Int8},
	insert.Int16:   {Arrow: arrow.PrimitiveTypes.Int16},
	insert.Int32:   {Arrow: arrow.PrimitiveTypes.Int32},
	insert.Int64:   typeInt64,
	insert.Uint8:   {Arrow: arrow.PrimitiveTypes.Uint8},
	insert.Uint16:  {Arrow: arrow.PrimitiveTypes.Uint16},
	insert.Uint32:  {Arrow: arrow.PrimitiveTypes.Uint32},
	insert.Uint64:  typeUint64,
	insert.Float32: {Arrow: arrow.PrimitiveTypes.Float32},
	insert.Float64: typeDouble,
	insert.String:  typeString,
	insert.Binary:  {Arrow: arrow.BinaryTypes.Binary},
	insert.Date:    typeDate,
	insert.JSON:    typeJSON,

	insert.Timestamp(insert.Second):      timestampOf(arrow.Second),
	insert.Timestamp(insert.Millisecond): timestampOf(arrow.Millisecond),
	insert.Timestamp(insert.Microsecond): timestampOf(arrow.Microsecond),
	insert.Timestamp(insert.Nanosecond):  timestampOf(arrow.Nanosecond),
}

// ParseType reads the name of a type that a column can be made with, such as DOUBLE or
// TIMESTAMP(3).
func ParseType(name string) (Type, error) {
	parsed, err := insert.ParseType(name)
	if err != nil {
		return Type{}, fmt.Errorf("%q is not a type: %s", name, strings.TrimPrefix(err.Error(), "greptime: insert: "))
	}
	if t, ok := simpleTypes[parsed]; ok {
		return t, nil
	}
	text := parsed.String()
	kind, arguments, _ := strings.Cut(strings.TrimSuffix(text, ")"), "(")
	first, second, _ := strings.Cut(arguments, ",")
	m, firstErr := strconv.Atoi(strings.TrimSpace(first))
	n, secondErr := strconv.Atoi(strings.TrimSpace(second))
	switch {
	case kind == "DECIMAL" && firstErr == nil && secondErr == nil:
		return Type{Arrow: &arrow.Decimal128Type{Precision: int32(m), Scale: int32(n)}}, nil
	case kind == "VECTOR" && firstErr == nil:
		return Type{Arrow: arrow.BinaryTypes.Binary, Dim: m}, nil
	}
	return Type{}, fmt.Errorf("no table can be made with a column of type %s; take STRING, or make the table by a first row of an insert", text)
}

// metadataType is the key of the field metadata that tells JSON and VECTOR from other
// binary columns.
const metadataType = "greptime:type"

// columnType returns the type of a column in the result of a query.
func columnType(f arrow.Field) (Type, error) {
	name, _ := f.Metadata.GetValue(metadataType)
	if extension, _ := f.Metadata.GetValue("ARROW:extension:name"); strings.HasPrefix(extension, "greptime.json") {
		name = "Json"
	}
	switch {
	case f.Type.ID() != arrow.BINARY && f.Type.ID() != arrow.BINARY_VIEW:
	case name == "Json":
		return typeJSON, nil
	case strings.HasPrefix(name, "Vector("):
		dim, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(name, "Vector("), ")"))
		if err != nil || dim < 1 {
			return Type{}, fmt.Errorf("the server says it is %s, which is not understood", name)
		}
		return Type{Arrow: arrow.BinaryTypes.Binary, Dim: dim}, nil
	}
	switch f.Type.ID() {
	case arrow.STRING_VIEW, arrow.LARGE_STRING:
		return typeString, nil
	case arrow.BINARY_VIEW, arrow.LARGE_BINARY:
		return Type{Arrow: arrow.BinaryTypes.Binary}, nil
	case arrow.DICTIONARY:
		return columnType(arrow.Field{Type: f.Type.(*arrow.DictionaryType).ValueType})
	}
	return Type{Arrow: f.Type}, nil
}
