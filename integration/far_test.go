package integration

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/greptime-go/greptime/internal/test/race"
)

// farCondition is a condition on ts in SQL, and what it means for a row.
type farCondition struct {
	sql  string
	args int
	is   func(ts time.Time, args []time.Time) bool
}

// other is a time beside the one in question, a row of every table, with finer digits of
// the rows around it.
var other = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

var farConditions = []farCondition{
	{"ts < ?", 1, func(ts time.Time, a []time.Time) bool { return ts.Before(a[0]) }},
	{"ts <= ?", 1, func(ts time.Time, a []time.Time) bool { return !ts.After(a[0]) }},
	{"ts = ?", 1, func(ts time.Time, a []time.Time) bool { return ts.Equal(a[0]) }},
	{"ts <> ?", 1, func(ts time.Time, a []time.Time) bool { return !ts.Equal(a[0]) }},
	{"ts > ?", 1, func(ts time.Time, a []time.Time) bool { return ts.After(a[0]) }},
	{"? <= ts", 1, func(ts time.Time, a []time.Time) bool { return !ts.Before(a[0]) }},
	{"NOT (ts <= ?)", 1, func(ts time.Time, a []time.Time) bool { return ts.After(a[0]) }},
	{"NOT ts = ?", 1, func(ts time.Time, a []time.Time) bool { return !ts.Equal(a[0]) }},
	{"ts IN (?)", 1, func(ts time.Time, a []time.Time) bool { return ts.Equal(a[0]) }},
	{"ts NOT IN (?)", 1, func(ts time.Time, a []time.Time) bool { return !ts.Equal(a[0]) }},
	{"ts IN (?, ?)", 2, func(ts time.Time, a []time.Time) bool { return ts.Equal(a[0]) || ts.Equal(a[1]) }},
	{"ts NOT IN (?, ?)", 2, func(ts time.Time, a []time.Time) bool { return !ts.Equal(a[0]) && !ts.Equal(a[1]) }},
	{"NOT (ts IN (?, ?))", 2, func(ts time.Time, a []time.Time) bool { return !ts.Equal(a[0]) && !ts.Equal(a[1]) }},
	{"ts BETWEEN ? AND ?", 2, func(ts time.Time, a []time.Time) bool { return !ts.Before(a[0]) && !ts.After(a[1]) }},
	{"ts NOT BETWEEN ? AND ?", 2, func(ts time.Time, a []time.Time) bool { return ts.Before(a[0]) || ts.After(a[1]) }},
	{"NOT (ts BETWEEN ? AND ?)", 2, func(ts time.Time, a []time.Time) bool { return ts.Before(a[0]) || ts.After(a[1]) }},
}

// Times of any year find the rows that a person expects in columns of every unit, in
// SELECT and DELETE. Nanoseconds are an error in years of which no column has them. Digits
// finer than the column's unit may be cut, as GreptimeDB up to 1.1.2 does.
func TestFarTimesFindTheirRows(t *testing.T) {
	if race.Enabled {
		t.Skip("takes long under the race detector")
	}
	t.Parallel()
	db := open(t, "")
	fractions := map[int]time.Duration{0: 0, 3: 123 * time.Millisecond, 6: 123456 * time.Microsecond, 9: 123456789}
	for digits, step := range map[int]time.Duration{0: time.Second, 3: time.Millisecond, 6: time.Microsecond, 9: time.Nanosecond} {
		table := fmt.Sprintf("far_%d", digits)
		mustExec(t, db, fmt.Sprintf("CREATE TABLE %s (ts TIMESTAMP(%d) TIME INDEX)", table, digits))
		rows := farRows(digits, step)
		insertFar(t, db, table, rows)
		var got []time.Time
		if err := db.SelectContext(t.Context(), &got, "SELECT ts FROM "+table+" ORDER BY ts"); err != nil || !slices.EqualFunc(got, rows, time.Time.Equal) {
			t.Fatalf("stored %v, %v\nwant %v", got, err, rows)
		}
		for _, base := range farBases() {
			for fraction, add := range fractions {
				at := base.Add(add)
				for _, c := range farConditions {
					pairs := [][]time.Time{{at}}
					if c.args == 2 {
						pairs = [][]time.Time{{at, other}, {other, at}, {at, at}, {time.Time{}, at}, {at, time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)}}
					}
					for _, args := range pairs {
						checkFar(t, db, table, digits, rows, c, args, fraction == 9 && isFar(at))
					}
				}
			}
		}
		for _, base := range []time.Time{{}, time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)} {
			for _, c := range farConditions {
				args := []time.Time{base, other}[:c.args]
				deleteFar(t, db, table, digits, rows, c, args)
				slices.Reverse(args)
				if c.args == 2 {
					deleteFar(t, db, table, digits, rows, c, args)
				}
			}
		}
	}
}

