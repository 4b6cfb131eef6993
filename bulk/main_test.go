package bulk

import (
	"flag"
	"testing"

	"github.com/greptime-go/greptime/internal/test/testmain"
)

var long = flag.Bool("long", false, "run the long tests: ten thousand schedules of faults, ten million rows")

func TestMain(m *testing.M) { testmain.Run(m) }
