package bulk

import (
	"fmt"

	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/govalue"
)

// Row is a row whose values you set by the names of columns. Call End to append it, before you
// begin another row of the batch.
type Row struct {
	batch  *Batch
	number uint64
}

// rowState is what has been set of the row being built by name.
type rowState struct {
	cells []column.Cell
	set   []bool
	err   error
}

// NewRow begins a row. Columns that are not set are NULL; those with a DEFAULT must be
// set, because GreptimeDB does not apply it to bulk loads.
func (b *Batch) NewRow() Row {
	b.begin()
	if b.row.cells == nil {
		b.row.cells, b.row.set = make([]column.Cell, len(b.columns)), make([]bool, len(b.columns))
	}
	for i := range b.row.cells {
		b.row.cells[i].SetNull()
		b.row.set[i] = false
	}
	b.row.err = nil
	return Row{b, b.current}
}

// Set sets a column, as Append does. After an error further calls do nothing, and End returns
// it. Do not change slices that you pass before End. If you set a column twice, it has the
// later value.
func (r Row) Set(name string, value any) Row {
	b := r.batch
	if b == nil || r.number != b.current || b.row.err != nil {
		return r
	}
	i, ok := b.table.Index(name)
	if !ok {
		b.row.err = b.noColumn(name)
		b.current = r.number // it is End that ends the row
		return r
	}
	b.row.set[i] = true
	if err := govalue.Set(&b.row.cells[i], b.table.Columns[i].Type, value); err != nil {
		b.row.err = b.refuse(i, err)
		b.current = r.number
	}
	return r
}

// End appends the row, or leaves it out and returns its first error, a *[insert.ValueError].
func (r Row) End() error {
	b := r.batch
	if b == nil || r.number != b.current {
		return b.notBuilding()
	}
	if err := b.row.err; err != nil {
		b.current++
		return err
	}
	for i := range b.row.cells {
		if c := &b.table.Columns[i]; !b.row.set[i] && c.Default != "" {
			return b.refuse(i, fmt.Errorf("it is not set, and its DEFAULT (%s) does not apply to bulk loads; set the value, or nil for NULL", c.Default))
		}
		if err := b.put(i, &b.row.cells[i]); err != nil {
			return err
		}
	}
	b.commit()
	return nil
}
