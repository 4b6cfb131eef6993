package insert

import (
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/govalue"
	"github.com/greptime-go/greptime/internal/rowvalue"
)

// AppendedRow reads a row of a [Table] or of a bulk batch: what will be stored, after all
// rounding. It is valid until the table or batch is reset or, for a batch, written.
type AppendedRow struct {
	rows   rowvalue.Reader
	number int
}

func init() {
	rowvalue.NewAppendedRow = func(r rowvalue.Reader, row int) any { return AppendedRow{r, row} }
}

// Row returns row i, counted from 0. If there is none, the methods of the result return
// an error.
func (t *Table) Row(i int) AppendedRow { return AppendedRow{(*tableReader)(t), i} }

// tableReader is a Table as a rowvalue.Reader.
type tableReader Table

func (r *tableReader) ReadCell(row int, name string) (column.Type, column.Cell, error) {
	var c column.Cell
	t := (*Table)(r)
	if err := t.Err(); err != nil {
		return 0, c, err
	}
	if row < 0 || row >= t.Len() {
		return 0, c, fmt.Errorf("greptime: insert: table %q has no row %d: there are %d", t.name, row, t.Len())
	}
	at, ok := t.schema.index[name]
	if !ok {
		return 0, c, fmt.Errorf("greptime: insert: table %q has no column %q", t.name, name)
	}
	b, _ := protowire.ConsumeBytes(t.body.Bytes[t.starts[row]+1 : t.end])
	for i := range at + 1 {
		if b, ok = c.Read(t.schema.types[i], b); !ok {
			return 0, c, fmt.Errorf("greptime: insert: row %d of table %q is not as it was written", row, t.name)
		}
	}
	return t.schema.types[at], c, nil
}

// cell reads a column of the row.
func (r AppendedRow) cell(name string) (column.Type, column.Cell, error) {
	if r.rows == nil {
		return 0, column.Cell{}, errors.New("greptime: the row belongs to no table or batch; take it with their Row method")
	}
	return r.rows.ReadCell(r.number, name)
}

// IsNull reports whether a column is NULL.
func (r AppendedRow) IsNull(name string) (bool, error) {
	_, c, err := r.cell(name)
	return c.IsNull(), err
}

// read reads a column as a Go type.
func read[T any](r AppendedRow, name string, as *govalue.Reader[T]) (T, error) {
	var none T
	t, c, err := r.cell(name)
	if err != nil {
		return none, err
	}
	if err := as.Check(t); err != nil {
		return none, fmt.Errorf("greptime: column %q %w", name, err)
	}
	if c.IsNull() {
		return none, fmt.Errorf("%w: row %d (index %d), column %q", ErrNull, r.number+1, r.number, name)
	}
	return as.Read(&c, t), nil
}

// Bool reads a BOOLEAN.
func (r AppendedRow) Bool(name string) (bool, error) { return read(r, name, &govalue.Bool) }

// Int64 reads an integer column other than BIGINT UNSIGNED, or the epoch of a
// timestamp in its unit.
func (r AppendedRow) Int64(name string) (int64, error) { return read(r, name, &govalue.Int64) }

// Uint64 reads an unsigned integer column.
func (r AppendedRow) Uint64(name string) (uint64, error) { return read(r, name, &govalue.Uint64) }

// Float64 reads a DOUBLE or FLOAT.
func (r AppendedRow) Float64(name string) (float64, error) { return read(r, name, &govalue.Float64) }

// String reads a STRING or the text of a JSON column.
func (r AppendedRow) String(name string) (string, error) { return read(r, name, &govalue.String) }

// Bytes reads a VARBINARY, as a copy.
func (r AppendedRow) Bytes(name string) ([]byte, error) { return read(r, name, &govalue.Bytes) }

// Time reads a timestamp, in UTC.
func (r AppendedRow) Time(name string) (time.Time, error) { return read(r, name, &govalue.Time) }

// Date reads a DATE.
func (r AppendedRow) Date(name string) (greptime.Date, error) { return read(r, name, &govalue.Date) }

// TimeOfDay reads a TIME.
func (r AppendedRow) TimeOfDay(name string) (greptime.TimeOfDay, error) {
	return read(r, name, &govalue.TimeOfDay)
}

// Decimal reads a DECIMAL, with all digits of its scale.
func (r AppendedRow) Decimal(name string) (greptime.Decimal, error) {
	return read(r, name, &govalue.Decimal)
}

// Vector reads a VECTOR.
func (r AppendedRow) Vector(name string) (greptime.Vector, error) {
	return read(r, name, &govalue.Vector)
}
