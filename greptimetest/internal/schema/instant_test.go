package schema

import (
	"testing"
	"time"
)

// TestLocalTimesThatAreTwoOrNone: GreptimeDB reads a local time that the clocks show
// twice as the earlier instant, and refuses one that they leave out.
func TestLocalTimesThatAreTwoOrNone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ zone, text, want string }{ // "" is refused
		{"Europe/Berlin", "2024-10-27 01:59:59", "2024-10-26T23:59:59Z"},
		{"Europe/Berlin", "2024-10-27 02:00:00", "2024-10-27T00:00:00Z"},
		{"Europe/Berlin", "2024-10-27 02:30:00", "2024-10-27T00:30:00Z"},
		{"Europe/Berlin", "2024-10-27T02:59:59.999", "2024-10-27T00:59:59.999Z"},
		{"Europe/Berlin", "2024-10-27 03:00:00", "2024-10-27T02:00:00Z"},
		{"Europe/Berlin", "2024-10-27 02:30:00Z", "2024-10-27T02:30:00Z"},
		{"Europe/Berlin", "2024-10-27 02:30:00+01:00", "2024-10-27T01:30:00Z"},
		{"Europe/Berlin", "2024-03-31 01:59:59.9", "2024-03-31T00:59:59.9Z"},
		{"Europe/Berlin", "2024-03-31 02:00:00", ""},
		{"Europe/Berlin", "2024-03-31 02:30:00", ""},
		{"Europe/Berlin", "2024-03-31T02:59:59.999999999", ""},
		{"Europe/Berlin", "2024-03-31 03:00:00", "2024-03-31T01:00:00Z"},
		{"Europe/Berlin", "2024-03-31 02:30:00Z", "2024-03-31T02:30:00Z"},
		{"America/New_York", "2024-11-03 01:30:00", "2024-11-03T05:30:00Z"},
		{"America/New_York", "2024-03-10 02:30:00", ""},
		{"America/Sao_Paulo", "2017-10-15 00:30:00", ""},
		{"America/Sao_Paulo", "2018-02-17 23:30:00", "2018-02-18T01:30:00Z"},
		{"Australia/Lord_Howe", "2024-04-07 01:45:00", "2024-04-06T14:45:00Z"}, // half an hour
		{"Australia/Lord_Howe", "2024-10-06 02:15:00", ""},
		{"Pacific/Apia", "2011-12-30 12:00:00", ""}, // a day that was left out
		{"Pacific/Apia", "2011-12-29 23:59:59", "2011-12-30T09:59:59Z"},
		{"Pacific/Apia", "2011-12-31 00:00:00", "2011-12-30T10:00:00Z"},
		{"Asia/Manila", "1844-12-31 12:00:00", ""},
		{"Asia/Shanghai", "0001-01-01 00:00:00", "0000-12-31T15:54:17Z"},
		{"Asia/Shanghai", "9999-12-31 23:59:59", "9999-12-31T15:59:59Z"},
		{"+08:00", "2024-03-31 02:30:00", "2024-03-30T18:30:00Z"},
		{"UTC", "2024-03-31 02:30:00", "2024-03-31T02:30:00Z"},
	} {
		zone, ok := ParseZone(tt.zone)
		if !ok {
			t.Fatalf("zone %s is not known", tt.zone)
		}
		got := ""
		if ts, ok := ParseTimestamp(tt.text, zone); ok {
			got = time.Unix(ts.Seconds, ts.Nanos).UTC().Format(time.RFC3339Nano)
		}
		if got != tt.want {
			t.Errorf("%s in %s: %q, want %q", tt.text, tt.zone, got, tt.want)
		}
	}
	for _, tt := range []struct {
		zone, text string
		want       int64
		ok         bool
	}{
		{"Europe/Berlin", "2024-03-31", 19812, true},
		{"America/Sao_Paulo", "2017-10-15", 0, false}, // has no midnight
		{"America/Sao_Paulo", "2017-10-16", 17455, true},
	} {
		zone, _ := ParseZone(tt.zone)
		if got, ok := ParseDate(tt.text, zone); ok != tt.ok || ok && got != tt.want {
			t.Errorf("DATE %s in %s: %d %t, want %d %t", tt.text, tt.zone, got, ok, tt.want, tt.ok)
		}
	}
}

// FuzzTimestamp: what is read as a timestamp is one that 64 bits of its own unit hold, it
// has nine digits only where nanoseconds reach, and RFC 3339 means what package time
// reads.
func FuzzTimestamp(f *testing.F) {
	for _, s := range []string{"2024-01-01T00:00:00Z", "2024-01-01 08:00:00 +08:00", "1969-12-31T23:59:59.9999Z", "1677-09-21T00:12:43.145224192Z", "9999-12-31T23:59:59Z", "9199-12-31T23:59:59.9969Z", "2024-1-1 1:2:3.", "T", "- :"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ts, ok := ParseTimestamp(s, time.UTC)
		if !ok {
			return
		}
		if ts.Nanos < 0 || ts.Nanos >= 1e9 || ts.Fraction != (ts.Nanos != 0) {
			t.Errorf("%q: %d nanoseconds, fraction %v", s, ts.Nanos, ts.Fraction)
		}
		if n, ok := ts.In(ts.unit()); !ok || FloorDiv(n, ts.unit().PerSecond()) != ts.Seconds {
			t.Errorf("%q: %d of %v is not in second %d", s, n, ts.unit(), ts.Seconds)
		}
		n, ok := ts.In(NanoType)
		if ts.Nanos%1e3 != 0 && !ok {
			t.Errorf("%q has nine digits and is out of the range of nanoseconds", s)
		}
		if ok && FloorDiv(n, 1e9) != ts.Seconds {
			t.Errorf("%q: %d is not in second %d", s, n, ts.Seconds)
		}
		if want, err := time.Parse(time.RFC3339Nano, s); err == nil && (want.Unix() != ts.Seconds || int64(want.Nanosecond()) != ts.Nanos) {
			t.Errorf("%q is read as %d s %d ns, want %d s %d ns", s, ts.Seconds, ts.Nanos, want.Unix(), want.Nanosecond())
		}
	})
}
