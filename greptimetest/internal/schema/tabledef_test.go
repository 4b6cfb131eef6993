package schema

import (
	"strings"
	"testing"
)

// FuzzColumns: no column definition breaks the parser, and what it takes it can
// write down and take again.
func FuzzColumns(f *testing.F) {
	for _, s := range []string{"(host STRING, ts TIMESTAMP(3) TIME INDEX DEFAULT now(), PRIMARY KEY(host))", "(a DECIMAL(10,2) NOT NULL DEFAULT 1.5, b BIGINT UNSIGNED COMMENT 'x')",
		"(`j` JSON(format = 'structured'), \"v\" VECTOR(3), c TIMESTAMP_US NULL, TIME INDEX (c))", "(a VARCHAR(20) FULLTEXT INDEX, b TIMESTAMPTZ, c DATETIME)"} {
		f.Add(s)
	}
	s := NewSession("greptime", "public", "")
	f.Fuzz(func(t *testing.T, text string) {
		stmts, err := Lex(text)
		if err != nil || len(stmts) != 1 {
			return
		}
		table := &Table{Name: "t", Options: map[string]string{}}
		c := &Cursor{SQL: text, Tokens: stmts[0]}
		ti, keys, err := c.Columns(s, table)
		if err != nil || table.SetKeys(ti, keys) != nil {
			return
		}
		again := strings.TrimPrefix(table.CreateText(), `CREATE TABLE IF NOT EXISTS "t" `)
		stmts, err = Lex(again)
		if err != nil || len(stmts) != 1 {
			t.Fatalf("%s\n%v", again, err)
		}
		if strings.Contains(again, "INDEX WITH(") {
			return // index options are refused
		}
		c = &Cursor{SQL: again, Tokens: stmts[0]}
		same := &Table{Name: "t", Options: map[string]string{}}
		ti, keys, err = c.Columns(s, same)
		if err != nil || same.SetKeys(ti, keys) != nil {
			t.Fatalf("%s\nbecame\n%s\n%v", text, again, err)
		}
		if same.CreateText() != table.CreateText() {
			t.Errorf("%s\nbecame\n%s\nand then\n%s", text, table.CreateText(), same.CreateText())
		}
	})
}
