package faultserver

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/greptime-go/greptime/internal/test/writemodel"
)

func TestTextWrites(t *testing.T) {
	t.Parallel()
	s := Start(t, writemodel.New(""), Options{})
	s.AddTable("t", 2)
	for _, tt := range []struct {
		sql  string
		want string // empty: it is no write
	}{
		{"INSERT INTO t (host, ts, v) VALUES ('a', 17, 1), ('it''s (b), ''', '1970-01-01T00:00:00.018Z', NULL)", "INSERT VALUES of 2 rows in 1 tables and 2 regions: t/17-18"},
		{`INSERT INTO "t" ("ts", v) VALUES ('1970-01-01 00:00:00.005Z', -1)`, "INSERT VALUES of 1 rows in 1 tables and 2 regions: t/5"},
		{"INSERT INTO t (host, ts) SELECT host, ts FROM u WHERE ts >= 3 AND ts < 6", "INSERT SELECT of 3 rows in 1 tables and 2 regions: t/3-5"},
		{"DELETE FROM t WHERE ts >= 3 AND ts < 5", "DELETE of 2 rows in 1 tables and 2 regions: t/3-4 (deletion)"},
		{"SELECT * FROM t LIMIT 0", ""},
	} {
		w, err := s.textWrite(tt.sql)
		if err != nil {
			t.Errorf("%s: %v", tt.sql, err)
		}
		got := ""
		if w != nil {
			got = fmt.Sprintf("%v: %s", w, writemodel.Describe(w.rows))
		}
		if got != tt.want {
			t.Errorf("%s: %s, want %s", tt.sql, got, tt.want)
		}
	}
	for _, sql := range []string{"INSERT INTO nowhere (ts) VALUES (1)", "INSERT INTO t (host) VALUES ('a')", "INSERT INTO t (host, ts) VALUES ('a')", "INSERT INTO t (ts) VALUES (now())"} {
		if w, err := s.textWrite(sql); err == nil {
			t.Errorf("%s: %v", sql, w)
		}
	}
}

// What an error says of the rows depends on who decides it.
func TestAnswersThatProveThatNothingIsWritten(t *testing.T) {
	t.Parallel()
	rows := make([]writemodel.Row, 2)
	writes := map[string]*write{
		"one row":     {way: native, rows: rows[:1], tables: 1, regions: 2},
		"one region":  {way: native, rows: rows, tables: 1, regions: 1},
		"two regions": {way: native, rows: rows, tables: 1, regions: 2},
		"two tables":  {way: native, rows: rows, tables: 2, regions: 2},
		"a query":     {way: selected, rows: rows, tables: 1, regions: 1},
	}
	for _, tt := range []struct {
		message string
		want    string // the writes of which nothing is carried out
	}{
		{"User is not authorized to perform this action", "a query, one region, one row, two regions, two tables"},
		{"Table not found: greptime.public.t", "a query, one region, one row, two regions"},
		{region + "missing column note", "one region, one row"},
		{region + "column v is not null but input has null", "one row"},
		{"Internal error: 1003", ""},
	} {
		i := slices.IndexFunc(answers, func(a answer) bool { return a.message == tt.message })
		var names []string
		for name, w := range writes {
			if answers[i].proves(w) {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		if got := strings.Join(names, ", "); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.message, got, tt.want)
		}
	}
}

// Over many draws every part is carried out sometimes, alone and in any order, and no row
// twice.
func TestSubsets(t *testing.T) {
	t.Parallel()
	s := Start(t, writemodel.New(""), Options{Seed: 1})
	rows := []writemodel.Row{{Table: "t", ID: 1}, {Table: "t", ID: 2}, {Table: "t", ID: 4}, {Table: "u", ID: 1}}
	seen := map[string]bool{}
	for range 2000 {
		some := s.subset(rows)
		seen[writemodel.Describe(some)] = true
		for i, r := range some {
			if slices.Contains(some[:i], r) || !slices.Contains(rows, r) {
				t.Errorf("%v", some)
			}
		}
	}
	for _, want := range []string{"no rows", "t/1", "t/2", "t/4", "u/1", "t/1-2 t/4", "t/2 t/1 t/4 u/1", "t/1 t/4", "u/1 t/1-2 t/4"} {
		if !seen[want] {
			t.Errorf("never %s", want)
		}
	}
}