// isFar reports whether a TIMESTAMP(9) cannot hold a time.
func isFar(at time.Time) bool { return !time.Unix(0, at.UnixNano()).Equal(at) }

// farBases are whole seconds in the years of the times that are looked for.
func farBases() []time.Time {
	list := []time.Time{time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)}
	for _, day := range []struct{ year, month int }{{1, 1}, {1600, 1}, {1677, 1}, {1677, 12}, {2262, 1}, {2262, 12}} {
		list = append(list, time.Date(day.year, time.Month(day.month), 1, 0, 0, 0, 0, time.UTC))
	}
	return list
}

// farRows are the times of a table, in order: those that are looked for, cut to the unit,
// and their neighbours.
func farRows(digits int, step time.Duration) []time.Time {
	var rows []time.Time
	for _, base := range append(farBases(), other) {
		for _, add := range []time.Duration{0, 123 * time.Millisecond, 123456 * time.Microsecond, 123456789} {
			at := base.Add(add).Truncate(step)
			for _, at := range []time.Time{at.Add(-step), at, at.Add(step)} {
				if at.Year() >= 1 && at.Year() <= 9999 && (digits < 9 || !isFar(at)) {
					rows = append(rows, at)
				}
			}
		}
	}
	slices.SortFunc(rows, time.Time.Compare)
	return slices.CompactFunc(rows, time.Time.Equal)
}

func insertFar(t *testing.T, db *sqlx.DB, table string, rows []time.Time) {
	t.Helper()
	args := make([]any, len(rows))
	for i, at := range rows {
		args[i] = at
	}
	if n := mustExec(t, db, "INSERT INTO "+table+" (ts) VALUES (?)"+strings.Repeat(", (?)", len(rows)-1), args...); n != int64(len(rows)) {
		t.Fatalf("%s: %d rows of %d", table, n, len(rows))
	}
}

// expectFar returns the rows of a condition, and those with the arguments cut to the unit as
// GreptimeDB cuts: towards 1970.
func expectFar(digits int, rows []time.Time, c farCondition, args []time.Time) (exact, cut []time.Time) {
	unit := map[int]time.Duration{0: time.Second, 3: time.Millisecond, 6: time.Microsecond, 9: time.Nanosecond}[digits]
	cuts := make([]time.Time, len(args))
	for i, at := range args {
		if cuts[i] = at.Truncate(unit); at.Before(time.Unix(0, 0)) && !cuts[i].Equal(at) {
			cuts[i] = cuts[i].Add(unit)
		}
	}
	for _, ts := range rows {
		if c.is(ts, args) {
			exact = append(exact, ts)
		}
		if c.is(ts, cuts) {
			cut = append(cut, ts)
		}
	}
	return exact, cut
}

// mayRefuseFar reports whether the server may refuse far times beside a TIMESTAMP(9), as
// GreptimeDB from 1.1.3 on is expected to. greptimetest does not.
func mayRefuseFar(digits int, err error) bool {
	return digits == 9 && os.Getenv("GREPTIME_TEST_DSN") != "" && strings.Contains(err.Error(), "3001")
}

