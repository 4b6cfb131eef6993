package expr

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// Interval is a constant INTERVAL.
type Interval struct {
	Months, Days int32
	Nanos        int64
}

var intervalUnits = map[string]Interval{
	"year": {Months: 12}, "y": {Months: 12}, "month": {Months: 1}, "mon": {Months: 1}, "week": {Days: 7}, "w": {Days: 7},
	"day": {Days: 1}, "d": {Days: 1}, "hour": {Nanos: 3600e9}, "hr": {Nanos: 3600e9}, "h": {Nanos: 3600e9},
	"minute": {Nanos: 60e9}, "min": {Nanos: 60e9}, "m": {Nanos: 60e9}, "second": {Nanos: 1e9}, "sec": {Nanos: 1e9}, "s": {Nanos: 1e9},
	"millisecond": {Nanos: 1e6}, "milli": {Nanos: 1e6}, "ms": {Nanos: 1e6}, "microsecond": {Nanos: 1e3}, "us": {Nanos: 1e3},
	"nanosecond": {Nanos: 1}, "nano": {Nanos: 1}, "ns": {Nanos: 1},
}

// ParseInterval reads words: "1 year -2 days 1.5 seconds", "10s".
func ParseInterval(text string) (Interval, bool) {
	var iv Interval
	s := strings.ToLower(strings.TrimSpace(text))
	if s == "" {
		return iv, false
	}
	for s != "" {
		i := 0
		for i < len(s) && strings.IndexByte("+-.0123456789", s[i]) >= 0 {
			i++
		}
		num := s[:i]
		s = strings.TrimLeft(s[i:], " ")
		j := 0
		for j < len(s) && s[j] >= 'a' && s[j] <= 'z' {
			j++
		}
		word := s[:j]
		s = strings.TrimLeft(s[j:], " ,")
		u, ok := intervalUnits[word]
		if !ok {
			u, ok = intervalUnits[strings.TrimSuffix(word, "s")]
		}
		whole, frac, hasFrac := strings.Cut(num, ".")
		n, err := strconv.ParseInt(whole, 10, 64)
		if whole == "" || whole == "-" || whole == "+" {
			n, err = 0, nil
		}
		if !ok || num == "" || err != nil || hasFrac && (u.Nanos == 0 || len(frac) > 9) {
			return iv, false
		}
		months, ok1 := addUnits(int64(iv.Months), n, int64(u.Months))
		days, ok2 := addUnits(int64(iv.Days), n, int64(u.Days))
		nanos, ok3 := addUnits(iv.Nanos, n, u.Nanos)
		if !ok1 || !ok2 || !ok3 || int64(int32(months)) != months || int64(int32(days)) != days {
			return iv, false
		}
		iv.Months, iv.Days = int32(months), int32(days)
		if frac != "" {
			f, err := strconv.ParseInt((frac + "000000000")[:9], 10, 64)
			if err != nil {
				return iv, false
			}
			f = f * (u.Nanos / 1000) / 1e6
			if strings.HasPrefix(num, "-") {
				f = -f
			}
			if nanos, ok = addUnits(nanos, f, 1); !ok {
				return iv, false
			}
		}
		iv.Nanos = nanos
	}
	return iv, true
}

// addUnits returns sum + n*unit, and reports whether 64 bits hold it. unit is not
// negative.
func addUnits(sum, n, unit int64) (int64, bool) {
	if unit == 0 || n == 0 {
		return sum, true
	}
	product := n * unit
	total := sum + product
	return total, product/unit == n && (total > sum) == (n > 0)
}

// IntervalLiteral returns a constant INTERVAL that is written in words.
func IntervalLiteral(text string) (Expr, error) {
	iv, ok := ParseInterval(text)
	if !ok {
		return Expr{}, schema.NotSupported("INTERVAL '%s'; write it in words, such as '1 year 2 days'", text)
	}
	name := fmt.Sprintf("IntervalMonthDayNano(\"IntervalMonthDayNano { months: %d, days: %d, nanoseconds: %d }\")", iv.Months, iv.Days, iv.Nanos)
	e := Expr{Name: name, Text: name, Result: Result{Arrow: arrow.FixedWidthTypes.MonthDayNanoInterval}, Constant: Constant{Interval: &iv}}
	e.SQL = iv.sql()
	return e, nil
}

// sql returns the interval for DuckDB, whose intervals end at microseconds; what is
// finer is added where it matters (see shift).
func (iv Interval) sql() string {
	return fmt.Sprintf("(to_months(%d) + to_days(%d) + to_microseconds(%d))", iv.Months, iv.Days, iv.Nanos/1000)
}

// shift adds a constant interval to a timestamp.
func shift(ts Expr, op string, iv Interval) (string, error) {
	micros := MicrosOf(ts)
	switch {
	case ts.Type.Kind == schema.TimestampNano:
		sign := int64(1)
		if op == "-" {
			sign = -1
		}
		whole := "(" + micros + " " + op + " " + Interval{iv.Months, iv.Days, 0}.sql() + ")"
		// DuckDB's TIMESTAMP ends at microseconds: what is finer goes around it.
		return fmt.Sprintf("make_timestamp_ns(epoch_ns(%s) + (epoch_ns(%s) - epoch_ns(%s)) + CAST(%d AS BIGINT))", whole, ts.SQL, micros, sign*iv.Nanos), nil
	case iv.Nanos%(1e9/ts.Type.PerSecond()) != 0:
		return "", schema.NotSupported("adding an interval that is finer than %s", ts.Type.SQL())
	default:
		return "CAST(" + micros + " " + op + " " + iv.sql() + " AS " + ts.Type.Duck() + ")", nil
	}
}
