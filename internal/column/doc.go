// Package column has GreptimeDB's column types, and the one place where it is
// decided what each Go value becomes in a column of each type: exactly the value,
// or an error.
//
// A [Cell] takes a Go value for a column type and checks it; there is one Set
// method for each class of Go values, so that nothing is boxed. What then reads
// the Cell is a sink. AppendValue is the one for native inserts: it appends the
// wire bytes of a greptime.v1.Value. Builders of Arrow arrays read the same Cells
// through Int, Uint, Float64 and the other accessors.
//
// The package does not know the types of package greptime, which imports it. Their
// classes are reached through what they consist of: SetDate takes days,
// SetTimeOfDay nanoseconds, SetDecimal text, SetVector a []float32. Package
// internal/govalue maps concrete Go types to these methods.
//
// # What is rounded
//
// Everything else is exact or an error. A time.Time is cut to the column's unit
// towards the past, as GreptimeDB does with text; a float64 becomes the nearest
// FLOAT; the digits of a decimal are rounded half away from zero to the column's
// scale, which is what GreptimeDB 1.0.2 does with literals.
package column
