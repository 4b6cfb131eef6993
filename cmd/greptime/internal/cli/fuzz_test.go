package cli

import (
	"math/big"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestDurationsAreNotLongerThanTheirType(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"1d12h": 36 * time.Hour, "2w": 14 * 24 * time.Hour, "1y1d1h1ms": 366*24*time.Hour + time.Hour + time.Millisecond, "292y": 292 * 365 * 24 * time.Hour,
		"293y": -1, "65535y": -1, "292y200d": -1, "106751d24h": -1, "290y30000h": -1, "1d-1h": -1, "-1d": -1, "": -1,
	} {
		if got, err := duration(text); got != want && want >= 0 || (err == nil) != (want >= 0) {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
}

var durationText = regexp.MustCompile(`([0-9]*\.?[0-9]*)(ns|us|µs|μs|ms|s|m|h|d|w|y)`)

// A duration is the sum of its parts.
func FuzzDuration(f *testing.F) {
	for _, text := range []string{"500ms", "30s", "5m", "1h", "1d", "1y2w3d4h5m6s7ms", "1.5h", "293y", "65535w", "0", "1d1d"} {
		f.Add(text)
	}
	units := map[string]int64{"ns": 1, "us": 1e3, "µs": 1e3, "μs": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9, "d": 86400e9, "w": 7 * 86400e9, "y": 365 * 86400e9}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := duration(text)
		if err != nil || text == "0" {
			return
		}
		if rest := durationText.ReplaceAllString(text, ""); strings.Trim(rest, "+0") != "" {
			t.Fatalf("%q is read as %v", text, got)
		}
		sum := new(big.Rat)
		for _, part := range durationText.FindAllStringSubmatch(text, -1) {
			n, ok := new(big.Rat).SetString(part[1])
			if !ok {
				t.Fatalf("%q is read as %v", text, got)
			}
			sum.Add(sum, n.Mul(n, big.NewRat(units[part[2]], 1)))
		}
		difference := sum.Sub(sum, big.NewRat(int64(got), 1))
		if difference.Abs(difference).Cmp(big.NewRat(1000, 1)) > 0 { // package time rounds fractions of a unit
			t.Errorf("%q is read as %v", text, got)
		}
	})
}