func checkFar(t *testing.T, db *sqlx.DB, table string, digits int, rows []time.Time, c farCondition, args []time.Time, refused bool) {
	t.Helper()
	var values []any
	for _, at := range args {
		values = append(values, at)
	}
	var got []time.Time
	err := db.SelectContext(t.Context(), &got, "SELECT ts FROM "+table+" WHERE "+c.sql+" ORDER BY ts", values...)
	switch exact, cut := expectFar(digits, rows, c, args); {
	case refused:
		if err == nil || !strings.Contains(err.Error(), "round it to microseconds") {
			t.Errorf("%s, %s with %v: %v", table, c.sql, args, err)
		}
	case err != nil && mayRefuseFar(digits, err):
	case err != nil:
		t.Errorf("%s, %s with %v: %v", table, c.sql, args, err)
	case !slices.EqualFunc(got, exact, time.Time.Equal) && !slices.EqualFunc(got, cut, time.Time.Equal):
		t.Errorf("%s, %s with %v:\ngot  %v\nwant %v", table, c.sql, args, got, exact)
	}
}

func deleteFar(t *testing.T, db *sqlx.DB, table string, digits int, rows []time.Time, c farCondition, args []time.Time) {
	t.Helper()
	var values []any
	for _, at := range args {
		values = append(values, at)
	}
	if _, err := db.ExecContext(t.Context(), "DELETE FROM "+table+" WHERE "+c.sql, values...); err != nil {
		if !mayRefuseFar(digits, err) {
			t.Errorf("%s, DELETE %s with %v: %v", table, c.sql, args, err)
		}
		return
	}
	deleted, _ := expectFar(digits, rows, c, args)
	var want, got []time.Time
	for _, ts := range rows {
		if !slices.ContainsFunc(deleted, ts.Equal) {
			want = append(want, ts)
		}
	}
	if err := db.SelectContext(t.Context(), &got, "SELECT ts FROM "+table+" ORDER BY ts"); err != nil || !slices.EqualFunc(got, want, time.Time.Equal) {
		t.Errorf("%s, DELETE %s with %v: %v\nleft %v\nwant %v", table, c.sql, args, err, got, want)
	}
	if len(deleted) > 0 {
		insertFar(t, db, table, deleted)
	}
}

// What takes a time takes a far one, in columns of every unit.
func TestFarTimesInEveryClause(t *testing.T) {
	t.Parallel()
	db := open(t, "")
	first, last := time.Time{}, time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC)
	for _, digits := range []int{0, 3, 6, 9} {
		a, b := fmt.Sprintf("clauses_%d", digits), fmt.Sprintf("others_%d", digits)
		for _, table := range []string{a, b} {
			mustExec(t, db, fmt.Sprintf("CREATE TABLE %s (ts TIMESTAMP(%d) TIME INDEX, v BIGINT)", table, digits))
			mustExec(t, db, "INSERT INTO "+table+" (ts, v) VALUES (?, 1), (?, 2)", other, other.Add(time.Second))
		}
		for _, tt := range []struct {
			sql  string
			args []any
			want []string
		}{
			{"SELECT v, ts < ?, ts > ? FROM a ORDER BY v", []any{last, last}, []string{"1 true false", "2 true false"}},
			{"SELECT ts < ? AS past, count(*) FROM a GROUP BY ts < ?", []any{last, last}, []string{"true 2"}},
			{"SELECT v FROM a GROUP BY v HAVING max(ts) < ? ORDER BY v", []any{last}, []string{"1", "2"}},
			{"SELECT sum(CASE WHEN ts > ? THEN v END), count(*) FILTER (WHERE ts > ?) FROM a", []any{first, last}, []string{"3 0"}},
			{"SELECT v FROM a ORDER BY ts < ?, v DESC", []any{last}, []string{"2", "1"}},
			{"SELECT v, rank() OVER (PARTITION BY ts < ? ORDER BY v DESC) AS r FROM a ORDER BY v", []any{last}, []string{"1 2", "2 1"}},
			{"SELECT a.v FROM a JOIN b ON a.ts = b.ts AND a.ts < ? WHERE b.ts BETWEEN ? AND ? ORDER BY a.v", []any{last, first, other}, []string{"1"}},
			{"SELECT v FROM a WHERE ts IN (SELECT ts FROM b WHERE ts >= ? AND v > 1)", []any{first}, []string{"2"}},
			{"WITH c AS (SELECT v FROM a WHERE NOT ts > ?) SELECT v FROM c UNION ALL SELECT v FROM b WHERE ts < ?", []any{last, first}, []string{"1", "2"}},
			{"SELECT coalesce(NULL, ?) = ?", []any{last, last}, []string{"true"}},
		} {
			query := strings.NewReplacer("FROM a", "FROM "+a+" a", "FROM b", "FROM "+b+" b", "JOIN b", "JOIN "+b+" b").Replace(tt.sql)
			var got []string
			rows, err := db.QueryxContext(t.Context(), query, tt.args...)
			if err == nil {
				for rows.Next() {
					var cells []any
					if cells, err = rows.SliceScan(); err != nil {
						break
					}
					got = append(got, strings.Trim(fmt.Sprint(cells), "[]"))
				}
				err = cmp.Or(err, rows.Err())
				rows.Close()
			}
			if err != nil && mayRefuseFar(digits, err) {
				continue
			}
			if err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("TIMESTAMP(%d), %s: %q, %v; want %q", digits, tt.sql, got, err, tt.want)
			}
		}
		if digits == 9 {
			continue // it holds no far time
		}
		mustExec(t, db, "INSERT INTO "+a+" SELECT ?, 3", last)
		var stored time.Time
		unit := map[int]time.Duration{0: time.Second, 3: time.Millisecond, 6: time.Microsecond}[digits]
		if err := db.GetContext(t.Context(), &stored, "SELECT ts FROM "+a+" WHERE ts = ?", last.Truncate(unit)); err != nil || !stored.Equal(last.Truncate(unit)) {
			t.Errorf("TIMESTAMP(%d): stored %v, %v", digits, stored, err)
		}
	}
}

