package load

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
)

// TimeFormats are the forms of the times in a text file. None stands for the usual ones:
// 2006-01-02 15:04:05.999999999, with T or a space, with or without fraction, zone and time,
// and counts since 1970.
type TimeFormats []timeFormat

// timeFormat is a layout of package time, or the unit of counts since 1970.
type timeFormat struct {
	layout string
	unit   arrow.TimeUnit // if there is no layout
}

// countNames are the time formats of counts since 1970.
var countNames = map[string]arrow.TimeUnit{
	"unix": arrow.Second, "unixs": arrow.Second, "unixms": arrow.Millisecond, "unixus": arrow.Microsecond, "unixns": arrow.Nanosecond,
}

// ParseTimeFormat reads a time format: unix, unixms, unixus or unixns for counts since 1970,
// one of strftime such as %d/%m/%Y %H:%M, or a layout of Go such as 02/01/2006 15:04.
func ParseTimeFormat(text string) (TimeFormats, error) {
	if unit, ok := countNames[text]; ok {
		return TimeFormats{{unit: unit}}, nil
	}
	if strings.Contains(text, "%") {
		layout, err := strftime(text)
		return TimeFormats{{layout: layout}}, err
	}
	if isLiteral(text) {
		return nil, fmt.Errorf("%q is not a time format; use unix, unixms, unixus or unixns, strftime's as in %%d/%%m/%%Y %%H:%%M, or Go's as in 02/01/2006 15:04", text)
	}
	return TimeFormats{{layout: text}}, nil
}

// directives are what the directives of strftime are in a layout.
var directives = map[byte]string{
	'Y': "2006", 'y': "06", 'm': "01", 'd': "02", 'e': "_2", 'j': "002",
	'b': "Jan", 'h': "Jan", 'B': "January", 'a': "Mon", 'A': "Monday",
	'H': "15", 'I': "03", 'M': "04", 'S': "05", 'p': "PM", 'z': "-0700", 'Z': "MST",
	'F': "2006-01-02", 'T': "15:04:05", 'R': "15:04", 'D': "01/02/06", '%': "%",
}

// strftime returns the layout of a format of strftime.
func strftime(format string) (string, error) {
	var layout strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			literal, _, _ := strings.Cut(format[i:], "%")
			if !isLiteral(literal) {
				return "", fmt.Errorf("time format %q: %q within it cannot be told from a part of the time; leave it out, or name a layout of Go", format, literal)
			}
			layout.WriteString(literal)
			i += len(literal) - 1
			continue
		}
		i++
		if i == len(format) {
			return "", fmt.Errorf("time format %q ends within a directive", format)
		}
		if format[i] == 'f' { // the layout reads a fraction behind the seconds by itself
			text := strings.TrimSuffix(layout.String(), ".")
			if !strings.HasSuffix(text, "05") {
				return "", fmt.Errorf("time format %q: %%f must follow %%S and a point", format)
			}
			layout.Reset()
			layout.WriteString(text)
			continue
		}
		part, ok := directives[format[i]]
		if !ok {
			return "", fmt.Errorf("time format %q: %%%c is not known; there are %%Y %%y %%m %%d %%e %%j %%b %%B %%a %%A %%H %%I %%M %%S %%f %%p %%z %%Z %%F %%T %%R %%D", format, format[i])
		}
		layout.WriteString(part)
	}
	return layout.String(), nil
}

// isLiteral reports whether a text within a layout stands for itself.
func isLiteral(text string) bool {
	for _, hour := range []int{9, 23} {
		if time.Date(1999, 12, 28, hour, 58, 57, 0, time.UTC).Format(text) != text {
			return false
		}
	}
	return true
}

// timeParser reads the timestamps and dates of a column.
type timeParser struct {
	formats TimeFormats
	zone    *time.Location // of times without a zone
	counts  arrow.TimeUnit // of counts since 1970, without formats
}

