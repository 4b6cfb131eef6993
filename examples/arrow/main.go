// Arrow moves the results of queries on one table into other tables as record batches:
// they come from the server over Arrow Flight and go back to it, and no row is made of
// them. The readings of the first day get a table of their own, the hourly means another,
// and a third has all readings with other names and another unit of time.
//
//	go run ./examples/arrow -rows 200000
//
// It starts a GreptimeDB-compatible server in the process; set GREPTIME_DSN, as to
// greptime://localhost:4001, to use yours. There it works in a database of its own,
// greptime_arrow, which it drops at the end.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"math"
	"os"
	"os/signal"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/bulk"
	"github.com/greptime-go/greptime/examples/internal/demo"
	"github.com/greptime-go/greptime/insert"
)

const (
	database  = "greptime_arrow"
	devices   = 50
	batchRows = 10_000
)

const about = `
Moves the results of queries on one table into other tables as record batches: they come
from the server over Arrow Flight and go back to it, and no row is made of them. It works
in a database of its own, greptime_arrow, which it drops at the end.`

var rows = flag.Int("rows", 200_000, "how many readings there are")

// start is when the first readings are.
var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func main() {
	demo.Parse(about)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	log.SetFlags(0)
	if *rows < 1 {
		log.Fatal("-rows must be more than 0")
	}
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) (err error) {
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

	if err := makeReadings(ctx, conn); err != nil {
		return err
	}
	for _, c := range copies {
		if err := c.run(ctx, conn); err != nil {
			return fmt.Errorf("%s: %w", c.table, err)
		}
	}
	return nil
}

// makeReadings fills the first table, by columns.
func makeReadings(ctx context.Context, conn *greptime.Conn) error {
	schema, err := insert.NewSchema(
		insert.Tag("device", insert.String),
		insert.Time("ts", insert.Millisecond),
		insert.Field("temperature", insert.Float64),
		insert.Field("humidity", insert.Float64))
	if err != nil {
		return err
	}
	if err := recreate(ctx, conn, "readings", schema); err != nil {
		return err
	}
	w, err := bulk.NewWriter(ctx, conn, "readings", bulk.Options{Compression: bulk.LZ4})
	if err != nil {
		return err
	}
	b := w.NewBatch(batchRows)
	for first := 0; first < *rows && err == nil; first += batchRows {
		if err = appendReadings(b, first, min(first+batchRows, *rows)); err == nil {
			_, err = w.WriteAsync(ctx, b)
		}
	}
	summary, closeErr := w.Close(ctx)
	if err := errors.Join(err, closeErr); err != nil {
		return err
	}
	fmt.Printf("Made table readings: %d rows of %d devices\n", summary.Rows, devices)
	return nil
}

// appendReadings appends the readings first to end-1. Each minute every device has one.
func appendReadings(b *bulk.Batch, first, end int) error {
	var device []string
	var ts []time.Time
	var temperature []float64
	var humidity []*float64 // half of the devices have no sensor for it
	for i := first; i < end; i++ {
		day := 2 * math.Pi * float64(i/devices) / (24 * 60)
		device = append(device, fmt.Sprintf("device-%02d", i%devices))
		ts = append(ts, start.Add(time.Duration(i/devices)*time.Minute))
		temperature = append(temperature, 20+float64(i%devices)/10-5*math.Cos(day))
		if i%2 == 1 {
			humidity = append(humidity, nil)
			continue
		}
		percent := 50 + 20*math.Cos(day)
		humidity = append(humidity, &percent)
	}
	return b.AppendColumns(
		insert.Values("device", device),
		insert.Values("ts", ts),
		insert.Values("temperature", temperature),
		insert.Values("humidity", humidity))
}

// recreate makes a table anew.
func recreate(ctx context.Context, conn *greptime.Conn, table string, schema *insert.Schema) error {
	if _, err := conn.Exec(ctx, "DROP TABLE IF EXISTS "+table); err != nil {
		return err
	}
	return bulk.CreateTable(ctx, conn, table, schema, nil)
}
