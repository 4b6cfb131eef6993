//go:build duckdb_arrow

package main

import (
	"context"
	"errors"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/duckdb/duckdb-go/v2"

	"github.com/greptime-go/greptime/bench/internal/data"
	"github.com/greptime-go/greptime/bench/internal/measure"
	"github.com/greptime-go/greptime/bench/internal/scans"
)

// duckScenario reads the same rows as record batches from a table in DuckDB's memory.
// There is no server: DuckDB's own work is in the CPU time, and no message is.
func duckScenario(s scan) []measure.Scenario {
	return []measure.Scenario{s.scenario("duckdb-go Arrow", func(ctx context.Context) (scanner, error) {
		connector, err := duckdb.NewConnector("", nil)
		if err != nil {
			return scanner{}, err
		}
		conn, err := connector.Connect(ctx)
		if err != nil {
			return scanner{}, errors.Join(err, connector.Close())
		}
		closeBoth := func() error { return errors.Join(conn.Close(), connector.Close()) }
		db, err := duckdb.NewArrowFromConn(conn)
		if err == nil {
			err = fillDuck(ctx, db, s.Query)
		}
		if err != nil {
			return scanner{}, errors.Join(err, closeBoth())
		}
		return scanner{close: closeBoth, all: func(ctx context.Context) (int, error) {
			return duckQuery(ctx, db, "SELECT * FROM scan")
		}}, nil
	})}
}

// fillDuck makes the table of the scan.
func fillDuck(ctx context.Context, db *duckdb.Arrow, q scans.Query) error {
	var batches []arrow.RecordBatch
	columns, distinct := q.ColumnNames(), scans.Rows(q.BatchRows)
	for i := range q.Rows / q.BatchRows {
		batches = append(batches, data.Record(columns, distinct[i%len(distinct)]))
	}
	rd, err := array.NewRecordReader(data.Schema(columns), batches)
	if err != nil {
		return err
	}
	defer rd.Release()
	release, err := db.RegisterView(rd, "batches")
	if err != nil {
		return err
	}
	defer release()
	_, err = duckQuery(ctx, db, "CREATE TABLE scan AS SELECT * FROM batches")
	return err
}

// duckQuery runs a query, and reads and counts its rows.
func duckQuery(ctx context.Context, db *duckdb.Arrow, query string) (n int, err error) {
	rd, err := db.QueryContext(ctx, query)
	if err != nil {
		return 0, err
	}
	defer rd.Release()
	for rd.Next() {
		n += int(rd.RecordBatch().NumRows())
	}
	return n, rd.Err()
}
