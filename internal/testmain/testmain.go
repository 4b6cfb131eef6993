// Package testmain runs a package's tests under the conditions that all of them share.
package testmain

import (
	"flag"
	"testing"

	"go.uber.org/goleak"

	"github.com/greptime-go/greptime/internal/bufpool"
)

// Run runs all tests. No goroutine may be left after them, and the memory of record
// batches is overwritten when it is released, so that it shows if something still
// lies in it. Benchmarks measure without.
func Run(m *testing.M) {
	flag.Parse()
	bufpool.Poison(flag.Lookup("test.bench").Value.String() == "")
	goleak.VerifyTestMain(m)
}
