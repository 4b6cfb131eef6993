package bulk

import (
	"errors"
	"fmt"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/govalue"
	"github.com/greptime-go/greptime/internal/jsonb"
)

// AppendedRow is a row of a batch, to be read: what will be stored, after all rounding.
// It is valid until the batch is written or reset.
type AppendedRow struct {
	batch  *Batch
	number int
}

// At is row i, counted from 0. If there is none, its getters say so.
func (b *Batch) At(i int) AppendedRow { return AppendedRow{b, i} }

// cell reads a column of the row; JSON as text.
func (r AppendedRow) cell(name string) (column.Type, column.Cell, error) {
	var c column.Cell
	b := r.batch
	if b == nil {
		return 0, c, errors.New("greptime: bulk: the row is of no batch; take it with Batch.At")
	}
	if r.number < 0 || r.number >= b.rows {
		return 0, c, fmt.Errorf("greptime: bulk: the batch has no row %d: there are %d", r.number, b.rows)
	}
	at, ok := b.table.Index(name)
	if !ok {
		return 0, c, fmt.Errorf("greptime: bulk: the table has no column %q", name)
	}
	t := b.columns[at].typ
	err := b.columns[at].read(&c, r.number)
	if err == nil && t.Kind() == column.JSON && !c.IsNull() {
		var text []byte
		if text, err = jsonb.AppendText(nil, c.AppendBytes(nil)); err == nil {
			err = c.SetBytes(column.Of(column.Binary), text)
		}
	}
	return t, c, err
}

// IsNull says whether a column is NULL.
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
		return none, fmt.Errorf("greptime: bulk: column %q %w", name, err)
	}
	if c.IsNull() {
		return none, fmt.Errorf("%w: row %d, column %q", ErrNull, r.number, name)
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
