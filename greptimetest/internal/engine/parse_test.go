package engine

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestParseInterval(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]interval{
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
		if got, ok := parseInterval(text); !ok || got != want {
			t.Errorf("%s: %v %v, want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "1", "day", "1 parsec", "P1Y", "1.5 days", "1:30:00", "99999999999999999999 days", "2147483648 months", "-2147483649 days", "178956971 years", "9223372036854775808 nanoseconds", "9223372036854775807 seconds", "9223372036854775807 ns 1 ns"} {
		if iv, ok := parseInterval(text); ok {
			t.Errorf("%s: %v, want none", text, iv)
		}
	}
}

func TestParseTTL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"7d": "7days", "1d": "1day", "forever": "forever", "instant": "instant", "90s": "1m 30s", "1h30m": "1h 30m", "2 weeks": "14days"} {
		if got, ok := parseTTL(text); !ok || got != want {
			t.Errorf("%s: %q %v, want %q", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "soon", "7", "d", "-1d"} {
		if got, ok := parseTTL(text); ok {
			t.Errorf("%s: %q, want none", text, got)
		}
	}
}

func TestParseZone(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for zone, want := range map[string]int{"+08:00": 8 * 3600, "-3:30": -3*3600 - 1800, "+00:30": -1800, "Asia/Shanghai": 8 * 3600, "asia/shanghai": 8 * 3600, "UTC": 0, "america/new_york": -5 * 3600} {
		l, ok := parseZone(zone)
		if !ok {
			t.Errorf("%s: not known", zone)
			continue
		}
		if _, got := at.In(l).Zone(); got != want {
			t.Errorf("%s: %d seconds, want %d", zone, got, want)
		}
	}
	for _, zone := range []string{"", "+8", "Mars/Olympus", "Local", "+25:00", "8"} {
		if _, ok := parseZone(zone); ok {
			t.Errorf("%q is known", zone)
		}
	}
}

func TestLikeMatch(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pattern, s string
		want       bool
	}{
		{"read%", "readings", true}, {"%ing_", "readings", true}, {"read", "readings", false}, {"%", "", true}, {"_", "", false}, {"a%b%c", "aXbYbZc", true}, {"é_", "é1", true},
	} {
		if got := likeMatch(tt.pattern, tt.s); got != tt.want {
			t.Errorf("%s LIKE %s is %v", tt.s, tt.pattern, got)
		}
	}
}

func TestFloatText(t *testing.T) {
	t.Parallel()
	for f, want := range map[float64]string{1: "1.0", 1e16: "1e16", 1.5e-6: "1.5e-6", 0.00001: "0.00001", -2.25: "-2.25", 123456789012345680: "1.2345678901234568e17"} {
		if got := floatText(f, 64); got != want {
			t.Errorf("%v: %s, want %s", f, got, want)
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
		ts, ok := parseTimestamp(s, time.UTC)
		if !ok {
			return
		}
		if ts.nanos < 0 || ts.nanos >= 1e9 || ts.fraction != (ts.nanos != 0) {
			t.Errorf("%q: %d nanoseconds, fraction %v", s, ts.nanos, ts.fraction)
		}
		if n, ok := ts.in(ts.unit()); !ok || floorDiv(n, ts.unit().perSecond()) != ts.seconds {
			t.Errorf("%q: %d of %v is not in second %d", s, n, ts.unit(), ts.seconds)
		}
		n, ok := ts.in(tNano)
		if ts.nanos%1e3 != 0 && !ok {
			t.Errorf("%q has nine digits and is out of the range of nanoseconds", s)
		}
		if ok && floorDiv(n, 1e9) != ts.seconds {
			t.Errorf("%q: %d is not in second %d", s, n, ts.seconds)
		}
		if want, err := time.Parse(time.RFC3339Nano, s); err == nil && (want.Unix() != ts.seconds || int64(want.Nanosecond()) != ts.nanos) {
			t.Errorf("%q is read as %d s %d ns, want %d s %d ns", s, ts.seconds, ts.nanos, want.Unix(), want.Nanosecond())
		}
	})
}

// FuzzColumns: no column definition breaks the parser, and what it takes it can
// write down and take again.
func FuzzColumns(f *testing.F) {
	for _, s := range []string{"(host STRING, ts TIMESTAMP(3) TIME INDEX DEFAULT now(), PRIMARY KEY(host))", "(a DECIMAL(10,2) NOT NULL DEFAULT 1.5, b BIGINT UNSIGNED COMMENT 'x')",
		"(`j` JSON(format = 'structured'), \"v\" VECTOR(3), c TIMESTAMP_US NULL, TIME INDEX (c))", "(a VARCHAR(20) FULLTEXT INDEX, b TIMESTAMPTZ, c DATETIME)"} {
		f.Add(s)
	}
	s := NewSession("greptime", "public", "")
	f.Fuzz(func(t *testing.T, text string) {
		stmts, err := lex(text)
		if err != nil || len(stmts) != 1 {
			return
		}
		table := &Table{Name: "t", Options: map[string]string{}}
		c := &cursor{text: text, toks: stmts[0]}
		ti, keys, err := c.columns(s, table)
		if err != nil || table.setKeys(ti, keys) != nil {
			return
		}
		again := strings.TrimPrefix(table.createText(), `CREATE TABLE IF NOT EXISTS "t" `)
		stmts, err = lex(again)
		if err != nil || len(stmts) != 1 {
			t.Fatalf("%s\n%v", again, err)
		}
		if strings.Contains(again, "INDEX WITH(") {
			return // index options are refused
		}
		c = &cursor{text: again, toks: stmts[0]}
		if _, _, err := c.columns(s, &Table{Name: "t", Options: map[string]string{}}); err != nil {
			t.Errorf("%s\nbecame\n%s\n%v", text, again, err)
		}
	})
}

// TestNoFiles: DuckDB itself refuses to read files, whatever gets past the translator.
func TestNoFiles(t *testing.T) {
	t.Parallel()
	e, err := Open(t.TempDir(), V1_1_4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	for _, q := range []string{"SELECT * FROM read_text('parse_test.go')", "COPY (SELECT 1) TO 'x.csv'", "ATTACH 'x.duckdb'"} {
		if _, err := e.db.Exec(q); err == nil {
			t.Errorf("%s: no error", q)
		}
	}
}
