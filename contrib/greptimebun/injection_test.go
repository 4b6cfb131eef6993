package greptimebun

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"net"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"github.com/greptime-go/greptime/internal/test/sqlshape"
)

// TestHostileTextsRemainValuesAndNames gives bun hostile texts as values and as names.
func TestHostileTextsRemainValuesAndNames(t *testing.T) {
	t.Parallel()
	r := sqlshape.Record(t)
	pool, err := sql.Open("greptime", r.DSN("insert=sql"))
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

type (
	namedText  string
	namedBytes []byte
	valuer     struct{ v driver.Value }
	stringer   struct{ Text string }
	texter     struct{ text string }
)

func (v valuer) Value() (driver.Value, error) { return v.v, nil }
func (s stringer) String() string             { return s.Text }
func (t texter) MarshalText() ([]byte, error) { return []byte(t.text), nil }

// TestArgumentsOfNoTypeLeaveTheirPlace gives bun, which writes arguments into the text by itself,
// hostile texts in every type that can hold text: as conditions, and as columns of a model.
func TestArgumentsOfNoTypeLeaveTheirPlace(t *testing.T) {
	t.Parallel()
	r := sqlshape.Record(t)
	pool, err := sql.Open("greptime", r.DSN("insert=sql"))
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	db := bun.NewDB(pool, New())
	types := map[string]func(text string) any{
		"*string":             func(s string) any { return &s },
		"named text":          func(s string) any { return namedText(s) },
		"named bytes":         func(s string) any { return namedBytes(s) },
		"sql.NullString":      func(s string) any { return sql.NullString{String: s, Valid: true} },
		"sql.Null":            func(s string) any { return sql.Null[string]{V: s, Valid: true} },
		"sql.RawBytes":        func(s string) any { return sql.RawBytes(s) },
		"json.RawMessage":     func(s string) any { b, _ := json.Marshal(s); return json.RawMessage(b) },
		"json.Number":         func(s string) any { return json.Number(s) },
		"Valuer of a string":  func(s string) any { return valuer{s} },
		"Valuer of bytes":     func(s string) any { return valuer{[]byte(s)} },
		"pointer to a Valuer": func(s string) any { return &valuer{s} },
		"Stringer":            func(s string) any { return stringer{s} },
		"TextMarshaler":       func(s string) any { return texter{s} },
		"error":               func(s string) any { return errors.New(s) },
		"list":                func(s string) any { return []string{s, s} },
		"list of any":         func(s string) any { return []any{s, []byte(s)} },
		"array":               func(s string) any { return [2]string{s, s} },
		"map":                 func(s string) any { return map[string]any{s: []string{s}} },
		"url.URL":             func(s string) any { return url.URL{Scheme: "x", Opaque: s} },
		"net.IPNet":           func(s string) any { return net.IPNet{IP: net.IP(s), Mask: net.IPMask(s)} },
		"time of a zone so named": func(s string) any {
			return time.Date(2024, 1, 2, 3, 4, 5, 0, time.FixedZone(s, 3600))
		},
	}
	templates := []string{"device = ? OR note LIKE ?", "-?", "device=?AND note=?OR 1", "'it''s' = ? -- ' \n", "/* ' */ ? = \"'\"", "'\\\\' = ?"}
	hostile := slices.DeleteFunc(sqlshape.Hostile(), func(text string) bool { return !utf8.ValidString(text) })
	for name, arg := range types {
		for _, template := range templates {
			n := strings.Count(template, "?")
			r.Check(t, name+", "+template, hostile, func(text string) error {
				rows, err := db.NewSelect().ColumnExpr("1").TableExpr("t").Where(template, slices.Repeat([]any{arg(text)}, n)...).Rows(t.Context())
				if err != nil {
					return err
				}
				return rows.Close()
			})
		}
		r.Check(t, name+", a map's value", hostile, func(text string) error {
			values := map[string]any{"device": arg(text), "ts": noon}
			_, err := db.NewInsert().Model(&values).TableExpr("readings").Exec(t.Context())
			return err
		})
	}
}