var (
	errTime   = errors.New("not a time, as in 2006-01-02T15:04:05.999Z; --time-format reads other forms")
	errDate   = errors.New("not a date, as in 2006-01-02; --time-format reads other forms")
	errFormat = errors.New("not in the form of --time-format")
	errClock  = errors.New("not a date, but a time of a day")
	errZone   = errors.New("its time zone is not known; an offset is, such as +01:00")
)

// timestamps returns the parser of timestamps of a unit.
func (p *timeParser) timestamps(unit arrow.TimeUnit) parser {
	return func(dst, text []byte) ([]byte, error) {
		v, err := p.timestamp(text, unit)
		if err != nil {
			return dst, err
		}
		return binary.LittleEndian.AppendUint64(dst, uint64(v)), nil
	}
}

func (p *timeParser) timestamp(text []byte, unit arrow.TimeUnit) (int64, error) {
	if len(p.formats) == 0 {
		if isCount(text) {
			return count(text, p.counts, unit)
		}
		seconds, nanoseconds, err := p.parse(text)
		if err != nil {
			return 0, err
		}
		return inUnit(seconds, nanoseconds, unit)
	}
	for _, f := range p.formats {
		if f.layout == "" {
			if v, err := count(text, f.unit, unit); err != errFormat {
				return v, err
			}
			continue
		}
		t, err := time.ParseInLocation(f.layout, string(text), p.zone)
		switch {
		case err != nil:
		case f.hasZone():
			if !f.knowsZone(t, p.zone) {
				return 0, errZone
			}
			return inUnit(t.Unix(), int64(t.Nanosecond()), unit)
		case p.zone != time.UTC && !isOnClock(t, f.layout, text):
			return 0, errForward(p.zone)
		default:
			return inUnit(t.Unix(), int64(t.Nanosecond()), unit)
		}
	}
	return 0, errFormat
}

// hasZone reports whether times in this form say their zone.
func (f *timeFormat) hasZone() bool {
	return strings.Contains(f.layout, "MST") || strings.Contains(f.layout, "07")
}

// knowsZone reports whether the offset of t, which was read in the zone local, is what its text
// says. Package time takes an abbreviation that is not local's for an offset of zero.
func (f *timeFormat) knowsZone(t time.Time, local *time.Location) bool {
	if strings.Contains(f.layout, "07") {
		return true
	}
	name, offset := t.Zone()
	return offset != 0 || t.Location() == local || strings.HasPrefix(name, "UTC") || strings.HasPrefix(name, "GMT")
}

// isOnClock reports whether the clock of t's zone shows the time of a text, and does not leave
// it out.
func isOnClock(t time.Time, layout string, text []byte) bool {
	wall, err := time.Parse(layout, string(text))
	return err == nil && t.Hour() == wall.Hour() && t.Minute() == wall.Minute()
}

// errForward returns the error of a time that a zone does not have.
func errForward(zone *time.Location) error {
	return fmt.Errorf("not a time in %s, where the clock was put forward", zone)
}

// appendDate appends a date as days since 1970.
func (p *timeParser) appendDate(dst, text []byte) ([]byte, error) {
	day, err := p.date(text)
	if err != nil {
		return dst, err
	}
	if day != int64(int32(day)) {
		return dst, errRange
	}
	return binary.LittleEndian.AppendUint32(dst, uint32(day)), nil
}

func (p *timeParser) date(text []byte) (int64, error) {
	if len(p.formats) == 0 {
		year, month, day, rest, ok := parseDay(text)
		if !ok || !isMidnight(rest) {
			return 0, errDate
		}
		return daysOf(year, month, day), nil
	}
	for _, f := range p.formats {
		if f.layout == "" {
			continue
		}
		if t, err := time.Parse(f.layout, string(text)); err == nil {
			if hour, minute, second := t.Clock(); hour != 0 || minute != 0 || second != 0 || t.Nanosecond() != 0 {
				return 0, errClock
			}
			year, month, day := t.Date()
			return daysOf(year, int(month), day), nil
		}
	}
	return 0, errFormat
}

