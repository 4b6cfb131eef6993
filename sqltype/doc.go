// Package sqltype declares the types for SQL values that Go has no type for: [Date],
// [TimeOfDay], [Decimal], [Interval] and [Vector]; and [Null], for any value that may be NULL.
// Package greptime has an alias for each and for its functions, so that programs that use the
// driver need not import this package: greptime.Date and sqltype.Date are the same type. A
// package of values alone can import sqltype without the driver behind it; it depends only on
// the standard library.
//
// Each type but Null scans from the value that the driver returns for the SQL type, and from
// the text that other drivers return. As an argument of other drivers each is its text. None
// of them accepts NULL: a nullable column scans into a sql.Null of the type, or into a pointer
// to a pointer.
package sqltype
