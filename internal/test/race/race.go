// Package race reports whether the race detector is on, for tests of times and
// allocations, which it changes.
package race
