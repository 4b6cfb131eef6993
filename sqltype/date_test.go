package sqltype

import (
	"math"
	"testing"
	"time"
)

func TestDate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		date Date
		days int32
		text string
	}{
		{Date{1970, 1, 1}, 0, "1970-01-01"},
		{Date{1969, 12, 31}, -1, "1969-12-31"},
		{Date{2024, 2, 29}, 19782, "2024-02-29"},
		{Date{1, 1, 1}, -719162, "0001-01-01"}, // as GreptimeDB 1.0.2 stores it
		{Date{9999, 12, 31}, 2932896, "9999-12-31"},
		{Date{10000, 1, 1}, 2932897, "+10000-01-01"},
		{Date{0, 12, 31}, -719163, "0000-12-31"},
		{Date{0, 2, 29}, -719469, "0000-02-29"},
		{Date{-1, 12, 31}, -719529, "-0001-12-31"},
		{Date{-4, 2, 29}, -720930, "-0004-02-29"},
		{Date{5881580, 7, 11}, math.MaxInt32, "+5881580-07-11"},
		{Date{-5877641, 6, 23}, math.MinInt32, "-5877641-06-23"},
	}
	for _, test := range tests {
		if days, err := test.date.EpochDays(); err != nil || days != test.days {
			t.Errorf("%v is day %d, error %v; want %d", test.date, days, err, test.days)
		}
		if got := DateFromEpochDays(test.days); got != test.date {
			t.Errorf("day %d is %v, want %v", test.days, got, test.date)
		}
		checkText(t, test.date, test.text)
	}
}

func TestDaysFollowEachOther(t *testing.T) {
	t.Parallel()
	for _, start := range []int32{math.MinInt32, -720000, -1000, 19000, math.MaxInt32 - 800} {
		for i := range int32(800) {
			date := DateFromEpochDays(start + i)
			if days, err := date.EpochDays(); err != nil || days != start+i {
				t.Fatalf("day %d is %v, which is day %d, error %v", start+i, date, days, err)
			}
		}
	}
}

func TestDateRefusesWhatIsNoDay(t *testing.T) {
	t.Parallel()
	for _, date := range []Date{
		{},
		{2024, 0, 1}, {2024, 13, 1}, {2024, 1, 0}, {2024, 1, 32}, {2023, 2, 29}, {2024, 4, 31}, {2024, -1, -1},
		{5881580, 7, 12}, {-5877641, 6, 22}, {math.MaxInt, 1, 1}, {math.MinInt, 1, 1},
		{2024, math.MaxInt, 1}, {2024, 1, math.MaxInt}, {2024, math.MinInt, math.MinInt},
	} {
		if days, err := date.EpochDays(); err == nil {
			t.Errorf("%v is day %d, want an error", date, days)
		}
		if value, err := date.Value(); err == nil {
			t.Errorf("%v as an argument is %v, want an error", date, value)
		}
		if text, err := date.MarshalText(); err == nil {
			t.Errorf("%v as text is %s, want an error", date, text)
		}
	}
	for text, want := range map[string]string{
		"":                          "is not a date",
		"+":                         "is not a date",
		"2024":                      "is not a date",
		"2024-01":                   "is not a date",
		"2024-1-1":                  "is not a date",
		"24-01-01":                  "is not a date",
		"10000-01-01":               "is not a date",
		"2024-01-01-01":             "is not a date",
		"2024-01-01T00:00:00Z":      "is not a date",
		" 2024-01-01":               "is not a date",
		"2024-+1-01":                "is not a date",
		"--2024-01-01":              "is not a date",
		"2024-aa-01":                "is not a date",
		"2023-02-29":                "does not exist",
		"2024-00-01":                "does not exist",
		"2024-99-01":                "does not exist",
		"+5881580-07-12":            "outside of",
		"-9999999-01-01":            "outside of",
		"+99999999999999999-01-01":  "is not a date",
		"+999999999999999999-01-01": "is not a date",
	} {
		checkTextRefused(t, Date{2000, 1, 1}, text, want)
	}
}

func TestDateTime(t *testing.T) {
	t.Parallel()
	date := Date{2024, 3, 1}
	if got := date.Time(nil); !got.Equal(time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC)) || got.Location() != time.UTC {
		t.Errorf("midnight is %v", got)
	}
	zone := time.FixedZone("", 5*3600)
	if got := date.Time(zone); got.Location() != zone || DateOf(got) != date {
		t.Errorf("midnight in %v is %v", zone, got)
	}
}

func FuzzParseDate(f *testing.F) {
	for _, text := range []string{"2024-02-29", "-0001-12-31", "+5881580-07-11", "0000-01-01", "2023-02-29"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		date, err := ParseDate(text)
		want, wantErr := time.Parse(time.DateOnly, text)
		if isShort := len(text) == len(time.DateOnly) && text[0] >= '0'; (err == nil && isShort || wantErr == nil) && (err != nil || wantErr != nil || date != DateOf(want)) {
			t.Errorf("%q is %v, %v; package time says %v, %v", text, date, err, want, wantErr)
		}
		if err != nil {
			return
		}
		checkText(t, date, date.String())
	})
}
