package chaos

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/bulk"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/faultserver"
	"github.com/greptime-go/greptime/internal/test/race"
	"github.com/greptime-go/greptime/internal/test/writemodel"
)

// few is a number of goroutines or calls, or a part of it under the race detector.
func few(n int) int {
	if race.Enabled {
		return n / 10
	}
	return n
}

// openHealthy starts a server without faults, and opens a DB.
func openHealthy(t *testing.T, params ...string) (*faultserver.Server, *writemodel.Model, *sql.DB) {
	t.Helper()
	model := writemodel.New("load")
	server := faultserver.Start(t, model, faultserver.Options{})
	cfg, err := greptime.ParseDSN(server.DSN(params...))
	if err != nil {
		t.Fatal(err)
	}
	connector, err := greptime.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { _ = db.Close() })
	return server, model, db
}

// collectNumbers reads n numbers, and returns how long that took.
func collectNumbers(t *testing.T, db *sql.DB, n int) time.Duration {
	begun := time.Now()
	rows, err := greptime.Collect[faultserver.Number](t.Context(), db, faultserver.SelectNumbers(int64(n)))
	if err != nil || len(rows) != n || n > 0 && rows[n-1] != faultserver.NumberAt(int64(n-1)) {
		t.Errorf("%d rows of %d: %v", len(rows), n, err)
	}
	return time.Since(begun)
}

// A thousand goroutines on one DB get their turns, within the limits of the pool and of the
// network connections.
func TestAThousandGoroutinesOnOneDB(t *testing.T) {
	for _, tt := range []struct{ open, connections int }{{10, 1}, {100, 4}, {0, 1}} {
		t.Run(fmt.Sprintf("%d open, %d connections", tt.open, tt.connections), func(t *testing.T) {
			server, _, db := openHealthy(t, fmt.Sprint("connections=", tt.connections))
			db.SetMaxOpenConns(tt.open)
			took := make([]time.Duration, few(1000))
			var workers sync.WaitGroup
			for i := range took {
				workers.Go(func() {
					begun := time.Now()
					for range 5 {
						collectNumbers(t, db, 10)
					}
					took[i] = time.Since(begun)
				})
			}
			workers.Wait()
			slices.Sort(took)
			half, last := took[len(took)/2], took[len(took)-1]
			t.Logf("half of the goroutines took up to %v, the last %v", half.Round(time.Millisecond), last.Round(time.Millisecond))
			if last > 3*half+time.Second {
				t.Errorf("a goroutine took %v, half of them up to %v", last, half)
			}
			if peak := server.Endpoint(0).PeakStreams(); tt.open > 0 && peak > tt.open {
				t.Errorf("%d calls at the same time, want at most %d", peak, tt.open)
			}
			if n := server.Endpoint(0).Accepted(); n > tt.connections {
				t.Errorf("%d network connections, want at most %d", n, tt.connections)
			}
		})
	}
}

// Small queries do not wait for a large result on the same network connection, whether it is
// read or lies there unread.
func TestSmallQueriesBesideALargeResult(t *testing.T) {
	const large = 100_000_000 // far more than is read
	_, _, db := openHealthy(t)
	smallQueries := func() time.Duration {
		took := make([]time.Duration, few(200))
		for i := range took {
			took[i] = collectNumbers(t, db, 10)
		}
		slices.Sort(took)
		return took[len(took)/2]
	}
	smallQueries() // warm up
	alone := smallQueries()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, tt := range []struct {
		name string
		read bool
	}{{"unread", false}, {"that is read", true}} {
		t.Run(tt.name, func(t *testing.T) {
			begun, end := make(chan struct{}), make(chan struct{})
			var reader sync.WaitGroup
			reader.Go(func() {
				n := 0
				for _, err := range greptime.Each[faultserver.Number](ctx, db, faultserver.SelectNumbers(large)) {
					if err != nil {
						t.Error(err)
						return
					}
					if n++; n == 10_000 {
						close(begun)
						if !tt.read {
							<-end
						}
					}
					if n >= 10_000 && n%1000 == 0 {
						select {
						case <-end:
							return
						default:
						}
					}
				}
			})
			<-begun
			beside := smallQueries()
			close(end)
			reader.Wait()
			t.Logf("half of the small queries took up to %v, and %v alone", beside.Round(time.Microsecond), alone.Round(time.Microsecond))
			if beside > 10*alone+100*time.Millisecond {
				t.Errorf("half of the small queries took more than %v, alone up to %v", beside, alone)
			}
		})
	}
}

