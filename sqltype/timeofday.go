package sqltype

import (
	"database/sql/driver"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

const nanosecondsPerDay = secondsPerDay * int64(time.Second)

// TimeOfDay is a time on the clock, in nanoseconds since midnight, for columns of type TIME. It is
// at least 0 and less than 24 hours. But GreptimeDB 1.0.2 stores any integer that a native insert
// sends, so that a value read from a column may be outside of this range.
type TimeOfDay int64

// TimeOfDayOf returns the time on the clock at t, in the Location of t.
func TimeOfDayOf(t time.Time) TimeOfDay {
	hour, minute, second := t.Clock()
	return TimeOfDay(int64(hour*3600+minute*60+second)*int64(time.Second) + int64(t.Nanosecond()))
}

// ParseTimeOfDay parses HH:MM:SS with up to nine digits of a fraction, from 00:00:00 to
// 23:59:59.999999999.
func ParseTimeOfDay(text string) (TimeOfDay, error) {
	t, ok := parseClock(text)
	if !ok || len(text) < 3 || text[2] != ':' || t.check() != nil {
		return 0, errTimeOfDay(text)
	}
	return t, nil
}

// parseStoredTime parses every text that String returns.
func parseStoredTime(text string) (TimeOfDay, error) {
	if t, ok := parseClock(text); ok {
		return t, nil
	}
	return 0, errTimeOfDay(text)
}

func errTimeOfDay(text string) error {
	return fmt.Errorf("greptime: %q is not a time of day; write it like 15:04:05 or 15:04:05.999999999, before 24:00:00", text)
}

// parseClock parses HH:MM:SS with a fraction. It accepts a sign and any number of hours.
func parseClock(text string) (TimeOfDay, bool) {
	unsigned, negative := strings.CutPrefix(text, "-")
	clock, fraction, hasFraction := strings.Cut(unsigned, ".")
	parts := strings.Split(clock, ":")
	nanoseconds, ok := parseFraction(fraction, hasFraction)
	if !ok || len(parts) != 3 || len(parts[0]) < 2 || len(parts[1]) != 2 || len(parts[2]) != 2 {
		return 0, false
	}
	hours, hoursErr := strconv.ParseUint(parts[0], 10, 32)
	minutes, minutesErr := strconv.ParseUint(parts[1], 10, 8)
	seconds, secondsErr := strconv.ParseUint(parts[2], 10, 8)
	if hoursErr != nil || minutesErr != nil || secondsErr != nil || minutes > 59 || seconds > 59 {
		return 0, false
	}
	seconds += hours*3600 + minutes*60
	if seconds > math.MaxInt64/uint64(time.Second) {
		return 0, false
	}
	total := seconds*uint64(time.Second) + uint64(nanoseconds)
	switch {
	case negative && total <= 1<<63:
		return TimeOfDay(-total), true
	case negative || total > math.MaxInt64:
		return 0, false
	}
	return TimeOfDay(total), true
}

// parseFraction returns the digits after the point of a number of seconds, as nanoseconds.
func parseFraction(digits string, hasPoint bool) (nanoseconds int64, ok bool) {
	if !hasPoint {
		return 0, true
	}
	if len(digits) == 0 || len(digits) > 9 {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	for range 9 - len(digits) {
		n *= 10
	}
	return int64(n), err == nil
}

// String returns t as 15:04:05, with as many digits of a fraction as it needs. A value that is not a
// time of day has a sign or more hours than a day has.
func (t TimeOfDay) String() string { return string(t.appendTo(nil)) }

func (t TimeOfDay) appendTo(dst []byte) []byte {
	// uint64, because the smallest int64 has no positive counterpart.
	nanoseconds := uint64(t)
	if t < 0 {
		dst = append(dst, '-')
		nanoseconds = -nanoseconds
	}
	seconds := nanoseconds / uint64(time.Second)
	nanoseconds %= uint64(time.Second)
	dst = appendTwoDigits(dst, seconds/3600)
	dst = appendTwoDigits(append(dst, ':'), seconds/60%60)
	dst = appendTwoDigits(append(dst, ':'), seconds%60)
	if nanoseconds == 0 {
		return dst
	}
	dst = appendNanoseconds(append(dst, '.'), nanoseconds)
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

func appendTwoDigits(dst []byte, n uint64) []byte {
	if n < 10 {
		dst = append(dst, '0')
	}
	return strconv.AppendUint(dst, n, 10)
}

// appendNanoseconds appends the nine digits of n, which is less than a second.
func appendNanoseconds(dst []byte, n uint64) []byte {
	for unit := uint64(time.Second) / 10; unit > 0; unit /= 10 {
		dst = append(dst, '0'+byte(n/unit%10))
	}
	return dst
}

// Scan reads a TIME column, including values that are not a time of day. From a time.Time it takes
// the time on the clock in that time's Location.
func (t *TimeOfDay) Scan(src any) error {
	if moment, ok := src.(time.Time); ok {
		*t = TimeOfDayOf(moment)
		return nil
	}
	return scanText(t, src, "greptime.TimeOfDay", parseStoredTime)
}

// Value returns the text of t, or an error if it is not a time of day.
func (t TimeOfDay) Value() (driver.Value, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	return t.String(), nil
}

// MarshalText returns the text of t, or an error if it is not a time of day.
func (t TimeOfDay) MarshalText() ([]byte, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	return t.appendTo(nil), nil
}

// UnmarshalText parses text as ParseTimeOfDay does.
func (t *TimeOfDay) UnmarshalText(text []byte) error {
	return unmarshalText(t, text, ParseTimeOfDay)
}

func (t TimeOfDay) check() error {
	if t < 0 || int64(t) >= nanosecondsPerDay {
		return fmt.Errorf("greptime: %v is not a time of day, which is at least 00:00:00 and before 24:00:00", t)
	}
	return nil
}
