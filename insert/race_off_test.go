//go:build !race

package insert_test

// raceEnabled is for tests of allocations, which the race detector changes.
const raceEnabled = false
