package sqltext

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// form determines how the arguments of one statement are written.
type form struct {
	literalPath bool // an INSERT that consists of literals only
	utc         bool // the request's time zone is UTC

	script       *Script
	statement    *Statement
	inputs       []Arg
	surroundings []surrounding // of the placeholders; set when a far time first needs them
}

// appendArg appends an argument in the form that suits the place of p.
func (f *form) appendArg(dst []byte, a *Arg, p *Placeholder) ([]byte, error) {
	if p.place == inPromQL {
		return dst, errors.New("it is inside PromQL, which does not read SQL literals; write it into the query, or use Conn.PromQL")
	}
	inValues := p.place == inValues
	switch a.Kind {
	case Null:
		return append(dst, "NULL"...), nil
	case Bool:
		if a.Int != 0 {
			return append(dst, "TRUE"...), nil
		}
		return append(dst, "FALSE"...), nil
	case Int:
		start := len(dst)
		return parenthesize(strconv.AppendInt(dst, a.Int, 10), start, a.Int < 0 && p.tight), nil
	case Uint:
		return strconv.AppendUint(dst, a.Uint, 10), nil
	case Float:
		return f.appendFloat(dst, a, p)
	case String:
		return appendString(dst, a.Text)
	case Bytes:
		dst = append(dst, "X'"...)
		return append(hex.AppendEncode(dst, a.Bytes), '\''), nil
	case Time:
		return f.appendTime(dst, a.Time, p)
	case Date:
		return f.appendDate(dst, a.Time, inValues)
	case JSON:
		return f.appendCall(dst, "parse_json(", a.Text, inValues)
	case Vector:
		return f.appendCall(dst, "parse_vec(", vectorText(a.Vector), inValues)
	case Decimal:
		return f.appendDecimal(dst, a.Text, inValues)
	case Interval:
		return appendInterval(dst, a, p)
	}
	return dst, fmt.Errorf("arguments of kind %d are unknown", a.Kind)
}

// parenthesize puts everything appended since start in brackets, if needed. Brackets would
// take an INSERT off the literal path, but nothing follows a value there that could make
// them necessary.
func parenthesize(dst []byte, start int, needed bool) []byte {
	if !needed {
		return dst
	}
	dst = append(dst, "()"...)
	copy(dst[start+1:], dst[start:len(dst)-2])
	dst[start] = '('
	dst[len(dst)-1] = ')'
	return dst
}

// appendFloat appends the shortest text that is read as the same number. In VALUES it may
// be an integer, which a column of integers accepts, too. Elsewhere it never is, because
// 7/2 is 3 to GreptimeDB; there a float32 is written with the digits of a float64, because
// it is compared as one. Only very small and very large numbers have exponents: DECIMAL
// columns refuse them (GreptimeDB 1.0.2).
func (f *form) appendFloat(dst []byte, a *Arg, p *Placeholder) ([]byte, error) {
	if math.IsNaN(a.Float) || math.IsInf(a.Float, 0) {
		if p.place == inValues && f.literalPath {
			return dst, errors.New("GreptimeDB has no literal for NaN and infinities, and an expression would make it store JSON and VECTOR text of the same INSERT as raw bytes; insert such rows natively, or write CAST('NaN' AS DOUBLE) into the text")
		}
		text := "NaN"
		if math.IsInf(a.Float, 0) {
			text = strings.ToLower(strconv.FormatFloat(a.Float, 'g', -1, 64))
			text = strings.TrimPrefix(text, "+")
		}
		return append(append(append(dst, "CAST('"...), text...), "' AS DOUBLE)"...), nil
	}
	bits := 64
	if a.Float32 && p.place == inValues {
		bits = 32
	}
	format := byte('f')
	if abs := math.Abs(a.Float); abs != 0 && (abs < 1e-7 || abs >= 1e21) {
		format = 'e'
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, a.Float, format, -1, bits)
	negative := math.Signbit(a.Float)
	isInteger := format == 'f' && a.Float == math.Trunc(a.Float)
	if isInteger && (p.place != inValues || a.Float == 0 && negative) {
		dst = append(dst, ".0"...)
	}
	return parenthesize(dst, start, negative && p.tight), nil
}

const (
	timeLayout = "2006-01-02T15:04:05.999999999Z"
	dateLayout = "2006-01-02"
)

// appendTime appends an instant, always in UTC. As a value of an INSERT it is plain text,
// which every timestamp column accepts on both paths. As an option it is plain text, too,
// because options are not expressions. In an expression it is a TIMESTAMP literal:
// GreptimeDB 1.0.2 compares a timestamp column with plain text on a whole second by
// seconds, and so finds wrong rows.
func (f *form) appendTime(dst []byte, t time.Time, p *Placeholder) ([]byte, error) {
	t = t.UTC()
	if p.place == inValues || p.place == inOption {
		if err := checkYear(t); err != nil {
			return dst, err
		}
		return append(cutFar(t).AppendFormat(append(dst, '\''), timeLayout), '\''), nil
	}
	if isFar(t) {
		return f.appendFarTime(dst, t, p)
	}
	return append(t.AppendFormat(append(dst, "TIMESTAMP '"...), timeLayout), '\''), nil
}

// checkYear refuses years that GreptimeDB cannot read as text.
func checkYear(t time.Time) error {
	if year := t.Year(); year < 1 || year > 9999 {
		return fmt.Errorf("the year %d is out of range; GreptimeDB reads years from 1 to 9999", year)
	}
	return nil
}

