package insert

import (
	"bytes"
	"context"
	"errors"
	"sync"
)

// WriterTable is a table of a Writer, to which rows are appended one at a
// time. It is safe for concurrent use, costs next to nothing, and has no end of its
// own.
type WriterTable struct {
	w       *Writer
	name    string
	schema  *Schema
	scratch sync.Pool // of *Table: where rows are encoded
}

// Table is a table of that name with these columns. The same table can be had several
// times, also with other columns: its rows are in one order.
func (w *Writer) Table(name string, s *Schema) *WriterTable {
	return &WriterTable{w: w, name: name, schema: s}
}

// Append takes a row of one value for each column, as [Table.Append] does, and waits
// only for room in the writer's Memory, until ctx ends. If it returns an error, the
// row was not taken: a *[ValueError], or one of those of [Writer.Write].
//
// It does not keep the values, and allocates nothing of its own for a row.
func (b *WriterTable) Append(ctx context.Context, values ...any) error {
	t, err := b.empty()
	if err != nil {
		return err
	}
	defer b.scratch.Put(t)
	if err := t.Append(values...); err != nil {
		return err
	}
	return b.w.Write(ctx, t)
}

// AppendStructsTo takes a row for each struct, as AppendStructs does: all of them or,
// with an error, none. The table has to have the Schema of SchemaOf[T].
func AppendStructsTo[T any](ctx context.Context, b *WriterTable, rows ...T) error {
	t, err := b.empty()
	if err != nil {
		return err
	}
	defer b.scratch.Put(t)
	if err := AppendStructs(t, rows...); err != nil {
		return err
	}
	return b.w.Write(ctx, t)
}

// empty returns a table to encode rows in.
func (b *WriterTable) empty() (*Table, error) {
	if b == nil || !b.w.made() {
		return nil, errNoWriter
	}
	if b.schema == nil {
		return nil, errors.New("greptime: insert: the buffered table has no schema; make one with NewSchema or SchemaOf")
	}
	t, _ := b.scratch.Get().(*Table)
	if t == nil {
		return newTable(b.name, b.schema), nil
	}
	t.Reset()
	return t, nil
}

// equal says whether rows of both have the same form.
func (s *Schema) equal(other *Schema) bool {
	return s == other || bytes.Equal(s.wire, other.wire)
}

// appendRows appends rows of a table with the same columns.
func (t *Table) appendRows(from *Table, first, last int) {
	start, end := from.offset(first), from.offset(last)
	t.body.Bytes = append(t.body.Bytes[:t.end], from.body.Bytes[start:end]...)
	for _, at := range from.starts[first:last] {
		t.starts = append(t.starts, t.end+at-start)
	}
	t.end += end - start
}

// cut takes the rows from row i on out of a table, into another one.
func (t *Table) cut(i int) *Table {
	rest := newTable(t.name, t.schema)
	rest.appendRows(t, i, t.Len())
	t.end = t.offset(i)
	t.starts = t.starts[:i]
	return rest
}