// A far time is stored the same by every way of an INSERT, with the digits that its column
// has.
func TestFarTimesAreInsertedByEveryWay(t *testing.T) {
	t.Parallel()
	moments := []time.Time{
		{},
		time.Date(1600, 1, 1, 0, 0, 0, 5e8, time.UTC),
		time.Date(1600, 1, 1, 0, 0, 0, 123_456_789, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999_000_000, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC),
	}
	for _, way := range []string{"insert=sql", "insert=native", "insert=auto"} {
		db := open(t, way)
		for digits, unit := range map[int]time.Duration{0: time.Second, 3: time.Millisecond, 6: time.Microsecond} {
			table := fmt.Sprintf("ways_%d", digits)
			mustExec(t, db, fmt.Sprintf("CREATE TABLE %s (n BIGINT, ts TIMESTAMP(%d) TIME INDEX) WITH (append_mode = 'true')", table, digits))
			var want []time.Time
			for i, at := range moments {
				mustExec(t, db, "INSERT INTO "+table+" (n, ts) VALUES (?, ?)", 2*i, at)
				text := at.Truncate(time.Microsecond).Format(time.RFC3339Nano)
				mustExec(t, db, "INSERT INTO "+table+" (n, ts) VALUES (?, '"+text+"')", 2*i+1)
				want = append(want, at.Truncate(unit), at.Truncate(unit))
			}
			var got []time.Time
			if err := db.SelectContext(t.Context(), &got, "SELECT ts FROM "+table+" ORDER BY n"); err != nil || !slices.EqualFunc(got, want, time.Time.Equal) {
				t.Errorf("%s, TIMESTAMP(%d): %v, %v\nwant %v", way, digits, got, err, want)
			}
		}
		mustExec(t, db, "CREATE TABLE ways_9 (ts TIMESTAMP(9) TIME INDEX)")
		for _, at := range moments {
			if _, err := db.ExecContext(t.Context(), "INSERT INTO ways_9 (ts) VALUES (?)", at); err == nil {
				t.Errorf("%s: a TIMESTAMP(9) takes %v", way, at)
			}
		}
	}
}
