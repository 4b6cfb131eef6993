package greptime_test

import (
	"flag"
	"testing"

	"go.uber.org/goleak"

	"github.com/greptime-go/greptime/internal/bufpool"
)

var long = flag.Bool("long", false, "test thoroughly what is sampled otherwise, such as every byte of a stream as a cut")

// TestMain has released memory overwritten, so that all tests see whether anything
// still lies in it. Benchmarks measure without.
func TestMain(m *testing.M) {
	flag.Parse()
	bufpool.Poison(flag.Lookup("test.bench").Value.String() == "")
	goleak.VerifyTestMain(m)
}
