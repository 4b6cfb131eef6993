package insert

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/column"
)

// TypedRow is a row that is filled in the order of the columns, by a call for each
// value, without boxing them. It has to be ended before another row of the table is
// begun, and has no effect before.
type TypedRow struct {
	table  *Table
	number uint64
	next   int // column
	err    error
}

// Typed begins a row.
func (t *Table) Typed() TypedRow {
	if err := t.Err(); err != nil {
		return TypedRow{err: err}
	}
	t.begin()
	return TypedRow{table: t, number: t.current}
}

// Null sets the next column to NULL.
func (r TypedRow) Null() TypedRow {
	if r.begin() {
		r.table.cell.SetNull()
		r.put()
	}
	return r
}

// Bool sets the next column.
func (r TypedRow) Bool(v bool) TypedRow { return setTyped(r, v, (*column.Cell).SetBool) }

// Int sets the next column to an integer of any width that fits it.
func (r TypedRow) Int(v int) TypedRow { return setTyped(r, int64(v), (*column.Cell).SetInt) }

// Int64 sets the next column to an integer of any width that fits it.
func (r TypedRow) Int64(v int64) TypedRow { return setTyped(r, v, (*column.Cell).SetInt) }

// Uint64 sets the next column to an integer of any width that fits it.
func (r TypedRow) Uint64(v uint64) TypedRow { return setTyped(r, v, (*column.Cell).SetUint) }

// Float32 sets the next column.
func (r TypedRow) Float32(v float32) TypedRow { return setTyped(r, v, (*column.Cell).SetFloat32) }

// Float64 sets the next column.
func (r TypedRow) Float64(v float64) TypedRow { return setTyped(r, v, (*column.Cell).SetFloat64) }

// String sets the next column.
func (r TypedRow) String(v string) TypedRow { return setTyped(r, v, (*column.Cell).SetString) }

// Bytes sets the next column; nil is NULL.
func (r TypedRow) Bytes(v []byte) TypedRow { return setTyped(r, v, (*column.Cell).SetBytes) }

// JSON sets the next column to JSON text, which is checked; nil is NULL.
func (r TypedRow) JSON(v json.RawMessage) TypedRow { return setTyped(r, v, (*column.Cell).SetJSON) }

// Time sets the next column: a timestamp, a DATE or a TIME.
func (r TypedRow) Time(v time.Time) TypedRow { return setTyped(r, v, (*column.Cell).SetTime) }

// Date sets the next column.
func (r TypedRow) Date(v greptime.Date) TypedRow {
	return setTyped(r, v, func(c *column.Cell, t column.Type, v greptime.Date) error {
		days, err := v.EpochDays()
		if err != nil {
			return &column.Error{Type: t, Value: v, Reason: err.Error()}
		}
		return c.SetDate(t, days)
	})
}

// TimeOfDay sets the next column.
func (r TypedRow) TimeOfDay(v greptime.TimeOfDay) TypedRow {
	return setTyped(r, int64(v), (*column.Cell).SetTimeOfDay)
}

// Decimal sets the next column.
func (r TypedRow) Decimal(v greptime.Decimal) TypedRow {
	return setTyped(r, string(v), (*column.Cell).SetDecimal)
}

// Vector sets the next column; nil is NULL.
func (r TypedRow) Vector(v greptime.Vector) TypedRow {
	return setTyped(r, []float32(v), (*column.Cell).SetVector)
}

// setTyped sets the next column to v.
func setTyped[V any](r TypedRow, v V, set func(*column.Cell, column.Type, V) error) TypedRow {
	if r.begin() {
		if err := set(&r.table.cell, r.table.schema.types[r.next], v); err != nil {
			r.err = r.table.refuse(r.next, err)
			return r
		}
		r.put()
	}
	return r
}

// begin says whether the next column can be set.
func (r *TypedRow) begin() bool {
	switch {
	case r.err != nil || r.table == nil || r.number != r.table.current:
		return false
	case r.next == len(r.table.schema.types):
		r.err = r.table.rowError(fmt.Sprintf("it has more values than the table's %d columns", r.next))
		return false
	}
	return true
}

func (r *TypedRow) put() {
	r.err = r.table.put(r.next, &r.table.cell)
	r.next++
}

// End appends the row, or leaves it out and returns its first error, a *[ValueError].
func (r TypedRow) End() error {
	switch t := r.table; {
	case r.err != nil:
		return r.err
	case t == nil:
		return t.Err()
	case r.number != t.current:
		return &ValueError{Table: t.name, Row: t.Len(), Reason: "the row is not the one being built: it has ended, or another one was begun"}
	case r.next != len(t.schema.types):
		return t.rowError(fmt.Sprintf("it has %d values, the table has %d columns", r.next, len(t.schema.types)))
	default:
		t.commit()
		t.current++
		return nil
	}
}
