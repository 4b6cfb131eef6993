package sqltext

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestValuesOfInsert(t *testing.T) {
	t.Parallel()
	text := `INSERT INTO Greptime."Public".T (Host, "ts", ` + "`a``b`" + `) VALUES
		('a', ?, -1.5), -- first
		(DEFAULT, - ?, now()),
		("x", (?), f(1, ?)) ;`
	s := parse(t, text)
	v := s.Statements[0].Values
	if want := []string{"greptime", "Public", "t"}; !slices.Equal(v.Table, want) {
		t.Errorf("table %q, want %q", v.Table, want)
	}
	if want := []string{"Host", "ts", "a`b"}; !slices.Equal(v.Columns, want) {
		t.Errorf("columns %q, want %q", v.Columns, want)
	}
	if v.Rows != 3 || v.Width != 3 || v.Trailing {
		t.Errorf("%d rows of %d, trailing %v", v.Rows, v.Width, v.Trailing)
	}
	type item struct {
		text        string
		kind        ValueKind
		placeholder int32
	}
	want := []item{
		{"'a'", Literal, 0}, {"?", Argument, 0}, {"-1.5", Literal, 0},
		{"DEFAULT", Literal, 0}, {"- ?", SignedArgument, 1}, {"now()", Expression, 0},
		{`"x"`, Literal, 0}, {"(?)", Expression, 0}, {"f(1, ?)", Expression, 0},
	}
	var got []item
	for _, it := range v.Items {
		got = append(got, item{text[it.Start:it.End], it.Kind, it.Placeholder})
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if n := len(s.Statements[0].Placeholders); n != 4 {
		t.Errorf("%d placeholders", n)
	}
}

// GreptimeDB's rule: a literal, a number with one sign, DEFAULT, or a name in double
// quotes.
func TestLiteralsInValues(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]ValueKind{
		"1": Literal, "-1": Literal, "+1": Literal, "- 1": Literal, "1e3": Literal, ".5": Literal, "5.": Literal,
		"1L": Literal, "-1L": Literal, "'a'": Literal, "N'a'": Literal, "$$a$$": Literal, "X'00'": Literal,
		"0x00": Literal, `"a"`: Literal, "NULL": Literal, "true": Literal, "False": Literal, "default": Literal,
		"/* a */ 1 -- b\n": Literal,

		"?": Argument, "$1": Argument, ":a": Argument,
		"-?": SignedArgument, "+ ?": SignedArgument, "-:a": SignedArgument, "-$1": SignedArgument,

		"- -5": Expression, "--5\n": Expression, "(-5)": Expression, "(5)": Expression, "1+0": Expression,
		"-'a'": Expression, "-NULL": Expression, "- X'00'": Expression, `-"a"`: Expression, "`a`": Expression,
		"a": Expression, "a.b": Expression, "now()": Expression, "'a'::STRING": Expression,
		"CAST(1 AS INT)": Expression, "TIMESTAMP '2024-01-01 00:00:00'": Expression,
		"'a' 'b'": Expression, "NOT TRUE": Expression, "- -?": Expression, "(?)": Expression, "? + 1": Expression,
		"[1, 2]": Expression, "concat(?, 'x')": Expression, "-a": Expression, "-(1)": Expression, "*": Expression,
	} {
		v := parse(t, "INSERT INTO t VALUES ("+value+")").Statements[0].Values
		if strings.TrimSpace(value) == "--5" {
			if len(v.Items) != 0 {
				t.Errorf("a comment became %v", v.Items)
			}
			continue
		}
		if len(v.Items) != 1 || v.Items[0].Kind != want {
			t.Errorf("%s: %+v, want kind %d", value, v.Items, want)
		}
		if v.literal != (want != Expression) {
			t.Errorf("%s: literal path %v", value, v.literal)
		}
	}
}

func TestShapesOfInsert(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text        string
		rows, width int
		trailing    bool
		literal     bool
	}{
		{"INSERT INTO t VALUES (1)", 1, 1, false, true},
		{"INSERT t VALUES (1, 2)", 1, 2, false, true},
		{"insert into t(a) values (1),(2)", 2, 1, false, true},
		{"INSERT INTO t () VALUE (1)", 1, 1, false, true},
		{"INSERT INTO TABLE t VALUES ROW(1), row (2)", 2, 1, false, true},
		{"INSERT OR REPLACE INTO t VALUES (1)", 1, 1, false, true},
		{"INSERT OVERWRITE t VALUES (1)", 1, 1, false, true},
		{"REPLACE INTO t (a, b,) VALUES (1, 2,),", 1, 2, false, true},
		{"INSERT INTO values VALUES (1)", 1, 1, false, true},
		{"INSERT INTO 't' ('a') VALUES (1)", 1, 1, false, true},
		{"INSERT INTO t VALUES (1),(2, 3)", 2, 0, false, true},
		{"INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING", 1, 1, true, true},
		{"INSERT INTO t VALUES (1), RETURNING a", 1, 1, true, true},
		{"INSERT INTO t VALUES (1) LIMIT 1", 1, 1, true, true},
		{"INSERT INTO t VALUES (1) UNION ALL VALUES (2)", 1, 1, true, false},
		{"INSERT INTO t VALUES (1) EXCEPT SELECT 2", 1, 1, true, false},
		{"INSERT INTO t VALUES (1", 1, 1, false, true},
		{"INSERT INTO t VALUES (f(1, [2, 3], {4: 5}), 6)", 1, 2, false, false},
		{"INSERT INTO t VALUES ()", 1, 0, false, true},
		{"INSERT INTO t VALUES (1,,2)", 1, 3, false, false},
	}
	for _, tt := range tests {
		v := parse(t, tt.text).Statements[0].Values
		if v == nil {
			t.Errorf("%s: no values", tt.text)
			continue
		}
		if v.Rows != tt.rows || v.Width != tt.width || v.Trailing != tt.trailing || v.literal != tt.literal {
			t.Errorf("%s: %+v", tt.text, v)
		}
	}
	for _, text := range []string{
		"INSERT", "INSERT INTO", "INSERT INTO t", "INSERT INTO t.", "INSERT INTO t VALUES", "INSERT INTO t VALUES 1",
		"INSERT INTO t (a", "INSERT INTO t (a+b) VALUES (1)", "INSERT INTO t SELECT 1", "INSERT INTO ? VALUES (1)",
		"INSERT INTO t SELECT * FROM (VALUES (1))", "INSERT INTO t SELECT 1 UNION VALUES (1)", "INSERT OR",
		"VALUES (1)", "SELECT 1", "DELETE FROM t",
	} {
		if v := parse(t, text).Statements[0].Values; v != nil {
			t.Errorf("%s: %+v", text, v)
		}
	}
}

