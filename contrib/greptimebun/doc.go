// Package greptimebun is a bun dialect for GreptimeDB.
//
//	sqldb, err := sql.Open("greptime", "greptime://localhost:4001/public")
//	db := bun.NewDB(sqldb, greptimebun.New())
//
// bun writes arguments into the text of statements. This dialect writes them as GreptimeDB reads
// them: times to the nanosecond and in UTC, bytes as X'…', and text and JSON without backslash
// escapes, which GreptimeDB does not have. A value that cannot be written exactly makes the
// statement one that the server refuses, with the reason in its error.
//
// What GreptimeDB does not have is an error: for models before anything is sent, which holds for
// UPDATE, soft deletes, and On, Ignore and Returning of an INSERT. Without a model, and for a map,
// bun asks no hook: the server refuses UPDATE and Ignore, and ignores On and Returning.
//
// In the VALUES of an INSERT times and JSON are plain text, because the server then reads each
// value by its column. Elsewhere they are TIMESTAMP '…' and parse_json('…'): GreptimeDB 1.0
// compares plain text on a whole second with a time by seconds.
package greptimebun
