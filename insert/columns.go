package insert

import (
	"fmt"

	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/rowvalue"
)

// ColumnValues holds the values of one column of several rows; [Values] creates it.
type ColumnValues struct {
	name   string
	values rowvalue.Values
}

// Values returns the values of a column, one for each row, for the AppendColumns of a
// table or of a bulk batch. T can be anything that Append accepts; pointers and sql.Null
// values are for columns with NULLs. The slice is not copied: do not change it before
// AppendColumns returns.
func Values[T any](name string, values []T) ColumnValues {
	return ColumnValues{name, rowvalue.Slice[T](values)}
}

func init() {
	rowvalue.ColumnOf = func(v any) (string, rowvalue.Values) {
		c := v.(ColumnValues)
		return c.name, c.values
	}
}

// len returns the number of values. The zero ColumnValues has none.
func (c *ColumnValues) len() int {
	if c.values == nil {
		return 0
	}
	return c.values.Len()
}

// AppendColumns appends rows by their columns, which come in any order and are
// equally long. Columns that are left out are NULL. Either all rows are appended, or
// none and the first error is returned; its Row counts the table's rows before, too.
func (t *Table) AppendColumns(columns ...ColumnValues) error {
	if err := t.Err(); err != nil {
		return err
	}
	if len(columns) == 0 {
		return t.rowError("AppendColumns was called without columns")
	}
	given := make([]givenColumn, len(t.schema.types))
	for i := range columns {
		c := &columns[i]
		at, ok := t.schema.index[c.name]
		switch {
		case !ok:
			return t.rowError(fmt.Sprintf("the table has no column %q", c.name))
		case given[at].values != nil:
			return t.rowError(fmt.Sprintf("column %q is there twice", c.name))
		case c.len() != columns[0].len():
			return t.rowError(fmt.Sprintf("column %q has %d values, column %q has %d", c.name, c.len(), columns[0].name, columns[0].len()))
		}
		given[at] = givenColumn{c.values, directValues(c.values)}
	}
	rows, end := len(t.starts), t.end
	for i := range columns[0].len() {
		if err := t.appendFrom(given, i); err != nil {
			t.starts, t.end = t.starts[:rows], end
			return err
		}
	}
	return nil
}

// givenColumn is a column of AppendColumns; its values are nil if it is left out.
type givenColumn struct {
	values rowvalue.Values
	// direct appends value i to a row's bytes, if it goes straight there; nil if none does.
	direct func(dst []byte, k column.Kind, i int) (b []byte, ok bool)
}

func (t *Table) appendFrom(columns []givenColumn, row int) error {
	t.begin()
	for i := range columns {
		c := &columns[i]
		if c.direct != nil {
			var ok bool
			if t.body.Bytes, ok = c.direct(t.body.Bytes, t.schema.types[i].Kind(), row); ok {
				continue
			}
		}
		t.cell.SetNull()
		if c.values != nil {
			if err := c.values.Set(&t.cell, t.schema.types[i], row); err != nil {
				return t.refuse(i, err)
			}
		}
		if err := t.put(i, &t.cell); err != nil {
			return err
		}
	}
	t.commit()
	return nil
}
