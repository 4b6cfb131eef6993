// Package greptimeslog writes log records as rows of a GreptimeDB table.
//
//	db, err := sql.Open("greptime", "greptime://localhost:4001/public")
//	h, err := greptimeslog.New(db, greptimeslog.Options{Table: "logs"})
//	defer h.Close(ctx) // writes what is left
//	slog.SetDefault(slog.New(h))
//	slog.Info("started", "port", 8080)
//
// # The table
//
// A record is a row of the columns ts (its time, in nanoseconds, the time index), level
// (INFO, ERROR+2), message, and attributes (JSON). Attributes that Options.Columns lists
// have columns of their own and are not in the JSON. The first rows create the table, in
// append mode: without it, a record replaces another one of the same time. A record without a
// time gets the time at which it is handled.
//
// Groups are objects in the JSON. Of attributes with equal keys in the same group the last
// counts, and groups with equal keys are one group. Durations are integers of nanoseconds, times
// are text in RFC 3339, errors are their text, NaN and infinities are text, and other values
// are what encoding/json makes of them, or the text of fmt's %+v if it cannot encode them.
//
// # What is guaranteed
//
// Handle copies the record into an [insert.Writer], which sends rows in batches from other
// goroutines. It waits no longer than Options.Wait for room; by default it does not wait. A
// record without room is dropped and counted. A record whose attribute does not fit its column
// is not lost: the attribute goes to the JSON, and the column is NULL. Rows that the server did
// not accept are counted as Failed. Close writes what is left, until its context ends.
//
// # What the driver itself logs
//
// The driver's own warnings, such as that an endpoint is unavailable, never become rows:
// writing them could cause the next ones. They go to Options.Fallback, by default to standard
// error, as do the reports of this package that records were dropped or not written.
package greptimeslog
