package sqlinsert

import (
	"encoding/hex"
	"math"
	"strconv"
	"strings"

	"github.com/greptime-go/greptime/internal/column"
)

// SetLiteral sets a literal of the text, in the sense of package sqltext. It sets only text in
// single quotes: the server refuses dollar quotes and N'…', and reads double quotes as a
// string or a name, depending on the context. As a string the server may lose it.
func (c *Cell) SetLiteral(t column.Type, text string) error {
	switch ch := text[0]; {
	case ch == '\'':
		return c.SetString(t, strings.ReplaceAll(text[1:len(text)-1], "''", "'"))
	case ch == '"':
		return leftToServer(c.SetString(t, strings.ReplaceAll(text[1:len(text)-1], `""`, `"`)))
	case (ch == 'X' || ch == 'x') && len(text) > 2 && text[1] == '\'':
		return c.setHex(t, text[2:len(text)-1])
	case strings.HasPrefix(text, "0x") && len(text) > 2:
		return c.setHex(t, text[2:])
	case '0' <= ch && ch <= '9' || ch == '.':
		return c.setNumber(t, text)
	case ch == '-' || ch == '+':
		if digits := strings.TrimLeft(text[1:], " \t\r\n"); len(digits) < len(text)-1 {
			text = text[:1] + digits
		}
		return c.setNumber(t, text)
	case strings.EqualFold(text, "NULL"):
		c.SetNull()
		return nil
	case strings.EqualFold(text, "TRUE"):
		return c.SetBool(t, true)
	case strings.EqualFold(text, "FALSE"):
		return c.SetBool(t, false)
	case strings.EqualFold(text, "DEFAULT"):
		return errDefault
	}
	return errText
}

// leftToServer returns the error for a value that is left to the server, which err is about.
func leftToServer(err error) error {
	if isLossy(err) {
		return err
	}
	return errText
}

func (c *Cell) setHex(t column.Type, digits string) error {
	b, err := hex.DecodeString(digits)
	switch {
	case err != nil:
		return errText // the server refuses an odd number of digits
	case t.Kind() == column.JSON:
		return errNoPair
	}
	return c.SetBytes(t, b)
}

// setNumber sets a number in its written form. The server reads it directly as a number of
// the column's type, not as a DOUBLE first.
func (c *Cell) setNumber(t column.Type, text string) error {
	isInteger, _, ok := numberForm(text)
	if !ok || isInteger && text[0] == '-' && strings.Trim(text, "-0") == "" { // -0 may be a zero without sign
		return errNumber
	}
	switch k := t.Kind(); {
	case k == column.Float64:
		f, _ := strconv.ParseFloat(text, 64) // its only error is out of range, with an infinity
		if math.IsInf(f, 0) {
			return errOverflow
		}
		return textUnless(c.cell.SetFloat64(t, f))
	case k == column.Float32:
		f32, _ := strconv.ParseFloat(text, 32)
		f64, _ := strconv.ParseFloat(text, 64)
		switch {
		case float64(float32(f64)) != f32:
			return errHalfway
		case math.IsInf(f32, 0):
			return errOverflow
		}
		return textUnless(c.cell.SetFloat32(t, float32(f32)))
	case k == column.Decimal:
		return c.setDecimal(t, text)
	case !isInteger:
		return errNumber
	case k == column.Boolean && text != "0" && text != "1", isUnsigned(k) && text[0] == '-':
		return errRange
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return c.SetInt(t, n)
	}
	if n, err := strconv.ParseUint(text, 10, 64); err == nil {
		return c.SetUint(t, n)
	}
	return errRange
}

// numberForm returns the form of a number. ok is false unless the text consists of digits
// with an optional point before, among or after them, an optional sign and an optional
// exponent.
func numberForm(text string) (isInteger, hasExponent, ok bool) {
	if text[0] == '-' || text[0] == '+' {
		text = text[1:]
	}
	mantissa := text
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		exponent := text[i+1:]
		if exponent != "" && (exponent[0] == '-' || exponent[0] == '+') {
			exponent = exponent[1:]
		}
		if !areDigits(exponent) {
			return false, false, false
		}
		mantissa, hasExponent = text[:i], true
	}
	whole, fraction, hasPoint := strings.Cut(mantissa, ".")
	ok = (whole != "" || fraction != "") && (whole == "" || areDigits(whole)) && (fraction == "" || areDigits(fraction))
	return ok && !hasPoint && !hasExponent, hasExponent, ok
}

func areDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}
