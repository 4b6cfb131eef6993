package insert

import (
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
	rowvalue.ColumnOf = func(v any) (string, rowvalue.Values) { return columnOf(v.(ColumnValues)) }
}

// columnOf returns the name and the values. The zero ColumnValues has no values.
func columnOf(c ColumnValues) (string, rowvalue.Values) {
	if c.values == nil {
		return c.name, rowvalue.Slice[any](nil)
	}
	return c.name, c.values
}

// AppendColumns appends rows that are given as columns, in any order and of equal length.
// Columns that are left out are NULL. It appends all rows, or returns the first error and
// appends none; the Row of the error also counts the rows that the table had before.
func (t *Table) AppendColumns(columns ...ColumnValues) error {
	if err := t.Err(); err != nil {
		return err
	}
	values, n, err := rowvalue.Match(columns, columnOf, len(t.schema.types), func(name string) (int, bool) {
		at, ok := t.schema.index[name]
		return at, ok
	})
	if err != nil {
		return t.rowError(err.Error())
	}
	t.given = t.given[:0]
	for _, v := range values {
		t.given = append(t.given, givenColumn{v, directValues(v)})
	}
	defer clear(t.given) // which refers to the caller's slices
	rows, end := len(t.starts), t.end
	for i := range n {
		if err := t.appendFrom(t.given, i); err != nil {
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

// appendFrom appends a row of the columns' values.
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
