package insert

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/govalue"
)

// TypedRow is a row that is filled in the order of the columns, by a call for each
// value, without boxing them. It has to be ended before another row of the table is
// begun, and has no effect before.
type TypedRow struct {
	table  *Table
	number uint64
}

// typedState is how far the row being built by typed calls has come.
type typedState struct {
	next int // column
	err  error
}

// Typed begins a row.
func (t *Table) Typed() TypedRow {
	if t.Err() != nil {
		return TypedRow{table: t}
	}
	t.begin()
	t.typed = typedState{}
	return TypedRow{t, t.current}
}

// Null sets the next column to NULL.
func (r TypedRow) Null() TypedRow {
	if r.begin() {
		r.table.cell.SetNull()
		return r.put(nil)
	}
	return r
}

// Bool sets the next column.
func (r TypedRow) Bool(v bool) TypedRow {
	if r.begin() {
		if r.kind() == column.Boolean {
			return r.took(column.AppendBool(r.table.body.Bytes, v))
		}
		return r.put(r.table.cell.SetBool(r.columnType(), v))
	}
	return r
}

// Int sets the next column to an integer of any width that fits it.
func (r TypedRow) Int(v int) TypedRow {
	if r.begin() {
		if r.kind() == column.Int64 {
			return r.took(column.AppendNumber(r.table.body.Bytes, column.Int64, uint64(v)))
		}
		return r.put(r.table.cell.SetInt(r.columnType(), int64(v)))
	}
	return r
}

// Int64 sets the next column to an integer of any width that fits it.
func (r TypedRow) Int64(v int64) TypedRow {
	if r.begin() {
		if r.kind() == column.Int64 {
			return r.took(column.AppendNumber(r.table.body.Bytes, column.Int64, uint64(v)))
		}
		return r.put(r.table.cell.SetInt(r.columnType(), v))
	}
	return r
}

// Uint64 sets the next column to an integer of any width that fits it.
func (r TypedRow) Uint64(v uint64) TypedRow {
	if r.begin() {
		return r.put(r.table.cell.SetUint(r.columnType(), v))
	}
	return r
}

// Float32 sets the next column.
func (r TypedRow) Float32(v float32) TypedRow {
	if r.begin() {
		return r.put(r.table.cell.SetFloat32(r.columnType(), v))
	}
	return r
}

// Float64 sets the next column.
func (r TypedRow) Float64(v float64) TypedRow {
	if r.begin() {
		if r.kind() == column.Float64 {
			return r.took(column.AppendDouble(r.table.body.Bytes, v))
		}
		return r.put(r.table.cell.SetFloat64(r.columnType(), v))
	}
	return r
}

// String sets the next column.
func (r TypedRow) String(v string) TypedRow {
	if r.begin() {
		if r.kind() == column.String {
			if b, ok := column.AppendText(r.table.body.Bytes, v); ok {
				return r.took(b)
			}
		}
		return r.put(r.table.cell.SetString(r.columnType(), v))
	}
	return r
}

// Bytes sets the next column; nil is NULL.
func (r TypedRow) Bytes(v []byte) TypedRow {
	if r.begin() {
		return r.put(r.table.cell.SetBytes(r.columnType(), v))
	}
	return r
}

// JSON sets the next column to JSON text, which is checked; nil is NULL.
func (r TypedRow) JSON(v json.RawMessage) TypedRow {
	if r.begin() {
		return r.put(r.table.cell.SetJSON(r.columnType(), v))
	}
	return r
}

// Time sets the next column: a timestamp, a DATE or a TIME.
func (r TypedRow) Time(v time.Time) TypedRow {
	if r.begin() {
		if n, ok := column.Epoch(r.kind(), v); ok {
			return r.took(column.AppendEpoch(r.table.body.Bytes, r.kind(), n))
		}
		return r.put(r.table.cell.SetTime(r.columnType(), v))
	}
	return r
}

// Date sets the next column.
func (r TypedRow) Date(v greptime.Date) TypedRow {
	if r.begin() {
		return r.put(govalue.SetDate(&r.table.cell, r.columnType(), v))
	}
	return r
}

// TimeOfDay sets the next column.
func (r TypedRow) TimeOfDay(v greptime.TimeOfDay) TypedRow {
	if r.begin() {
		return r.put(govalue.SetTimeOfDay(&r.table.cell, r.columnType(), v))
	}
	return r
}

// Decimal sets the next column.
func (r TypedRow) Decimal(v greptime.Decimal) TypedRow {
	if r.begin() {
		return r.put(r.table.cell.SetDecimal(r.columnType(), string(v)))
	}
	return r
}

// Vector sets the next column; nil is NULL.
func (r TypedRow) Vector(v greptime.Vector) TypedRow {
	if r.begin() {
		return r.put(r.table.cell.SetVector(r.columnType(), []float32(v)))
	}
	return r
}

// begin says whether the next column can be set.
func (r TypedRow) begin() bool {
	t := r.table
	if t == nil || r.number != t.current || t.typed.err != nil || t.schema == nil {
		return false
	}
	return t.typed.next < len(t.schema.types) || r.tooMany()
}

// tooMany makes it the row's error that there is no next column.
func (r TypedRow) tooMany() bool {
	t := r.table
	t.typed.err = t.rowError(fmt.Sprintf("it has more values than the table's %d columns", t.typed.next))
	t.current = r.number // it is End that ends the row
	return false
}

func (r TypedRow) columnType() column.Type { return r.table.schema.types[r.table.typed.next] }

func (r TypedRow) kind() column.Kind { return r.columnType().Kind() }

// took goes on to the next column: b are the bytes with a value, appended without the
// cell, for the last one.
func (r TypedRow) took(b []byte) TypedRow {
	r.table.body.Bytes = b
	r.table.typed.next++
	return r
}

// put appends the cell, unless it could not be set.
func (r TypedRow) put(err error) TypedRow {
	t := r.table
	if err != nil {
		err = t.refuse(t.typed.next, err)
	} else {
		err = t.put(t.typed.next, &t.cell)
	}
	t.current = r.number
	t.typed.next++
	t.typed.err = err
	return r
}

// End appends the row, or leaves it out and returns its first error, a *[ValueError].
func (r TypedRow) End() error {
	t := r.table
	if err := t.Err(); err != nil {
		return err
	}
	if r.number != t.current {
		return t.notBuilding()
	}
	t.current++
	switch {
	case t.typed.err != nil:
		return t.typed.err
	case t.typed.next != len(t.schema.types):
		return t.rowError(fmt.Sprintf("it has %d values, the table has %d columns", t.typed.next, len(t.schema.types)))
	}
	t.commit()
	return nil
}
