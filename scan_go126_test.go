//go:build !go1.27

package greptime_test

// mayScanPastTheEnd: database/sql itself keeps the last row there.
const mayScanPastTheEnd = true

// rawMessageTakesNULL: database/sql does not let the driver see the destination.
const rawMessageTakesNULL = false
