package translate_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/greptime-go/greptime/greptimetest/internal/expr"
	"github.com/greptime-go/greptime/greptimetest/internal/functions"
	"github.com/greptime-go/greptime/greptimetest/internal/schema"
	"github.com/greptime-go/greptime/greptimetest/internal/translate"
)

// trees are parse trees as DuckDB gives them; a test of package engine holds them against
// DuckDB.
type trees map[string]json.RawMessage

func (t trees) ParseTree(_ context.Context, query string) (string, error) {
	tree, ok := t[query]
	if !ok {
		return "", fmt.Errorf(`testdata/trees.json has no %q: add it with the value {}, and run "go test ./greptimetest/internal/engine -run Trees -update"`, query)
	}
	return string(tree), nil
}

// information has a table of information_schema.
type information struct{}

func (information) InformationTable(name string) (string, []expr.Expr, bool) {
	return "SELECT 'public' AS schema_name", []expr.Expr{{Name: "schema_name", Result: expr.Result{Type: schema.StringType}}}, name == "schemata"
}

// database has the tables public.cpu and other.cpu, and the view other.busy of the latter.
func database(t *testing.T) translate.Database {
	b, err := os.ReadFile("testdata/trees.json")
	if err != nil {
		t.Fatal(err)
	}
	var parser trees
	if err := json.Unmarshal(b, &parser); err != nil {
		t.Fatal(err)
	}
	table := func(id int, db string, version int) *schema.Table {
		return &schema.Table{ID: id, Database: db, Name: "cpu", Version: version, Tags: []string{"host"}, Columns: []schema.Column{
			{Name: "host", Type: schema.StringType, Nullable: true, Semantic: schema.Tag},
			{Name: "ts", Type: schema.Type{Kind: schema.TimestampMilli}, Semantic: schema.TimeIndex},
			{Name: "load", Type: schema.Int32Type, Nullable: true, Semantic: schema.Field},
		}}
	}
	tables := &schema.Catalog{Databases: map[string]map[string]*schema.Table{
		"public": {"cpu": table(1, "public", 3)},
		"other": {
			"cpu":  table(2, "other", 7),
			"busy": {ID: 3, Database: "other", Name: "busy", View: "SELECT host FROM cpu"},
		},
	}}
	return translate.Database{Parser: parser, Tables: tables, Information: information{}}
}

func environment() functions.Env {
	return functions.Env{Session: schema.NewSession("greptime", "public", "+08:00"), Now: time.Unix(1700000000, 0)}
}

func tokens(t *testing.T, sql string) []schema.Token {
	stmts, err := schema.Lex(sql)
	if err != nil || len(stmts) != 1 {
		t.Fatalf("%s: %d statements, %v", sql, len(stmts), err)
	}
	return stmts[0]
}

