package sqltext

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// inputsOf shows the placeholders of a script: text and number of the argument.
func inputsOf(s *Script) []string {
	var list []string
	for _, st := range s.Statements {
		for _, p := range st.Placeholders {
			list = append(list, fmt.Sprintf("%s=%d", s.Text[p.Start:p.End], p.Input))
		}
	}
	return list
}

func TestPlaceholders(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text  string
		style Style
		want  string
		names string
	}{
		{"SELECT 1", NoPlaceholders, "", ""},
		{"SELECT ?", Question, "?=0", ""},
		{"SELECT ?, ? + ?", Question, "?=0 ?=1 ?=2", ""},
		{"SELECT ?; SELECT ?, ?", Question, "?=0 ?=1 ?=2", ""},
		{"SELECT $1", Dollar, "$1=0", ""},
		{"SELECT $2, $1, $2; SELECT $4", Dollar, "$2=1 $1=0 $2=1 $4=3", ""},
		{"SELECT $01", Dollar, "$01=0", ""},
		{"SELECT :a, :b, :a; SELECT :b", Named, ":a=0 :b=1 :a=0 :b=1", "a b"},
		{"SELECT :größe, :A, :a, :a$b", Named, ":größe=0 :A=1 :a=2 :a$b=3", "größe A a a$b"},

		// No placeholders: text.
		{"SELECT '?', \"?\", `?`, $$?$$, $a$ $1 $a$, X'?' -- ?\n /* ? */", NoPlaceholders, "", ""},
		{"SELECT ':a', \":a\", $$:a$$ -- :a", NoPlaceholders, "", ""},
		{"SELECT 'a''?', '?' FROM t WHERE a = ?", Question, "?=0", ""},
		{`SELECT '\', ?`, Question, "?=0", ""},
		{"SELECT #?, @?, a$1", NoPlaceholders, "", ""},

		// Colons that are operators.
		{"SELECT a::INT, a :: INT, ?::INT", Question, "?=0", ""},
		{"SELECT :a::INT, x::INT = :b", Named, ":a=0 :b=1", "a b"},
		{"SELECT a[1:n], a[i:n], a[1 :n], a[i :n], a[:n], a[ :n], a[1:], a[b[1]:n]", NoPlaceholders, "", ""},
		{"SELECT a[(:n)], f(x)[:n], \"a\"[:n], 'a'[:n], a[1][:n]", Named, ":n=0", "n"},
		{"SELECT ARRAY[:a, :b], [:c], f([:d])", Named, ":a=0 :b=1 :c=2 :d=3", "a b c d"},
		{"SELECT a:b, a.b:c, \"a\":b, 'a':b, f(x):b, a[1]:b", NoPlaceholders, "", ""},
		{"SELECT 'a' :b, 1 :b, \"a\" :b, (1) :b", NoPlaceholders, "", ""},
		{"SELECT {a:b, c :d, 'e':f}", NoPlaceholders, "", ""},
		{"SELECT {'a': :b}", Named, ":b=0", "b"},
		{"SELECT x = : a, x := a", NoPlaceholders, "", ""},
		{"SELECT :1, :@a, :#a, :\"a\", :", NoPlaceholders, "", ""},
		{"SELECT :a.b", NoPlaceholders, "", ""},
		{"SELECT x:a, y=:b", Named, ":b=0", "b"},

		// Colons that begin placeholders.
		{"SELECT x FROM t WHERE a=:a AND b<:b OR c IN(:c,:d) AND e LIKE :e LIMIT :f", Named,
			":a=0 :b=1 :c=2 :d=3 :e=4 :f=5", "a b c d e f"},
		{"SELECT CASE WHEN :a THEN :b ELSE :c END", Named, ":a=0 :b=1 :c=2", "a b c"},
		{"INSERT INTO t VALUES (:a,:b), (:a, -:b)", Named, ":a=0 :b=1 :a=0 :b=1", "a b"},
		{"SELECT :select", Named, ":select=0", "select"},
	}
	for _, tt := range tests {
		s := parse(t, tt.text)
		style, err := s.Style()
		if style != tt.style || err != nil {
			t.Errorf("%s: style %v, %v; want %v", tt.text, style, err, tt.style)
		}
		if got := strings.Join(inputsOf(s), " "); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.text, got, tt.want)
		}
		if got := strings.Join(s.Names, " "); got != tt.names {
			t.Errorf("%s: names %s, want %s", tt.text, got, tt.names)
		}
	}
}

func TestNumInput(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"SELECT 1": 0, "SELECT ?, ?": 2, "SELECT ?; SELECT ?": 2, "SELECT $3, $1": 3, "SELECT $1, $1": 1,
		"SELECT :a, :b, :a": 2, "SELECT $2147483647": 2147483647,
	} {
		if got := parse(t, text).NumInput(); got != want {
			t.Errorf("%s: %d inputs, want %d", text, got, want)
		}
	}
}

