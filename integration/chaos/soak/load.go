package main

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/bulk"
	"github.com/greptime-go/greptime/insert"
)

const (
	tableCount = 4
	halvesRows = 1000
	ring       = 10_000 // different rows of an operation; more overwrite them
	// patience limits a call.
	patience = time.Minute
)

// load is the operations that run on one DB, each on its own goroutine.
type load struct {
	dsn      string
	db       *sql.DB
	buffered *insert.Writer
	rows     *insert.WriterTable
	bulk     *bulk.Writer

	mu        sync.Mutex
	latencies map[string][]time.Duration // since the last sample
	errs      map[string]error           // the first of each operation
	failed    map[string]int
}

// newLoad opens a DB. The caller must close the load.
func newLoad(dsn string) (*load, error) {
	db, err := open(dsn, "")
	if err != nil {
		return nil, err
	}
	return &load{dsn: dsn, db: db, latencies: map[string][]time.Duration{}, errs: map[string]error{}, failed: map[string]int{}}, nil
}

// open opens a DB whose INSERTs are sent as insertAs says; "" is the DSN's way.
func open(dsn, insertAs string) (*sql.DB, error) {
	cfg, err := greptime.ParseDSN(dsn)
	if err != nil {
		return nil, err
	}
	cfg.Insert = cmp.Or(insertAs, cfg.Insert)
	connector, err := greptime.NewConnector(cfg)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

func (l *load) close() { _ = l.db.Close() }

func table(i int) string { return fmt.Sprint("soak_", i%tableCount) }

// half is a row of the table halves.
type half struct {
	ID    int64   `greptime:"id"`
	Half  float64 `greptime:"half"`
	Label string  `greptime:"label"`
}

func selectHalves(n int) string {
	return fmt.Sprintf("SELECT id, half, label FROM halves LIMIT %d", n)
}

// createTables creates the tables and fills the one that is read.
func (l *load) createTables(ctx context.Context) error {
	for i := range tableCount {
		if _, err := l.db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS "+table(i)+" (host STRING, ts TIMESTAMP(3) TIME INDEX, v BIGINT, note STRING, PRIMARY KEY (host))"); err != nil {
			return err
		}
	}
	halves := insert.NewTable("halves", insert.Time("ts", insert.Millisecond), insert.Field("id", insert.Int64), insert.Field("half", insert.Float64), insert.Field("label", insert.String))
	for i := range int64(halvesRows) {
		if err := halves.Append(time.UnixMilli(i), i, float64(i)/2, fmt.Sprint("number ", i)); err != nil {
			return err
		}
	}
	_, err := insert.Write(ctx, l.db, halves)
	return err
}

// operation is something that is done again and again. n counts how often, from 0.
type operation struct {
	name string
	do   func(ctx context.Context, n int) error
}

func (l *load) operations() []operation {
	return []operation{
		{"Query, 1 row", func(ctx context.Context, _ int) error { return l.query(ctx, 1) }},
		{"Query, 500 rows", func(ctx context.Context, _ int) error { return l.query(ctx, 500) }},
		{"Query, cancelled", l.cancelled},
		{"Collect, 500 rows", l.collect},
		{"Each, 500 rows", l.each},
		{"INSERT, 10 rows", func(ctx context.Context, n int) error { return exec(ctx, l.db, n) }},
		{"connect, INSERT as text, close", l.connect},
		{"insert.Write, 100 rows", l.write},
		{"insert.Stream, 3 requests", l.stream},
		{"insert.Writer, 100 rows and Flush", l.flush},
		{"insert.NewWriter, 10 rows and Close", l.newBuffered},
		{"bulk.Writer.Write, 500 rows", func(ctx context.Context, _ int) error { return writeBatch(ctx, l.bulk, 500) }},
		{"bulk.NewWriter, 10 rows and Close", l.newBulk},
	}
}

// run runs all operations and returns the samples. It ends early with ctx.
func (l *load) run(ctx context.Context, duration, interval, pause time.Duration) (samples []sample, err error) {
	if l.buffered, err = insert.NewWriter(l.db, insert.WriterOptions{}); err != nil {
		return nil, err
	}
	schema, err := insert.NewSchema(columns()...)
	if err != nil {
		return nil, err
	}
	l.rows = l.buffered.Table(table(0), schema)
	if l.bulk, err = bulk.NewWriter(ctx, l.db, table(1), bulk.Options{}); err != nil {
		return nil, err
	}
	over := make(chan struct{})
	var workers sync.WaitGroup
	for _, o := range l.operations() {
		workers.Go(func() { l.repeat(o, over, pause) })
	}
	begun := time.Now()
	ticks := time.NewTicker(interval)
	defer ticks.Stop()
	for time.Since(begun) < duration && ctx.Err() == nil {
		select {
		case <-ticks.C:
			samples = append(samples, l.sample(time.Since(begun)))
		case <-ctx.Done():
		}
	}
	close(over)
	workers.Wait()
	end, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, err = l.bulk.Close(end)
	return samples, errors.Join(err, l.buffered.Close(end))
}

