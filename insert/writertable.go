package insert

import (
	"bytes"
	"context"
	"errors"
	"sync"
)

// WriterTable appends rows to a table of a Writer, one at a time. It is safe for concurrent
// use, and need not be closed.
type WriterTable struct {
	w       *Writer
	name    string
	schema  *Schema
	scratch sync.Pool // of *Table: where rows are encoded
}

// Table returns a WriterTable for the table of that name with these columns. Several calls may
// name the same table, even with other columns; its rows are sent in one order.
func (w *Writer) Table(name string, s *Schema) *WriterTable {
	return &WriterTable{w: w, name: name, schema: s}
}

// Append appends a row of one value for each column, as [Table.Append] does. It waits only
// while WriterOptions.MaxBytes is reached, until ctx ends. If it returns an error, a
// *[ValueError] or one of those of [Writer.Write], the row was not accepted.
//
// Append does not keep the values, and allocates nothing of its own for a row.
func (t *WriterTable) Append(ctx context.Context, values ...any) error {
	rows, err := t.empty()
	if err != nil {
		return err
	}
	defer t.scratch.Put(rows)
	if err := rows.Append(values...); err != nil {
		return err
	}
	return t.w.Write(ctx, rows)
}

// AppendStructsTo appends a row for each struct, as [AppendStructs] does. It appends all of
// them, or returns an error and appends none. The table must have the Schema of SchemaOf[T].
func AppendStructsTo[T any](ctx context.Context, t *WriterTable, rows ...T) error {
	encoded, err := t.empty()
	if err != nil {
		return err
	}
	defer t.scratch.Put(encoded)
	if err := AppendStructs(encoded, rows...); err != nil {
		return err
	}
	return t.w.Write(ctx, encoded)
}

// empty returns a table to encode rows in.
func (t *WriterTable) empty() (*Table, error) {
	if t == nil || !t.w.made() {
		return nil, errNoWriter
	}
	if t.schema == nil {
		return nil, errors.New("greptime: insert: the WriterTable has no schema; make one with NewSchema or SchemaOf")
	}
	rows, _ := t.scratch.Get().(*Table)
	if rows == nil {
		return newTable(t.name, t.schema), nil
	}
	rows.Reset()
	return rows, nil
}

// equal reports whether rows of both have the same form.
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
