package greptimetest_test

import (
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/greptime-go/greptime/greptimetest"
)

// unitNames are the units of timestamps by their digits, as arrow_cast and as functions
// have them.
var unitNames = map[int][2]string{
	0: {"Second", "to_timestamp_seconds"}, 3: {"Millisecond", "to_timestamp_millis"}, 6: {"Microsecond", "to_timestamp_micros"}, 9: {"Nanosecond", "to_timestamp_nanos"},
}

// units returns an instant as a number of a unit's, rounded towards the past.
func units(at time.Time, digits int) *big.Int {
	n := new(big.Int).Mul(big.NewInt(at.Unix()), pow10(digits))
	return n.Add(n, new(big.Int).Quo(big.NewInt(int64(at.Nanosecond())), pow10(9-digits)))
}

func pow10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// scale returns a number of units in another unit. Arrow's casts divide, which rounds
// towards 1970.
func scale(n *big.Int, from, to int) *big.Int {
	if to >= from {
		return new(big.Int).Mul(n, pow10(to-from))
	}
	return new(big.Int).Quo(n, pow10(from-to))
}

// farTimes are instants of every year that matters, with a row's or a bound's digits.
var farTimes = []time.Time{
	time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC),
	time.Date(1600, 2, 29, 12, 0, 0, 5e8, time.UTC),
	time.Date(1677, 9, 21, 0, 12, 42, 0, time.UTC),
	time.Date(1677, 9, 21, 0, 12, 44, 123456000, time.UTC),
	time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC),
	time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC),
	time.Date(2024, 1, 1, 0, 0, 0, 123000000, time.UTC),
	time.Date(2024, 1, 1, 0, 0, 0, 123456000, time.UTC),
	time.Date(2024, 1, 1, 0, 0, 0, 123456789, time.UTC),
	time.Date(2262, 4, 11, 23, 47, 16, 0, time.UTC),
	time.Date(2262, 4, 11, 23, 47, 17, 0, time.UTC),
	time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC),
}

// farForm is a way to write an instant that has a unit.
type farForm struct {
	name     string
	digits   int
	constant bool // the planner computes it
	write    func(at time.Time) string
}

func farForms() []farForm {
	var forms []farForm
	for _, digits := range []int{0, 3, 6} {
		unit := unitNames[digits]
		cast := func(at time.Time) string {
			return fmt.Sprintf("arrow_cast(%s, 'Timestamp(%s, None)')", units(at, digits), unit[0])
		}
		forms = append(forms,
			farForm{"arrow_cast " + unit[0], digits, true, cast},
			farForm{"CAST " + unit[0], digits, true, func(at time.Time) string {
				return fmt.Sprintf("CAST('%s' AS TIMESTAMP(%d))", at.Format("2006-01-02 15:04:05.000000000"), digits)
			}},
			farForm{unit[1], digits, true, func(at time.Time) string { return fmt.Sprintf("%s(%s)", unit[1], units(at, digits)) }},
			farForm{"coalesce " + unit[0], digits, true, func(at time.Time) string { return "coalesce(" + cast(at) + ", " + cast(at) + ")" }},
			farForm{"CASE " + unit[0], digits, true, func(at time.Time) string { return "CASE WHEN 1 < 2 THEN " + cast(at) + " END" }},
			farForm{"subquery " + unit[0], digits, false, func(at time.Time) string { return "(SELECT " + cast(at) + ")" }},
			farForm{"random " + unit[0], digits, false, func(at time.Time) string {
				return fmt.Sprintf("arrow_cast(CASE WHEN random() < 2 THEN %s END, 'Timestamp(%s, None)')", units(at, digits), unit[0])
			}},
		)
	}
	return forms
}

