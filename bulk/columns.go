package bulk

import (
	"fmt"

	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/rowvalue"
)

// AppendColumns appends rows that are given as columns, in any order and of equal length.
// Nullable columns without a DEFAULT may be left out and are NULL then. It appends all rows, or
// returns the first error and appends none; the Row of the error also counts the rows that the
// batch had before.
func (b *Batch) AppendColumns(columns ...insert.ColumnValues) error {
	b.begin()
	read := func(c insert.ColumnValues) (string, rowvalue.Values) { return rowvalue.ColumnOf(c) }
	given, rows, err := rowvalue.Match(columns, read, len(b.columns), b.table.Index)
	if err != nil {
		return b.rowError(err.Error())
	}
	for i, values := range given {
		if d := b.table.Columns[i].Default; values == nil && d != "" {
			return b.refuse(i, fmt.Errorf("it is left out, and its DEFAULT (%s) does not apply to bulk loads; give its values", d))
		}
	}
	b.reserve(rows)
	b.hasNull = true // until the rows count, whatever ends this
	for i, values := range given {
		if err := b.appendColumn(i, values, rows); err != nil {
			return err
		}
	}
	b.rows += rows
	b.hasNull = false
	return nil
}

// appendColumn appends n values to column i, NULLs if values is nil. After an error all
// columns are as they were before AppendColumns.
func (b *Batch) appendColumn(i int, values rowvalue.Values, n int) error {
	row := 0
	if values != nil {
		row = b.columns[i].SetValues(b.rows, values)
	}
	for ; row < n; row++ {
		b.cell.SetNull()
		var err error
		if values != nil {
			err = values.Set(&b.cell, b.table.Columns[i].Type, row)
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
