package translate

import (
	"context"

	"github.com/greptime-go/greptime/greptimetest/internal/expr"
	"github.com/greptime-go/greptime/greptimetest/internal/functions"
	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// Plan is a query in DuckDB's SQL.
type Plan struct {
	SQL     string
	Columns []expr.Expr
	// Version is the schema version that the result's metadata carries, -1 for none.
	Version int
	// FromTables reports whether DuckDB fails while rows flow, and not before.
	FromTables bool
}

// Query translates SELECT, WITH or VALUES.
func Query(ctx context.Context, db Database, at functions.Env, toks []schema.Token) (Plan, error) {
	return View(ctx, db, at, toks, nil)
}

// View translates the query of a view that takes the place of another one, nil for
// none.
func View(ctx context.Context, db Database, at functions.Env, toks []schema.Token, replaced *schema.Table) (Plan, error) {
	n, err := parseQuery(ctx, db.Parser, toks)
	if err != nil {
		return Plan{}, err
	}
	tr := newTranslator(ctx, db, at)
	tr.replaced = replaced
	q, outs, err := tr.query(n, nil)
	return Plan{SQL: q, Columns: outs, Version: tr.read.version, FromTables: tr.read.from}, err
}

// Delete translates DELETE FROM a table: the tokens begin with its name.
func Delete(ctx context.Context, db Database, at functions.Env, t *schema.Table, toks []schema.Token) (string, error) {
	probe, err := schema.Lex("SELECT 1 AS one FROM ")
	if err != nil {
		return "", err
	}
	n, err := parseQuery(ctx, db.Parser, append(probe[0], toks...))
	if err != nil {
		return "", err
	}
	tr := newTranslator(ctx, db, at)
	sc := &scope{}
	from, err := tr.from(n.child("from_table"), sc)
	if err != nil {
		return "", err
	}
	q := "DELETE FROM " + t.Phys()
	if w := n.child("where_clause"); w != nil {
		cond, err := tr.condition(w, sc)
		if err != nil {
			return "", err
		}
		q += " WHERE rowid IN (SELECT " + schema.Quote(sc.rels[0].phys) + ".rowid FROM " + from + " WHERE " + cond + ")"
	}
	return q, nil
}
