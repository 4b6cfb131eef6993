//go:build race

package bulk

// raceEnabled is for tests of allocations, which the race detector changes.
const raceEnabled = true