// farConditions are conditions on ts and a bound, and what they mean: whether a row is
// found whose time compares with the bound as -1, 0 or 1.
var farConditions = []struct {
	sql  string // ts, and x for the bound
	want func(c int) bool
}{
	{"ts < x", func(c int) bool { return c < 0 }},
	{"ts <= x", func(c int) bool { return c <= 0 }},
	{"ts = x", func(c int) bool { return c == 0 }},
	{"ts <> x", func(c int) bool { return c != 0 }},
	{"ts > x", func(c int) bool { return c > 0 }},
	{"x <= ts", func(c int) bool { return c >= 0 }},
	{"NOT (ts < x)", func(c int) bool { return c >= 0 }},
	{"ts BETWEEN x AND x", func(c int) bool { return c == 0 }},
	{"ts NOT BETWEEN x AND x", func(c int) bool { return c != 0 }},
	{"ts IN (coalesce(x), x)", func(c int) bool { return c == 0 }},
	{"ts NOT IN (coalesce(x), x)", func(c int) bool { return c != 0 }},
}

// lastDay begins the days at the ends of int64 nanoseconds, which no TIMESTAMP(9) takes.
var lastDay = big.NewInt(9223286400000000000)

// TestFarTimesInFilters: a constant that a TIMESTAMP(9) column cannot hold is NULL to
// the planner, which finds no row and says nothing. What the planner does not compute is
// compared in the coarser unit of the two, and finds the rows.
func TestFarTimesInFilters(t *testing.T) {
	t.Parallel()
	s := greptimetest.Start(t)
	for _, digits := range []int{0, 3, 6, 9} {
		t.Run(fmt.Sprintf("TIMESTAMP(%d)", digits), func(t *testing.T) {
			t.Parallel()
			c := dial(t, s)
			c.sql(t, fmt.Sprintf("CREATE TABLE far%d (ts TIMESTAMP(%[1]d) TIME INDEX, k INT)", digits))
			var rows []*big.Int
			for _, at := range farTimes {
				n := units(at, digits)
				if !n.IsInt64() || digits == 9 && n.CmpAbs(lastDay) >= 0 || slices.ContainsFunc(rows, func(r *big.Int) bool { return r.Cmp(n) == 0 }) {
					continue
				}
				c.sql(t, fmt.Sprintf("INSERT INTO far%d VALUES (%s, %d)", digits, n, len(rows)))
				rows = append(rows, n)
			}
			for _, form := range farForms() {
				for _, at := range farTimes {
					var arms, want []string
					for i, cond := range farConditions {
						arms = append(arms, fmt.Sprintf("SELECT %d AS i, k FROM far%d WHERE %s", i, digits, boundRE.ReplaceAllLiteralString(cond.sql, form.write(at))))
						for k, row := range rows {
							if farFound(row, digits, units(at, form.digits), form, cond.want) {
								want = append(want, fmt.Sprintf("%s: row %d", cond.sql, k))
							}
						}
					}
					a := c.try(t, strings.Join(arms, " UNION ALL ")+" ORDER BY i, k")
					if a.err() != nil {
						t.Errorf("%s: %v", form.write(at), a.err())
						continue
					}
					var got []string
					for _, r := range a.rows {
						i, _ := strconv.Atoi(r[0])
						got = append(got, farConditions[i].sql+": row "+r[1])
					}
					if !slices.Equal(got, want) {
						t.Errorf("%s\n got  %q\n want %q", form.write(at), got, want)
					}
				}
			}
		})
	}
}

// farFound reports whether a condition finds a row of a column of some digits.
func farFound(row *big.Int, digits int, bound *big.Int, form farForm, want func(c int) bool) bool {
	if form.constant { // in the unit of the column, whose rows keep their digits
		exact := scale(bound, form.digits, digits)
		return exact.IsInt64() && want(row.Cmp(exact))
	}
	coarser := min(digits, form.digits)
	return want(scale(row, digits, coarser).Cmp(scale(bound, form.digits, coarser)))
}

// boundRE is the bound in a condition.
var boundRE = regexp.MustCompile(`\bx\b`)

