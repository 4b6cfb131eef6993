package sqlinsert

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/sqltext"
)

// SetInt sets an integer. For a timestamp it is the epoch in the column's unit.
func (c *Cell) SetInt(t column.Type, v int64) error {
	switch k := t.Kind(); {
	case k == column.Decimal:
		if c.cell.SetInt(t, v) != nil {
			return errManyDigits
		}
		return nil
	case k.IsTimestamp() && !isYearOfText(v, k):
		return errRange
	case !k.IsTimestamp() && !isNumber(k) && k != column.Boolean:
		return errNoPair
	}
	return textUnless(c.cell.SetInt(t, v))
}

// SetUint sets an unsigned integer, as SetInt does.
func (c *Cell) SetUint(t column.Type, v uint64) error {
	switch k := t.Kind(); {
	case v <= math.MaxInt64:
		return c.SetInt(t, int64(v))
	case k == column.Decimal:
		if c.cell.SetUint(t, v) != nil {
			return errManyDigits
		}
		return nil
	case k == column.Uint64:
		return textUnless(c.cell.SetUint(t, v))
	}
	return errRange
}

// isNumber reports whether a kind is one of the integers, FLOAT or DOUBLE.
func isNumber(k column.Kind) bool { return k >= column.Int8 && k <= column.Float64 }

func isUnsigned(k column.Kind) bool { return k >= column.Uint8 && k <= column.Uint64 }

// isYearOfText reports whether an epoch in the unit of a timestamp is in the years from
// 1 to 9999. GreptimeDB refuses some epochs far beyond, depending on the unit.
func isYearOfText(epoch int64, k column.Kind) bool {
	const first, last = -62135596800, 253402300799 // seconds
	seconds := epoch / (int64(time.Second) / k.UnitNanoseconds())
	return seconds > first && seconds <= last
}

// SetFloat64 sets a float64. Its literal is the shortest text that gives the same
// number, which the server reads as one of the column's type.
func (c *Cell) SetFloat64(t column.Type, v float64) error {
	switch t.Kind() {
	case column.Float64:
		return textUnless(c.cell.SetFloat64(t, v))
	case column.Float32:
		switch f := float64(float32(v)); {
		case f == v || math.IsNaN(v):
		case math.IsInf(f, 0):
			return errOverflow
		case mayBeHalfway(v):
			return errHalfway
		}
		return textUnless(c.cell.SetFloat64(t, v))
	case column.Decimal:
		if !isWrittenInDigits(v) {
			return errNumber
		}
		if c.cell.SetFloat64(t, v) != nil {
			return errManyDigits
		}
		return nil
	}
	return errNoPair
}

// SetFloat32 sets a float32. Its literal has the digits of a float32.
func (c *Cell) SetFloat32(t column.Type, v float32) error {
	f := float64(v)
	switch t.Kind() {
	case column.Float32:
		return textUnless(c.cell.SetFloat32(t, v))
	case column.Float64:
		isSmallInteger := f == math.Trunc(f) && math.Abs(f) < 1<<24
		if !isSmallInteger && !math.IsInf(f, 0) && !math.IsNaN(f) {
			// The DOUBLE that is closest to the text of the float, 0.1, is not that float.
			var buf [32]byte
			f, _ = strconv.ParseFloat(string(strconv.AppendFloat(buf[:0], f, 'g', -1, 32)), 64)
		}
		return textUnless(c.cell.SetFloat64(t, f))
	case column.Decimal:
		if !isWrittenInDigits(f) {
			return errNumber
		}
		if c.cell.SetFloat32(t, v) != nil {
			return errManyDigits
		}
		return nil
	}
	return errNoPair
}

// mayBeHalfway reports whether v, which is not a float32, may be halfway between two of
// them. Its shortest text may be beside it, and so be rounded the other way.
func mayBeHalfway(v float64) bool {
	const smallestNormal = 0x1p-126
	const tail = 1<<29 - 1 // the bits of a float64's fraction that a float32 lacks
	return math.Abs(v) < smallestNormal || math.Float64bits(v)&tail == 1<<28
}