func TestQuery(t *testing.T) {
	t.Parallel()
	db := database(t)
	for _, tt := range []struct {
		query, sql string
		columns    string // name, type and, if it may be NULL, a question mark
		version    int
	}{
		{`SELECT 1`, `SELECT CAST(1 AS BIGINT) AS "Int64(1)"`, "Int64(1) BIGINT", -1},
		{`SELECT host FROM cpu`, `SELECT "cpu"."host" AS "host" FROM main.t1 AS "cpu"("host", "ts", "load")`, "host STRING?", 3},
		{`SELECT c.load + 1 AS n FROM other.cpu c`, `SELECT CAST(("c"."load" + CAST(1 AS BIGINT)) AS BIGINT) AS "n" FROM main.t2 AS "c"("host", "ts", "load")`, "n BIGINT?", 7},
		// Text without a zone is of the session's, and <= reaches to the end of its second.
		{`SELECT host FROM cpu WHERE ts <= '1970-01-01 08:00:01'`,
			`SELECT "cpu"."host" AS "host" FROM main.t1 AS "cpu"("host", "ts", "load") WHERE ("cpu"."ts" <= CAST(make_timestamp_ms(CAST('1999' AS BIGINT)) AS TIMESTAMP_MS))`, "host STRING?", 3},
		// A common table expression hides a table.
		{`WITH cpu AS (SELECT 2 AS x) SELECT * FROM cpu`,
			`WITH "cpu"("x") AS (SELECT CAST(2 AS BIGINT) AS "x") SELECT "cpu"."x" AS "x" FROM "cpu" AS "cpu"("x")`, "x BIGINT", -1},
		// A view reads the tables of its own database.
		{`SELECT * FROM other.busy`, `SELECT "busy"."host" AS "host" FROM (SELECT "cpu"."host" AS "host" FROM main.t2 AS "cpu"("host", "ts", "load")) AS "busy"("host")`, "host STRING?", 7},
		{`SELECT * FROM information_schema.schemata`,
			`SELECT "schemata"."schema_name" AS "schema_name" FROM (SELECT 'public' AS schema_name) AS "schemata"("schema_name")`, "schema_name STRING", 0},
	} {
		p, err := translate.Query(context.Background(), db, environment(), tokens(t, tt.query))
		if err != nil {
			t.Errorf("%s: %v", tt.query, err)
			continue
		}
		var columns []string
		for _, c := range p.Columns {
			s := c.Name + " " + c.Type.SQL()
			if c.Null {
				s += "?"
			}
			columns = append(columns, s)
		}
		if got := strings.Join(columns, ", "); p.SQL != tt.sql || got != tt.columns || p.Version != tt.version || p.FromTables != strings.Contains(tt.query, "FROM") {
			t.Errorf("%s\n is   %s\n      %s, version %d, from tables %t\n want %s\n      %s, version %d", tt.query, p.SQL, got, p.Version, p.FromTables, tt.sql, tt.columns, tt.version)
		}
	}
}

func TestRefusedQueries(t *testing.T) {
	t.Parallel()
	db := database(t)
	for _, tt := range []struct {
		query string
		code  schema.Code
		text  string
	}{
		{`SELECT * FROM nothing`, schema.TableNotFound, "Failed to plan SQL: Table not found: greptime.public.nothing"},
		{`SELECT usage FROM cpu`, schema.PlanQuery, "Failed to plan SQL: No field named usage. Valid fields are cpu.host, cpu.ts, cpu.load."},
		{`SELECT * FROM information_schema.engines`, schema.Unsupported, "Not supported by greptimetest: information_schema.engines"},
		{`SELECT * EXCEPT (host) FROM cpu`, schema.Unsupported, "Not supported by greptimetest: * EXCEPT"},
		{`SELECT CAST(1 AS JSON)`, schema.Unsupported, "Not supported by greptimetest: CAST to JSON"},
	} {
		_, err := translate.Query(context.Background(), db, environment(), tokens(t, tt.query))
		var e *schema.Error
		if !errors.As(err, &e) || e.Code != tt.code || e.Message != tt.text {
			t.Errorf("%s: %v, want %d %s", tt.query, err, tt.code, tt.text)
		}
	}
}

func TestViewThatReadsTheOneItReplaces(t *testing.T) {
	t.Parallel()
	db := database(t)
	busy := db.Tables.Table(schema.TableName{Catalog: "greptime", DB: "other", Table: "busy"})
	_, err := translate.View(context.Background(), db, environment(), tokens(t, `SELECT * FROM other.busy`), busy)
	var e *schema.Error
	if !errors.As(err, &e) || e.Code != schema.Unsupported {
		t.Errorf("%v, want 1001", err)
	}
}

func TestDelete(t *testing.T) {
	t.Parallel()
	db := database(t)
	cpu := db.Tables.Table(schema.TableName{Catalog: "greptime", DB: "public", Table: "cpu"})
	for _, tt := range []struct{ from, want string }{
		{`cpu`, `DELETE FROM t1`},
		{`cpu WHERE host = 'a'`, `DELETE FROM t1 WHERE rowid IN (SELECT "cpu".rowid FROM main.t1 AS "cpu"("host", "ts", "load") WHERE ("cpu"."host" = 'a'))`},
	} {
		got, err := translate.Delete(context.Background(), db, environment(), cpu, tokens(t, tt.from))
		if err != nil || got != tt.want {
			t.Errorf("DELETE FROM %s is %s %v\n want %s", tt.from, got, err, tt.want)
		}
	}
}
