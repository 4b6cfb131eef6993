package sqltext

import (
	"math"
	"strings"
	"testing"
	"time"
)

// far is a time beyond TIMESTAMP literals in an expression.
func far(micros string) string {
	return "arrow_cast(CASE WHEN random() < 2 THEN " + micros + " END, 'Timestamp(Microsecond, None)')"
}

// What a far time becomes depends on where it stands: GreptimeDB takes no random() to sort
// by, and compares all bounds of a BETWEEN and all items of an IN by the coarsest unit.
func TestFarTimesByTheirPlace(t *testing.T) {
	t.Parallel()
	const year1, year9999 = "-62135596800000000", "253402300799999999"
	const constant = "arrow_cast(" + year1 + ", 'Timestamp(Microsecond, None)')"
	first, last := Arg{Kind: Time}, Arg{Kind: Time, Time: time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC)}
	near := Arg{Kind: Time, Time: time.Date(2024, 1, 1, 0, 0, 0, 1, time.UTC)}
	const now = "TIMESTAMP '2024-01-01T00:00:00.000000001Z'"
	from := func(x string) string {
		return "(CASE WHEN " + x + " >= " + far(year1) + " THEN " + x + " ELSE " + x + " + INTERVAL '1 second' END)"
	}
	to := func(x string) string {
		return "(CASE WHEN " + x + " <= " + far(year9999) + " THEN " + x + " ELSE " + x + " - INTERVAL '1 second' END)"
	}
	same := func(x string) string {
		return "(CASE WHEN " + x + " = " + far(year1) + " THEN " + x + " ELSE " + x + " + INTERVAL '1 second' END)"
	}
	tests := []struct {
		text string
		args []Arg
		want []string // in the place of each placeholder; nil for an error
	}{
		{"SELECT ? FROM t WHERE ts < ? AND NOT (ts <> ?)", []Arg{first, first, last}, []string{far(year1), far(year1), far(year9999)}},
		{"DELETE FROM t WHERE ? <= ts", []Arg{first}, []string{far(year1)}},
		{"SELECT max(ts) FROM t GROUP BY ts < ? HAVING max(ts) < ?", []Arg{first, first}, []string{far(year1), far(year1)}},
		{"SELECT sum(v) FILTER (WHERE ts < ?) FROM t", []Arg{first}, []string{far(year1)}},
		{"INSERT INTO t SELECT a, ? FROM s", []Arg{first}, []string{far(year1)}},
		{"SELECT ts - ?::TIMESTAMP(3)", []Arg{first}, []string{far(year1) + " "}},

		// To sort by.
		{"SELECT * FROM t ORDER BY ts < ?, a DESC LIMIT 1", []Arg{first}, []string{constant}},
		{"SELECT * FROM t ORDER BY a, CASE WHEN ts < ? THEN coalesce(ts, ?) END", []Arg{first, first}, []string{constant, constant}},
		{"SELECT rank() OVER (PARTITION BY ts < ? ORDER BY abs(ts - ?)), ts < ? FROM t WHERE ts < ?", []Arg{first, first, first, first},
			[]string{constant, constant, far(year1), far(year1)}},
		{"SELECT * FROM (SELECT * FROM t ORDER BY ts < ?) WHERE ts < ?", []Arg{first, first}, []string{constant, far(year1)}},
		{"SELECT * FROM t ORDER BY (SELECT max(ts) FROM s WHERE ts < ?), ts > ?", []Arg{first, first}, []string{far(year1), constant}},
		{"SELECT * FROM t ORDER BY a LIMIT ?", []Arg{first}, []string{far(year1)}},
		{"SELECT min(v) RANGE '1h' FROM t WHERE ts < ? ALIGN '1h' BY (ts < ?)", []Arg{first, first}, []string{far(year1), far(year1)}},

		// Among far times only.
		{"SELECT * FROM t WHERE ts BETWEEN ? AND ?", []Arg{first, last}, []string{far(year1), far(year9999)}},
		{"SELECT * FROM t WHERE ts NOT IN (?, ?) AND a IN (1, 2)", []Arg{first, last}, []string{far(year1), far(year9999)}},
		{"SELECT * FROM t WHERE ts IN (?)", []Arg{first}, []string{far(year1)}},
		{"SELECT * FROM t WHERE ? IN (a, b) OR ? BETWEEN a AND b", []Arg{first, first}, []string{far(year1), far(year1)}},
		{"SELECT * FROM t WHERE a BETWEEN 1 AND 2 AND ts < ?", []Arg{first}, []string{far(year1)}},
		{"SELECT * FROM t WHERE a IN (SELECT b FROM s WHERE ts < ?)", []Arg{first}, []string{far(year1)}},
		{"SELECT * FROM t WHERE a IN (SELECT DISTINCT b, ?)", []Arg{first}, []string{far(year1)}},
		{"SELECT * FROM t WHERE v BETWEEN CASE WHEN ts < ? THEN 1 ELSE 2 END AND 3", []Arg{first}, []string{far(year1)}},
		{"SELECT * FROM t WHERE ts BETWEEN ? - INTERVAL '1 day' AND now()", []Arg{first}, []string{far(year1)}},

		// Beside others.
		{"SELECT * FROM t WHERE ts BETWEEN ? AND ?", []Arg{first, near}, []string{from("ts"), now}},
		{"SELECT * FROM t WHERE ts BETWEEN ? AND ? AND a = 1", []Arg{near, last}, []string{now, to("ts")}},
		{"DELETE FROM t WHERE ts NOT BETWEEN ? AND now() OR a = 1", []Arg{first}, []string{from("ts")}},
		{"SELECT ts BETWEEN now() AND ? FROM t", []Arg{last}, []string{to("ts")}},
		{"SELECT ts BETWEEN '2024-01-01T00:00:00Z' AND ?", []Arg{last}, []string{to("ts")}},
		{"SELECT ts BETWEEN CASE WHEN a AND b THEN now() END AND ?", []Arg{last}, []string{to("ts")}},
		{"SELECT * FROM t WHERE (ts IN (?, ?))", []Arg{near, first}, []string{now, same("ts")}},
		{"SELECT * FROM t WHERE ts NOT IN (?, now())", []Arg{first}, []string{same("ts")}},
		{"SELECT * FROM t WHERE ts IN (?, NULL)", []Arg{first}, []string{same("ts")}},
		{"SELECT * FROM t WHERE ts IN (?, ?)", []Arg{first, {}}, []string{same("ts"), "NULL"}},
		{`SELECT * FROM t WHERE NOT t."Ts" IN (?, b)`, []Arg{first}, []string{same(`t."Ts"`)}},
		{"SELECT * FROM t WHERE date_trunc('day', ts) IN (?, b)", []Arg{first}, []string{same("date_trunc('day', ts)")}},
		{"SELECT * FROM t WHERE (a.ts + b) IN (?, b)", []Arg{first}, []string{same("(a.ts + b)")}},
		{"SELECT * FROM t ORDER BY ts IN (?, b)", []Arg{first}, []string{constant}},
		{"SELECT * FROM t WHERE ts + b IN (?, b)", []Arg{first}, nil},
		{"SELECT * FROM t WHERE ts::TIMESTAMP IN (?, b)", []Arg{first}, nil},
		{"SELECT * FROM t WHERE CASE WHEN a THEN ts END BETWEEN ? AND b", []Arg{first}, nil},
		{"SELECT * FROM t WHERE f(?) BETWEEN ? AND b", []Arg{near, first}, nil},
	}
	for _, tt := range tests {
		texts, err := parse(t, tt.text).Bind(tt.args, BindOptions{TimeZoneUTC: true})
		if tt.want == nil {
			if err == nil || !strings.Contains(err.Error(), "write comparisons by =, <= and >= instead") {
				t.Errorf("%s: %q, %v; want an error", tt.text, texts, err)
			}
			continue
		}
		want := tt.text
		for _, w := range tt.want {
			want = strings.Replace(want, "?", w, 1)
		}
		if err != nil || texts[0] != want {
			t.Errorf("%s: %v\ngot  %q\nwant %q", tt.text, err, texts, want)
		}
	}
}

