package greptime

import (
	"time"

	"github.com/greptime-go/greptime/sqltype"
)

// The types for SQL values that Go has no type for, and their functions, are those of package
// sqltype.

// Date is a day of the proleptic Gregorian calendar, for columns of type DATE: a struct of Year,
// Month and Day. Its methods are those of [sqltype.Date], such as Time and EpochDays.
type Date = sqltype.Date

// DateOf returns the day that t falls on in its own Location.
func DateOf(t time.Time) Date { return sqltype.DateOf(t) }

// DateFromEpochDays returns the day that is the given number of days after 1970-01-01.
func DateFromEpochDays(days int32) Date { return sqltype.DateFromEpochDays(days) }

// ParseDate parses the text that String returns: 2006-01-02, or +12345-01-02, with a sign and four or
// more digits of the year.
func ParseDate(text string) (Date, error) { return sqltype.ParseDate(text) }

// Decimal is an exact number as text, such as -12.50, for columns of type DECIMAL and other numbers.
// It is a string; its methods are those of [sqltype.Decimal].
type Decimal = sqltype.Decimal

// ParseDecimal checks text and returns it as a Decimal. A plus sign, an exponent, spaces, and a point
// without digits on both of its sides are errors. ParseDecimal does not limit the number of digits; a
// column has at most 38.
func ParseDecimal(text string) (Decimal, error) { return sqltype.ParseDecimal(text) }

// Interval is a span of calendar time: a struct of Months, Days and Nanoseconds, each with its own
// sign. Its methods are those of [sqltype.Interval].
type Interval = sqltype.Interval

// ParseInterval parses the text that String returns, and the text of GreptimeDB's other kinds of
// intervals, which have years or fewer digits: 1 years 2 mons, 3 days 0.500 secs. Units must be in
// order from large to small, each at most once.
func ParseInterval(text string) (Interval, error) { return sqltype.ParseInterval(text) }

// TimeOfDay is a time on the clock, in nanoseconds since midnight, for columns of type TIME. It is
// an int64; its methods are those of [sqltype.TimeOfDay].
type TimeOfDay = sqltype.TimeOfDay

// TimeOfDayOf returns the time on the clock at t, in the Location of t.
func TimeOfDayOf(t time.Time) TimeOfDay { return sqltype.TimeOfDayOf(t) }

// ParseTimeOfDay parses HH:MM:SS with up to nine digits of a fraction, from 00:00:00 to
// 23:59:59.999999999.
func ParseTimeOfDay(text string) (TimeOfDay, error) { return sqltype.ParseTimeOfDay(text) }

// Vector is a value of a VECTOR(n) column: a []float32 of n numbers. As an argument, the nil Vector
// is NULL. Its methods are those of [sqltype.Vector].
type Vector = sqltype.Vector

// ParseVector parses numbers in brackets, as in [1,2.5,-3e-7]. It accepts NaN, inf and -inf, and
// spaces around numbers. It rounds decimal digits to the nearest float32; a number beyond the largest
// float32 is an error.
func ParseVector(text string) (Vector, error) { return sqltype.ParseVector(text) }

// Null is a value that may be NULL. It is the scan type of nullable columns for whose exact Go
// type database/sql has no type such as sql.NullInt64. As an argument it is its V, or NULL. Its
// methods are those of [sqltype.Null]. It differs from sql.Null in that its Value returns a uint64
// unchanged, whereas sql.Null fails for the upper half.
type Null[T any] = sqltype.Null[T]
