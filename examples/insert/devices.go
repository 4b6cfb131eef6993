package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
)

// reading is what a device sends. The tags of the fields name the columns.
type reading struct {
	Device      string    `greptime:"device_id,tag"`
	Site        string    `greptime:"site,tag"`
	Temperature float64   `greptime:"temperature"`
	Humidity    *float64  `greptime:"humidity"` // not every device has a sensor for it
	Battery     uint8     `greptime:"battery"`
	At          time.Time `greptime:"ts,time"`
}

// read is what device i measures.
func read(i int) reading {
	now := time.Now()
	r := reading{
		Device:      fmt.Sprintf("device-%03d", i),
		Site:        []string{"Berlin", "Hangzhou", "San Francisco"}[i%3],
		Temperature: 20 + 5*math.Sin(float64(now.Unix())/60+float64(i)) + rand.Float64(),
		Battery:     uint8(100 - i%40),
		At:          now,
	}
	if i%2 == 0 {
		humidity := 40 + 20*rand.Float64()
		r.Humidity = &humidity
	}
	return r
}

// oneByOne has each device write its readings as single rows, each acknowledged
// before the next.
func oneByOne(ctx context.Context, db *sql.DB, conn *greptime.Conn) error {
	fmt.Printf("\n%d devices, a reading every %v each, each acknowledged on its own\n", *devices, *period)
	err := simulate(ctx, func(i int) func() error {
		table := insert.TableOf[reading]("readings") // of this device, used again and again
		return func() error {
			table.Reset()
			if err := insert.AppendStructs(table, read(i)); err != nil {
				return err
			}
			_, err := insert.Write(ctx, conn, table)
			return err
		}
	})
	if err != nil {
		return err
	}
	return show(ctx, db, "readings")
}

// buffered has the devices hand their readings to a buffered writer. The latency is
// that of handing over.
func buffered(ctx context.Context, db *sql.DB, conn *greptime.Conn) error {
	fmt.Println("\nThe same devices through a buffered writer")
	schema, err := insert.SchemaOf[reading]()
	if err != nil {
		return err
	}
	w, err := insert.NewWriter(conn, insert.WriterOptions{
		FlushInterval: 200 * time.Millisecond,
		// A reading that arrives twice replaces itself.
		Retry: insert.Retry{AtLeastOnce: true},
		OnError: func(u insert.FailedRows) {
			log.Printf("%d readings were not acknowledged: %v", u.Table.Len(), u.Err)
		},
	})
	if err != nil {
		return err
	}
	table := w.Table("buffered_readings", schema)
	err = simulate(ctx, func(i int) func() error {
		return func() error { return insert.AppendStructsTo(ctx, table, read(i)) }
	})
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := errors.Join(err, w.Close(closing)); err != nil {
		return err
	}
	fmt.Printf("%d rows were acknowledged\n", w.Stats().Acknowledged)
	return show(ctx, db, "buffered_readings")
}

// simulate runs the devices for a while, and prints every second how long their
// calls took. send makes the call of a device. The first error ends it.
func simulate(ctx context.Context, send func(device int) func() error) error {
	running, stop := context.WithTimeout(ctx, *length)
	defer stop()
	began := time.Now()
	var calls latencies
	var devicesDone, printerDone sync.WaitGroup
	var failure error
	var once sync.Once
	for i := range *devices {
		devicesDone.Go(func() {
			call := send(i)
			// Not all at the same moment.
			next := time.NewTimer(rand.N(*period))
			defer next.Stop()
			for {
				select {
				case <-next.C:
				case <-running.Done():
					return
				}
				next.Reset(*period)
				called := time.Now()
				if err := call(); err != nil {
					once.Do(func() { failure = err })
					stop()
					return
				}
				calls.add(time.Since(called))
			}
		})
	}
	fmt.Println("┌────────┬────────┬──────────┬──────────┬──────────┬──────────┐")
	fmt.Println("│ second │ rows/s │      p50 │      p90 │      p99 │      max │")
	fmt.Println("├────────┼────────┼──────────┼──────────┼──────────┼──────────┤")
	printerDone.Go(func() {
		second := time.NewTicker(time.Second)
		defer second.Stop()
		for n := 1; ; n++ {
			select {
			case <-second.C:
				calls.print(fmt.Sprint(n), calls.latest(), time.Second)
			case <-running.Done():
				return
			}
		}
	})
	devicesDone.Wait()
	printerDone.Wait()
	calls.print("all", calls.all, time.Since(began))
	fmt.Println("└────────┴────────┴──────────┴──────────┴──────────┴──────────┘")
	return errors.Join(failure, ctx.Err())
}

// latencies are how long calls took.
type latencies struct {
	mu    sync.Mutex
	all   []time.Duration
	shown int
}

func (l *latencies) add(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, d)
}

// latest are those since the last call.
func (l *latencies) latest() []time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := l.all[l.shown:]
	l.shown = len(l.all)
	return list
}

func (l *latencies) print(label string, list []time.Duration, over time.Duration) {
	if len(list) == 0 {
		return
	}
	sorted := slices.Sorted(slices.Values(list))
	at := func(q float64) string {
		d := sorted[int(q*float64(len(sorted)-1))]
		digits := time.Duration(10) // three of them are enough
		for d >= 1000*digits {
			digits *= 10
		}
		return d.Round(digits).String()
	}
	fmt.Printf("│ %6s │ %6.0f │ %8s │ %8s │ %8s │ %8s │\n", label, float64(len(list))/over.Seconds(), at(0.5), at(0.9), at(0.99), at(1))
}

// show counts the rows in a table. A reading in the same millisecond as the device's
// last one replaces it.
func show(ctx context.Context, db *sql.DB, table string) error {
	var rows, series int
	err := db.QueryRowContext(ctx, "SELECT count(*), count(DISTINCT device_id) FROM "+table).Scan(&rows, &series)
	if err != nil {
		return err
	}
	fmt.Printf("Table %s has %d rows of %d devices\n", table, rows, series)
	return nil
}