// isMidnight reports whether the time behind a date is none, or 00:00:00.
func isMidnight(rest []byte) bool {
	if len(rest) == 0 {
		return true
	}
	return (rest[0] == ' ' || rest[0] == 'T') && bytes.HasPrefix(rest[1:], []byte("00:00:00")) && len(bytes.Trim(rest[9:], ".0Z")) == 0
}

// isCount reports whether the text is a number, which counts units since 1970.
func isCount(text []byte) bool {
	digits := bytes.TrimPrefix(text, []byte("-"))
	if len(digits) == 0 {
		return false
	}
	point := false
	for _, c := range digits {
		switch {
		case '0' <= c && c <= '9':
		case c == '.' && !point:
			point = true
		default:
			return false
		}
	}
	return true
}

// count reads a count of a unit since 1970, which may have a fraction, in another unit.
func count(text []byte, of, in arrow.TimeUnit) (int64, error) {
	before, fraction, hasFraction := bytes.Cut(text, []byte("."))
	v, err := strconv.ParseInt(view(before), 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, errRange
	case err != nil:
		return 0, errFormat
	}
	from, to := int64(of.Multiplier()), int64(in.Multiplier()) // nanoseconds
	if hasFraction {
		fraction = bytes.TrimRight(fraction, "0")
		for _, c := range fraction {
			if c < '0' || c > '9' || from%10 != 0 || from == 1 {
				return 0, finer(in)
			}
			from /= 10
			digit := int64(c - '0')
			if bytes.HasPrefix(text, []byte("-")) {
				digit = -digit
			}
			if v > (math.MaxInt64-max(digit, 0))/10 || v < (math.MinInt64-min(digit, 0))/10 {
				return 0, errRange
			}
			v = 10*v + digit
		}
	}
	if from < to {
		if v%(to/from) != 0 {
			return 0, finer(in)
		}
		return v / (to / from), nil
	}
	by := from / to
	if v > math.MaxInt64/by || v < math.MinInt64/by {
		return 0, errRange
	}
	return v * by, nil
}

func finer(unit arrow.TimeUnit) error {
	return fmt.Errorf("finer than the column's unit, TIMESTAMP(%d)", digits[unit])
}

// inUnit returns a time in a unit, if it is exact.
func inUnit(seconds, nanoseconds int64, unit arrow.TimeUnit) (int64, error) {
	step := int64(unit.Multiplier())
	perSecond := int64(time.Second) / step
	if nanoseconds%step != 0 {
		return 0, finer(unit)
	}
	if seconds > math.MaxInt64/perSecond || seconds < math.MinInt64/perSecond {
		return 0, errRange
	}
	v, part := seconds*perSecond, nanoseconds/step
	if v > math.MaxInt64-part {
		return 0, errRange
	}
	return v + part, nil
}

// parse reads a time in one of the usual forms.
func (p *timeParser) parse(text []byte) (seconds, nanoseconds int64, err error) {
	year, month, day, rest, ok := parseDay(text)
	if !ok {
		return 0, 0, errTime
	}
	var hour, minute, second int
	if len(rest) > 0 {
		if c := rest[0]; c != ' ' && c != 'T' && c != 't' {
			return 0, 0, errTime
		}
		if hour, minute, second, nanoseconds, rest, ok = parseClock(rest[1:]); !ok {
			return 0, 0, errTime
		}
	}
	local := daysOf(year, month, day)*86400 + int64(hour*3600+minute*60+second)
	offset, hasZone, ok := parseZone(rest)
	switch {
	case !ok:
		return 0, 0, errTime
	case hasZone:
		return local - offset, nanoseconds, nil
	case p.zone == time.UTC:
		return local, nanoseconds, nil
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, 0, p.zone)
	if t.Hour() != hour || t.Minute() != minute {
		return 0, 0, errForward(p.zone)
	}
	return t.Unix(), nanoseconds, nil
}