// TestFarTimesOutsideOfSelect: DELETE, joins, HAVING, aggregates and INSERT … SELECT
// compare as WHERE does, and the planner refuses what it does not compute in the clauses
// that sort.
func TestFarTimesOutsideOfSelect(t *testing.T) {
	t.Parallel()
	c := dial(t, greptimetest.Start(t))
	const (
		year1    = "arrow_cast(-62135596800, 'Timestamp(Second, None)')"
		subquery = "(SELECT arrow_cast(-62135596800000000, 'Timestamp(Microsecond, None)'))"
		random   = "arrow_cast(CASE WHEN random() < 2 THEN -62135596800000000 END, 'Timestamp(Microsecond, None)')"
	)
	for _, q := range []string{
		"CREATE TABLE nanos (ts TIMESTAMP(9) TIME INDEX, k INT)",
		"INSERT INTO nanos VALUES ('2024-01-01T00:00:00.123456789Z', 1), ('2024-01-02T00:00:00Z', 2)",
		"CREATE TABLE millis (ts TIMESTAMP(3) TIME INDEX, k INT)",
		"INSERT INTO millis VALUES ('0001-01-01T00:00:00Z', 1), ('9999-12-31T23:59:59.999Z', 2)",
	} {
		c.sql(t, q)
	}
	for _, tt := range []struct{ sql, want string }{
		{"SELECT count(*) FROM nanos WHERE ts >= %s", "0 2 2"},
		{"SELECT count(*) FROM millis WHERE ts > %s", "1 1 1"},
		{"SELECT count(*) FROM nanos a JOIN nanos b ON a.k = b.k AND a.ts > %s", "0 2 2"},
		{"SELECT count(*) FROM (SELECT max(ts) m FROM nanos HAVING max(ts) > %s)", "0 1 1"},
		{"SELECT count(*) FROM (SELECT ts > %s AS late, count(*) n FROM nanos GROUP BY late)", "1 1001 1"},
		{"SELECT sum(CASE WHEN ts > %s THEN 1 ELSE 0 END) FROM nanos", "0 1001 2"},
		{"SELECT count(*) FILTER (WHERE ts > %s) FROM nanos", "0 1001 2"},
		{"SELECT count(*) FROM nanos a FULL JOIN nanos b ON a.k = b.k AND a.ts > %s", "4 1001 2"},
		{"SELECT count(*) FROM (SELECT k FROM nanos ORDER BY ts > %s)", "2 1001 3000"},
		{"SELECT count(*) FROM (SELECT row_number() OVER (PARTITION BY ts > %s) FROM nanos)", "2 1001 3000"},
		{"SELECT count(*) FROM nanos WHERE %s IN (ts, ts)", "0 0 0"},
		{"SELECT count(*) FROM nanos WHERE ts NOT IN (coalesce(%s), TIMESTAMP '2024-01-02T00:00:00Z')", "0 1 1"},
		{"SELECT count(*) FROM nanos WHERE ts IN (%s, TIMESTAMP '2024-01-02T00:00:00Z')", "1 2000 1"},
		{"SELECT count(*) FROM nanos WHERE EXISTS (SELECT 1 FROM millis WHERE ts <= %s)", "2 2 2"},
		{"WITH w AS (SELECT * FROM nanos WHERE ts > %s) SELECT count(*) FROM w", "0 2 2"},
	} {
		for i, bound := range []string{year1, subquery, random} {
			q, want := fmt.Sprintf(tt.sql, bound), strings.Fields(tt.want)[i]
			a := c.try(t, q)
			if got := a.text(); got+a.errCode != want {
				t.Errorf("%s\n %v %q, want %s", q, a.err(), got, want)
			}
		}
	}
	for i, bound := range []string{year1, subquery, random} {
		table := fmt.Sprintf("deletes%d", i)
		c.sql(t, "CREATE TABLE "+table+" (ts TIMESTAMP(9) TIME INDEX, k INT)")
		if a := c.sql(t, "INSERT INTO "+table+" SELECT ts, k FROM nanos WHERE ts > "+bound); a.affected != int64(min(i, 1)*2) {
			t.Errorf("INSERT … SELECT … WHERE ts > %s: %d rows", bound, a.affected)
		}
		c.sql(t, "INSERT INTO "+table+" SELECT ts, k FROM nanos")
		if a := c.sql(t, "DELETE FROM "+table+" WHERE ts > "+bound); a.affected != int64(min(i, 1)*2) {
			t.Errorf("DELETE … WHERE ts > %s: %d rows", bound, a.affected)
		}
	}
}

