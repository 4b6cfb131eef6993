package translate

import (
	"context"

	"github.com/greptime-go/greptime/greptimetest/internal/expr"
	"github.com/greptime-go/greptime/greptimetest/internal/functions"
	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// translator turns one statement's parse tree into DuckDB's SQL.
type translator struct {
	ctx context.Context
	db  Database
	env functions.Env
	// replaced is the view that CREATE OR REPLACE VIEW replaces; its query cannot
	// read it.
	replaced *schema.Table
	// ctes are the columns of the common table expressions in sight.
	ctes    map[string][]expr.Expr
	place   expr.Place
	nesting int
	unnamed int // subqueries without an alias so far
	read    tablesRead
}

// tablesRead is what a query reads.
type tablesRead struct {
	// version is the schema version of a table behind the result, -1 without one.
	version int
	// from is set once a query has a FROM: then DuckDB fails while rows flow, not before.
	from bool
}

func newTranslator(ctx context.Context, db Database, env functions.Env) *translator {
	return &translator{ctx: ctx, db: db, env: env, ctes: map[string][]expr.Expr{}, place: expr.Place{Zone: env.Session.Zone}, read: tablesRead{version: -1}}
}

// maxDepth bounds the nesting of queries and expressions.
const maxDepth = 400

func tooDeep() *schema.Error { return schema.NotSupported("a statement that is nested this deeply") }

func (tr *translator) enter() error {
	if tr.nesting++; tr.nesting > maxDepth {
		return tooDeep()
	}
	return nil
}

func (tr *translator) leave() { tr.nesting-- }
