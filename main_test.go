package greptime_test

import (
	"flag"
	"testing"

	"github.com/greptime-go/greptime/internal/test/testmain"
)

var long = flag.Bool("long", false, "test thoroughly what is sampled otherwise, such as every byte of a stream as a cut")

func TestMain(m *testing.M) { testmain.Run(m) }
