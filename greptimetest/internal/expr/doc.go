// Package expr is what one expression of a query is: its SQL for DuckDB, the type and the
// name of its result, and the rules by which expressions are cast, compared, computed and
// merged. It knows no parse tree and no table.
package expr
