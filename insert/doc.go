// Package insert writes rows to GreptimeDB natively: typed rows in place of SQL text.
// It is the low-latency way in, for a row or some thousands at a time.
//
//	table := insert.NewTable("sensor_data",
//		insert.Tag("device_id", insert.String),
//		insert.Field("temperature", insert.Float64),
//		insert.Time("ts", insert.Millisecond))
//	err := table.Append("device_001", 23.5, time.Now())
//	n, err := insert.Write(ctx, db, table)
//
// db is a *sql.DB, a *sql.Conn or a *greptime.Conn; see [greptime.Pool]. Of a pool a
// connection is used for a moment, and is back in it before anything is sent.
// Requests have its database, its credentials and the hints of its DSN. It is safe to
// write on one connection from several goroutines.
//
// # Rows
//
// A [Table] takes rows by position ([Table.Append]), by name ([Table.NewRow]), by columns
// ([Table.AppendColumns]), and from structs ([AppendStructs], [WriteStructs]). They are encoded as they are appended. A row with
// an error is left out as a whole, and the error, a *[ValueError], names table,
// column, row and value; nothing of it is sent.
//
// [Write] inserts and [Delete] deletes, in one request for all tables if that fits. A
// [Stream] sends many requests that are answered together. What the server answers is
// a *greptime.Error.
//
// GreptimeDB has no transactions. Rows with equal tags and time replace each other
// ([MergeMode]), so to write the same rows again does no harm unless the table is in
// append mode. Tables and columns that are missing are made by the server, with the
// columns' types and roles as they are here; [Options].ExistingOnly forbids it.
//
// # What fits which column
//
// A value is stored exactly, or it is an error, apart from the roundings below.
//
//	Go value                   columns that take it
//	bool                       BOOLEAN
//	integers                   every integer type in its range; DECIMAL; DOUBLE up to 2^53,
//	                           FLOAT up to 2^24; BOOLEAN: 0 and 1; timestamps: the epoch in
//	                           the column's unit
//	float64, float32           DOUBLE; FLOAT (a); DECIMAL (b)
//	string                     STRING; VARBINARY; JSON (d); DECIMAL: -12.50 (b);
//	                           DATE: 2006-01-02; TIME: 15:04:05.999; timestamps: RFC 3339 with
//	                           its zone (c); VECTOR of that length: [1,2.5]
//	[]byte                     VARBINARY; STRING, if it is UTF-8; JSON (d); VECTOR: four
//	                           little-endian bytes a number
//	json.RawMessage            JSON (d); STRING and VARBINARY, if it is JSON
//	time.Time                  timestamps (c); DATE: the day in its Location; TIME: the clock
//	                           in its Location (c)
//	greptime.Date              DATE
//	greptime.TimeOfDay         TIME (c)
//	greptime.Decimal, *big.Rat DECIMAL (b)
//	greptime.Vector, []float32 VECTOR of that length
//	greptime.Interval          none: no table of GreptimeDB has such columns
//	time.Duration              none: pass an integer, or greptime.TimeOfDay
//	nil, nil pointers and      every column but the time index: NULL
//	slices, invalid sql.Null
//
// Pointers and sql.Null values are what they hold, and named types what they are made
// of. A driver.Valuer is wrapped by [Valuer]; as a field of a struct it need not be.
// What a query returns of a column can be written to such a column again as it is.
//
// (a) To the nearest; beyond the largest FLOAT it is an error.
//
// (b) Half away from zero to the scale; of floats the shortest digits are taken. More
// digits before the point than the column has, and NaN, are errors.
//
// (c) Cut to the column's unit, towards the past. Nanoseconds reach from 1677-09-21 to
// 2262-04-11; beyond is an error.
//
// (d) It must be JSON in UTF-8. GreptimeDB keeps it as JSONB: integers of up to 64
// bits exactly, other numbers as float64, beyond whose range they are errors; the
// members of an object sorted, and of those with the same name the last.
//
// These differ from SQL INSERTs, where GreptimeDB 1.0.2 stores NULL for a decimal that
// is too large and infinity for a FLOAT that is.
package insert
