// Package column has GreptimeDB's column types. It is the one place that decides what a
// Go value becomes in a column of each type: exactly the same value, or an error.
//
// A [Cell] accepts a Go value for a column type and checks it. There is one Set method for
// each class of Go values, so that no value is boxed. Code that then reads the Cell is a
// sink. AppendValue is the sink for native inserts: it appends the wire bytes of a
// greptime.v1.Value. Builders of Arrow arrays read the same Cells through Int, Uint,
// Float64 and the other accessors.
//
// The package does not know the types of package greptime, which imports it. It accepts
// their components instead: SetDate accepts days, SetTimeOfDay nanoseconds, SetDecimal
// text, SetVector a []float32. Package internal/govalue maps concrete Go types to these
// methods.
//
// # What is rounded
//
// A time.Time is truncated to the column's unit towards the past, as GreptimeDB does with
// text. A float64 becomes the nearest FLOAT. The digits of a decimal are rounded half away
// from zero to the column's scale, as GreptimeDB 1.0.2 does with literals. Everything else
// is exact or an error.
package column