func TestFarTimesOfNamedAndSeveralStatements(t *testing.T) {
	t.Parallel()
	texts, err := parse(t, "SELECT 1; SELECT :a WHERE ts IN (:a,:b); SELECT * FROM t ORDER BY ts < :b").Bind([]Arg{
		{Name: "a", Kind: Time, Time: time.Unix(0, 0)}, {Name: "b", Kind: Time},
	}, BindOptions{})
	const year1, near = "-62135596800000000", "TIMESTAMP '1970-01-01T00:00:00Z'"
	want := []string{
		"SELECT 1",
		"SELECT " + near + " WHERE ts IN (" + near + ",(CASE WHEN ts = " + far(year1) + " THEN ts ELSE ts + INTERVAL '1 second' END))",
		"SELECT * FROM t ORDER BY ts < arrow_cast(" + year1 + ", 'Timestamp(Microsecond, None)')",
	}
	if err != nil || strings.Join(texts, "\n") != strings.Join(want, "\n") {
		t.Errorf("%v\ngot  %q\nwant %q", err, texts, want)
	}
}

// A text cannot make the search for what is around a far time take long.
func TestFarTimesOfALongList(t *testing.T) {
	t.Parallel()
	const n = 50_000
	args := make([]Arg, n)
	for i := range args {
		args[i] = Arg{Kind: Time, Time: time.Unix(-1<<40+int64(i), 0)}
	}
	args[n/2].Time = time.Unix(0, 0)
	texts, err := parse(t, "SELECT 1 FROM t WHERE ts IN (?"+strings.Repeat(",?", n-1)+")").Bind(args, BindOptions{})
	if err != nil || strings.Count(texts[0], "THEN ts ELSE ts") != n-1 {
		t.Errorf("%v", err)
	}
}

func TestTimesOfNoMicrosecond(t *testing.T) {
	t.Parallel()
	const seconds = math.MaxInt64 / 1_000_000
	for _, at := range []time.Time{time.Unix(seconds, 0), time.Unix(-seconds-1, 0), time.Unix(math.MaxInt64, 0), time.Unix(math.MinInt64, 0)} {
		if got, err := bindOne(query, Arg{Kind: Time, Time: at}); err == nil || !strings.Contains(err.Error(), "out of range") {
			t.Errorf("%d became %s, %v", at.Unix(), got, err)
		}
	}
	for _, at := range []time.Time{time.Unix(seconds-1, 999_999_000), time.Unix(-seconds, 0)} {
		if _, err := bindOne(query, Arg{Kind: Time, Time: at}); err != nil {
			t.Errorf("%d: %v", at.Unix(), err)
		}
	}
	_, err := bindOne(query, Arg{Kind: Time, Time: time.Date(1600, 1, 1, 0, 0, 0, 1, time.UTC)})
	if err == nil || !strings.Contains(err.Error(), "round it to microseconds") {
		t.Error(err)
	}
}
