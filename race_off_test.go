//go:build !race

package greptime_test

// raceEnabled is for tests of times and allocations, which the race detector
// changes.
const raceEnabled = false
