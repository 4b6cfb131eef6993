package dsn

import (
	"strings"
	"testing"
	"time"
)

func TestDurations(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		want time.Duration
		bad  bool
	}{
		{"500ms", 500 * time.Millisecond, false}, {"none", 0, false}, {"1h0m0.5s", time.Hour + 500*time.Millisecond, false},
		{"0s", 0, true}, {"-1s", 0, true}, {"5", 0, true}, {"", 0, true},
	} {
		got, err := ParseDurationOrNone(test.text)
		if got != test.want || (err != nil) != test.bad {
			t.Errorf("%q is %v, error %v; want %v", test.text, got, err, test.want)
		}
		if again, err := ParseDurationOrNone(FormatDurationOrNone(got)); !test.bad && (err != nil || again != got) {
			t.Errorf("%v is written as %s and read as %v, error %v", got, FormatDurationOrNone(got), again, err)
		}
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		want bool
		bad  bool
	}{{"off", false, false}, {"on", true, false}, {"true", false, true}, {"", false, true}} {
		if got, err := ParseBool(test.text, "off", "on"); got != test.want || (err != nil) != test.bad {
			t.Errorf("%q is %v, error %v; want %v", test.text, got, err, test.want)
		}
	}
	if err, want := CheckWord("lz4", "none", "gzip"), `"lz4" is not one of none, gzip`; err == nil || err.Error() != want {
		t.Errorf("error is %v, want %s", err, want)
	}
}

func TestParseSize(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want int
		bad  string
	}{
		{"1", 1, ""},
		{"4096", 4096, ""},
		{"64KiB", 64 << 10, ""},
		{"512MiB", 512 << 20, ""},
		{"1GiB", 1 << 30, ""},
		{"2147483647", 1<<31 - 1, ""},
		{"2047MiB", 2047 << 20, ""},
		{"0", 0, "at least 1 byte"},
		{"0MiB", 0, "at least 1 byte"},
		{"2GiB", 0, "less than 2GiB"},
		{"2147483648", 0, "less than 2GiB"},
		{"99999999999999999999999", 0, "less than 2GiB"},
		{"18014398509481985KiB", 0, "less than 2GiB"},
		{"1.5MiB", 0, "not a size"},
		{"-1", 0, "not a size"},
		{"512MB", 0, "not a size"},
		{"512 MiB", 0, "not a size"},
		{"MiB", 0, "not a size"},
		{"", 0, "not a size"},
	}
	for _, test := range tests {
		got, err := ParseSize(test.text)
		switch {
		case test.bad == "" && (err != nil || got != test.want):
			t.Errorf("%q is %d, error %v; want %d", test.text, got, err, test.want)
		case test.bad != "" && (err == nil || !strings.Contains(err.Error(), test.bad)):
			t.Errorf("%q is %d, error %v; want an error with %q", test.text, got, err, test.bad)
		case test.bad == "" && CheckSize(got) != nil:
			t.Errorf("%q is refused by CheckSize: %v", test.text, CheckSize(got))
		case test.bad == "":
			if again, err := ParseSize(FormatSize(got)); err != nil || again != got {
				t.Errorf("%q is written as %q, which is %d, error %v", test.text, FormatSize(got), again, err)
			}
		}
	}
}
