// Package faultserver is a GreptimeDB for the tests of writes: it understands every way
// in which the driver writes rows, carries out any part of a write and then answers
// anything that GreptimeDB, or the network before it, may answer after that.
//
// It splits a write as GreptimeDB does, by table, region, time partition and row, and
// carries out a random subset of the parts in a random order. What it answers fits what
// it did: an error that GreptimeDB only gives before it has written anything is given
// only then, and all others are given after anything. It tells a [writemodel.Model] what
// it stores.
//
// A row is known by its time index, the column ts of type TIMESTAMP(3): its number of
// milliseconds is the row's number in its table.
package faultserver
