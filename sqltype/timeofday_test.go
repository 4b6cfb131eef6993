package sqltype

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestTimeOfDay(t *testing.T) {
	t.Parallel()
	tests := []struct {
		nanoseconds int64
		text        string
	}{
		{0, "00:00:00"},
		{1, "00:00:00.000000001"},
		{1000, "00:00:00.000001"},
		{500_000_000, "00:00:00.5"},
		{12*3600e9 + 34*60e9 + 56e9, "12:34:56"},
		{12*3600e9 + 34*60e9 + 56e9 + 120e6, "12:34:56.12"},
		{nanosecondsPerDay - 1, "23:59:59.999999999"},
	}
	for _, test := range tests {
		checkText(t, TimeOfDay(test.nanoseconds), test.text)
	}
	if got, err := ParseTimeOfDay("01:02:03.120000000"); err != nil || got.String() != "01:02:03.12" {
		t.Errorf("zeros at the end: %v, error %v", got, err)
	}
}

func TestTimeOfDayOfLeavesTheDateBehind(t *testing.T) {
	t.Parallel()
	moment := time.Date(-44, 3, 15, 13, 1, 2, 3, time.FixedZone("", 3600))
	if got := TimeOfDayOf(moment).String(); got != "13:01:02.000000003" {
		t.Errorf("time of day is %s", got)
	}
}

func TestTimeOfDayShowsValuesThatAreNone(t *testing.T) {
	t.Parallel()
	for value, text := range map[TimeOfDay]string{
		TimeOfDay(nanosecondsPerDay): "24:00:00",
		-1:                           "-00:00:00.000000001",
		math.MaxInt64:                "2562047:47:16.854775807",
		math.MinInt64:                "-2562047:47:16.854775808",
	} {
		if got := value.String(); got != text {
			t.Errorf("%d ns is %s, want %s", int64(value), got, text)
		}
		var got TimeOfDay
		if err := got.Scan(text); err != nil || got != value {
			t.Errorf("scanning %s gives %d ns, error %v; want %d ns", text, int64(got), err, int64(value))
		}
		if got, err := ParseTimeOfDay(text); err == nil {
			t.Errorf("parsing %s gives %v, want an error", text, got)
		}
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("unmarshalling %s gives %v, want an error", text, got)
		}
		if got, err := value.Value(); err == nil {
			t.Errorf("%d ns as an argument is %v, want an error", int64(value), got)
		}
		if got, err := value.MarshalText(); err == nil {
			t.Errorf("%d ns as text is %s, want an error", int64(value), got)
		}
	}
}

func TestTimeOfDayRefusesOtherText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "12", "12:34", "12:34:56:78", "1:02:03", "12:34:5", "12:60:00", "23:59:60", "--01:00:00", "-1:00:00",
		"12:34:56.", "12:34:56.1234567890", "12:34:56.x", "12:34:56.+1", "12:34:56.-1", "12:34:56,5", "+1:00:00",
		" 12:34:56", "12:34:56Z", "12:34.5:56", "2562047:47:16.854775808", "-2562047:47:16.854775809",
		"5124095:34:33.709551616", "4294967295:00:00", "4294967296:00:00",
	} {
		checkTextRefused(t, TimeOfDay(7), text, "is not a time of day")
	}
}

func FuzzParseTimeOfDay(f *testing.F) {
	for _, text := range []string{"00:00:00", "23:59:59.999999999", "12:34:56.5", "24:00:00", "1:2:3"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		value, err := ParseTimeOfDay(text)
		want, wantErr := time.Parse(time.TimeOnly, text)
		_, fraction, _ := strings.Cut(text, ".")
		isStrict := len(text) > 2 && text[2] == ':' && !strings.Contains(text, ",") && len(fraction) <= 9 // which package time is not
		if (err == nil || wantErr == nil && isStrict) && (err != nil || wantErr != nil || value != TimeOfDayOf(want)) {
			t.Errorf("%q is %v, %v; package time says %v, %v", text, value, err, want, wantErr)
		}
		if err != nil {
			return
		}
		checkText(t, value, value.String())
	})
}