// A buffered writer with the rows of many tables, from many goroutines, writes each once,
// with no more requests at a time than it may.
func TestAHundredTablesThroughOneBufferedWriter(t *testing.T) {
	const tables, inFlight = 100, 4
	server, model, db := openHealthy(t)
	for i := range tables {
		server.AddTable(fmt.Sprint("t", i), 1+i%3)
	}
	w, err := insert.NewWriter(db, insert.WriterOptions{FlushRows: 100, FlushInterval: 20 * time.Millisecond, InFlight: inFlight})
	if err != nil {
		t.Fatal(err)
	}
	schema, err := insert.NewSchema(insert.Tag("host", insert.String), insert.Time("ts", insert.Millisecond), insert.Field("v", insert.Int64))
	if err != nil {
		t.Fatal(err)
	}
	goroutines, each := 50, few(2000)
	call := model.Begin("insert.Writer")
	var workers sync.WaitGroup
	for g := range goroutines {
		workers.Go(func() {
			for i := range each {
				row := writemodel.Row{Table: fmt.Sprint("t", (g+i)%tables), ID: int64(g*each + i)}
				call.Submit(row)
				if err := w.Table(row.Table, schema).Append(t.Context(), "a", time.UnixMilli(row.ID), i); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	workers.Wait()
	if err := w.Close(t.Context()); err != nil {
		t.Error(err)
	}
	call.SettleRest(writemodel.Acknowledged, nil)
	if err := model.Check(); err != nil {
		t.Error(err)
	}
	if stats := w.Stats(); stats.Acknowledged != int64(goroutines*each) || stats.Pending != 0 || stats.PendingBytes != 0 {
		t.Errorf("%d rows: %+v", goroutines*each, stats)
	}
	if peak := server.Endpoint(0).PeakStreams(); peak > inFlight {
		t.Errorf("%d requests at the same time, want at most %d", peak, inFlight)
	}
	t.Logf("%d rows of %d tables in %d requests", goroutines*each, tables, server.Endpoint(0).Calls(""))
}

// Ten thousand goroutines hand batches to one bulk writer, and each gets its own ack.
func TestTenThousandGoroutinesOnOneBulkWriter(t *testing.T) {
	const rows, streams = 10, 4
	server, model, db := openHealthy(t)
	server.AddTable("t", 3)
	w, err := bulk.NewWriter(t.Context(), db, "t", bulk.Options{Streams: streams, Retry: insert.Retry{For: -1}})
	if err != nil {
		t.Fatal(err)
	}
	goroutines := few(10_000)
	var mu sync.Mutex
	ids := map[int64]bool{}
	var workers sync.WaitGroup
	for g := range goroutines {
		workers.Go(func() {
			batch := w.NewBatch(rows)
			list := make([]writemodel.Row, rows)
			for i := range list {
				list[i] = writemodel.Row{Table: "t", ID: int64(g*rows + i)}
				if err := batch.Append("a", time.UnixMilli(list[i].ID), g, nil); err != nil {
					t.Error(err)
				}
			}
			call := model.Begin("batch", list...)
			ack, err := w.Write(t.Context(), batch)
			call.Settle(writemodel.OutcomeOf(err), err, list...)
			if err != nil || ack.Rows != rows {
				t.Errorf("%+v, %v", ack, err)
			}
			mu.Lock()
			defer mu.Unlock()
			if ids[ack.ID] {
				t.Errorf("two batches have the id %d", ack.ID)
			}
			ids[ack.ID] = true
		})
	}
	workers.Wait()
	summary, err := w.Close(t.Context())
	if err != nil || summary.Acknowledged != int64(goroutines) || summary.Rows != int64(goroutines*rows) || summary.Failed != 0 {
		t.Errorf("%d batches: %+v, %v", goroutines, summary, err)
	}
	if err := model.Check(); err != nil {
		t.Error(err)
	}
	// The writer's streams, and a query about the table.
	if peak := server.Endpoint(0).PeakStreams(); peak > streams+1 {
		t.Errorf("%d streams at the same time, want at most %d", peak, streams+1)
	}
}
