package bulk

import (
	"fmt"

	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/rowvalue"
)

// columnValues is an insert.ColumnValues for a column of a batch.
type columnValues struct {
	name   string
	values rowvalue.Values
}

func (c *columnValues) len() int {
	if c.values == nil {
		return 0
	}
	return c.values.Len()
}

// AppendColumns appends rows by their columns, which come in any order and are equally
// long. Nullable columns without a DEFAULT may be left out and are NULL then. Either all
// rows are appended, or none and the first error is returned; its Row counts the batch's
// rows before, too.
func (b *Batch) AppendColumns(columns ...insert.ColumnValues) error {
	b.begin()
	if len(columns) == 0 {
		return b.rowError("AppendColumns was called without columns")
	}
	list := make([]columnValues, len(columns))
	given := make([]*columnValues, len(b.columns))
	for i := range columns {
		c := &list[i]
		c.name, c.values = rowvalue.ColumnOf(columns[i])
		at, ok := b.table.Index(c.name)
		switch {
		case !ok:
			return b.noColumn(c.name)
		case given[at] != nil:
			return b.rowError(fmt.Sprintf("column %q is there twice", c.name))
		case c.len() != list[0].len():
			return b.rowError(fmt.Sprintf("column %q has %d values, column %q has %d", c.name, c.len(), list[0].name, list[0].len()))
		}
		given[at] = c
	}
	for i, c := range given {
		if d := b.table.Columns[i].Default; c == nil && d != "" {
			return b.refuse(i, fmt.Errorf("it is left out, and its DEFAULT (%s) does not apply to bulk loads; give its values", d))
		}
	}
	rows := list[0].len()
	b.reserve(rows)
	b.hasNull = true // until the rows count, whatever ends this
	for i, c := range given {
		if err := b.appendColumn(i, c, rows); err != nil {
			return err
		}
	}
	b.rows += rows
	b.hasNull = false
	return nil
}

// appendColumn appends n values to column i; c is nil for NULLs. After an error all
// columns are as they were before AppendColumns.
func (b *Batch) appendColumn(i int, c *columnValues, n int) error {
	row := 0
	if c != nil {
		row = b.columns[i].SetValues(b.rows, c.values)
	}
	for ; row < n; row++ {
		b.cell.SetNull()
		var err error
		if c != nil {
			err = c.values.Set(&b.cell, b.table.Columns[i].Type, row)
		}
		if err == nil && b.cell.IsNull() && !b.table.Columns[i].Nullable {
			err = notNull(&b.table.Columns[i])
		}
		if err == nil {
			err = b.columns[i].Set(b.rows+row, &b.cell)
		}
		if err != nil {
			b.abandon()
			return valueError(b.table, i, b.rows+row, err)
		}
	}
	return nil
}
