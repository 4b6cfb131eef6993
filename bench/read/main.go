// Command read measures what it costs a client to read from GreptimeDB: this driver's
// rows and Arrow record batches, beside arrow-go's Flight reader and Flight SQL driver,
// influxdb3-go, go-sql-driver/mysql, pgx, duckdb-go, and what gRPC alone costs for the
// same bytes. ../run runs it. The servers are null servers and, where GREPTIME_TEST_DSN
// names one, a GreptimeDB.
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

func run() (err error) {
	ctx := context.Background()
	fast, err := nullserver.Start(ctx, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, fast.Close()) }()
	slow, err := nullserver.Start(ctx, serverTime)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, slow.Close()) }()
	limited, err := nullserver.StartLimited(ctx, 1000*limitedTime, maxStreams)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, limited.Close()) }()
	all := scenarios(fast, slow, limited, sizes{rows: 100 * scans.BatchRows, long: 10_000_000, most: 1_000_000})
	dsns := greptimeDSNs{grpc: os.Getenv("GREPTIME_TEST_DSN"), mysql: os.Getenv("GREPTIME_TEST_MYSQL_DSN"), postgres: os.Getenv("GREPTIME_TEST_POSTGRES_DSN")}
	if dsns.grpc == "" {
		return measure.Main(all, "")
	}
	db, err := connectGreptimeDB(ctx, dsns, 200_000)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	return measure.Main(append(all, db.scenarios()...), db.version)
}

// sizes are the rows of results.
type sizes struct {
	rows int // usually; a multiple of scans.BatchRows
	long int // when memory is looked at
	most int // in curves
}

// scenarios are all scenarios on null servers, group by group: one answers at once, one
// takes its time, and one also limits the streams of a connection.
func scenarios(fast, slow, limited *nullserver.Process, n sizes) []measure.Scenario {
	of := func(group string, columns int, codec string) scan {
		return scan{group: group, Query: scans.Query{Columns: columns, Codec: codec, Rows: n.rows, BatchRows: scans.BatchRows}}
	}
	five, ten := of("scan, 5 columns", 5, "lz4"), of("scan, 10 columns", 10, "lz4")
	long := of("memory of a long scan, 5 columns", 5, "lz4")
	long.Rows = n.long
	return slices.Concat(
		scanScenarios(fast, five),
		influxScenario(fast, five),
		duckScenario(five),
		scanScenarios(fast, ten),
		duckScenario(ten),
		scanScenarios(slow, of("scan, 5 columns, slow server", 5, "lz4")),
		arrowScenarios(fast, of("scan, 5 columns, no compression", 5, "none")),
		selectOneScenarios(fast),
		decodeScenarios("none"),
		decodeScenarios("lz4"),
		decodeScenarios("zstd"),
		curveScenarios(fast, slow, n.most),
		concurrentScenarios(fast, limited),
		memoryScenarios(fast, long),
	)
}
