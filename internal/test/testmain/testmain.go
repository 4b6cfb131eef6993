// Package testmain runs a package's tests under conditions that all packages share.
package testmain

import (
	"flag"
	"testing"

	"go.uber.org/goleak"

	"github.com/greptime-go/greptime/internal/bufpool"
)

// Run runs all tests. It fails if a goroutine is left after them that no option ignores. It
// overwrites the memory of record batches when it is released, which reveals values that still
// lie in it. Benchmarks run without this.
func Run(m *testing.M, options ...goleak.Option) {
	flag.Parse()
	bufpool.Poison(flag.Lookup("test.bench").Value.String() == "")
	goleak.VerifyTestMain(m, options...)
}
