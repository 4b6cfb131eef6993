// Package insert writes rows to GreptimeDB as typed rows instead of SQL text. It has the lowest
// latency, for one row or for some thousands at a time.
//
//	table := insert.NewTable("sensor_data",
//		insert.Tag("device_id", insert.String),
//		insert.Field("temperature", insert.Float64),
//		insert.Time("ts", insert.Millisecond))
//	err := table.Append("device_001", 23.5, time.Now())
//	n, err := insert.Write(ctx, db, table)
//
// db is a *sql.DB, a *sql.Conn or a *greptime.Conn; see [greptime.Pool]. A call takes a
// connection from the pool, reads its session, and returns it before anything is sent. Requests
// carry the session's database, its credentials and the hints of the DSN. Several goroutines
// may write on one connection.
//
// # Rows
//
// You can append rows to a [Table] by position ([Table.Append]), by name ([Table.NewRow]), by
// columns ([Table.AppendColumns]), and from structs ([AppendStructs], [WriteStructs]). They are
// encoded as they are appended. A row with an error is left out as a whole: nothing of it is
// sent. The error, a *[ValueError], names the table, the column, the row and the value.
//
// [Write] inserts rows and [Delete] deletes them, in one request for all tables if it fits. A
// [Stream] sends many requests, which the server answers together. An error of the server is a
// *greptime.Error.
//
// GreptimeDB has no transactions. Rows with equal tags and time replace each other
// ([MergeMode]), so writing the same rows again does no harm unless the table is in append
// mode. The server creates missing tables and columns, with the types and roles that the
// columns have here; [Options].ExistingOnly prevents that.
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
// A pointer or a sql.Null stands for the value in it, and a named type for its underlying type.
// Wrap a driver.Valuer with [Valuer]; a field of a struct needs no wrapping. You can write a
// value to a column as a query returns it from such a column.
//
// (a) Rounded to the nearest FLOAT; a value beyond the largest FLOAT is an error.
//
// (b) Rounded half away from zero to the column's scale. A float counts as its shortest decimal
// digits. NaN is an error, and so are more digits before the point than the column has.
//
// (c) Cut to the column's unit, towards the past. Nanoseconds reach from 1677-09-21 to
// 2262-04-11; a time beyond that is an error.
//
// (d) The value must be JSON in UTF-8. GreptimeDB stores it as JSONB: integers of up to 64 bits
// exactly, other numbers as float64. A number beyond the range of float64 is an error. The
// members of an object are sorted; of several with the same name, the last one remains.
//
// The server itself reads the text of a SQL INSERT less strictly: for example, GreptimeDB 1.0.2
// stores NULL for a decimal that is too large and for bytes in a STRING that are not UTF-8, and
// infinity for a FLOAT that is too large. See Config.Insert of package greptime.
package insert