// isWrittenInDigits reports whether the literal of a float has no exponent, which
// GreptimeDB refuses for a DECIMAL. NaN and infinities have no literal.
func isWrittenInDigits(v float64) bool {
	abs := math.Abs(v)
	return abs == 0 || abs >= 1e-7 && abs < 1e21
}

// maxDigits is the number of digits, apart from leading zeros, with which a DECIMAL is read.
const maxDigits = column.MaxPrecision

// SetDecimal sets a decimal number: digits with an optional point and sign. Its literal is a
// number, which text and JSON columns refuse; natively they accept its text.
func (c *Cell) SetDecimal(t column.Type, text string) error {
	if _, ok := decimalDigits(text); !ok {
		return errNumber
	}
	switch t.Kind() {
	case column.String, column.Binary, column.JSON:
		return c.SetString(t, text)
	}
	return c.setNumber(t, sqltext.ShortDecimal(text))
}

// setDecimal sets the digits of a DECIMAL in their written form. The server rounds them to
// the column's scale in the same way: half away from zero.
func (c *Cell) setDecimal(t column.Type, text string) error {
	digits, ok := decimalDigits(text)
	if !ok {
		if plain, ok := spelledDecimal(text); ok && c.cell.SetDecimal(t, plain) != nil {
			return errManyDigits
		}
	}
	if !ok || digits > maxDigits || isTooFine(text) {
		return errNumber
	}
	if c.cell.SetDecimal(t, text) != nil {
		return errManyDigits
	}
	return nil
}

// longText is the length in bytes from which GreptimeDB reads a decimal number by other rules.
const longText = 29

// isTooFine reports whether GreptimeDB may refuse a decimal number because it has more
// decimals than digits, which a DECIMAL cannot have: it reads long texts with the precision
// and scale of their written form.
func isTooFine(text string) bool {
	if len(text) < longText {
		return false
	}
	whole, fraction, _ := strings.Cut(text, ".")
	digits := strings.TrimLeft(whole+fraction, "+-0")
	return digits == "" || len(digits) < len(fraction)
}

// spelledDecimal returns, in digits, a decimal number in one of the forms that GreptimeDB also
// reads: with _ between digits, and, if the text is long, with an exponent. ok is false for any
// other text.
func spelledDecimal(text string) (digits string, ok bool) {
	sign, number := "", text
	if number != "" && (number[0] == '-' || number[0] == '+') {
		sign, number = number[:1], number[1:]
	}
	if number == "" || number[0] != '.' && (number[0] < '0' || number[0] > '9') {
		return "", false // most text
	}
	number = strings.ReplaceAll(number, "_", "")
	exponent := 0
	if i := strings.IndexAny(number, "eE"); i >= 0 && len(text) >= longText {
		n, err := strconv.ParseInt(number[i+1:], 10, 32)
		if err != nil {
			return "", false
		}
		most := int64(3*maxDigits + len(number)) // whatever is beyond makes no difference
		number, exponent = number[:i], int(min(max(n, -most), most))
	}
	if _, ok := decimalDigits(number); !ok {
		return "", false
	}
	whole, fraction, _ := strings.Cut(number, ".")
	whole = strings.Repeat("0", max(0, -exponent)) + whole
	fraction += strings.Repeat("0", max(0, exponent))
	number = whole + fraction
	point := len(whole) + exponent
	return sign + number[:point] + "." + number[point:], true
}

// decimalDigits counts the digits of a decimal number, without leading zeros. ok is false if
// text is not a decimal number.
func decimalDigits(text string) (digits int, ok bool) {
	if text != "" && (text[0] == '-' || text[0] == '+') {
		text = text[1:]
	}
	point, all := false, 0
	for i := range len(text) {
		switch ch := text[i]; {
		case ch == '.' && !point:
			point = true
		case ch < '0' || ch > '9':
			return 0, false
		default:
			all++
			if point || digits > 0 || ch != '0' {
				digits++
			}
		}
	}
	return digits, all > 0
}
