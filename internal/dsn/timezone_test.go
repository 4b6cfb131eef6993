package dsn

import (
	"strings"
	"testing"
	"time"
)

func TestParseTimeZone(t *testing.T) {
	t.Parallel()
	winter := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		zone   string
		offset int // seconds, in winter
		name   string
	}{
		{"", 0, "UTC"},
		{"UTC", 0, "UTC"},
		{"utc", 0, "UTC"},
		{"+00:00", 0, "UTC"},
		{"-0:00", 0, "UTC"},
		{"+08:00", 8 * 3600, "+08:00"},
		{"+8:00", 8 * 3600, "+08:00"},
		{"-3:30", -(3*3600 + 1800), "-03:30"},
		{"+23:59", 86340, "+23:59"},
		{"-23:59", -86340, "-23:59"},
		{"Asia/Shanghai", 8 * 3600, "Asia/Shanghai"},
		{"America/Argentina/Buenos_Aires", -3 * 3600, "America/Argentina/Buenos_Aires"},
		{"Etc/GMT+5", -5 * 3600, "Etc/GMT+5"},
	}
	for _, test := range tests {
		location, err := ParseTimeZone(test.zone)
		if err != nil {
			t.Errorf("%q: %v", test.zone, err)
			continue
		}
		if _, offset := winter.In(location).Zone(); offset != test.offset || location.String() != test.name {
			t.Errorf("%q is %v at %d s, want %s at %d s", test.zone, location, offset, test.name, test.offset)
		}
	}
}

func TestParseTimeZoneRefusesWhatTheServerMisreads(t *testing.T) {
	t.Parallel()
	tests := []struct{ zone, want string }{
		{"Local", "does not know the time zone"},
		{"local", "does not know the time zone"},
		{"SYSTEM", "does not know the time zone"},
		{"+00:30", "west of UTC"},
		{"-00:30", "west of UTC"},
		{"+0:01", "west of UTC"},
		{"+8", "is not an offset"},
		{"08:00", "is not an offset"},
		{"+08:0", "is not an offset"},
		{"+08:60", "is not an offset"},
		{"+24:00", "is not an offset"},
		{"+008:00", "is not an offset"},
		{"+-8:00", "is not an offset"},
		{"+:30", "is not an offset"},
		{"+08:00:00", "is not an offset"},
		{"+0x:00", "is not an offset"},
		{"+08:-1", "is not an offset"},
		{"Mars/Olympus", "unknown time zone"},
		{"Asia/Shangai", "unknown time zone"},
		{"Asia", "unknown time zone"},
		// Files of zoneinfo that no server knows by these names.
		{"posix/Asia/Shanghai", "unknown time zone"},
		{"right/Asia/Shanghai", "unknown time zone"},
		{"Asia//Shanghai", "unknown time zone"},
		{"Asia/./Shanghai", "unknown time zone"},
		{"./UTC", "unknown time zone"},
		{"localtime", "unknown time zone"},
		{"Factory", "unknown time zone"},
		{"Asia\\Shanghai", "unknown time zone"},
		{"Asia/Shanghai\x00", "unknown time zone"},
	}
	for _, test := range tests {
		location, err := ParseTimeZone(test.zone)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: got %v, error %v; want an error with %q", test.zone, location, err, test.want)
		}
	}
}

func FuzzParseTimeZone(f *testing.F) {
	for _, zone := range []string{"UTC", "+08:00", "-3:30", "Asia/Shanghai", "+00:30", "Local", "Etc/GMT+5", "a/../b"} {
		f.Add(zone)
	}
	f.Fuzz(func(t *testing.T, zone string) {
		location, err := ParseTimeZone(zone)
		if err != nil {
			return
		}
		again, err := ParseTimeZone(location.String())
		if err != nil || again.String() != location.String() {
			t.Errorf("%q is %v, whose name is read as %v, error %v", zone, location, again, err)
		}
	})
}
