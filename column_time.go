package greptime

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"math"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// timestampColumn converts TIMESTAMP of any precision to times in the session's time zone.
// It ignores a zone of the Arrow type, which does not change the instant.
type timestampColumn struct {
	columnInfo
	unit arrow.TimeUnit
	loc  *time.Location
	arr  *array.Timestamp
}

func (c *timestampColumn) load(arr arrow.Array) error { return loadAs(&c.arr, arr) }

func (c *timestampColumn) value(i int) (driver.Value, error) {
	if c.arr.IsNull(i) {
		return nil, nil
	}
	return instant(int64(c.arr.Value(i)), c.unit).In(c.loc), nil
}

func (c *timestampColumn) scan(i int, dest any) (bool, error) {
	if c.arr.IsNull(i) {
		return scanNullTime(dest), nil
	}
	return scanTime(instant(int64(c.arr.Value(i)), c.unit).In(c.loc), dest), nil
}

// instant returns the exact time for every int64, even where nanoseconds would overflow.
// For seconds near the limits of int64, 292 billion years away, Unix() still returns the
// value, but comparing the time.Time fails: it counts from before the calendar begins.
func instant(v int64, unit arrow.TimeUnit) time.Time {
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

func (c *dateColumn) load(arr arrow.Array) error { return loadAs(&c.arr, arr) }

func (c *dateColumn) value(i int) (driver.Value, error) {
	if c.arr.IsNull(i) {
		return nil, nil
	}
	return DateFromEpochDays(int32(c.arr.Value(i))).Time(time.UTC), nil
}

func (c *dateColumn) scan(i int, dest any) (bool, error) {
	if c.arr.IsNull(i) {
		if d, ok := dest.(*sql.Null[Date]); ok {
			*d = sql.Null[Date]{}
			return true, nil
		}
		return scanNullTime(dest), nil
	}
	date := DateFromEpochDays(int32(c.arr.Value(i)))
	switch d := dest.(type) {
	case *Date:
		*d = date
	case *sql.Null[Date]:
		*d = sql.Null[Date]{V: date, Valid: true}
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

func (c *timeOfDayColumn) load(arr arrow.Array) error {
	c.arr = arr
	return nil
}

func (c *timeOfDayColumn) at(i int) (TimeOfDay, error) { return timeOfDay(c.arr, i, c.unit) }

// timeOfDay reads a Time32 or Time64. The server may have stored a value beyond a day.
// Only a value in microseconds may also be too large for nanoseconds.
func timeOfDay(arr arrow.Array, i int, unit arrow.TimeUnit) (TimeOfDay, error) {
	if a, ok := arr.(*array.Time32); ok {
		return TimeOfDay(int64(a.Value(i)) * int64(unit.Multiplier())), nil
	}
	n, err := nanoseconds(int64(arr.(*array.Time64).Value(i)), unit, "time")
	return TimeOfDay(n), err
}

// nanoseconds converts a value to nanoseconds. what names the value in errors.
func nanoseconds(v int64, unit arrow.TimeUnit, what string) (int64, error) {
	m := int64(unit.Multiplier())
	if v > math.MaxInt64/m || v < math.MinInt64/m {
		return 0, fmt.Errorf("the %s %d %s is too large for nanoseconds; cast it in the query, for example with arrow_cast(…, 'Int64')", what, v, unit)
	}
	return v * m, nil
}

func (c *timeOfDayColumn) value(i int) (driver.Value, error) {
	if c.arr.IsNull(i) {
		return nil, nil
	}
	t, err := c.at(i)
	if err != nil {
		return nil, err
	}
	return t.String(), nil
}

func (c *timeOfDayColumn) scan(i int, dest any) (bool, error) {
	if c.arr.IsNull(i) {
		if d, ok := dest.(*sql.Null[TimeOfDay]); ok {
			*d = sql.Null[TimeOfDay]{}
			return true, nil
		}
		return scanNullText(dest), nil
	}
	t, err := c.at(i)
	if err != nil {
		return false, err
	}
	switch d := dest.(type) {
	case *TimeOfDay:
		*d = t
	case *sql.Null[TimeOfDay]:
		*d = sql.Null[TimeOfDay]{V: t, Valid: true}
	default:
		return scanString(t.String(), dest), nil
	}
	return true, nil
}

// durationColumn converts the difference of two timestamps to nanoseconds.
type durationColumn struct {
	columnInfo
	unit arrow.TimeUnit
	arr  *array.Duration
}

func (c *durationColumn) load(arr arrow.Array) error { return loadAs(&c.arr, arr) }

func (c *durationColumn) nanoseconds(i int) (int64, error) { return durationNanos(c.arr, i, c.unit) }

func durationNanos(arr *array.Duration, i int, unit arrow.TimeUnit) (int64, error) {
	return nanoseconds(int64(arr.Value(i)), unit, "duration")
}

func (c *durationColumn) value(i int) (driver.Value, error) {
	if c.arr.IsNull(i) {
		return nil, nil
	}
	n, err := c.nanoseconds(i)
	if err != nil {
		return nil, err
	}
	return n, nil
}

func (c *durationColumn) scan(i int, dest any) (bool, error) {
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

func (c *intervalColumn) load(arr arrow.Array) error {
	c.arr = arr
	return nil
}

// interval reads an interval of any Arrow unit.
func interval(arr arrow.Array, i int) Interval {
	switch a := arr.(type) {
	case *array.MonthInterval:
		return Interval{Months: int32(a.Value(i))}
	case *array.DayTimeInterval:
		v := a.Value(i)
		return Interval{Days: v.Days, Nanoseconds: int64(v.Milliseconds) * int64(time.Millisecond)}
	default:
		v := arr.(*array.MonthDayNanoInterval).Value(i)
		return Interval{Months: v.Months, Days: v.Days, Nanoseconds: v.Nanoseconds}
	}
}

func (c *intervalColumn) value(i int) (driver.Value, error) {
	if c.arr.IsNull(i) {
		return nil, nil
	}
	return interval(c.arr, i).String(), nil
}

func (c *intervalColumn) scan(i int, dest any) (bool, error) {
	if c.arr.IsNull(i) {
		if d, ok := dest.(*sql.Null[Interval]); ok {
			*d = sql.Null[Interval]{}
			return true, nil
		}
		return scanNullText(dest), nil
	}
	v := interval(c.arr, i)
	switch d := dest.(type) {
	case *Interval:
		*d = v
	case *sql.Null[Interval]:
		*d = sql.Null[Interval]{V: v, Valid: true}
	default:
		return scanString(v.String(), dest), nil
	}
	return true, nil
}
