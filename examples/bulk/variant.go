package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/bulk"
	"github.com/greptime-go/greptime/examples/internal/demo"
	"github.com/greptime-go/greptime/insert"
)

// variant is a way to load.
type variant struct {
	name        string
	streams     int  // and as many goroutines that fill batches
	wait        bool // for the ack of each batch before the next
	compression bulk.Compression
}

func variants() []variant {
	parallel := fmt.Sprintf("%d streams", *streams)
	return []variant{
		{"one by one", 1, true, bulk.None},
		{"1 stream", 1, false, bulk.None},
		{parallel, *streams, false, bulk.None},
		{parallel + ", LZ4", *streams, false, bulk.LZ4},
		{parallel + ", ZSTD", *streams, false, bulk.ZSTD},
	}
}

// run makes the table anew, loads it, and has the server count it.
func (v variant) run(ctx context.Context, conn *greptime.Conn, hours year) (outcome, error) {
	schema, err := insert.SchemaOf[hour]()
	if err != nil {
		return outcome{}, err
	}
	if _, err := conn.Exec(ctx, "DROP TABLE IF EXISTS weather"); err != nil {
		return outcome{}, err
	}
	if err := bulk.CreateTable(ctx, conn, "weather", schema, nil); err != nil {
		return outcome{}, err
	}
	o, err := v.load(ctx, conn, hours)
	if err != nil {
		return o, err
	}
	stored, err := countRows(ctx, conn, "weather")
	if err != nil {
		return o, err
	}
	if stored != int64(*rows) {
		return o, fmt.Errorf("%d rows were loaded, and the table has %d", *rows, stored)
	}
	return o, nil
}

func (v variant) load(ctx context.Context, conn *greptime.Conn, hours year) (outcome, error) {
	bar := demo.Rows(v.name, int64(*rows))
	defer bar.Done()
	started := time.Now()
	writer, err := bulk.NewWriter(ctx, conn, "weather", bulk.Options{
		Streams:          v.streams,
		Compression:      v.compression,
		Progress:         func(p bulk.Progress) { bar.Set(p.Rows) },
		ProgressInterval: barInterval,
	})
	if err != nil {
		return outcome{}, err
	}
	var next atomic.Int64 // the first row that nobody has taken
	group, groupCtx := errgroup.WithContext(ctx)
	for range v.streams {
		group.Go(func() error {
			b := writer.NewBatch(*batchRows)
			for {
				end := int(next.Add(int64(*batchRows)))
				start := end - *batchRows
				if start >= *rows {
					return nil
				}
				for i := start; i < min(end, *rows); i++ {
					if err := bulk.AppendStructs(b, hours.row(i)); err != nil {
						return err
					}
				}
				// The batch is empty after either of them, and used again.
				var err error
				if v.wait {
					_, err = writer.Write(groupCtx, b)
				} else {
					_, err = writer.WriteAsync(groupCtx, b)
				}
				if err != nil {
					return err
				}
			}
		})
	}
	err = group.Wait()
	// Close waits for the acks, and tells of those that are missing.
	summary, closeErr := writer.Close(ctx)
	o := outcome{name: v.name, summary: summary, sent: writer.Progress().Bytes, elapsed: time.Since(started)}
	bar.Set(summary.Rows)
	return o, errors.Join(err, closeErr)
}
