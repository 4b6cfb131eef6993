package schema

import (
	"testing"
	"time"
)

func TestParseZone(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for zone, want := range map[string]int{"+08:00": 8 * 3600, "-3:30": -3*3600 - 1800, "+00:30": -1800, "Asia/Shanghai": 8 * 3600, "asia/shanghai": 8 * 3600, "UTC": 0, "america/new_york": -5 * 3600} {
		l, ok := ParseZone(zone)
		if !ok {
			t.Errorf("%s: not known", zone)
			continue
		}
		if _, got := at.In(l).Zone(); got != want {
			t.Errorf("%s: %d seconds, want %d", zone, got, want)
		}
	}
	for _, zone := range []string{"", "+8", "Mars/Olympus", "Local", "+25:00", "8"} {
		if _, ok := ParseZone(zone); ok {
			t.Errorf("%q is known", zone)
		}
	}
}
