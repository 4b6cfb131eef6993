package script_test

import (
	"errors"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/greptime-go/greptime/cmd/greptime/internal/script"
	"github.com/greptime-go/greptime/internal/sqltext"
)

// texts hold every kind of token, and what is easily taken for one.
var texts = []string{
	"", " ", ";", "SELECT 1", "SELECT 1;", "SELECT 1; SELECT 2;; SELECT 3 -- end",
	"SELECT 'a;b' AS \"c;d\", `e;f`; x", "SELECT 'it''s', 'a\\'; SELECT 2", `SELECT X'0a\'ff'; y`, "n'a'; N'b'",
	"SELECT $$a;b$$, $t$ $$ ; $t$, $1, ?, ?2; z", "/* a; -- b */ SELECT /**/ 1; -- c; d\n SELECT 2",
	"SELECT 1.5e+3, .5, 5., 0xaf, 1e, 1L, a.b, a.1", "@x; @@time_zone; #a; @'x'; @@'x';", "#;x; @;y; @@;z",
	"a->>b #>> c @> d @? e <=> f ::g", "a--b\nc", "a/b/*c*/", "größe, 名, ⅷ, ⅵ", "SELECT\u00a01;\u30002",
	"CREATE TABLE t (\n\tts TIMESTAMP TIME INDEX\n);\nINSERT INTO t VALUES (1);", "'open", "\"open", "/* open", "$$open", "x'open", "@", "#", "\\d t",
}

// The bounds of tokens must be those of the driver's lexer, which follows the server's.
func FuzzTokensAreTheDrivers(f *testing.F) {
	for _, text := range texts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		end, open := 0, false
		var got []string
		for token := range script.Tokens(text) {
			if token.Start < end || token.End <= token.Start || token.End > len(text) {
				t.Fatalf("%q: token %+v behind byte %d", text, token, end)
			}
			end, open = token.End, open || token.Open
			got = append(got, token.Text(text))
		}
		if !utf8.ValidString(text) {
			return
		}
		driver, err := sqltext.Lex(text)
		var syntax *sqltext.SyntaxError
		if errors.As(err, &syntax) {
			return // it is not finished, or the server could not read it
		}
		if open {
			t.Errorf("%q: a token without an end, and the driver finds it", text)
		}
		var want []string
		for _, token := range driver {
			want = append(want, token.Text(text))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q:\n got %q\nwant %q", text, got, want)
		}
	})
}

func TestStatements(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want []script.Statement
	}{
		{"", nil},
		{" ; ;; -- nothing\n", nil},
		{"SELECT 1", []script.Statement{{"SELECT 1", 0, 1, false}}},
		{"-- first\n\nSELECT 1 -- one\n;\n/* second */ SELECT\n2; ", []script.Statement{{"SELECT 1", 10, 3, true}, {"SELECT\n2", 41, 5, true}}},
		{"INSERT INTO t VALUES ('a;b');SELECT $x$;$x$", []script.Statement{{"INSERT INTO t VALUES ('a;b')", 0, 1, true}, {"SELECT $x$;$x$", 29, 1, false}}},
		{"SELECT 'open; SELECT 2", []script.Statement{{"SELECT 'open; SELECT 2", 0, 1, false}}},
	} {
		if got := script.Split(c.text); !slices.Equal(got, c.want) {
			t.Errorf("%q: got %+v, want %+v", c.text, got, c.want)
		}
	}
}

func TestCompleteness(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"": true, " -- comment": true, ";": true, "SELECT 1;": true, "SELECT 1; -- end": true, "SELECT 1; SELECT 2;": true,
		"SELECT 1": false, "SELECT 'a;": false, "SELECT \"a;": false, "SELECT 1; /* open": false, "SELECT $$;": false, "SELECT 1; x": false,
	} {
		if got := script.IsComplete(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestReturnsRows(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"select 1": true, "(SELECT 1)": true, "WITH a AS (SELECT 1) SELECT * FROM a": true, "SHOW TABLES": true, "desc t": true,
		"TQL EVAL (0, 1, '1s') up": true, "EXPLAIN SELECT 1": true, "ADMIN flush_table('t')": true, "new_statement": true,
		"insert into t values (1)": false, "/* a */ DELETE FROM t": false, "Create table t (ts timestamp time index)": false, "USE db": false, "COPY t TO 'x'": false,
	} {
		if got := (script.Statement{Text: text}).ReturnsRows(); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestNamesWithoutQuotes(t *testing.T) {
	t.Parallel()
	text := "a \"b\"\"c\" `d` \"open"
	var got []string
	for token := range script.Tokens(text) {
		got = append(got, token.Value(text))
	}
	if want := []string{"a", `b"c`, "d", "open"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
