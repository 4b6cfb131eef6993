// Command read measures what it costs a client to read from GreptimeDB: this driver's
// rows and Arrow record batches, beside arrow-go's Flight reader and Flight SQL driver,
// go-sql-driver/mysql, and what gRPC alone costs for the same bytes. ../run runs it.
//
// It is a program apart from ../write because greptimedb-ingester-go and arrow-go v18's
// flight package cannot be linked into one.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/greptime-go/greptime/bench/internal/measure"
	"github.com/greptime-go/greptime/bench/internal/nullserver"
	"github.com/greptime-go/greptime/bench/internal/scans"
)

// serverTime is what the slow server takes for the batches of 1,000 rows that it sends.
const serverTime = time.Millisecond

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
	err = measure.Main(scenarios(fast, slow, 100, 10_000_000/scans.BatchRows))
	return errors.Join(err, slow.Close(), fast.Close())
}

// scenarios are all scenarios, group by group, on a server that answers at once and on
// one that takes its time. Results have so many batches; many when memory is looked at.
func scenarios(fast, slow *nullserver.Process, batches, many int) []measure.Scenario {
	five := scan{group: "scan, 5 columns", columns: 5, codec: "lz4", batches: batches}
	return slices.Concat(
		scanScenarios(fast, five),
		influxScenario(fast, five),
		scanScenarios(fast, scan{group: "scan, 10 columns", columns: 10, codec: "lz4", batches: batches}),
		scanScenarios(slow, scan{group: "scan, 5 columns, slow server", columns: 5, codec: "lz4", batches: batches}),
		arrowScenarios(fast, scan{group: "scan, 5 columns, no compression", columns: 5, codec: "none", batches: batches}),
		selectOneScenarios(fast),
		decodeScenarios("none"),
		decodeScenarios("lz4"),
		decodeScenarios("zstd"),
		memoryScenarios(fast, scan{group: "memory of a long scan, 5 columns", columns: 5, codec: "lz4", batches: many}),
	)
}
