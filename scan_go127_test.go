//go:build go1.27

package greptime_test

// mayScanPastTheEnd is about Go before 1.27, where database/sql keeps the last row.
const mayScanPastTheEnd = false

// rawMessageTakesNULL: the driver itself writes to the destination.
const rawMessageTakesNULL = true