func TestPlainInserts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"INSERT INTO t (a) VALUES (1)": true,
		"insert t values (?)":          true,
		"INSERT INTO t (a, \"b\", `c`) VALUES (1, ?, 'x'), (-1, $1, NULL) ; -- end": true,
		"INSERT INTO d.t (a) VALUES (:a)":                                           true,
		`INSERT INTO "Größe" ("where") VALUES (1)`:                                  true,
		"INSERT INTO select (a) VALUES (1)":                                         true, // GreptimeDB takes it for a table

		"REPLACE INTO t (a) VALUES (1)":                       false,
		"INSERT OR REPLACE INTO t (a) VALUES (1)":             false,
		"INSERT OVERWRITE t (a) VALUES (1)":                   false,
		"INSERT INTO TABLE t (a) VALUES (1)":                  false,
		"INSERT INTO größe (a) VALUES (1)":                    false,
		"INSERT INTO t () VALUES (1)":                         false,
		"INSERT INTO t (a b) VALUES (1)":                      false,
		"INSERT INTO t (a,,b) VALUES (1, 2)":                  false,
		"INSERT INTO t (,a) VALUES (1)":                       false,
		"INSERT INTO t (a,) VALUES (1)":                       false,
		"INSERT INTO t (Where) VALUES (1)":                    false, // the server does not
		"INSERT INTO t (é) VALUES (1)":                        false,
		"INSERT INTO t (a) VALUE (1)":                         false,
		"INSERT INTO t (a) VALUES ROW(1)":                     false,
		"INSERT INTO t (a) VALUES (1),":                       false,
		"INSERT INTO t (a) VALUES (1),,(2)":                   false,
		"INSERT INTO t (a) VALUES (1) (2)":                    false,
		"INSERT INTO t (a) VALUES (1,)":                       false,
		"INSERT INTO t (a) VALUES (1,,2)":                     false,
		"INSERT INTO t (a) VALUES ()":                         false,
		"INSERT INTO t (a) VALUES (1":                         false,
		"INSERT INTO t (a) VALUES (1), (2, 3)":                false,
		"INSERT INTO t (a) VALUES (1) ON CONFLICT DO NOTHING": false,
		"INSERT INTO t (a) VALUES (1) RETURNING a":            false,
		"INSERT INTO t (a) VALUES (1) UNION SELECT 1":         false,
		"INSERT INTO t (a) VALUES (now())":                    false,
		"INSERT INTO t (a) VALUES (-?)":                       false,
		"INSERT INTO t (a) VALUES ((1))":                      false,
	} {
		if v := parse(t, text).Statements[0].Values; v == nil || v.Plain != want {
			t.Errorf("%s: %+v, want plain %v", text, v, want)
		}
	}
}

// Only where each value is a placeholder, and each placeholder the next argument, can the
// arguments be taken as they come.
func TestValuesInOrder(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"INSERT INTO t (a, b) VALUES (?, ?), (?, ?)":     true,
		"INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4)": true,
		"INSERT INTO t (a, b) VALUES (:a, :b)":           true,
		"INSERT INTO t (a, b) VALUES (?, 1), (?, ?)":     false,
		"INSERT INTO t (a, b) VALUES (?, ?), (?, NULL)":  false,
		"INSERT INTO t (a, b) VALUES (?, ?), (?, -?)":    false,
		"INSERT INTO t (a, b) VALUES (?, ?), (?, f(?))":  false,
		"INSERT INTO t (a, b) VALUES ($2, $1)":           false,
		"INSERT INTO t (a, b) VALUES ($1, $1)":           false,
		"INSERT INTO t (a, b) VALUES (:a, :b), (:b, :a)": false,
		"SELECT ?; INSERT INTO t (a) VALUES (?)":         false,
	} {
		s := parse(t, text)
		if got := s.Statements[len(s.Statements)-1].Values.InOrder; got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
