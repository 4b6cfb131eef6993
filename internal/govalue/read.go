package govalue

import (
	"fmt"
	"math"
	"time"

	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/sqltype"
)

// Reader reads cells as values of a Go type, from columns of the kinds that fit the type. It
// is the inverse of [Set], for inspecting appended values.
type Reader[T any] struct {
	name string
	fits func(column.Kind) bool
	read func(c *column.Cell, t column.Type) T
}

// Check returns an error if r cannot read columns of type t.
func (r *Reader[T]) Check(t column.Type) error {
	if r.fits(t.Kind()) {
		return nil
	}
	return fmt.Errorf("is %s, which is not read as %s", t, r.name)
}

// Read returns the value of a cell that is not NULL, of a type for which Check returned nil.
// The value shares no memory with the cell.
func (r *Reader[T]) Read(c *column.Cell, t column.Type) T { return r.read(c, t) }

// The readers.
var (
	// Bool reads BOOLEAN.
	Bool = Reader[bool]{"bool", isOne(column.Boolean), func(c *column.Cell, _ column.Type) bool { return c.Bool() }}

	// Int64 reads integers other than BIGINT UNSIGNED, and the epoch of timestamps in
	// their unit.
	Int64 = Reader[int64]{"int64",
		func(k column.Kind) bool { return k >= column.Int8 && k <= column.Uint32 || k.IsTimestamp() },
		func(c *column.Cell, _ column.Type) int64 { return c.Int() }}

	// Uint64 reads unsigned integers.
	Uint64 = Reader[uint64]{"uint64",
		func(k column.Kind) bool { return k >= column.Uint8 && k <= column.Uint64 },
		func(c *column.Cell, _ column.Type) uint64 { return c.Uint() }}

	// Float64 reads DOUBLE and FLOAT.
	Float64 = Reader[float64]{"float64",
		func(k column.Kind) bool { return k == column.Float64 || k == column.Float32 },
		func(c *column.Cell, t column.Type) float64 {
			if t.Kind() == column.Float32 {
				return float64(c.Float32())
			}
			return c.Float64()
		}}

	// String reads STRING and the text of JSON.
	String = Reader[string]{"string",
		func(k column.Kind) bool { return k == column.String || k == column.JSON },
		func(c *column.Cell, _ column.Type) string { return string(c.AppendBytes(nil)) }}

	// Bytes reads VARBINARY.
	Bytes = Reader[[]byte]{"[]byte", isOne(column.Binary), func(c *column.Cell, _ column.Type) []byte { return c.AppendBytes([]byte{}) }}

	// Time reads timestamps, in UTC.
	Time = Reader[time.Time]{"time.Time", column.Kind.IsTimestamp, readTime}

	// Date reads DATE.
	Date = Reader[sqltype.Date]{"greptime.Date", isOne(column.Date),
		func(c *column.Cell, _ column.Type) sqltype.Date { return sqltype.DateFromEpochDays(int32(c.Int())) }}

	// TimeOfDay reads TIME.
	TimeOfDay = Reader[sqltype.TimeOfDay]{"greptime.TimeOfDay", column.Kind.IsTimeOfDay,
		func(c *column.Cell, t column.Type) sqltype.TimeOfDay {
			return sqltype.TimeOfDay(c.Int() * t.Kind().UnitNanoseconds())
		}}

	// Decimal reads DECIMAL, with all digits of its scale.
	Decimal = Reader[sqltype.Decimal]{"greptime.Decimal", isOne(column.Decimal),
		func(c *column.Cell, t column.Type) sqltype.Decimal { return sqltype.Decimal(c.AppendDecimal(nil, t)) }}

	// Vector reads VECTOR.
	Vector = Reader[sqltype.Vector]{"greptime.Vector", isOne(column.Vector), readVector}
)

func isOne(kind column.Kind) func(column.Kind) bool {
	return func(k column.Kind) bool { return k == kind }
}

func readTime(c *column.Cell, t column.Type) time.Time {
	switch t.Kind() {
	case column.TimestampSecond:
		return time.Unix(c.Int(), 0).UTC()
	case column.TimestampMillisecond:
		return time.UnixMilli(c.Int()).UTC()
	case column.TimestampMicrosecond:
		return time.UnixMicro(c.Int()).UTC()
	}
	return time.Unix(0, c.Int()).UTC()
}

func readVector(c *column.Cell, _ column.Type) sqltype.Vector {
	b := c.AppendBytes(nil)
	v := make(sqltype.Vector, len(b)/4)
	for i := range v {
		v[i] = math.Float32frombits(uint32(b[4*i]) | uint32(b[4*i+1])<<8 | uint32(b[4*i+2])<<16 | uint32(b[4*i+3])<<24)
	}
	return v
}
