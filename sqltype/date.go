package sqltype

import (
	"database/sql/driver"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

const secondsPerDay = 24 * 60 * 60

// Date is a day of the proleptic Gregorian calendar, for columns of type DATE. The years range from
// -5877641 to 5881580, because the server stores the days since 1970 in 32 bits. The year 0 is 1 BC.
// The zero Date is not a day.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf returns the day that t falls on in its own Location.
func DateOf(t time.Time) Date {
	year, month, day := t.Date()
	return Date{year, month, day}
}

// DateFromEpochDays returns the day that is the given number of days after 1970-01-01.
func DateFromEpochDays(days int32) Date {
	return DateOf(time.Unix(int64(days)*secondsPerDay, 0).UTC())
}

// ParseDate parses the text that String returns: 2006-01-02, or +12345-01-02, with a sign and four or
// more digits of the year.
func ParseDate(text string) (Date, error) {
	errDate := func() (Date, error) {
		return Date{}, fmt.Errorf("greptime: %q is not a date; write it like 2006-01-02", text)
	}
	year := text
	signed := text != "" && (text[0] == '+' || text[0] == '-')
	if signed {
		year = text[1:]
	}
	year, rest, _ := strings.Cut(year, "-")
	month, day, _ := strings.Cut(rest, "-")
	if len(year) < 4 || len(year) > 4 && !signed || len(month) != 2 || len(day) != 2 {
		return errDate()
	}
	y, yearErr := strconv.ParseUint(year, 10, 31)
	m, monthErr := strconv.ParseUint(month, 10, 8)
	d, dayErr := strconv.ParseUint(day, 10, 8)
	if yearErr != nil || monthErr != nil || dayErr != nil {
		return errDate()
	}
	date := Date{int(y), time.Month(m), int(d)}
	if text[0] == '-' {
		date.Year = -date.Year
	}
	if _, err := date.EpochDays(); err != nil {
		return Date{}, err
	}
	return date, nil
}

// EpochDays returns the number of days from 1970-01-01 to d, as the server stores it. It returns an
// error if the calendar has no such day, or if the number does not fit in 32 bits.
func (d Date) EpochDays() (int32, error) {
	// Checked first, so that nothing overflows below.
	const farYear = 6_000_000
	if d.Year < -farYear || d.Year > farYear {
		return 0, fmt.Errorf("greptime: date %v is outside of -5877641-06-23 to +5881580-07-11", d)
	}
	midnight := d.Time(time.UTC)
	if DateOf(midnight) != d {
		return 0, fmt.Errorf("greptime: date %v does not exist", d)
	}
	days := midnight.Unix() / secondsPerDay
	if days < math.MinInt32 || days > math.MaxInt32 {
		return 0, fmt.Errorf("greptime: date %v is outside of -5877641-06-23 to +5881580-07-11", d)
	}
	return int32(days), nil
}

// Time returns the midnight at which d begins in a location; nil means UTC. If the clocks skip that
// midnight, it returns what time.Date returns.
func (d Date) Time(location *time.Location) time.Time {
	if location == nil {
		location = time.UTC
	}
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, location)
}

// String returns the date as GreptimeDB writes it: 2006-01-02. Years before 0 or after 9999 have a
// sign.
func (d Date) String() string {
	if d.Year < 0 || d.Year > 9999 {
		return fmt.Sprintf("%+05d-%02d-%02d", d.Year, int(d.Month), d.Day)
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day)
}

// Scan reads a DATE column. From a time.Time it takes the day in that time's Location.
func (d *Date) Scan(src any) error {
	if t, ok := src.(time.Time); ok {
		*d = DateOf(t)
		return nil
	}
	return scanText(d, src, "greptime.Date", ParseDate)
}

// Value returns the text of d, or an error if there is no such day.
func (d Date) Value() (driver.Value, error) {
	if _, err := d.EpochDays(); err != nil {
		return nil, err
	}
	return d.String(), nil
}

// MarshalText returns the text of d, or an error if there is no such day.
func (d Date) MarshalText() ([]byte, error) {
	if _, err := d.EpochDays(); err != nil {
		return nil, err
	}
	return []byte(d.String()), nil
}

// UnmarshalText parses text as ParseDate does.
func (d *Date) UnmarshalText(text []byte) error { return unmarshalText(d, text, ParseDate) }
