// Bulk loads the same rows in five ways and compares them: a batch at a time, several in
// flight, parallel streams, and these with LZ4 and ZSTD. The rows are a year of hourly
// weather of New York's airports, repeated for as many years as it takes.
//
//	go run ./examples/bulk -rows 500000 -streams 4
//
// It starts a GreptimeDB-compatible server in the process; set GREPTIME_DSN, as to
// greptime://localhost:4001, to use yours. There it works in a database of its own,
// greptime_bulk, which it drops at the end. A server in the process shares the CPUs with
// the loader, and says little about what parallel streams gain on a server elsewhere.
//
// With -file it loads a CSV or Parquet file of yours into a table that is there already,
// in the database of GREPTIME_DSN:
//
//	go run ./examples/bulk -file trips.parquet -table trips -compression zstd
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"

	"github.com/greptime-go/greptime/bulk"
	"github.com/greptime-go/greptime/examples/internal/demo"
)

const database = "greptime_bulk"

const about = `
Loads the same rows in five ways and compares them: a batch at a time, several in flight,
parallel streams, and these with LZ4 and ZSTD. It works in a database of its own,
greptime_bulk, which it drops at the end.

With -file it loads a CSV or Parquet file into a table that is there already, in the
database of GREPTIME_DSN.`

var (
	rows        = flag.Int("rows", 500_000, "how many rows each variant loads")
	batchRows   = flag.Int("batch", 5000, "how many rows a batch has")
	streams     = flag.Int("streams", 4, "how many streams are parallel")
	source      = flag.String("file", "", "a `file` ending in .csv or .parquet to load instead")
	table       = flag.String("table", "", "the table that -file goes to; default: the file's name")
	compression = flag.String("compression", "none", "how -file is sent: none, lz4 or zstd")
)

func main() {
	demo.Parse(about)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	log.SetFlags(0)
	if *rows < 1 || *batchRows < 1 || *streams < 1 {
		log.Fatal("-rows, -batch and -streams must be more than 0")
	}
	run := compare
	if *source != "" {
		run = loadFile
	}
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

// compare loads the weather in each of the ways.
func compare(ctx context.Context) (err error) {
	db, err := demo.Open(ctx, database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()

	hours, err := readWeather()
	if err != nil {
		return err
	}
	fmt.Printf("Loading %s rows × 11 columns, %s a batch, in each of %d ways\n\n", count(int64(*rows)), count(int64(*batchRows)), len(variants()))
	var loads []outcome
	for _, v := range variants() {
		o, err := v.run(ctx, conn, hours)
		if o.elapsed > 0 {
			loads = append(loads, o)
		}
		if err != nil {
			report(loads)
			return fmt.Errorf("%s: %w", v.name, err)
		}
	}
	fmt.Println("\nAfter each, SELECT count(*) had every row.")
	report(loads)
	return nil
}

// compressions are those that -compression can name.
var compressions = map[string]bulk.Compression{
	bulk.None.String(): bulk.None,
	bulk.LZ4.String():  bulk.LZ4,
	bulk.ZSTD.String(): bulk.ZSTD,
}
