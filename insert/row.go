package insert

import (
	"fmt"

	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/govalue"
)

// Row is a row whose values you set by the names of columns. Call End to append it, before you
// begin another row of the table.
type Row struct {
	table  *Table
	number uint64
}

// rowState is what has been set of the row being built by name.
type rowState struct {
	cells []column.Cell
	err   error
}

// NewRow begins a row. Columns that are not set are NULL.
func (t *Table) NewRow() Row {
	if t.Err() != nil {
		return Row{table: t}
	}
	t.begin()
	if t.row.cells == nil {
		t.row.cells = make([]column.Cell, len(t.schema.types))
	}
	for i := range t.row.cells {
		t.row.cells[i].SetNull()
	}
	t.row.err = nil
	return Row{t, t.current}
}

// Set sets a column, as Append does. After an error further calls do nothing, and End returns
// it. Do not change slices that you pass before End. If you set a column twice, it has the
// later value.
func (r Row) Set(name string, value any) Row {
	if !r.building() {
		return r
	}
	t := r.table
	i, ok := t.schema.index[name]
	if !ok {
		t.row.err = &ValueError{Table: t.name, Row: t.Len(), Reason: fmt.Sprintf("the table has no column %q", name)}
		return r
	}
	if err := govalue.Set(&t.row.cells[i], t.schema.types[i], value); err != nil {
		number := t.current
		t.row.err = t.refuse(i, err)
		t.current = number // it is End that ends the row
	}
	return r
}

func (r Row) building() bool {
	t := r.table
	return t != nil && t.schema != nil && r.number == t.current && t.row.err == nil
}

// End appends the row, or leaves it out and returns its first error, a *[ValueError].
func (r Row) End() error {
	t := r.table
	if err := t.Err(); err != nil {
		return err
	}
	if r.number != t.current {
		return t.notBuilding()
	}
	if err := t.row.err; err != nil {
		t.current++
		return err
	}
	for i := range t.row.cells {
		if err := t.put(i, &t.row.cells[i]); err != nil {
			return err
		}
	}
	t.commit()
	t.current++
	return nil
}

// notBuilding returns the error of ending a row that has ended already, or that was left for
// another one.
func (t *Table) notBuilding() error {
	return &ValueError{Table: t.name, Row: t.Len(), Reason: "the row is not the one being built: it has ended, or another one was begun"}
}
