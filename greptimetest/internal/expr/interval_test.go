package expr

import (
	"math"
	"testing"
)

func TestParseInterval(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Interval{
		"1 day":                            {0, 1, 0},
		"1 year 2 months":                  {14, 0, 0},
		"-14 months -2 days -1 hours":      {-14, -2, -3600e9},
		"10s":                              {0, 0, 10e9},
		"1h30m":                            {0, 0, 5400e9},
		"1.5 seconds":                      {0, 0, 1.5e9},
		"-0.000000001 seconds":             {0, 0, -1},
		"3 days 4 hours 6.000000007 secs":  {0, 3, 4*3600e9 + 6000000007},
		"2 weeks":                          {0, 14, 0},
		"3600000000000 nanoseconds":        {0, 0, 3600e9},
		"-3600000000000 nanoseconds":       {0, 0, -3600e9},
		"14 months -3 days -1 nanoseconds": {14, -3, -1},
		"9223372036854775807 nanoseconds":  {0, 0, math.MaxInt64},
		"-9223372036854775808 nanoseconds": {0, 0, math.MinInt64},
		"2147483647 months":                {math.MaxInt32, 0, 0},
		"-2147483648 days":                 {0, math.MinInt32, 0},
		"0 days":                           {},
	} {
		if got, ok := ParseInterval(text); !ok || got != want {
			t.Errorf("%s: %v %v, want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "1", "day", "1 parsec", "P1Y", "1.5 days", "1:30:00", "99999999999999999999 days", "2147483648 months", "-2147483649 days", "178956971 years", "9223372036854775808 nanoseconds", "9223372036854775807 seconds", "9223372036854775807 ns 1 ns"} {
		if iv, ok := ParseInterval(text); ok {
			t.Errorf("%s: %v, want none", text, iv)
		}
	}
}