// TestFarTimesInOtherForms: text is NULL as other constants are, and typed literals fail
// with every column.
func TestFarTimesInOtherForms(t *testing.T) {
	t.Parallel()
	c := dial(t, greptimetest.Start(t))
	for _, digits := range []int{0, 3, 6, 9} {
		c.sql(t, fmt.Sprintf("CREATE TABLE t%d (ts TIMESTAMP(%[1]d) TIME INDEX)", digits))
		c.sql(t, fmt.Sprintf("INSERT INTO t%d VALUES ('2024-01-01 00:00:00')", digits))
		found := "1"
		if digits == 9 {
			found = "0"
		}
		for _, tt := range []struct{ condition, want string }{
			{"ts < '9999-12-31T23:59:59Z'", found},
			{"ts < '9999-12-31T23:59:59.999Z'", found},
			{"ts > '1600-01-01 00:00:00.123456'", found},
			{"NOT (ts > '9999-12-31T23:59:59Z')", found},
			{"ts BETWEEN '0001-01-01 00:00:00' AND '9999-12-31 23:59:59'", found},
			{"ts NOT IN ('0001-01-01 00:00:00', '2024-01-01 00:00:01')", found},
			{"ts < '9999-12-31T23:59:59.123456789Z'", "3001"},
			{"ts > TIMESTAMP '0001-01-01T00:00:00Z'", "3001"},
			{"ts BETWEEN TIMESTAMP '1969-01-01 00:00:00' AND TIMESTAMP '9999-12-31T23:59:59Z'", "3001"},
			{"ts > DATE '0001-01-01'", "3001"},
			{"ts >= DATE '2024-01-01'", "1"},
			{"ts = TIMESTAMP '2024-01-01T00:00:00Z'", "1"},
		} {
			q := fmt.Sprintf("SELECT count(*) FROM t%d WHERE %s", digits, tt.condition)
			a := c.try(t, q)
			if got := a.text(); got+a.errCode != tt.want {
				t.Errorf("%s\n %v %q, want %s", q, a.err(), got, tt.want)
			}
		}
	}
	if a := c.sql(t, "SELECT count(*) FROM generate_series(1, 100) WHERE random() >= 0 AND random() < 1"); a.text() != "100" {
		t.Errorf("random() is between 0 and 1 for %s of 100 rows", a.text())
	}
}

// TestFarTimesInInserts: text is read in milliseconds or microseconds where its digits
// allow, in every year. Nine digits are nanoseconds, which end in 1677 and 2262.
func TestFarTimesInInserts(t *testing.T) {
	t.Parallel()
	c := dial(t, greptimetest.Start(t))
	const nanosOnly = "2000"
	tests := []struct {
		text string
		want [4]string // of TIMESTAMP(0), (3), (6) and (9): what is stored, or the error's code
	}{
		{"9999-12-31T23:59:59Z", [4]string{"253402300799", "253402300799000", "253402300799000000", "1004"}},
		{"9999-12-31T23:59:59.999Z", [4]string{"253402300799", "253402300799999", "253402300799999000", "1004"}},
		{"9999-12-31 23:59:59.999999", [4]string{"253402300799", "253402300799999", "253402300799999999", "1004"}},
		{"9999-12-31T23:59:59.999000000Z", [4]string{"253402300799", "253402300799999", "253402300799999000", "1004"}},
		{"9999-12-31T23:59:59.999999999Z", [4]string{nanosOnly, nanosOnly, nanosOnly, nanosOnly}},
		{"1600-01-01T00:00:00.5Z", [4]string{"-11676096000", "-11676095999500", "-11676095999500000", "1004"}},
		{"1600-01-01T00:00:00.123456+01:00", [4]string{"-11676099600", "-11676099599877", "-11676099599876544", "1004"}},
		{"1600-01-01T00:00:00.000000001Z", [4]string{nanosOnly, nanosOnly, nanosOnly, nanosOnly}},
		{"0001-01-01T00:00:00Z", [4]string{"-62135596800", "-62135596800000", "-62135596800000000", "1004"}},
		{"2262-04-11T23:47:16.854775807Z", [4]string{"9223372036", "9223372036854", "9223372036854775", "9223372036854775807"}},
		{"2262-04-11T23:47:16.854775808Z", [4]string{nanosOnly, nanosOnly, nanosOnly, nanosOnly}},
	}
	for i, digits := range []int{0, 3, 6, 9} {
		table := fmt.Sprintf("t%d", digits)
		c.sql(t, fmt.Sprintf("CREATE TABLE %s (ts TIMESTAMP(3) TIME INDEX, c TIMESTAMP(%d))", table, digits))
		for n, tt := range tests {
			q := fmt.Sprintf("INSERT INTO %s VALUES (%d, '%s')", table, n, tt.text)
			a := c.try(t, q)
			got := a.errCode
			if a.err() == nil {
				got = c.sql(t, fmt.Sprintf("SELECT c FROM %s WHERE ts = %d", table, n)).text()
			}
			if got != tt.want[i] {
				t.Errorf("%s into TIMESTAMP(%d): %v %s, want %s", tt.text, digits, a.err(), got, tt.want[i])
			}
		}
	}
}

