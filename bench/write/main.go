// Command write measures what it costs a client to write to GreptimeDB: this driver's
// native inserts, SQL INSERTs and bulk loads, beside greptimedb-ingester-go, arrow-go's
// Flight writer, and what gRPC alone costs for the same bytes. ../run runs it.
//
// It is a program apart from ../read because greptimedb-ingester-go and arrow-go v18's
// flight package cannot be linked into one.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/greptime-go/greptime/bench/internal/data"
	"github.com/greptime-go/greptime/bench/internal/measure"
	"github.com/greptime-go/greptime/bench/internal/nullserver"
)

// serverTime is what the slow server takes for 1,000 rows: about what GreptimeDB 1.0.2
// takes for those of one client, 375,000 a second on two cores.
const serverTime = 2500 * time.Microsecond

func main() {
	nullserver.Main()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	fast, err := nullserver.Start(context.Background(), 0)
	if err != nil {
		return err
	}
	slow, err := nullserver.Start(context.Background(), serverTime)
	if err != nil {
		return errors.Join(err, fast.Close())
	}
	err = measure.Main(scenarios(fast.Addr, slow.Addr, 10_000_000, batches*data.BatchRows), "")
	return errors.Join(err, slow.Close(), fast.Close())
}

// scenarios are all scenarios, group by group, on a server that answers at once and on
// one that takes its time. manyRows is how many rows are loaded when memory is looked
// at, distinct how many differ in curves.
func scenarios(fast, slow string, manyRows, distinct int) []measure.Scenario {
	return slices.Concat(
		encodeScenarios(),
		insertScenarios(fast),
		slowInsertScenarios(slow),
		streamScenarios(fast),
		singleRowScenarios(fast),
		sqlScenarios(fast),
		slowSQLScenarios(slow),
		bulkScenarios(fast),
		slowBulkScenarios(slow),
		batchSizeScenarios(fast),
		streamCountScenarios(slow),
		curveScenarios(fast, slow, distinct),
		memoryScenarios(fast, manyRows),
	)
}
