package schema

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// UnixTime returns the instant that is n units after the epoch.
func UnixTime(n, perSecond int64) time.Time {
	s := FloorDiv(n, perSecond)
	return time.Unix(s, (n-s*perSecond)*(1e9/perSecond)).UTC()
}

// TimestampText returns a timestamp as Arrow's cast to text writes it: the fraction has
// 0, 3, 6 or 9 digits.
func TimestampText(n, perSecond int64) string {
	t := UnixTime(n, perSecond)
	s := t.Format("2006-01-02T15:04:05")
	switch ns := t.Nanosecond(); {
	case ns == 0:
		return s
	case ns%1e6 == 0:
		return s + fmt.Sprintf(".%03d", ns/1e6)
	case ns%1e3 == 0:
		return s + fmt.Sprintf(".%06d", ns/1e3)
	default:
		return s + fmt.Sprintf(".%09d", ns)
	}
}

// FloatText returns a float as Arrow's cast to text writes it.
func FloatText(f float64, bits int) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	tiny, huge := 1e-5, 1e16 // where Rust's ryu turns to exponents
	if bits == 32 {
		tiny, huge = 1e-6, 1e13
	}
	if a := math.Abs(f); a != 0 && (a < tiny || a >= huge) {
		s := strconv.FormatFloat(f, 'e', -1, bits)
		mantissa, exponent, _ := strings.Cut(s, "e")
		n, _ := strconv.Atoi(exponent)
		return mantissa + "e" + strconv.Itoa(n)
	}
	s := strconv.FormatFloat(f, 'f', -1, bits)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// ParseBool reads the words for a truth value that Arrow's cast knows, too.
func ParseBool(s string) (value, ok bool) {
	switch s {
	case "true", "t", "1", "yes", "y", "on":
		return true, true
	case "false", "f", "0", "no", "n", "off":
		return false, true
	}
	return false, false
}
