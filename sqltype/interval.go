package sqltype

import (
	"database/sql/driver"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Interval is a span of calendar time. Its parts are independent and each has its own sign: a month
// has no fixed number of days, and a day no fixed number of hours.
type Interval struct {
	Months      int32
	Days        int32
	Nanoseconds int64
}

// ParseInterval parses the text that String returns, and the text of GreptimeDB's other kinds of
// intervals, which have years or fewer digits: 1 years 2 mons, 3 days 0.500 secs. Units must be in
// order from large to small, each at most once.
func ParseInterval(text string) (Interval, error) {
	var months, days, nanoseconds int64
	units := []struct {
		word string
		part *int64
		size int64
	}{
		{"years", &months, 12},
		{"mons", &months, 1},
		{"days", &days, 1},
		{"hours", &nanoseconds, int64(time.Hour)},
		{"mins", &nanoseconds, int64(time.Minute)},
		{"secs", &nanoseconds, int64(time.Second)},
	}
	words := strings.Split(text, " ")
	for len(words) >= 2 {
		number, word := words[0], words[1]
		words = words[2:]
		for len(units) > 0 && units[0].word != word {
			units = units[1:]
		}
		if len(units) == 0 {
			return Interval{}, errInterval(text)
		}
		unit := units[0]
		units = units[1:]

		whole, fraction, hasPoint := strings.Cut(number, ".")
		if !isDigits(strings.TrimPrefix(whole, "-")) || hasPoint && word != "secs" {
			return Interval{}, errInterval(text)
		}
		small, ok := parseFraction(fraction, hasPoint)
		if !ok {
			return Interval{}, errInterval(text)
		}
		if whole[0] == '-' {
			small = -small
		}
		n, err := strconv.ParseInt(whole, 10, 64)
		if err != nil || !addProduct(unit.part, n, unit.size) || !addProduct(unit.part, small, 1) {
			return Interval{}, errIntervalRange(text)
		}
	}
	if len(words) != 0 {
		return Interval{}, errInterval(text)
	}
	v := Interval{int32(months), int32(days), nanoseconds}
	if int64(v.Months) != months || int64(v.Days) != days {
		return Interval{}, errIntervalRange(text)
	}
	return v, nil
}

func errInterval(text string) error {
	return fmt.Errorf("greptime: %q is not an interval; write it like 14 mons 3 days 4 hours 5 mins 6.000100000 secs", text)
}

func errIntervalRange(text string) error {
	return fmt.Errorf("greptime: interval %q is out of range: months and days have 32 bits, nanoseconds 64", text)
}

// addProduct adds n*size, size > 0, and reports whether there was no overflow.
func addProduct(sum *int64, n, size int64) bool {
	product := n * size
	total := *sum + product
	ok := product/size == n && (total > *sum) == (product > 0)
	*sum = total
	return ok
}

// String returns v as GreptimeDB writes it: 14 mons 3 days 4 hours 5 mins 6.000100000 secs. It omits
// parts that are zero. Seconds have nine digits, and each part has its own sign: -1 hours -30 mins.
// The zero Interval is 0 secs.
func (v Interval) String() string { return string(v.appendTo(nil)) }

func (v Interval) appendTo(dst []byte) []byte {
	if v == (Interval{}) {
		return append(dst, "0 secs"...)
	}
	start := len(dst)
	part := func(n int64, word string) {
		if n == 0 {
			return
		}
		if len(dst) > start {
			dst = append(dst, ' ')
		}
		dst = append(strconv.AppendInt(dst, n, 10), word...)
	}
	part(int64(v.Months), " mons")
	part(int64(v.Days), " days")
	part(v.Nanoseconds/int64(time.Hour), " hours")
	part(v.Nanoseconds%int64(time.Hour)/int64(time.Minute), " mins")

	rest := v.Nanoseconds % int64(time.Minute)
	if rest == 0 {
		return dst
	}
	if len(dst) > start {
		dst = append(dst, ' ')
	}
	if rest < 0 {
		dst = append(dst, '-')
		rest = -rest
	}
	dst = strconv.AppendInt(dst, rest/int64(time.Second), 10)
	dst = appendNanoseconds(append(dst, '.'), uint64(rest%int64(time.Second)))
	return append(dst, " secs"...)
}

// Scan reads an INTERVAL value.
func (v *Interval) Scan(src any) error {
	return scanText(v, src, "greptime.Interval", ParseInterval)
}

// Value returns the text of v.
func (v Interval) Value() (driver.Value, error) { return v.String(), nil }

// MarshalText returns the text of v.
func (v Interval) MarshalText() ([]byte, error) { return v.appendTo(nil), nil }

// UnmarshalText parses text as ParseInterval does.
func (v *Interval) UnmarshalText(text []byte) error { return unmarshalText(v, text, ParseInterval) }
