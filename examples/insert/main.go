// Insert writes rows as they come into being, without SQL: every data type once,
// devices that send a reading at a time and wait for the answer, and the same
// devices behind a buffered writer. The latency of their calls is printed every
// second.
//
//	go run ./examples/insert -devices 50 -for 10s
//
// It starts a GreptimeDB-compatible server in the process; set GREPTIME_DSN, as
// to greptime://localhost:4001, to use yours. There it works in a database of its
// own, greptime_insert, which it drops at the end.
package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"log"
	"os"
	"os/signal"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/examples/internal/demo"
)

const database = "greptime_insert"

const about = `
Writes rows as they come into being, without SQL: every data type once, devices that send
a reading at a time and wait for the answer, and the same devices behind a buffered
writer. It prints the latency of their calls every second. It works in a database of its
own, greptime_insert, which it drops at the end.`

var (
	devices = flag.Int("devices", 20, "how many devices send readings")
	period  = flag.Duration("every", 50*time.Millisecond, "how often each of them does")
	length  = flag.Duration("for", 5*time.Second, "how long each part runs")
)

func main() {
	demo.Parse(about)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	log.SetFlags(0)
	if *devices < 1 || *period <= 0 || *length <= 0 {
		log.Fatal("-devices, -every and -for must be more than 0")
	}
	if err := run(ctx); err != nil && !errors.Is(err, context.Canceled) {
		log.Fatal(err)
	}
}

func run(ctx context.Context) (err error) {
	own, err := demo.Open(ctx, database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, own.Close()) }()

	// A pool for SQL and a connection for inserts, on the same channels.
	connector, err := own.Connector()
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	for _, part := range []func(context.Context, *sql.DB, *greptime.Conn) error{allTypes, oneByOne, buffered} {
		err := greptime.Raw(ctx, db, func(conn *greptime.Conn) error { return part(ctx, db, conn) })
		if err != nil {
			return err
		}
	}
	return nil
}
