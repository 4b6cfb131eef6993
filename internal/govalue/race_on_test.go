//go:build race

package govalue_test

// raceEnabled is for tests of allocations, which the race detector changes.
const raceEnabled = true
