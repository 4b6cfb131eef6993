package bulk

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/greptime-go/greptime/bulk/internal/recordbatch"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/govalue"
)

// Batch holds rows of one table, as columns in Arrow's layout. It grows as rows are appended.
// After a Reset or a write it accepts new rows without allocating.
//
// You can append rows by position ([Batch.Append]), by name ([Batch.NewRow]), by columns
// ([Batch.AppendColumns]) and from structs ([AppendStructs]). A row with an error is left out
// as a whole.
//
// A Batch is for one goroutine at a time.
type Batch struct {
	table   *catalog.Table
	columns []recordbatch.Column
	rows    int
	room    int // for rows, in every column

	cell    column.Cell
	row     rowState
	structs structFields // of the structs appended last
	current uint64       // number of the row being built
	hasNull bool         // of the row being built: it may have a NULL
}

// NewBatch returns an empty batch without a Writer, with memory for capacity rows. Every Writer
// whose table has the same columns, in any order, accepts it.
func NewBatch(schema *insert.Schema, capacity int) (*Batch, error) {
	if schema == nil {
		return nil, errors.New("greptime: bulk: the schema is nil; make one with insert.NewSchema or insert.SchemaOf")
	}
	t, err := tableOf("", schema)
	if err != nil {
		return nil, err
	}
	return newBatch(t, capacity), nil
}

func newBatch(t *catalog.Table, capacity int) *Batch {
	b := &Batch{table: t, columns: make([]recordbatch.Column, len(t.Columns)), room: max(capacity, 0)}
	for i, c := range t.Columns {
		b.columns[i] = recordbatch.NewColumn(c.Type, b.room)
	}
	return b
}

// Len returns the number of rows.
func (b *Batch) Len() int { return b.rows }

// Size returns the number of bytes that the rows take when they are sent uncompressed.
func (b *Batch) Size() int {
	n := 0
	for i := range b.columns {
		n += b.columns[i].Size(b.rows)
	}
	return n
}

// Columns returns the names of the columns, in the order of the table, which is the order in
// which Append takes values.
func (b *Batch) Columns() []string {
	if b.table == nil {
		return nil
	}
	names := make([]string, len(b.table.Columns))
	for i, c := range b.table.Columns {
		names[i] = c.Name
	}
	return names
}

// Reset removes all rows and keeps the buffers for reuse.
func (b *Batch) Reset() {
	b.abandon()
	b.truncate(0)
}

// truncate removes all rows but the first ones.
func (b *Batch) truncate(rows int) {
	b.rows = rows
	for i := range b.columns {
		b.columns[i].Truncate(rows)
	}
}

// Append appends a row of one value for each column, in the order of the table. The
// documentation of package insert says which values fit which type. nil, nil pointers and
// invalid sql.Null values are NULL. A driver.Valuer, other than those named there, must be
// wrapped with [insert.Valuer].
//
// Append does not keep the values and lets none of them escape, so a call allocates only when
// the batch grows. The error is a *[insert.ValueError].
func (b *Batch) Append(values ...any) error {
	b.begin()
	if len(values) != len(b.columns) || len(values) == 0 {
		return b.rowError(fmt.Sprintf("it has %d values, the table has %d columns", len(values), len(b.columns)))
	}
	for i := recordbatch.SetRow(b.columns, b.rows, values); i < len(values); {
		if err := b.setValue(i, values[i]); err != nil {
			return err
		}
		i++
		i += recordbatch.SetRow(b.columns[i:], b.rows, values[i:])
	}
	b.commit()
	return nil
}

// setValue sets the row's value of column i, of any type.
func (b *Batch) setValue(i int, v any) error {
	if err := govalue.Set(&b.cell, b.table.Columns[i].Type, v); err != nil {
		return b.refuse(i, err)
	}
	return b.put(i, &b.cell)
}

// begin starts a row, and drops one that was not finished.
func (b *Batch) begin() {
	b.current++
	if b.hasNull || b.rows >= b.room {
		b.prepare()
	}
}

// noTable is that of a Batch nobody made, which takes no rows.
var noTable = &catalog.Table{}

const reasonNoTable = "the batch has no columns; make it with Writer.NewBatch, or NewBatch"

// prepare does the part of begin that most rows do not need.
func (b *Batch) prepare() {
	if b.table == nil {
		b.table = noTable
	}
	b.abandon()
	b.reserve(1)
}

// reserve makes room for n rows more, and then some.
func (b *Batch) reserve(n int) {
	if b.rows+n <= b.room {
		return
	}
	b.room = max(b.rows+n, b.rows+b.rows/2, 16)
	for i := range b.columns {
		b.columns[i].Reserve(b.room)
	}
}

// put sets the row's value of column i.
func (b *Batch) put(i int, c *column.Cell) error {
	if c.IsNull() && !b.table.Columns[i].Nullable {
		return b.refuse(i, notNull(&b.table.Columns[i]))
	}
	b.hasNull = b.hasNull || c.IsNull()
	if err := b.columns[i].Set(b.rows, c); err != nil {
		return b.refuse(i, err)
	}
	return nil
}

// notNull refuses a NULL. In the time index it would break the table's region on
// GreptimeDB 1.0.2, and in other columns fail the whole batch.
func notNull(c *catalog.Column) error {
	if c.Role == catalog.TimeIndex {
		return errors.New("the time index cannot be NULL")
	}
	return errors.New("the column is NOT NULL")
}

// commit ends the row.
func (b *Batch) commit() {
	b.rows++
	b.hasNull = false
	b.current++
}

// abandon leaves an unfinished row. The next one overwrites its values.
func (b *Batch) abandon() {
	if b.hasNull {
		b.truncate(b.rows)
		b.hasNull = false
	}
	b.current++
}

// refuse leaves the row out because of its value for column i.
func (b *Batch) refuse(i int, err error) error {
	b.abandon()
	return valueError(b.table, i, b.rows, err)
}

func valueError(t *catalog.Table, i, row int, err error) *insert.ValueError {
	e := &insert.ValueError{Table: t.Name, Column: t.Columns[i].Name, Row: row, Reason: err.Error()}
	var value *column.Error
	if errors.As(err, &value) {
		e.Type, e.Value, e.Reason = insert.Type(value.Type), value.Value, value.Reason
	}
	return e
}

// rowError leaves the row out because of something other than a value.
func (b *Batch) rowError(reason string) error {
	b.abandon()
	if b.table == noTable {
		reason = reasonNoTable
	}
	return &insert.ValueError{Table: b.table.Name, Row: b.rows, Reason: reason}
}

func (b *Batch) noColumn(name string) error {
	return b.rowError("the table has no column " + strconv.Quote(name))
}

// notBuilding refuses a row that was ended already, and leaves the one being built alone.
// A row that nobody began has no batch.
func (b *Batch) notBuilding() error {
	if b == nil {
		return &insert.ValueError{Reason: "the row is of no batch; begin it with Batch.NewRow"}
	}
	return &insert.ValueError{Table: b.table.Name, Row: b.rows, Reason: "the row is not the one being built: it has ended, or another one was begun"}
}
