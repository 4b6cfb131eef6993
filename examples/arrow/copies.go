package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/bulk"
	"github.com/greptime-go/greptime/examples/internal/demo"
	"github.com/greptime-go/greptime/insert"
)

// tableCopy is a table that is filled with the result of a query. Its columns have the
// names and types of the result's.
type tableCopy struct {
	table   string
	columns []insert.Column
	query   string
	args    []any
}

var copies = []tableCopy{{
	table: "first_day",
	columns: []insert.Column{
		insert.Tag("device", insert.String),
		insert.Time("ts", insert.Millisecond),
		insert.Field("temperature", insert.Float64),
		insert.Field("humidity", insert.Float64),
	},
	query: `SELECT * FROM readings WHERE ts < ?`,
	args:  []any{start.AddDate(0, 0, 1)},
}, {
	table: "hourly",
	columns: []insert.Column{
		insert.Tag("device", insert.String),
		insert.Time("hour", insert.Millisecond),
		insert.Field("mean", insert.Float64),
		insert.Field("warmest", insert.Float64),
		insert.Field("readings", insert.Int64),
	},
	query: `
		SELECT device, date_bin(INTERVAL '1 hour', ts) AS "hour",
		       avg(temperature) AS mean, max(temperature) AS warmest, count(*) AS readings
		FROM readings
		GROUP BY device, "hour"`,
}, {
	table: "readings_copy",
	columns: []insert.Column{
		insert.Tag("device", insert.String),
		insert.Time("at", insert.Microsecond), // a finer unit is an exact cast
		insert.Field("celsius", insert.Float64),
		insert.Field("humidity", insert.Float64),
	},
	query: `SELECT device, ts AS "at", temperature AS celsius, humidity FROM readings`,
}}

// run makes the table, copies, and compares the counts.
func (c tableCopy) run(ctx context.Context, conn *greptime.Conn) error {
	schema, err := insert.NewSchema(c.columns...)
	if err != nil {
		return err
	}
	if err := recreate(ctx, conn, c.table, schema); err != nil {
		return err
	}
	want, err := count(ctx, conn, "SELECT count(*) FROM ("+c.query+") AS result", c.args...)
	if err != nil {
		return err
	}
	started := time.Now()
	written, err := c.copy(ctx, conn, want)
	if err != nil {
		return err
	}
	elapsed := time.Since(started)
	stored, err := count(ctx, conn, "SELECT count(*) FROM "+c.table)
	if err != nil {
		return err
	}
	if written != want || stored != want {
		return fmt.Errorf("the query has %d rows, %d are acknowledged, and the table has %d", want, written, stored)
	}
	fmt.Printf("Table %s has all %d rows of the query after %v: %.0f rows/s\n",
		c.table, stored, elapsed.Round(time.Millisecond), float64(stored)/elapsed.Seconds())
	return nil
}

// copy streams the query's record batches into the table. It reads no faster than the
// server writes, so that memory does not grow with the result.
func (c tableCopy) copy(ctx context.Context, conn *greptime.Conn, rows int64) (int64, error) {
	bar := demo.Rows(c.table, rows)
	defer bar.Done()
	rd, err := conn.QueryArrow(ctx, c.query, c.args...)
	if err != nil {
		return 0, err
	}
	defer rd.Release()
	w, err := bulk.NewWriter(ctx, conn, c.table, bulk.Options{Compression: bulk.LZ4})
	if err != nil {
		return 0, err
	}
	written, err := w.WriteReader(ctx, rd, bar.Set)
	_, closeErr := w.Close(ctx)
	return written, errors.Join(err, closeErr)
}

// count is the number that a query answers with.
func count(ctx context.Context, conn *greptime.Conn, query string, args ...any) (int64, error) {
	rd, err := conn.QueryArrow(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	defer rd.Release()
	if !rd.Next() {
		return 0, errors.Join(errors.New("the count has no row"), rd.Err())
	}
	counts, ok := rd.RecordBatch().Column(0).(*array.Int64)
	if !ok || counts.Len() != 1 {
		return 0, fmt.Errorf("the count is %v", rd.RecordBatch())
	}
	n := counts.Value(0)
	for rd.Next() { // to the end, where errors are
	}
	return n, rd.Err()
}
