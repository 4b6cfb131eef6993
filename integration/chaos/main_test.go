// Package chaos tests the driver through a network and servers that fail in every way that
// a seed draws, and under load.
package chaos

import (
	"flag"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/greptime-go/greptime/internal/test/testmain"
)

var (
	seed     = flag.Uint64("seed", 0, "run the faults of this seed only")
	long     = flag.Bool("long", false, "run for an hour")
	duration = flag.Duration("for", 0, "run new seeds for so long, such as 10m")
)

// Where toxiproxy cuts a connection, it leaves goroutines behind.
var ofProxies = []goleak.Option{
	goleak.IgnoreAnyFunction("github.com/Shopify/toxiproxy/v2.(*ToxicLink).read"),
	goleak.IgnoreAnyFunction("github.com/Shopify/toxiproxy/v2.(*ToxicLink).write"),
	goleak.IgnoreAnyFunction("github.com/Shopify/toxiproxy/v2/toxics.(*ToxicStub).Run"),
}

func TestMain(m *testing.M) { testmain.Run(m, ofProxies...) }

// openFiles returns the number of open file descriptors, or 0 if the system does not say.
func openFiles() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries) - 1 // but for the one that reads the directory
}

// checkLeaks waits until no goroutine and no descriptor is left beyond those that there were.
func checkLeaks(t *testing.T, files int, goroutines goleak.Option) {
	t.Helper()
	if err := goleak.Find(append(ofProxies[:len(ofProxies):len(ofProxies)], goroutines)...); err != nil {
		t.Error(err)
	}
	for deadline := time.Now().Add(10 * time.Second); openFiles() > files; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Errorf("%d file descriptors are open, %d before", openFiles(), files)
			return
		}
	}
}
