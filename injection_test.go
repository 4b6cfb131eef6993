package greptime_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/bulk"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/race"
	"github.com/greptime-go/greptime/internal/test/sqlshape"
)

// TestArgumentsOfNoTypeLeaveTheirPlace sends hostile texts in arguments of every type that can
// hold text, in every place of a statement: the server reads the same tokens as for a harmless
// text.
func TestArgumentsOfNoTypeLeaveTheirPlace(t *testing.T) {
	if race.Enabled {
		t.Skip("takes long under the race detector")
	}
	t.Parallel()
	quoted := func(text string) []byte {
		b, _ := json.Marshal(text)
		return b
	}
	types := map[string]func(string) any{
		"string":                 func(s string) any { return s },
		"*string":                func(s string) any { return &s },
		"[]byte":                 func(s string) any { return []byte(s) },
		"named string":           func(s string) any { return namedString(s) },
		"named bytes":            func(s string) any { return namedBytes(s) },
		"sql.NullString":         func(s string) any { return sql.NullString{String: s, Valid: true} },
		"sql.Null of bytes":      func(s string) any { return sql.Null[[]byte]{V: []byte(s), Valid: true} },
		"sql.RawBytes":           func(s string) any { return sql.RawBytes(s) },
		"json.RawMessage":        func(s string) any { return json.RawMessage(quoted(s)) },
		"json.RawMessage, wrong": func(s string) any { return json.RawMessage(s) },
		"json.Number":            func(s string) any { return json.Number(s) },
		"Decimal":                func(s string) any { return greptime.Decimal(s) },
		"Valuer of a string":     func(s string) any { return valuer{s} },
		"Valuer of bytes":        func(s string) any { return valuer{[]byte(s)} },
		"Valuer of JSON":         func(s string) any { return valuer{json.RawMessage(quoted(s))} },
		"Valuer of a number":     func(s string) any { return valuer{json.Number(s)} },
		"pointer to a Valuer":    func(s string) any { return &pointerValuer{s} },
		"time of a zone so named": func(s string) any {
			return time.Date(2024, 1, 2, 3, 4, 5, 0, time.FixedZone(s, 3600))
		},
	}
	places := map[string][]string{
		"":                      {"SELECT ?", "SELECT * FROM t WHERE a = ? AND b IN (?, ?) OR c LIKE ?", "DELETE FROM t WHERE a = ?", "INSERT INTO t SELECT ?", "INSERT INTO t (a, b) VALUES (?, 'it''s'), ('\\', ?)"},
		"beside quotes":         {"SELECT '?', \"?\", `?`, ?", "SELECT '\\', ?", "SELECT 'a''', ?, '''?'", "SELECT X'3f', ?, N'?'"},
		"beside E-strings":      {"SELECT E'?', ?"},
		"beside dollar quotes":  {"SELECT $$?$$, ?, $$'$$", "SELECT $$\\$$, ?"},
		"beside comments":       {"SELECT ? -- ?\n, ? /* ? ' */ , ?", "/* ? */ SELECT ? --", "-- '\nSELECT ?"},
		"glued to others":       {"SELECT -?,(?)+?||?", "SELECT a=?AND b=?OR c"},
		"in a TQL":              {"TQL EVAL (?, ?, ?) up{a='?'}"},
		"in an option":          {"COPY t TO ? WITH (FORMAT = ?)"},
		"in an ADMIN":           {"ADMIN flush_table(?)"},
		"in several statements": {"SELECT ?; DELETE FROM t WHERE a = ?; SELECT '?;', ?"},
	}
	r := sqlshape.Record(t)
	db := openServer(t, r.Server, "insert=sql", "multi_statements=true")
	run := 0
	for name, arg := range types {
		for place, templates := range places {
			for _, template := range templates {
				hostile := sqlshape.Hostile()
				if run++; name != "string" { // one in seven of them, in turn
					hostile = slices.DeleteFunc(hostile, func(text string) bool { return (slices.Index(sqlshape.Hostile(), text)+run)%7 > 0 })
				}
				r.Check(t, fmt.Sprintf("%s %s, %s", name, place, template), hostile, func(text string) error {
					args := slices.Repeat([]any{arg(text)}, countPlaceholders(template))
					rows, err := db.Query(template, args...)
					if err == nil {
						err = rows.Close()
					}
					return err
				})
			}
		}
	}

	// What arrives is the text itself.
	for _, text := range sqlshape.Hostile() {
		r.Take()
		rows, err := db.Query("SELECT * FROM t WHERE a = ?", text)
		if err != nil {
			if utf8.ValidString(text) {
				t.Errorf("%q: %v", text, err)
			}
			continue
		}
		rows.Close()
		if got := sqlshape.Of(r.Take()[0]).Strings; len(got) != 1 || got[0] != text {
			t.Errorf("%q arrives as %q", text, got)
		}
	}
}

// countPlaceholders returns the number of question marks of a text outside of quotes and comments.
func countPlaceholders(text string) (n int) {
	for _, c := range sqlshape.Of(text).Tokens {
		if c == '?' {
			n++
		}
	}
	return n
}

// TestNamesLeaveTheirPlaceInNoStatement gives packages insert and bulk, and the Config, hostile
// names of tables, columns and databases.
func TestNamesLeaveTheirPlaceInNoStatement(t *testing.T) {
	t.Parallel()
	r := sqlshape.Record(t)
	for name, send := range map[string]func(context.Context, *sql.DB, string) error{
		"insert, table": func(ctx context.Context, db *sql.DB, name string) error {
			table := insert.NewTable(name, insert.Time("ts", insert.Millisecond))
			if err := table.Append(time.UnixMilli(1)); err != nil {
				return err
			}
			_, err := insert.Write(ctx, db, table)
			return err
		},
		"insert, column": func(ctx context.Context, db *sql.DB, name string) error {
			table := insert.NewTable("t", insert.Time("ts", insert.Millisecond), insert.Tag(name, insert.String))
			if err := table.Append(time.UnixMilli(1), "a"); err != nil {
				return err
			}
			_, err := insert.Write(ctx, db, table)
			return err
		},
		"bulk, table": func(ctx context.Context, db *sql.DB, name string) error {
			w, err := bulk.NewWriter(ctx, db, name, bulk.Options{})
			if err != nil {
				return err
			}
			_, err = w.Close(ctx)
			return err
		},
	} {
		db := openServer(t, r.Server)
		r.Check(t, name, sqlshape.Hostile(), func(text string) error {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			return send(ctx, db, text)
		})
	}
	r.Check(t, "the database of a Config", sqlshape.Hostile(), func(text string) error {
		cfg := &greptime.Config{Endpoints: []string{r.Addr()}, Database: text, User: "u", Password: greptime.NewSecret(text)}
		connector, err := greptime.NewConnector(cfg)
		if err != nil {
			return err
		}
		db := sql.OpenDB(connector)
		defer db.Close()
		_, err = db.Exec("DELETE FROM t")
		return err
	})
}
