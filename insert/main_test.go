package insert_test

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

var long = flag.Bool("long", false, "test thoroughly what is sampled otherwise, such as the schedules of faults")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
