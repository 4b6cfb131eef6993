// Package translate turns the parse tree of a query into DuckDB's SQL, node by node, knowing
// the types of columns. A node that it does not know is refused. Three interfaces are all it
// asks of a database; it does not depend on DuckDB.
package translate
