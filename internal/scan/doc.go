// Package scan converts the columns of a result: each cell to a driver.Value, as database/sql
// needs it before Go 1.27, or straight into a destination whose type the column knows. It is
// the one matrix column type × Go type of what is read, for Rows and for other readers alike.
//
// A reader calls [New] once per field of a result, Load once per batch, and then Scan or Value
// for each row. What they return and write belongs to the caller: nothing shares memory with
// the batch. Their errors do not name the column; the reader adds its name. A Column is not
// safe for concurrent use.
package scan
