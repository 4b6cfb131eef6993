package scan

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"math"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/greptime-go/greptime/sqltype"
)

// timestampColumn converts TIMESTAMP of any precision to times in the session's time zone.
// It ignores a zone of the Arrow type, which does not change the instant.
type timestampColumn struct {
	columnInfo
	unit arrow.TimeUnit
	loc  *time.Location
	arr  *array.Timestamp
}

func (c *timestampColumn) Load(arr arrow.Array) error { return loadAs(&c.arr, arr) }

func (c *timestampColumn) current() arrow.Array { return c.arr }

func (c *timestampColumn) Value(i int) (driver.Value, error) {
	if c.arr.IsNull(i) {
		return nil, nil
	}
	return Instant(int64(c.arr.Value(i)), c.unit).In(c.loc), nil
}

func (c *timestampColumn) Scan(i int, dest any) (bool, error) {
	if c.arr.IsNull(i) {
		return scanNullTime(dest), nil
	}
	return scanTime(Instant(int64(c.arr.Value(i)), c.unit).In(c.loc), dest), nil
}

// fillTimes fills times.
func (c *timestampColumn) fillTimes(r Rows) (int, error) {
	values := c.arr.Values()[r.From : r.From+r.N]
	if r.Skip == nil && c.arr.NullN() == 0 && c.unit == arrow.Millisecond {
		for k, v := range values {
			*(*time.Time)(r.at(k)) = time.UnixMilli(int64(v)).In(c.loc)
		}
		return r.N, nil
	}
	for k, v := range values {
		switch {
		case r.skips(k):
		case c.arr.IsValid(r.From + k):
			*(*time.Time)(r.at(k)) = Instant(int64(v), c.unit).In(c.loc)
		case !r.leaveNulls:
			return k, ErrNull
		}
	}
	return r.N, nil
}

// Instant returns the exact time for every int64, even where nanoseconds would overflow.
// For seconds near the limits of int64, 292 billion years away, Unix() still returns the
// value, but comparing the time.Time fails: it counts from before the calendar begins.
func Instant(v int64, unit arrow.TimeUnit) time.Time {
	switch unit {
	case arrow.Second:
		return time.Unix(v, 0)
	case arrow.Millisecond:
		return time.UnixMilli(v)
	case arrow.Microsecond:
		return time.UnixMicro(v)
	default:
		return time.Unix(0, v)
	}
}

func scanTime(t time.Time, dest any) bool {
	switch d := dest.(type) {
	case *time.Time:
		*d = t
	case *sql.NullTime:
		*d = sql.NullTime{Time: t, Valid: true}
	case *sql.Null[time.Time]:
		*d = sql.Null[time.Time]{V: t, Valid: true}
	case *any:
		*d = t
	default:
		return false
	}
	return true
}

func scanNullTime(dest any) bool {
	if d, ok := dest.(*sql.NullTime); ok {
		*d = sql.NullTime{}
		return true
	}
	return scanNull[time.Time](dest)
}

// dateColumn converts DATE to the midnight of the day in UTC.
type dateColumn struct {
	columnInfo
	arr *array.Date32
}

func (c *dateColumn) Load(arr arrow.Array) error { return loadAs(&c.arr, arr) }

func (c *dateColumn) current() arrow.Array { return c.arr }

func (c *dateColumn) Value(i int) (driver.Value, error) {
	if c.arr.IsNull(i) {
		return nil, nil
	}
	return sqltype.DateFromEpochDays(int32(c.arr.Value(i))).Time(time.UTC), nil
}

func (c *dateColumn) Scan(i int, dest any) (bool, error) {
	if c.arr.IsNull(i) {
		if d, ok := dest.(*sql.Null[sqltype.Date]); ok {
			*d = sql.Null[sqltype.Date]{}
			return true, nil
		}
		return scanNullTime(dest), nil
	}
	date := sqltype.DateFromEpochDays(int32(c.arr.Value(i)))
	switch d := dest.(type) {
	case *sqltype.Date:
		*d = date
	case *sql.Null[sqltype.Date]:
		*d = sql.Null[sqltype.Date]{V: date, Valid: true}
	default:
		return scanTime(date.Time(time.UTC), dest), nil
	}
	return true, nil
}

// timeOfDayColumn converts TIME of any precision.
type timeOfDayColumn struct {
	columnInfo
	unit arrow.TimeUnit
	arr  arrow.Array // *array.Time32 or *array.Time64
}

func (c *timeOfDayColumn) Load(arr arrow.Array) error {
	c.arr = arr
	return nil
}

func (c *timeOfDayColumn) current() arrow.Array { return c.arr }

func (c *timeOfDayColumn) at(i int) (sqltype.TimeOfDay, error) { return timeOfDay(c.arr, i, c.unit) }