// appendDate appends the day of t. On the literal path GreptimeDB reads a date as midnight
// in the request's time zone and stores its day in UTC.
func (f *form) appendDate(dst []byte, t time.Time, inValues bool) ([]byte, error) {
	if err := checkYear(t); err != nil {
		return dst, err
	}
	if inValues && f.literalPath && !f.utc {
		return dst, errors.New("GreptimeDB would shift a DATE by the session's time zone; set timezone=UTC, or insert the row natively")
	}
	if !inValues {
		dst = append(dst, "DATE "...)
	}
	return append(t.AppendFormat(append(dst, '\''), dateLayout), '\''), nil
}

// appendCall appends JSON or VECTOR text. Where GreptimeDB converts it by the type of the
// column, it is plain text; elsewhere it is in a call of the function that converts it.
func (f *form) appendCall(dst []byte, function, text string, inValues bool) ([]byte, error) {
	if inValues && f.literalPath {
		return appendString(dst, text)
	}
	dst, err := appendString(append(dst, function...), text)
	return append(dst, ')'), err
}

// vectorText returns a vector as GreptimeDB reads and writes it: [1,2.5,NaN,-inf].
func vectorText(vector []float32) string {
	text := make([]byte, 0, 2+12*len(vector))
	text = append(text, '[')
	for i, x := range vector {
		if i > 0 {
			text = append(text, ',')
		}
		switch x := float64(x); {
		case math.IsInf(x, 1):
			text = append(text, "inf"...)
		case math.IsInf(x, -1):
			text = append(text, "-inf"...)
		default:
			text = strconv.AppendFloat(text, x, 'g', -1, 32)
		}
	}
	return string(append(text, ']'))
}

// maxDecimalDigits is the precision of GreptimeDB's DECIMAL.
const maxDecimalDigits = 38

// DecimalDigits returns the number of digits of a decimal number that count towards the
// precision of a DECIMAL: those after the point, and those before it without leading zeros.
func DecimalDigits(text string) int {
	whole, fraction, _ := strings.Cut(strings.TrimLeft(text, "+-"), ".")
	return len(strings.TrimLeft(whole, "0")) + len(fraction)
}

// ShortDecimal returns the number of a DECIMAL text with as few digits as possible, so that
// a column of integers accepts it if it is whole. It returns text that is not a number
// unchanged.
func ShortDecimal(text string) string {
	number, negative := strings.CutPrefix(text, "-")
	if !negative {
		number = strings.TrimPrefix(number, "+")
	}
	whole, fraction, _ := strings.Cut(number, ".")
	if !areDigits(whole) || !areDigits(fraction) || whole+fraction == "" {
		return text
	}
	whole, fraction = strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")
	switch {
	case whole == "" && fraction == "":
		return "0"
	case whole == "":
		whole = "0"
	}
	if negative {
		whole = "-" + whole
	}
	if fraction == "" {
		return whole
	}
	return whole + "." + fraction
}

// appendDecimal appends a decimal number. As a value of an INSERT of literals it is a
// number, whose digits GreptimeDB reads by the type of the column. The planner reads a
// number with a point as a DOUBLE, so there a value is text, and in an expression it is a
// CAST.
func (f *form) appendDecimal(dst []byte, text string, inValues bool) ([]byte, error) {
	number, negative := strings.CutPrefix(text, "-")
	if !negative {
		number = strings.TrimPrefix(number, "+")
	}
	whole, fraction, _ := strings.Cut(number, ".")
	if !areDigits(whole) || !areDigits(fraction) || whole+fraction == "" {
		return dst, errors.New("the text of the DECIMAL is not a number; write it like -12.50, without an exponent")
	}
	if inValues && f.literalPath {
		text = ShortDecimal(text)
	}
	digits := DecimalDigits(text)
	switch {
	case digits > maxDecimalDigits:
		return dst, fmt.Errorf("the DECIMAL has %d digits; GreptimeDB stores at most %d", digits, maxDecimalDigits)
	case inValues && f.literalPath:
		return append(dst, text...), nil
	case !inValues:
		dst = append(dst, "CAST("...)
	}
	dst = append(dst, '\'')
	if negative {
		dst = append(dst, '-')
	}
	if whole == "" {
		dst = append(dst, '0')
	}
	dst = append(dst, whole...)
	if fraction != "" {
		dst = append(append(dst, '.'), fraction...)
	}
	dst = append(dst, '\'')
	if !inValues {
		dst = append(dst, fmt.Sprintf(" AS DECIMAL(%d,%d))", max(digits, 1), len(fraction))...)
	}
	return dst, nil
}

func areDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// appendInterval appends an interval in words, each part with its sign. GreptimeDB would
// read a word after the literal as its unit, and RANGE and ALIGN require brackets around
// intervals.
func appendInterval(dst []byte, a *Arg, p *Placeholder) ([]byte, error) {
	if p.place == inValues {
		return dst, errors.New("GreptimeDB has no INTERVAL columns; store its parts as numbers")
	}
	start := len(dst)
	dst = append(dst, "INTERVAL '"...)
	empty := len(dst)
	part := func(n int64, unit string) {
		if n == 0 {
			return
		}
		if len(dst) > empty {
			dst = append(dst, ' ')
		}
		dst = append(strconv.AppendInt(dst, n, 10), unit...)
	}
	part(int64(a.Months), " months")
	part(int64(a.Days), " days")
	part(a.Nanos, " nanoseconds")
	if len(dst) == empty {
		dst = append(dst, "0 days"...)
	}
	return parenthesize(append(dst, '\''), start, p.bracketed), nil
}
