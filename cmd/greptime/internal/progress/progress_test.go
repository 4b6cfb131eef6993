package progress

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// display returns a display whose clock moves as the test wants.
func display(width int) (*Display, *bytes.Buffer, func(time.Duration)) {
	var out bytes.Buffer
	now := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	of := func() int { return width }
	if width == 0 {
		of = nil
	}
	return newDisplay(&out, of, func() time.Time { return now }), &out, func(d time.Duration) { now = now.Add(d) }
}

func TestBarFitsTheTerminal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		width    int
		rows     int64
		fraction float64
		want     string
	}{
		{100, 1_500_000, 0.25, "25 %  ▕██████████                              ▏ 1,500,000 rows  750,000 rows/s  6s left"},
		{100, 2000, 1, "100 % ▕████████████████████████████████████████▏ 2,000 rows  1,000 rows/s  0s left"},
		{60, 2000, 0.51, "51 %  ▕██████▋      ▏ 2,000 rows  1,000 rows/s  1.92s left"},
		{30, 2000, 0.5, "50 %  ▕████▌    ▏ 2,000 rows"},
		{80, 2000, -1, "2,000 rows  1,000 rows/s"},
		{10, 2000, 0.5, "50 %"},
		{0, 1_500_000, 0.25, "25 %, 1,500,000 rows, 150,000 rows/s, 30s left\n"},
		{0, 0, 0, "0 %, 0 rows, 0 rows/s\n"},
	} {
		d, out, pass := display(c.width)
		pass(2 * time.Second)
		if c.width == 0 {
			pass(8 * time.Second)
		}
		d.Set(c.rows, c.fraction)
		got := strings.TrimSuffix(strings.TrimPrefix(out.String(), "\r"), "\x1b[K")
		if got != c.want {
			t.Errorf("width %d: %q, want %q", c.width, got, c.want)
		}
		if c.width > 0 && utf8.RuneCountInString(got) >= c.width {
			t.Errorf("width %d: the line has %d cells", c.width, utf8.RuneCountInString(got))
		}
		out.Reset()
		d.Set(c.rows+1, c.fraction)
		if out.Len() > 0 {
			t.Errorf("it is shown again at once: %q", out)
		}
		d.Done()
		if want := map[bool]string{true: "\r\x1b[K"}[c.width > 0]; out.String() != want {
			t.Errorf("Done writes %q, want %q", out, want)
		}
	}
}

func TestNumbersAndDurationsAreShort(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567", -100: "-100"} {
		if got := Group(n); got != want {
			t.Errorf("Group(%d) = %s, want %s", n, got, want)
		}
	}
	if one, more := Count(1, "row"), Count(2000, "row"); one != "1 row" || more != "2,000 rows" {
		t.Errorf("counts %s and %s", one, more)
	}
	for d, want := range map[time.Duration]string{1234567 * time.Nanosecond: "0s", 1234 * time.Millisecond: "1.23s", 12345 * time.Millisecond: "12.3s", 200 * time.Second: "3m20s"} {
		if got := Duration(d); got != want {
			t.Errorf("Duration(%v) = %s, want %s", d, got, want)
		}
	}
}