// repeat does an operation until over is closed.
func (l *load) repeat(o operation, over <-chan struct{}, pause time.Duration) {
	for n := 0; ; n++ {
		select {
		case <-over:
			return
		case <-time.After(pause):
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		begun := time.Now()
		err := o.do(ctx, n)
		took := time.Since(begun)
		cancel()
		l.mu.Lock()
		l.latencies[o.name] = append(l.latencies[o.name], took)
		if err != nil {
			l.failed[o.name]++
			if l.errs[o.name] == nil {
				l.errs[o.name] = err
			}
		}
		l.mu.Unlock()
	}
}

// failures returns an error that names the operations that have failed.
func (l *load) failures() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(l.errs)) {
		errs = append(errs, fmt.Errorf("%s failed %d times, first: %w", name, l.failed[name], l.errs[name]))
	}
	return errors.Join(errs...)
}

func (l *load) query(ctx context.Context, want int) error {
	rows, err := l.db.QueryContext(ctx, selectHalves(want))
	if err != nil {
		return err
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		var row half
		if err := rows.Scan(&row.ID, &row.Half, &row.Label); err != nil {
			return err
		}
		n++
	}
	return errors.Join(rows.Err(), checkRows(n, want))
}

func checkRows(n, want int) error {
	if n != want {
		return fmt.Errorf("%d rows, want %d", n, want)
	}
	return nil
}

// cancelled cancels a query while it runs.
func (l *load) cancelled(ctx context.Context, n int) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer time.AfterFunc(time.Duration(n%500)*10*time.Microsecond, cancel).Stop()
	if err := l.query(ctx, 500); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

func (l *load) collect(ctx context.Context, _ int) error {
	rows, err := greptime.Collect[half](ctx, l.db, selectHalves(500))
	if err != nil {
		return err
	}
	return checkRows(len(rows), 500)
}

func (l *load) each(ctx context.Context, _ int) error {
	n := 0
	for _, err := range greptime.Each[half](ctx, l.db, selectHalves(500)) {
		if err != nil {
			return err
		}
		n++
	}
	return checkRows(n, 500)
}

// at returns the time of the i-th row of an operation.
func at(i int) time.Time { return time.UnixMilli(int64(i % ring)) }

func exec(ctx context.Context, db *sql.DB, n int) error {
	const rows = 10
	var args []any
	for i := range rows {
		args = append(args, "INSERT", at(n*rows+i), i)
	}
	_, err := db.ExecContext(ctx, "INSERT INTO "+table(n)+" (host, ts, v) VALUES "+strings.Repeat("(?, ?, ?), ", rows-1)+"(?, ?, ?)", args...)
	return err
}

// connect does everything on new network connections.
func (l *load) connect(ctx context.Context, n int) error {
	db, err := open(l.dsn, "sql")
	if err != nil {
		return err
	}
	return errors.Join(exec(ctx, db, n), db.Close())
}

func columns() []insert.Column {
	return []insert.Column{insert.Tag("host", insert.String), insert.Time("ts", insert.Millisecond), insert.Field("v", insert.Int64)}
}

func rows(name, host string, n, count int) (*insert.Table, error) {
	t := insert.NewTable(name, columns()...)
	for i := range count {
		if err := t.Append(host, at(n*count+i), i); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (l *load) write(ctx context.Context, n int) error {
	t, err := rows(table(n), "Write", n, 100)
	if err != nil {
		return err
	}
	_, err = insert.Write(ctx, l.db, t)
	return err
}

func (l *load) stream(ctx context.Context, n int) error {
	stream, err := insert.NewStream(ctx, l.db)
	if err != nil {
		return err
	}
	defer stream.Close()
	for i := range 3 {
		t, err := rows(table(i), "Stream", n, 10)
		if err != nil {
			return err
		}
		if err := stream.Send(ctx, t); err != nil {
			return err
		}
	}
	_, err = stream.CloseAndRecv(ctx)
	return err
}

func (l *load) flush(ctx context.Context, n int) error {
	for i := range 100 {
		if err := l.rows.Append(ctx, "Flush", at(n*100+i), i); err != nil {
			return err
		}
	}
	return l.buffered.Flush(ctx)
}

func (l *load) newBuffered(ctx context.Context, n int) error {
	w, err := insert.NewWriter(l.db, insert.WriterOptions{})
	if err != nil {
		return err
	}
	t, err := rows(table(n), "NewWriter", n, 10)
	if err != nil {
		return err
	}
	return errors.Join(w.Write(ctx, t), w.Close(ctx))
}

func writeBatch(ctx context.Context, w *bulk.Writer, count int) error {
	batch := w.NewBatch(count)
	for i := range count {
		if err := batch.Append("bulk", at(i), i, nil); err != nil {
			return err
		}
	}
	_, err := w.Write(ctx, batch)
	return err
}

func (l *load) newBulk(ctx context.Context, n int) error {
	w, err := bulk.NewWriter(ctx, l.db, table(n), bulk.Options{})
	if err != nil {
		return err
	}
	err = writeBatch(ctx, w, 10)
	_, closed := w.Close(ctx)
	return errors.Join(err, closed)
}
