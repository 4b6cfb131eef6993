// Package faultserver is a GreptimeDB for the tests of writes. It understands every way in
// which the driver writes rows. It executes any part of a write and then gives any answer
// that GreptimeDB, or the network before it, may give after that.
//
// It splits a write as GreptimeDB does, by table, region, time partition and row, and
// executes a random subset of the parts in a random order. The answer is consistent with
// that: an error that GreptimeDB gives only before it has written anything is given only
// then, and all others are given after any part. The server reports the rows that it stores
// to a [writemodel.Model].
//
// A row is identified by its time index, the column ts of type TIMESTAMP(3): the number of
// milliseconds is the row's number in its table.
package faultserver
