package bulk

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/govalue"
)

// TypedRow is a row that is filled in the order of the columns, by a call for each
// value, without boxing them. It has to be ended before another row of the batch is
// begun, and has no effect before. [Batch.Typed] begins one; the zero TypedRow is none.
type TypedRow struct {
	batch  *Batch
	number uint64
}

// typedState is how far the row being built by typed calls has come.
type typedState struct {
	next int // column
	err  error
}

// Typed begins a row.
func (b *Batch) Typed() TypedRow {
	b.begin()
	b.typed = typedState{}
	return TypedRow{b, b.current}
}

// Null sets the next column to NULL.
func (r TypedRow) Null() TypedRow {
	if r.begin() {
		r.batch.cell.SetNull()
		return r.put(nil)
	}
	return r
}

// Bool sets the next column.
func (r TypedRow) Bool(v bool) TypedRow {
	if r.begin() {
		if c := r.column(); c.typ.Kind() == column.Boolean {
			c.setBool(r.batch.rows, v)
			return r.took()
		}
		return r.put(r.batch.cell.SetBool(r.columnType(), v))
	}
	return r
}

// Int sets the next column to an integer of any width that fits it.
func (r TypedRow) Int(v int) TypedRow {
	if r.begin() {
		if c := r.column(); c.typ.Kind() == column.Int64 {
			c.setWord(r.batch.rows, uint64(v))
			return r.took()
		}
		return r.put(r.batch.cell.SetInt(r.columnType(), int64(v)))
	}
	return r
}

// Int64 sets the next column to an integer of any width that fits it.
func (r TypedRow) Int64(v int64) TypedRow {
	if r.begin() {
		if c := r.column(); c.typ.Kind() == column.Int64 {
			c.setWord(r.batch.rows, uint64(v))
			return r.took()
		}
		return r.put(r.batch.cell.SetInt(r.columnType(), v))
	}
	return r
}

// Uint64 sets the next column to an integer of any width that fits it.
func (r TypedRow) Uint64(v uint64) TypedRow {
	if r.begin() {
		return r.put(r.batch.cell.SetUint(r.columnType(), v))
	}
	return r
}

// Float32 sets the next column.
func (r TypedRow) Float32(v float32) TypedRow {
	if r.begin() {
		return r.put(r.batch.cell.SetFloat32(r.columnType(), v))
	}
	return r
}

// Float64 sets the next column.
func (r TypedRow) Float64(v float64) TypedRow {
	if r.begin() {
		if c := r.column(); c.typ.Kind() == column.Float64 {
			c.setWord(r.batch.rows, math.Float64bits(v))
			return r.took()
		}
		return r.put(r.batch.cell.SetFloat64(r.columnType(), v))
	}
	return r
}

// String sets the next column.
func (r TypedRow) String(v string) TypedRow {
	if r.begin() {
		if c := r.column(); c.typ.Kind() == column.String && c.setText(r.batch.rows, v) {
			return r.took()
		}
		return r.put(r.batch.cell.SetString(r.columnType(), v))
	}
	return r
}

// Bytes sets the next column; nil is NULL.
func (r TypedRow) Bytes(v []byte) TypedRow {
	if r.begin() {
		return r.put(r.batch.cell.SetBytes(r.columnType(), v))
	}
	return r
}

// JSON sets the next column to JSON text, which is checked; nil is NULL.
func (r TypedRow) JSON(v json.RawMessage) TypedRow {
	if r.begin() {
		return r.put(r.batch.cell.SetJSON(r.columnType(), v))
	}
	return r
}

// Time sets the next column: a timestamp, a DATE or a TIME.
func (r TypedRow) Time(v time.Time) TypedRow {
	if r.begin() {
		c := r.column()
		if n, ok := column.Epoch(c.typ.Kind(), v); ok {
			c.setWord(r.batch.rows, uint64(n))
			return r.took()
		}
		return r.put(r.batch.cell.SetTime(r.columnType(), v))
	}
	return r
}

// Date sets the next column.
func (r TypedRow) Date(v greptime.Date) TypedRow {
	if r.begin() {
		return r.put(govalue.SetDate(&r.batch.cell, r.columnType(), v))
	}
	return r
}

// TimeOfDay sets the next column.
func (r TypedRow) TimeOfDay(v greptime.TimeOfDay) TypedRow {
	if r.begin() {
		return r.put(govalue.SetTimeOfDay(&r.batch.cell, r.columnType(), v))
	}
	return r
}

// Decimal sets the next column.
func (r TypedRow) Decimal(v greptime.Decimal) TypedRow {
	if r.begin() {
		return r.put(r.batch.cell.SetDecimal(r.columnType(), string(v)))
	}
	return r
}

// Vector sets the next column; nil is NULL.
func (r TypedRow) Vector(v greptime.Vector) TypedRow {
	if r.begin() {
		return r.put(r.batch.cell.SetVector(r.columnType(), []float32(v)))
	}
	return r
}

// begin says whether the next column can be set. After an error there is none.
func (r TypedRow) begin() bool {
	return r.number == r.batch.current && r.batch.typed.next < len(r.batch.columns) || r.beyond()
}

// beyond is that there is no next column, which becomes the row's error if it has none.
func (r TypedRow) beyond() bool {
	b := r.batch
	if r.number == b.current && b.typed.err == nil {
		r.fail(b.rowError(fmt.Sprintf("it has more values than the table's %d columns", len(b.columns))))
	}
	return false
}

// fail ends the values, but not the row: that is for End to do.
func (r TypedRow) fail(err error) {
	b := r.batch
	b.current = r.number
	b.typed.err, b.typed.next = err, len(b.columns)
}

// column is the next one.
func (r TypedRow) column() *columnData { return &r.batch.columns[r.batch.typed.next] }

func (r TypedRow) columnType() column.Type { return r.column().typ }

// took goes on to the next column, after its value was set without the cell.
func (r TypedRow) took() TypedRow {
	r.batch.typed.next++
	return r
}

// put appends the cell, unless it could not be set.
func (r TypedRow) put(err error) TypedRow {
	b := r.batch
	if err != nil {
		err = b.refuse(b.typed.next, err)
	} else {
		err = b.put(b.typed.next, &b.cell)
	}
	if err != nil {
		r.fail(err)
		return r
	}
	b.typed.next++
	return r
}

// End appends the row, or leaves it out and returns its first error, a *[ValueError].
func (r TypedRow) End() error {
	b := r.batch
	if r.number != b.current {
		return b.notBuilding()
	}
	switch {
	case b.typed.err != nil:
		b.current++
		return b.typed.err
	case b.typed.next != len(b.columns):
		return b.rowError(fmt.Sprintf("it has %d values, the table has %d columns", b.typed.next, len(b.columns)))
	}
	b.commit()
	return nil
}
