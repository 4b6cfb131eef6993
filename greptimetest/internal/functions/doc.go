// Package functions is the functions that a query can call. A file has those of one theme:
// a table of names, and how each is written in DuckDB's SQL. What DuckDB has no function for
// is a function in Go, which the SQL calls.
package functions
