// Soak reads and writes in every way, for hours, on a running server, and samples what could
// grow: the heap after a collection, goroutines, open files and latencies. It draws them as
// an SVG:
//
//	go run ./integration/chaos/soak -dsn greptime://localhost:4001/public -for 2h -svg soak.svg
//
// It creates the tables soak_0 to soak_3 and halves in the database of the DSN, which is
// that of GREPTIME_DSN without the flag. The rows overwrite each other, so the tables remain
// small.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

func main() {
	dsn := flag.String("dsn", os.Getenv("GREPTIME_DSN"), "data source name of the server")
	duration := flag.Duration("for", time.Hour, "how long to run")
	interval := flag.Duration("interval", 0, "time between samples; 0: 200 samples in all")
	pause := flag.Duration("pause", 5*time.Millisecond, "pause of each goroutine between calls")
	file := flag.String("svg", "soak.svg", "where to draw the samples")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	if err := run(ctx, *dsn, *duration, *interval, *pause, *file); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dsn string, duration, interval, pause time.Duration, file string) error {
	if dsn == "" {
		return fmt.Errorf("no server: set -dsn or GREPTIME_DSN, or start one with go run ./greptimetest/cmd/greptimetest")
	}
	if interval == 0 {
		interval = max(duration/200, 100*time.Millisecond)
	}
	l, err := newLoad(dsn)
	if err != nil {
		return err
	}
	defer l.close()
	if err := l.createTables(ctx); err != nil {
		return err
	}
	samples, err := l.run(ctx, duration, interval, pause)
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, []byte(draw(samples)), 0o644); err != nil {
		return err
	}
	fmt.Print(report(samples))
	return l.failures()
}