// timeOfDay reads a Time32 or Time64. The server may have stored a value beyond a day.
// Only a value in microseconds may also be too large for nanoseconds.
func timeOfDay(arr arrow.Array, i int, unit arrow.TimeUnit) (sqltype.TimeOfDay, error) {
	if a, ok := arr.(*array.Time32); ok {
		return sqltype.TimeOfDay(int64(a.Value(i)) * int64(unit.Multiplier())), nil
	}
	n, err := nanoseconds(int64(arr.(*array.Time64).Value(i)), unit, "time")
	return sqltype.TimeOfDay(n), err
}

// nanoseconds converts a value to nanoseconds. what names the value in errors.
func nanoseconds(v int64, unit arrow.TimeUnit, what string) (int64, error) {
	m := int64(unit.Multiplier())
	if v > math.MaxInt64/m || v < math.MinInt64/m {
		return 0, fmt.Errorf("the %s %d %s is too large for nanoseconds; cast it in the query, for example with arrow_cast(…, 'Int64')", what, v, unit)
	}
	return v * m, nil
}

func (c *timeOfDayColumn) Value(i int) (driver.Value, error) {
	if c.arr.IsNull(i) {
		return nil, nil
	}
	t, err := c.at(i)
	if err != nil {
		return nil, err
	}
	return t.String(), nil
}

func (c *timeOfDayColumn) Scan(i int, dest any) (bool, error) {
	if c.arr.IsNull(i) {
		return scanNullAs[sqltype.TimeOfDay](dest), nil
	}
	t, err := c.at(i)
	if err != nil {
		return false, err
	}
	return scanAs(t, dest), nil
}

// durationColumn converts the difference of two timestamps to nanoseconds.
type durationColumn struct {
	columnInfo
	unit arrow.TimeUnit
	arr  *array.Duration
}

func (c *durationColumn) Load(arr arrow.Array) error { return loadAs(&c.arr, arr) }

func (c *durationColumn) current() arrow.Array { return c.arr }

func (c *durationColumn) nanoseconds(i int) (int64, error) { return durationNanos(c.arr, i, c.unit) }

func durationNanos(arr *array.Duration, i int, unit arrow.TimeUnit) (int64, error) {
	return nanoseconds(int64(arr.Value(i)), unit, "duration")
}

func (c *durationColumn) Value(i int) (driver.Value, error) {
	if c.arr.IsNull(i) {
		return nil, nil
	}
	n, err := c.nanoseconds(i)
	if err != nil {
		return nil, err
	}
	return n, nil
}

func (c *durationColumn) Scan(i int, dest any) (bool, error) {
	if c.arr.IsNull(i) {
		switch d := dest.(type) {
		case *sql.NullInt64:
			*d = sql.NullInt64{}
		case *sql.Null[time.Duration]:
			*d = sql.Null[time.Duration]{}
		default:
			return scanNull[int64](dest), nil
		}
		return true, nil
	}
	n, err := c.nanoseconds(i)
	if err != nil {
		return false, err
	}
	switch d := dest.(type) {
	case *time.Duration:
		*d = time.Duration(n)
	case *sql.Null[time.Duration]:
		*d = sql.Null[time.Duration]{V: time.Duration(n), Valid: true}
	case *any:
		*d = n
	default:
		return scanInt64(n, dest), nil
	}
	return true, nil
}

// intervalColumn converts INTERVAL of any Arrow unit.
type intervalColumn struct {
	columnInfo
	arr arrow.Array
}

func (c *intervalColumn) Load(arr arrow.Array) error {
	c.arr = arr
	return nil
}

func (c *intervalColumn) current() arrow.Array { return c.arr }

// interval reads an interval of any Arrow unit.
func interval(arr arrow.Array, i int) sqltype.Interval {
	switch a := arr.(type) {
	case *array.MonthInterval:
		return sqltype.Interval{Months: int32(a.Value(i))}
	case *array.DayTimeInterval:
		v := a.Value(i)
		return sqltype.Interval{Days: v.Days, Nanoseconds: int64(v.Milliseconds) * int64(time.Millisecond)}
	default:
		v := arr.(*array.MonthDayNanoInterval).Value(i)
		return sqltype.Interval{Months: v.Months, Days: v.Days, Nanoseconds: v.Nanoseconds}
	}
}

func (c *intervalColumn) Value(i int) (driver.Value, error) {
	if c.arr.IsNull(i) {
		return nil, nil
	}
	return interval(c.arr, i).String(), nil
}

func (c *intervalColumn) Scan(i int, dest any) (bool, error) {
	if c.arr.IsNull(i) {
		return scanNullAs[sqltype.Interval](dest), nil
	}
	return scanAs(interval(c.arr, i), dest), nil
}
