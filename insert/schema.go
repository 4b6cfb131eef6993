package insert

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/column"
)

// Column is a column of a Schema. [Tag], [Field] and [Time] return one. Its name is used
// unchanged: case matters.
type Column struct {
	Name string
	Type Type
	role catalog.Role
}

// Tag returns a column of the primary key, which identifies a time series. A tag can have any
// type, and can be NULL.
func Tag(name string, t Type) Column {
	return Column{Name: name, Type: t, role: catalog.Tag}
}

// Field returns a column of measured values.
func Field(name string, t Type) Column {
	return Column{Name: name, Type: t, role: catalog.Field}
}

// Time returns the time index: a timestamp that is never NULL. A table has exactly one.
func Time(name string, unit Unit) Column {
	return Column{Name: name, Type: Timestamp(unit), role: catalog.TimeIndex}
}

// IsTag reports whether the column is a tag.
func (c Column) IsTag() bool { return c.role == catalog.Tag }

// IsTime reports whether the column is the time index.
func (c Column) IsTime() bool { return c.role == catalog.TimeIndex }

// Schema holds the columns of rows, checked and encoded once. It never changes, and any
// number of tables and goroutines can share it.
type Schema struct {
	columns   []Column
	types     []column.Type
	index     map[string]int
	timeIndex int
	wire      []byte // fields schema of a greptime.v1.Rows
}

// NewSchema returns a Schema of these columns. There must be exactly one time index and no name
// twice, and GreptimeDB 1.0.2 must have columns of these types. The order is that of the values
// in rows, and of the columns of a table that an insert creates. An existing table may have its
// columns in any order; those left out become NULL or their DEFAULT.
func NewSchema(columns ...Column) (*Schema, error) {
	s := &Schema{columns: slices.Clone(columns), index: make(map[string]int, len(columns)), timeIndex: -1}
	for i, c := range s.columns {
		if err := s.add(i, c); err != nil {
			return nil, fmt.Errorf("greptime: insert: column %s: %w", strconv.Quote(c.Name), err)
		}
	}
	if s.timeIndex < 0 {
		return nil, errors.New("greptime: insert: the columns have no time index; add one with insert.Time")
	}
	return s, nil
}

func (s *Schema) add(i int, c Column) error {
	t := column.Type(c.Type)
	if c.IsTime() && t == 0 {
		return errors.New("the time index has no unit; use insert.Second, Millisecond, Microsecond or Nanosecond")
	}
	if err := t.Check(); err != nil {
		return err
	}
	if !utf8.ValidString(c.Name) {
		return errors.New("the name is not valid UTF-8")
	}
	if _, twice := s.index[c.Name]; twice {
		return errors.New("duplicate name")
	}
	if c.IsTime() {
		if !t.Kind().IsTimestamp() {
			return fmt.Errorf("the time index is %s; it must be a timestamp", t)
		}
		if s.timeIndex >= 0 {
			return fmt.Errorf("a second time index, beside %q; make one of them a Field of type Timestamp", s.columns[s.timeIndex].Name)
		}
		s.timeIndex = i
	}
	s.wire = t.AppendSchema(s.wire, c.Name, c.role.SemanticType())
	s.index[c.Name] = i
	s.types = append(s.types, t)
	return nil
}

// Columns returns a copy of the columns.
func (s *Schema) Columns() []Column { return slices.Clone(s.columns) }

// NewTable returns an empty table of that name with these columns.
func (s *Schema) NewTable(name string) *Table { return newTable(name, s) }
