package sqltype

import (
	"database/sql/driver"
	"fmt"
	"strconv"
	"strings"
)

// Decimal is an exact number as text, for columns of type DECIMAL and other numbers: digits, with an
// optional point among them and an optional minus sign before them, as in -12.50. Trailing zeros
// count, because they determine the scale. The empty Decimal is not a number.
type Decimal string

// ParseDecimal checks text and returns it as a Decimal. A plus sign, an exponent, spaces, and a point
// without digits on both of its sides are errors. ParseDecimal does not limit the number of digits; a
// column has at most 38.
func ParseDecimal(text string) (Decimal, error) {
	whole, fraction, hasPoint := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	if !isDigits(whole) || hasPoint && !isDigits(fraction) {
		return "", fmt.Errorf("greptime: %q is not a decimal number; write it like -12.50, without an exponent", text)
	}
	return Decimal(text), nil
}

func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}

// String returns the text without checking it.
func (d Decimal) String() string { return string(d) }

// Scan reads a DECIMAL column, or an integer. It refuses a float64, whose digits are not those that
// were stored.
func (d *Decimal) Scan(src any) error {
	switch n := src.(type) {
	case int64:
		*d = Decimal(strconv.FormatInt(n, 10))
		return nil
	case uint64: // BIGINT UNSIGNED
		*d = Decimal(strconv.FormatUint(n, 10))
		return nil
	}
	return scanText(d, src, "greptime.Decimal", ParseDecimal)
}

// Value returns the text, or an error if it is not a decimal number.
func (d Decimal) Value() (driver.Value, error) {
	if _, err := ParseDecimal(string(d)); err != nil {
		return nil, err
	}
	return string(d), nil
}

// MarshalText returns the text, or an error if it is not a decimal number.
func (d Decimal) MarshalText() ([]byte, error) {
	if _, err := ParseDecimal(string(d)); err != nil {
		return nil, err
	}
	return []byte(d), nil
}

// UnmarshalText parses text as ParseDecimal does.
func (d *Decimal) UnmarshalText(text []byte) error { return unmarshalText(d, text, ParseDecimal) }
