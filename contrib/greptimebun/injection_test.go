package greptimebun

import (
	"database/sql"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"github.com/greptime-go/greptime/internal/test/sqlshape"
)

// TestHostileTextsRemainValuesAndNames gives bun hostile texts as values and as names.
func TestHostileTextsRemainValuesAndNames(t *testing.T) {
	t.Parallel()
	r := sqlshape.Record(t)
	pool, err := sql.Open("greptime", r.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	db := bun.NewDB(pool, New())
	model := func() *bun.SelectQuery { return db.NewSelect().Model((*Reading)(nil)).Column("device") }
	read := func(q *bun.SelectQuery) error {
		rows, err := q.Rows(t.Context())
		if err != nil {
			return err
		}
		return rows.Close()
	}
	values := map[string]func(text string) error{
		"condition": func(text string) error { return read(model().Where("device = ? OR note LIKE ?", text, text)) },
		"IN":        func(text string) error { return read(model().Where("device IN (?)", bun.List([]string{text, text}))) },
		"bytes":     func(text string) error { return read(model().Where("device = ?", []byte(text))) },
		"map":       func(text string) error { return read(model().Where("labels = ?", map[string]string{text: text})) },
		"having":    func(text string) error { return read(model().GroupExpr("device").Having("max(level) = ?", text)) },
		"raw": func(text string) error {
			_, err := db.NewRaw("DELETE FROM readings WHERE device = ?", text).Exec(t.Context())
			return err
		},
		"insert": func(text string) error {
			row := reading(text, noon)
			row.Note, row.Level, row.Bytes, row.Labels = &text, text, []byte(text), map[string]string{text: text}
			_, err := db.NewInsert().Model(&row).Exec(t.Context())
			return err
		},
		"delete": func(text string) error {
			_, err := db.NewDelete().Model((*Reading)(nil)).Where("device = ?", text).Exec(t.Context())
			return err
		},
	}
	names := map[string]func(text string) error{
		"column": func(text string) error { return read(model().Where("? = 1", bun.Ident(text))) },
		"name":   func(text string) error { return read(model().Where("? = 1", bun.Name(text))) },
		"table":  func(text string) error { return read(db.NewSelect().ColumnExpr("1").Table(text)) },
		"select": func(text string) error { return read(db.NewSelect().Model((*Reading)(nil)).Column(text)) },
	}
	// For text that is not UTF-8 bun is made to send what the server refuses, because it has no
	// other way to report it.
	valid := slices.DeleteFunc(sqlshape.Hostile(), func(text string) bool { return !utf8.ValidString(text) })
	for name, send := range values {
		r.Check(t, name, valid, send)
	}
	// A dot separates the parts of a name, and a star is not quoted.
	valid = slices.DeleteFunc(valid, func(text string) bool { return strings.ContainsAny(text, ".*") || text == "" })
	for name, send := range names {
		r.Check(t, name, valid, send)
	}
	for _, text := range []string{"\xbf'", "\xbf' OR 1=1 --"} {
		r.Take()
		err := errors.Join(values["condition"](text), values["insert"](text))
		for _, sent := range r.Take() {
			if !strings.Contains(sent, `"greptimebun: `) || strings.Contains(sqlshape.Of(sent).Tokens, "or 1 = 1") {
				t.Errorf("%q was sent as %q, error %v", text, sent, err)
			}
		}
	}
}