func TestStylesAreNotMixed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		says []string
	}{
		{"SELECT ?, $1", []string{"? (byte 7)", "$n (byte 10)"}},
		{"SELECT $1; SELECT :a", []string{"$n (byte 7)", ":name (byte 18)"}},
		{"SELECT :a, ?", []string{":name (byte 7)", "? (byte 11)"}},
		{"SELECT ?1", []string{"?1 at byte 7", "$n"}},
		{"SELECT $0", []string{"$0 at byte 7"}},
		{"SELECT $1a", []string{"$1a", "space"}},
		{"SELECT $a", []string{"$a"}},
		{"SELECT $", []string{"$ at"}},
		{"SELECT $99999999999999999999", []string{"$9999"}},
		{"SELECT $１", []string{"$１"}},
	}
	for _, tt := range tests {
		s := parse(t, tt.text)
		_, err := s.Style()
		if err == nil {
			t.Errorf("%s: no error", tt.text)
			continue
		}
		for _, part := range tt.says {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %v; want %q in it", tt.text, err, part)
			}
		}
		if _, err := s.Bind(make([]Arg, s.NumInput()), BindOptions{}); err == nil {
			t.Errorf("%s: was bound", tt.text)
		}
	}
}

func TestPlacesOfPlaceholders(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want []place
	}{
		{"SELECT ? FROM t WHERE a = ?", []place{inExpression, inExpression}},
		{"INSERT INTO t VALUES (?, -?, ? + 1, (?), f(?))", []place{inValues, signedValue, inExpression, inExpression, inExpression}},
		{"INSERT INTO t VALUES (:a,:b),(:c, - :a)", []place{inValues, inValues, inValues, signedValue}},
		{"REPLACE INTO t (a) VALUES ($1), ($2)", []place{inValues, inValues}},
		{"INSERT INTO t VALUES (?) RETURNING ?", []place{inValues, inExpression}},
		{"INSERT INTO t SELECT ?", []place{inExpression}},
		{"INSERT INTO t SELECT * FROM (VALUES (?))", []place{inExpression}},
		{"VALUES (?)", []place{inExpression}},
		{"EXPLAIN INSERT INTO t VALUES (?)", []place{inExpression}},
		{"SELECT ?; INSERT INTO t VALUES (?); SELECT ?", []place{inExpression, inValues, inExpression}},

		{"TQL EVAL (?, ?, '1s') up", []place{inOption, inOption}},
		{"tql analyze verbose format json ($1, now() - $2, $3, $4) up", []place{inOption, inExpression, inOption, inOption}},
		{"TQL EVALUATE (now() - ?, f(?), ?) up", []place{inExpression, inExpression, inOption}},
		{"TQL EVAL (0, 1, '1s') up{a=?}", []place{inPromQL}},
		{"TQL EVAL ?", []place{inPromQL}},
		{"TQL EXPLAIN (?, ?, ?) sum(rate(up{a=~?}[5m])) + ?", []place{inOption, inOption, inOption, inPromQL, inPromQL}},
		{"WITH x AS (TQL EVAL (?, 1, '1s') up{a=?}) SELECT * FROM x WHERE y = ?", []place{inOption, inPromQL, inExpression}},
		{"CREATE FLOW f SINK TO s AS TQL EVAL (?, 1, '1s') sum(up{a=?})", []place{inOption, inPromQL}},
		{"TQL EVAL (0, 1, '1s') up{a='x'}; SELECT ?", []place{inExpression}},
		{"TQL EVAL (0, 1, ?", []place{inExpression}},
		{"SELECT tql, ? FROM eval", []place{inExpression}},

		{"COPY t TO ? WITH (FORMAT = ?, start_time=?, end_time = ?) CONNECTION (region = ?)", []place{inOption, inOption, inOption, inOption, inExpression}},
		{"COPY (SELECT * FROM t WHERE (ts = ?)) TO '/f' WITH (start_time = f(?), end_time = ? + ?)", []place{inExpression, inExpression, inExpression, inExpression}},
		{"COPY t FROM '/f' WITH (start_time = ?", []place{inExpression}},
		{"WITH (a = ?)", []place{inExpression}},
		{"SELECT avg(v) RANGE ? FROM t ALIGN ? TO ? BY (h)", []place{inExpression, inExpression, inOption}},
		{"SELECT tql eval, ?", []place{inExpression}},
		{"SELECT (tql, ?)", []place{inExpression}},
		{"TQL", nil},
		{"TQL EVAL", nil},
		{"TQL EVAL FORMAT", nil},
	}
	for _, tt := range tests {
		var got []place
		for _, st := range parse(t, tt.text).Statements {
			for _, p := range st.Placeholders {
				got = append(got, p.place)
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s\n got %v\nwant %v", tt.text, got, tt.want)
		}
	}
	// Recording rules have colons in their names.
	if got := inputsOf(parse(t, "TQL EVAL (:a, 1, '1s') job:rate:sum + :b")); !slices.Equal(got, []string{":a=0"}) {
		t.Errorf("PromQL with colons: %v", got)
	}
}

// Reading is linear in the text, however its brackets are nested.
func TestDeepNesting(t *testing.T) {
	t.Parallel()
	const depth = 20_000
	for _, unit := range []string{"(", "[", "{", ")", "(TQL EVAL (", "a[", "INSERT INTO t VALUES ((", "$a", ":a ", "VALUES(", "#"} {
		parse(t, strings.Repeat(unit, depth))
		parse(t, "INSERT INTO t VALUES ("+strings.Repeat(unit, depth))
	}
}
