package sqltype

import (
	"math"
	"testing"
)

func TestInterval(t *testing.T) {
	t.Parallel()
	tests := []struct {
		interval Interval
		text     string
	}{
		{Interval{}, "0 secs"},
		{Interval{14, 3, 4*3600e9 + 5*60e9 + 6_000_100_000}, "14 mons 3 days 4 hours 5 mins 6.000100000 secs"},
		{Interval{1, 0, 0}, "1 mons"},
		{Interval{-14, -2, -3600e9}, "-14 mons -2 days -1 hours"},
		{Interval{0, 1, -1}, "1 days -0.000000001 secs"},
		{Interval{0, 0, 1e9}, "1.000000000 secs"},
		{Interval{0, 0, -90*60e9 - 1_500_000_000}, "-1 hours -30 mins -1.500000000 secs"},
		{Interval{0, 0, 24 * 3600e9}, "24 hours"},
		{Interval{0, 0, 60e9}, "1 mins"},
		{Interval{math.MaxInt32, math.MaxInt32, math.MaxInt64}, "2147483647 mons 2147483647 days 2562047 hours 47 mins 16.854775807 secs"},
		{Interval{math.MinInt32, math.MinInt32, math.MinInt64}, "-2147483648 mons -2147483648 days -2562047 hours -47 mins -16.854775808 secs"},
	}
	for _, test := range tests {
		checkText(t, test.interval, test.text)
	}
}

func TestParseIntervalReadsTheOtherKinds(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Interval{
		"1 years 2 mons":      {14, 0, 0},
		"-2 years 11 mons":    {-13, 0, 0}, // how GreptimeDB writes -13 months of type YearMonth
		"2 days 3.000 secs":   {0, 2, 3e9},
		"-0.500 secs":         {0, 0, -5e8},
		"5 secs":              {0, 0, 5e9},
		"-0 secs":             {},
		"90 mins":             {0, 0, 5400e9},
		"1 hours -30 mins":    {0, 0, 1800e9},
		"100 years":           {1200, 0, 0},
		"0 mons 0 days":       {},
		"9223372036 secs":     {0, 0, 9223372036e9},
		"9223372036.854 secs": {0, 0, 9223372036854e6},
	} {
		if got, err := ParseInterval(text); err != nil || got != want {
			t.Errorf("%q is %#v, error %v; want %#v", text, got, err, want)
		}
	}
}

func TestParseIntervalRefusesOtherText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                           "is not an interval",
		" ":                          "is not an interval",
		"1":                          "is not an interval",
		"mons":                       "is not an interval",
		"1 month":                    "is not an interval",
		"1 MONS":                     "is not an interval",
		"1 mons ":                    "is not an interval",
		" 1 mons":                    "is not an interval",
		"1  mons":                    "is not an interval",
		"1 mons 2":                   "is not an interval",
		"1 mons 2 mons":              "is not an interval",
		"1 days 2 mons":              "is not an interval",
		"+1 mons":                    "is not an interval",
		"- mons":                     "is not an interval",
		"1.5 days":                   "is not an interval",
		"1. secs":                    "is not an interval",
		".5 secs":                    "is not an interval",
		"1.1234567890 secs":          "is not an interval",
		"1.-5 secs":                  "is not an interval",
		"P1Y2M":                      "is not an interval",
		"04:05:06":                   "is not an interval",
		"2147483648 mons":            "out of range",
		"-2147483649 days":           "out of range",
		"178956971 years":            "out of range",
		"9223372036854775807 mons":   "out of range",
		"9223372036854775808 mons":   "out of range",
		"2562048 hours":              "out of range",
		"9223372036.854775808 secs":  "out of range",
		"-9223372036.854775809 secs": "out of range",
		"9223372036854775807 hours":  "out of range",
		"1537228672809129302 years":  "out of range",
		"2562047 hours 47 mins 16.854775808 secs": "out of range",
	} {
		checkTextRefused(t, Interval{1, 2, 3}, text, want)
	}
}

func FuzzParseInterval(f *testing.F) {
	for _, text := range []string{"14 mons 3 days 4 hours 5 mins 6.000100000 secs", "-2 years 11 mons", "0 secs", "1 hours -0.000000001 secs"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		value, err := ParseInterval(text)
		if err != nil {
			return
		}
		checkText(t, value, value.String())
	})
}
