package sqlinsert

import (
	"math"
	"strings"
	"time"

	"github.com/greptime-go/greptime/internal/column"
)

// lastNano is the last moment that a TIMESTAMP(9) holds.
var lastNano = time.Unix(0, math.MaxInt64)

// SetTime sets a moment for a timestamp. GreptimeDB reads text with nanoseconds only in the
// years that a TIMESTAMP(9) holds, so a literal of another year is truncated to
// microseconds, and no other column is finer than that. A moment directly after the last
// nanosecond is left unchanged, because truncated it would become a moment that a
// TIMESTAMP(9) holds. For a DATE, SetTime sets midnight in UTC, which is how a DATE is read.
func (c *Cell) SetTime(t column.Type, v time.Time) error {
	if t.Kind() == column.Date && isDay(v) {
		return c.SetDate(t, v.Year(), int32(v.Unix()/secondsPerDay))
	}
	if !t.Kind().IsTimestamp() {
		return errNoPair
	}
	if year := v.UTC().Year(); year < 1 || year > 9999 {
		return errRange
	}
	if v.After(lastNano) && !v.Truncate(time.Microsecond).After(lastNano) {
		return errRange
	}
	return textUnless(c.cell.SetTime(t, v))
}

const secondsPerDay = 24 * 60 * 60

// isDay reports whether a moment is a day as a DATE is read: midnight in UTC. If it is
// another day in its own Location, it is unclear which one is meant.
func isDay(v time.Time) bool {
	return v.Nanosecond() == 0 && v.Unix()%secondsPerDay == 0 && v.Day() == v.UTC().Day()
}

// SetDate sets a day for a DATE, given as its year and its number from 1970-01-01 on. It is
// exact in any time zone, whereas GreptimeDB would shift the text of a date.
func (c *Cell) SetDate(t column.Type, year int, days int32) error {
	switch {
	case t.Kind() != column.Date:
		return errNoPair
	case year < 1 || year > 9999:
		return errRange
	}
	return textUnless(c.cell.SetDate(t, days))
}

// parseTime reads 2006-01-02T15:04:05.999999999Z, with Z or an offset such as +08:00
// at the end, and 2006-01-02 15:04:05.999999999 without. The fraction is optional. It accepts
// nothing else; package time is more lenient than the server.
func parseTime(text string) (at time.Time, zoned, ok bool) {
	const fields = "2006-01-02T15:04:05"
	if len(text) < len(fields) || text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':' {
		return time.Time{}, false, false
	}
	year, ok0 := parseDigits(text[0:4])
	month, ok1 := parseDigits(text[5:7])
	day, ok2 := parseDigits(text[8:10])
	hour, ok3 := parseDigits(text[11:13])
	minute, ok4 := parseDigits(text[14:16])
	second, ok5 := parseDigits(text[17:19])
	nanos, zone, ok6 := parseFraction(text[len(fields):])
	offset, ok7 := parseOffset(zone)
	if !(ok0 && ok1 && ok2 && ok3 && ok4 && ok5 && ok6 && ok7) {
		return time.Time{}, false, false
	}
	zoned = zone != ""
	if separator := text[10]; zoned && separator != 'T' || !zoned && separator != ' ' {
		return time.Time{}, false, false
	}
	at = time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC)
	if y, m, d := at.Date(); y != year || int(m) != month || d != day || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false, false // the day or time does not exist
	}
	return at.Add(-offset), zoned, true
}

// isWrittenInNanoseconds reports whether text that parseTime accepts has more than six
// digits after its point.
func isWrittenInNanoseconds(text string) bool {
	_, fraction, _ := strings.Cut(text, ".")
	return strings.IndexAny(fraction+"Z", "Z+-") > 6
}

// parseDigits reads digits of ASCII, few enough for an int.
func parseDigits(text string) (n int, ok bool) {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
		n = 10*n + int(text[i]-'0')
	}
	return n, text != ""
}

// parseFraction reads the optional fraction of a second, up to nanoseconds, and returns the
// text that follows.
func parseFraction(text string) (nanos int, rest string, ok bool) {
	if text == "" || text[0] != '.' {
		return 0, text, true
	}
	end := 1
	for end < len(text) && text[end] >= '0' && text[end] <= '9' {
		end++
	}
	if end == 1 || end > 10 {
		return 0, "", false
	}
	nanos, ok = parseDigits(text[1:end])
	for range 10 - end {
		nanos *= 10
	}
	return nanos, text[end:], ok
}

// parseOffset reads Z, an offset such as +08:00, or nothing.
func parseOffset(text string) (time.Duration, bool) {
	if text == "" || text == "Z" {
		return 0, true
	}
	if len(text) != len("+08:00") || text[0] != '+' && text[0] != '-' || text[3] != ':' {
		return 0, false
	}
	hours, ok1 := parseDigits(text[1:3])
	minutes, ok2 := parseDigits(text[4:6])
	offset := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if text[0] == '-' {
		offset = -offset
	}
	return offset, ok1 && ok2 && hours < 24 && minutes < 60
}
