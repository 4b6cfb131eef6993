package translate

import (
	"context"

	"github.com/greptime-go/greptime/greptimetest/internal/expr"
	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// Database is what a query is translated against.
type Database struct {
	Parser      Parser
	Tables      Tables
	Information Information
}

// Parser parses queries.
type Parser interface {
	// ParseTree returns the parse tree of a query in DuckDB's SQL, in the JSON of
	// json_serialize_sql.
	ParseTree(ctx context.Context, query string) (string, error)
}

// Tables looks up tables and views.
type Tables interface {
	// Table returns nil if there is no table of that name.
	Table(name schema.TableName) *schema.Table
}

// Information makes the tables of information_schema.
type Information interface {
	// InformationTable returns a table as a query in DuckDB's SQL, with its columns, and
	// reports whether there is one of that name.
	InformationTable(name string) (query string, columns []expr.Expr, ok bool)
}
