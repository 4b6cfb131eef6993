package bulk

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

var long = flag.Bool("long", false, "run the long tests: ten thousand schedules of faults, ten million rows")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
