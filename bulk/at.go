package bulk

import (
	"fmt"
	"math"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/column"
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

// cell reads a column of the row; JSON as JSONB.
func (r AppendedRow) cell(name string) (column.Type, column.Cell, error) {
	var c column.Cell
	b := r.batch
	if r.number < 0 || r.number >= b.rows {
		return 0, c, fmt.Errorf("greptime: bulk: the batch has no row %d: there are %d", r.number, b.rows)
	}
	at, ok := b.table.Index(name)
	if !ok {
		return 0, c, fmt.Errorf("greptime: bulk: the table has no column %q", name)
	}
	return b.columns[at].typ, c, b.columns[at].read(&c, r.number)
}

// get reads a column whose kind is one of those that fit the getter.
func (r AppendedRow) get(name, goType string, fits func(column.Kind) bool) (column.Type, column.Cell, error) {
	t, c, err := r.cell(name)
	switch {
	case err != nil:
		return t, c, err
	case !fits(t.Kind()):
		return t, c, fmt.Errorf("greptime: bulk: column %q is %s, which is not read as %s", name, t, goType)
	case c.IsNull():
		return t, c, fmt.Errorf("%w: row %d, column %q", ErrNull, r.number, name)
	}
	return t, c, nil
}

// IsNull says whether a column is NULL.
func (r AppendedRow) IsNull(name string) (bool, error) {
	_, c, err := r.cell(name)
	return c.IsNull(), err
}

// Bool reads a BOOLEAN.
func (r AppendedRow) Bool(name string) (bool, error) {
	_, c, err := r.get(name, "bool", func(k column.Kind) bool { return k == column.Boolean })
	return err == nil && c.Bool(), err
}

// Int64 reads an integer column other than BIGINT UNSIGNED, or the epoch of a
// timestamp in its unit.
func (r AppendedRow) Int64(name string) (int64, error) {
	_, c, err := r.get(name, "int64", func(k column.Kind) bool {
		return k >= column.Int8 && k <= column.Uint32 || k.IsTimestamp()
	})
	if err != nil {
		return 0, err
	}
	return c.Int(), nil
}

// Uint64 reads an unsigned integer column.
func (r AppendedRow) Uint64(name string) (uint64, error) {
	_, c, err := r.get(name, "uint64", func(k column.Kind) bool { return k >= column.Uint8 && k <= column.Uint64 })
	if err != nil {
		return 0, err
	}
	return c.Uint(), nil
}

// Float64 reads a DOUBLE or FLOAT.
func (r AppendedRow) Float64(name string) (float64, error) {
	t, c, err := r.get(name, "float64", func(k column.Kind) bool { return k == column.Float64 || k == column.Float32 })
	switch {
	case err != nil:
		return 0, err
	case t.Kind() == column.Float32:
		return float64(c.Float32()), nil
	}
	return c.Float64(), nil
}

// String reads a STRING or the text of a JSON column.
func (r AppendedRow) String(name string) (string, error) {
	t, c, err := r.get(name, "string", func(k column.Kind) bool { return k == column.String || k == column.JSON })
	if err != nil {
		return "", err
	}
	if t.Kind() == column.JSON {
		text, err := jsonb.AppendText(nil, c.AppendBytes(nil))
		return string(text), err
	}
	return string(c.AppendBytes(nil)), nil
}

// Bytes reads a VARBINARY, as a copy.
func (r AppendedRow) Bytes(name string) ([]byte, error) {
	_, c, err := r.get(name, "[]byte", func(k column.Kind) bool { return k == column.Binary })
	if err != nil {
		return nil, err
	}
	return c.AppendBytes([]byte{}), nil
}

// Time reads a timestamp, in UTC.
func (r AppendedRow) Time(name string) (time.Time, error) {
	t, c, err := r.get(name, "time.Time", column.Kind.IsTimestamp)
	if err != nil {
		return time.Time{}, err
	}
	switch t.Kind() {
	case column.TimestampSecond:
		return time.Unix(c.Int(), 0).UTC(), nil
	case column.TimestampMillisecond:
		return time.UnixMilli(c.Int()).UTC(), nil
	case column.TimestampMicrosecond:
		return time.UnixMicro(c.Int()).UTC(), nil
	}
	return time.Unix(0, c.Int()).UTC(), nil
}

// Date reads a DATE.
func (r AppendedRow) Date(name string) (greptime.Date, error) {
	_, c, err := r.get(name, "greptime.Date", func(k column.Kind) bool { return k == column.Date })
	if err != nil {
		return greptime.Date{}, err
	}
	return greptime.DateFromEpochDays(int32(c.Int())), nil
}

// TimeOfDay reads a TIME.
func (r AppendedRow) TimeOfDay(name string) (greptime.TimeOfDay, error) {
	t, c, err := r.get(name, "greptime.TimeOfDay", column.Kind.IsTimeOfDay)
	if err != nil {
		return 0, err
	}
	return greptime.TimeOfDay(c.Int() * t.Kind().UnitNanoseconds()), nil
}

// Decimal reads a DECIMAL, with all digits of its scale.
func (r AppendedRow) Decimal(name string) (greptime.Decimal, error) {
	t, c, err := r.get(name, "greptime.Decimal", func(k column.Kind) bool { return k == column.Decimal })
	if err != nil {
		return "", err
	}
	return greptime.Decimal(c.AppendDecimal(nil, t)), nil
}

// Vector reads a VECTOR.
func (r AppendedRow) Vector(name string) (greptime.Vector, error) {
	_, c, err := r.get(name, "greptime.Vector", func(k column.Kind) bool { return k == column.Vector })
	if err != nil {
		return nil, err
	}
	b := c.AppendBytes(nil)
	v := make(greptime.Vector, len(b)/4)
	for i := range v {
		v[i] = math.Float32frombits(uint32(b[4*i]) | uint32(b[4*i+1])<<8 | uint32(b[4*i+2])<<16 | uint32(b[4*i+3])<<24)
	}
	return v, nil
}
