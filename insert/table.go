package insert

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/request"
	"github.com/greptime-go/greptime/internal/transport"
)

// Table holds rows for one table. It encodes them as they are appended, in a buffer that grows
// with them. After a Reset it accepts new rows without allocating.
//
// You can append rows by position ([Table.Append]), by name ([Table.NewRow]), by columns
// ([Table.AppendColumns]) and from structs ([AppendStructs]). A row with an error is left out
// as a whole.
//
// A Table is for one goroutine at a time. Writing does not change it: you can write the same
// rows again.
type Table struct {
	name   string
	schema *Schema
	err    error // why it cannot take rows

	body    *transport.Body // the rows, each a field of greptime.v1.Rows; what is behind end is not one yet
	spare   *transport.Body // an earlier body, which gRPC may still be reading
	starts  []int           // where each row begins in the body
	end     int             // of the last row
	writer  request.RowWriter
	cell    column.Cell
	row     rowState
	given   []givenColumn // memory for AppendColumns
	current uint64        // number of the row being built
}

// NewTable returns an empty table with these columns. [NewSchema] says which columns are
// refused. [Table.Err], every call that appends, and Write return the error.
//
// The name is used unchanged. GreptimeDB requires it to begin with a letter, '_', ':' or '-';
// digits, '.', '@' and '#' may follow.
func NewTable(name string, columns ...Column) *Table {
	schema, err := NewSchema(columns...)
	if err != nil {
		return &Table{name: name, err: err}
	}
	return newTable(name, schema)
}

func newTable(name string, schema *Schema) *Table {
	if !utf8.ValidString(name) {
		return &Table{name: name, err: fmt.Errorf("greptime: insert: the table's name %q is not valid UTF-8", name)}
	}
	return &Table{name: name, schema: schema, body: &transport.Body{}}
}

// Err returns the error of the table's columns, or nil.
func (t *Table) Err() error {
	switch {
	case t == nil:
		return errors.New("greptime: insert: the table is nil; make one with insert.NewTable")
	case t.err != nil:
		return t.err
	case t.schema == nil:
		return errors.New("greptime: insert: the table has no columns; make it with insert.NewTable")
	}
	return nil
}

// Name returns the table's name.
func (t *Table) Name() string { return t.name }

// Schema returns the table's columns, which other tables can share. It is nil if they have
// an error.
func (t *Table) Schema() *Schema { return t.schema }

// Len returns the number of rows.
func (t *Table) Len() int { return len(t.starts) }

// Size returns the number of bytes that the rows take in a request.
func (t *Table) Size() int { return t.end }

// Reset removes all rows and keeps the buffers for reuse.
func (t *Table) Reset() {
	if t.Err() != nil {
		return
	}
	t.starts, t.end = t.starts[:0], 0
	t.current++
	if t.body.InUse() {
		// gRPC is still sending from it.
		if t.spare == nil || t.spare.InUse() {
			t.spare = &transport.Body{}
		}
		t.body, t.spare = t.spare, t.body
	}
	t.body.Bytes = t.body.Bytes[:0]
}

// Append appends a row of one value for each column, in their order. The package documentation
// says which values fit which type. nil, nil pointers and invalid sql.Null values are NULL. A
// driver.Valuer, other than those named there, must be wrapped with [Valuer].
//
// Append does not keep the values and lets none of them escape, so a call allocates only when
// the table's buffer grows. The error is a *[ValueError].
func (t *Table) Append(values ...any) error {
	if err := t.Err(); err != nil {
		return err
	}
	if len(values) != len(t.schema.types) {
		return t.rowError(fmt.Sprintf("it has %d values, the table has %d columns", len(values), len(t.schema.types)))
	}
	t.begin()
	if err := t.appendValues(values); err != nil {
		return err
	}
	t.commit()
	return nil
}

// begin starts a row behind the last one; one that was not finished is gone.
func (t *Table) begin() {
	t.current++
	t.body.Bytes = t.writer.Begin(t.body.Bytes[:t.end])
}

// put appends the row's value of column i.
func (t *Table) put(i int, c *column.Cell) error {
	if i == t.schema.timeIndex && c.IsNull() {
		return t.refuse(i, &column.Error{Type: t.schema.types[i], Reason: "the time index cannot be NULL"})
	}
	t.body.Bytes = t.schema.types[i].AppendValue(t.body.Bytes, c)
	return nil
}

// commit ends the row.
func (t *Table) commit() {
	b := t.writer.End(t.body.Bytes, t.end)
	t.body.Bytes = b
	t.starts = append(t.starts, t.end)
	t.end = len(b)
}

// refuse leaves the row out because of its value for column i.
func (t *Table) refuse(i int, err error) error {
	t.current++
	c := t.schema.columns[i]
	e := &ValueError{Table: t.name, Column: c.Name, Type: c.Type, Row: t.Len(), Reason: err.Error()}
	var value *column.Error
	if errors.As(err, &value) {
		e.Value, e.Reason = value.Value, value.Reason
	}
	return e
}

// rowError leaves the row out because of something other than a value.
func (t *Table) rowError(reason string) error {
	t.current++
	return &ValueError{Table: t.name, Row: t.Len(), Reason: reason}
}
