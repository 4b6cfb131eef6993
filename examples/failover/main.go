// Failover has three endpoints, as the frontends of a cluster, and stops one of them while
// queries and a buffered writer run. Then it counts: no row is lost.
//
//	go run ./examples/failover
//
// It starts a GreptimeDB-compatible server in the process; set GREPTIME_DSN, as to
// greptime://localhost:4001, to use yours. The endpoints are three ways to that one server,
// by Config.Dialer.
package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/examples/internal/demo"
	"github.com/greptime-go/greptime/insert"
)

const about = `
Has three endpoints, as the frontends of a cluster, and stops one of them while queries and a
buffered writer run. Then it counts the rows.`

var length = flag.Duration("for", time.Second, "how long each of three parts runs: before, while and after an endpoint is stopped")

type reading struct {
	Device string    `greptime:"device,tag"`
	Value  float64   `greptime:"v"`
	TS     time.Time `greptime:"ts,time"`
}

func main() { demo.Main(about, "greptime_failover", run) }

func run(ctx context.Context, own *demo.Database) error {
	cluster := newFrontends(own.Config())
	connector, err := greptime.NewConnector(cluster.config())
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	w, err := insert.NewWriter(db, insert.WriterOptions{
		FlushInterval: 20 * time.Millisecond,
		// When a connection breaks, nobody knows what was written. The table has a tag, so a row
		// that is written again replaces itself.
		Retry: insert.Retry{AtLeastOnce: true},
	})
	if err != nil {
		return err
	}
	schema, err := insert.SchemaOf[reading]()
	if err != nil {
		return err
	}
	table := w.Table("readings", schema)
	appended, err := work(ctx, db, table, cluster)

	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	if err := errors.Join(err, w.Close(closing)); err != nil {
		return err
	}
	stored, err := greptime.One[int64](ctx, db, "SELECT count(*) FROM readings")
	if err != nil {
		return err
	}
	stats := w.Stats()
	fmt.Printf("%d rows appended, %d acknowledged, %d in the table; %d requests were sent again\n",
		appended, stats.Acknowledged, stored, stats.Retries)
	if stats.Acknowledged != appended || stored != appended {
		return errors.New("rows are missing")
	}
	return nil
}

// work appends rows and reads, before, while and after an endpoint is stopped.
func work(ctx context.Context, db *sql.DB, table *insert.WriterTable, cluster *frontends) (appended int64, err error) {
	running, stop := context.WithCancel(ctx)
	var workers sync.WaitGroup
	var appendErr error
	workers.Go(func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		began := time.Now()
		for running.Err() == nil {
			row := reading{fmt.Sprintf("device-%d", appended%10), float64(appended), began.Add(time.Duration(appended) * time.Millisecond)}
			if appendErr = insert.AppendStructsTo(ctx, table, row); appendErr != nil {
				stop()
				return
			}
			appended++
			<-tick.C
		}
	})
	var reads, failed atomic.Int64
	for range 4 {
		workers.Go(func() {
			for running.Err() == nil {
				if _, err := greptime.One[int](ctx, db, "SELECT 1"); err != nil {
					failed.Add(1)
				}
				reads.Add(1)
				time.Sleep(time.Millisecond)
			}
		})
	}
	for _, part := range []struct {
		name string
		do   func()
	}{
		{"three endpoints", func() {}},
		{"one is stopped", func() { cluster.stop(0) }},
		{"it is back", func() { cluster.start(0) }},
	} {
		part.do()
		readBefore, failedBefore := reads.Load(), failed.Load()
		select {
		case <-time.After(*length):
		case <-running.Done():
		}
		fmt.Printf("%-16s %5d queries, %d of them failed, connected to %s\n", part.name+":",
			reads.Load()-readBefore, failed.Load()-failedBefore, strings.Join(cluster.connected(), ", "))
	}
	stop()
	workers.Wait()
	return appended, errors.Join(appendErr, ctx.Err())
}
