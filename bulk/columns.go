package bulk

import (
	"fmt"

	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/govalue"
)

// ColumnValues is the values of one column of several rows; [Values] makes it.
type ColumnValues struct {
	name string
	len  int
	set  func(c *column.Cell, t column.Type, i int) error
	// direct sets values from a row on that go straight to the column's buffers, up to
	// the first that does not, and says how many these are.
	direct func(c *columnData, row int) int
}

// Values is the values of a column, one for each row. T can be anything that Append
// takes; pointers and sql.Null values are for columns with NULLs. The slice is not kept,
// and its values are not boxed.
func Values[T any](name string, values []T) ColumnValues {
	return ColumnValues{
		name: name,
		len:  len(values),
		set: func(c *column.Cell, t column.Type, i int) error {
			return govalue.Set(c, t, values[i])
		},
		direct: func(c *columnData, row int) int { return setDirect(c, row, values) },
	}
}

// AppendColumns appends rows by their columns, which come in any order and are equally
// long. Nullable columns without a DEFAULT may be left out and are NULL then. Either all
// rows are appended, or none and the first error is returned; its Row counts the batch's
// rows before, too.
func (b *Batch) AppendColumns(columns ...ColumnValues) error {
	b.begin()
	if len(columns) == 0 {
		return b.rowError("AppendColumns was called without columns")
	}
	given := make([]*ColumnValues, len(b.columns))
	for i := range columns {
		c := &columns[i]
		at, ok := b.table.Index(c.name)
		switch {
		case !ok:
			return b.noColumn(c.name)
		case given[at] != nil:
			return b.rowError(fmt.Sprintf("column %q is there twice", c.name))
		case c.len != columns[0].len:
			return b.rowError(fmt.Sprintf("column %q has %d values, column %q has %d", c.name, c.len, columns[0].name, columns[0].len))
		}
		given[at] = c
	}
	for i, c := range given {
		if d := b.table.Columns[i].Default; c == nil && d != "" {
			return b.refuse(i, fmt.Errorf("it is left out, and its DEFAULT (%s) does not apply to bulk loads; give its values", d))
		}
	}
	b.reserve(columns[0].len)
	b.hasNull = true // until the rows count, whatever ends this
	for i, c := range given {
		if err := b.appendColumn(i, c, columns[0].len); err != nil {
			return err
		}
	}
	b.rows += columns[0].len
	b.hasNull = false
	return nil
}

// appendColumn appends n values to column i; c is nil for NULLs. After an error all
// columns are as they were before AppendColumns.
func (b *Batch) appendColumn(i int, c *ColumnValues, n int) error {
	row := 0
	if c != nil {
		row = c.direct(&b.columns[i], b.rows)
	}
	for ; row < n; row++ {
		b.cell.SetNull()
		var err error
		if c != nil {
			err = c.set(&b.cell, b.columns[i].typ, row)
		}
		if err == nil && b.cell.IsNull() && !b.table.Columns[i].Nullable {
			err = notNull(&b.table.Columns[i])
		}
		if err == nil {
			err = b.columns[i].set(b.rows+row, &b.cell)
		}
		if err != nil {
			b.abandon()
			return valueError(b.table, i, b.rows+row, err)
		}
	}
	return nil
}
