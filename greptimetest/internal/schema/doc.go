// Package schema is the ground floor of the test server: what GreptimeDB's types,
// tables, sessions, errors and tokens are, how a statement defines them, and how
// literals and casts make the values of a column. It knows neither DuckDB nor the wire.
package schema