// parseDay reads 2006-01-02 and returns the rest of the text. The year may have a sign and
// more digits.
func parseDay(text []byte) (year, month, day int, rest []byte, ok bool) {
	negative, n := false, 0
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		negative, text = text[0] == '-', text[1:]
	}
	for n < len(text) && '0' <= text[n] && text[n] <= '9' {
		if n == 9 {
			return 0, 0, 0, nil, false
		}
		year = 10*year + int(text[n]-'0')
		n++
	}
	if n < 4 || len(text) < n+6 || text[n] != '-' || text[n+3] != '-' {
		return 0, 0, 0, nil, false
	}
	if negative {
		year = -year
	}
	month, ok1 := twoDigits(text[n+1:])
	day, ok2 := twoDigits(text[n+4:])
	ok = ok1 && ok2 && 1 <= month && month <= 12 && 1 <= day && day <= daysIn(year, month)
	return year, month, day, text[n+6:], ok
}

// parseClock reads 15:04, 15:04:05 or 15:04:05.999999999 and returns the rest of the text.
func parseClock(text []byte) (hour, minute, second int, nanoseconds int64, rest []byte, ok bool) {
	if len(text) < 5 || text[2] != ':' {
		return 0, 0, 0, 0, nil, false
	}
	hour, ok1 := twoDigits(text)
	minute, ok2 := twoDigits(text[3:])
	ok = ok1 && ok2 && hour < 24 && minute < 60
	rest = text[5:]
	if !ok || len(rest) < 3 || rest[0] != ':' {
		return hour, minute, 0, 0, rest, ok
	}
	second, ok = twoDigits(rest[1:])
	rest = rest[3:]
	if !ok || second >= 60 {
		return 0, 0, 0, 0, nil, false
	}
	if len(rest) > 1 && (rest[0] == '.' || rest[0] == ',') {
		rest = rest[1:]
		scale := int64(time.Second)
		for len(rest) > 0 && '0' <= rest[0] && rest[0] <= '9' {
			if scale == 1 && rest[0] != '0' {
				return 0, 0, 0, 0, nil, false
			}
			if scale > 1 {
				scale /= 10
				nanoseconds += int64(rest[0]-'0') * scale
			}
			rest = rest[1:]
		}
	}
	return hour, minute, second, nanoseconds, rest, true
}

// parseZone reads Z, UTC, +08, +0800, +08:00 or +08:00:00, perhaps behind a space. The offset is in
// seconds.
func parseZone(text []byte) (offset int64, hasZone, ok bool) {
	if len(text) > 0 && text[0] == ' ' {
		text = text[1:]
		if len(text) == 0 {
			return 0, false, false
		}
	}
	switch s := view(text); s {
	case "":
		return 0, false, true
	case "Z", "z", "UTC", "GMT":
		return 0, true, true
	}
	if text[0] != '+' && text[0] != '-' || len(text) < 3 {
		return 0, false, false
	}
	parts, n := [3]int{}, 0 // hours, minutes, seconds
	for rest := text[1:]; len(rest) > 0; n++ {
		if n > 0 {
			rest = bytes.TrimPrefix(rest, []byte(":"))
		}
		if n == len(parts) {
			return 0, false, false
		}
		if parts[n], ok = twoDigits(rest); !ok || n > 0 && parts[n] > 59 {
			return 0, false, false
		}
		rest = rest[2:]
	}
	if parts[0] > 18 {
		return 0, false, false
	}
	offset = int64(parts[0]*3600 + parts[1]*60 + parts[2])
	if text[0] == '-' {
		offset = -offset
	}
	return offset, true, true
}

func twoDigits(text []byte) (int, bool) {
	if len(text) < 2 {
		return 0, false
	}
	a, b := text[0]-'0', text[1]-'0'
	return int(a)*10 + int(b), a < 10 && b < 10
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// daysOf returns the days from 1970-01-01 to a day.
func daysOf(year, month, day int) int64 {
	// Years that begin in March end with the leap day.
	y, m := int64(year), int64(month)
	if m <= 2 {
		y--
		m += 12
	}
	era := y / 400
	if y < 0 {
		era = (y - 399) / 400
	}
	ofEra := y - era*400
	ofYear := (153*(m-3)+2)/5 + int64(day) - 1
	return era*146097 + ofEra*365 + ofEra/4 - ofEra/100 + ofYear - 719468
}
