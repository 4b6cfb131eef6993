package greptime_test

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

var long = flag.Bool("long", false, "test thoroughly what is sampled otherwise, such as every byte of a stream as a cut")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
