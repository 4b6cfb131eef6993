package insert_test

import (
	"flag"
	"testing"

	"github.com/greptime-go/greptime/internal/test/testmain"
)

var long = flag.Bool("long", false, "test thoroughly what is sampled otherwise, such as the schedules of faults")

func TestMain(m *testing.M) { testmain.Run(m) }