// TestNaiveTextInZones: text without a zone is local time of the request's zone, the
// earlier instant where the clocks show it twice, and refused where they leave it out,
// in INSERT and in filters.
func TestNaiveTextInZones(t *testing.T) {
	t.Parallel()
	c := dial(t, greptimetest.Start(t))
	c.sql(t, "CREATE TABLE naive (ts TIMESTAMP TIME INDEX, d DATE)")
	in := func(zone, q string) answer {
		req := c.request(q)
		req.Header.Timezone = zone
		ticket, err := proto.Marshal(req)
		if err != nil {
			t.Fatal(err)
		}
		return c.doGet(t.Context(), ticket)
	}
	for _, tt := range []struct{ zone, text, want string }{ // "" is refused
		{"Europe/Berlin", "2024-10-27 02:30:00", "2024-10-27T00:30:00Z"},
		{"Europe/Berlin", "2024-10-27T02:30:00.5", "2024-10-27T00:30:00.5Z"},
		{"Europe/Berlin", "2024-03-31 02:30:00", ""},
		{"America/New_York", "2024-11-03 01:30:00", "2024-11-03T05:30:00Z"},
		{"America/New_York", "2024-03-10 02:30:00", ""},
		{"Pacific/Apia", "2011-12-30 12:00:00", ""},
		{"UTC", "2024-03-31 02:30:00", "2024-03-31T02:30:00Z"},
	} {
		a := in(tt.zone, fmt.Sprintf("INSERT INTO naive VALUES ('%s', NULL)", tt.text))
		f := in(tt.zone, fmt.Sprintf("SELECT count(*) FROM naive WHERE ts = '%s'", tt.text))
		if tt.want == "" {
			if want := fmt.Sprintf("Failed to parse value: Failed to parse %s to Timestamp value", tt.text); a.errCode != "2000" || a.message != want {
				t.Errorf("INSERT of %s in %s: %v, want 2000 %s", tt.text, tt.zone, a.err(), want)
			}
			if f.errCode != "3001" {
				t.Errorf("filter by %s in %s: %v %s, want 3001", tt.text, tt.zone, f.err(), f.text())
			}
			continue
		}
		at, err := time.Parse(time.RFC3339, tt.want)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.sql(t, fmt.Sprintf("SELECT ts FROM naive WHERE ts = %d", at.UnixMilli())).text(); a.err() != nil || got != fmt.Sprint(at.UnixMilli()) {
			t.Errorf("INSERT of %s in %s: %v, is not stored as %s", tt.text, tt.zone, a.err(), tt.want)
		}
		if f.err() != nil || f.text() != "1" {
			t.Errorf("filter by %s in %s: %v, %s rows, want 1", tt.text, tt.zone, f.err(), f.text())
		}
	}
	if a := in("America/Sao_Paulo", "INSERT INTO naive VALUES (1, '2017-10-15')"); a.errCode != "2000" {
		t.Errorf("a DATE without a midnight: %v, want 2000", a.err())
	}
}
