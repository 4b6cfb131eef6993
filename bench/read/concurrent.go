package main

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/bench/internal/data"
	"github.com/greptime-go/greptime/bench/internal/measure"
	"github.com/greptime-go/greptime/bench/internal/nullserver"
	"github.com/greptime-go/greptime/bench/internal/scans"
)

// The limited server takes limitedTime for a query of one row, and allows maxStreams at a time on
// a connection.
const (
	limitedTime = 50 * time.Millisecond
	maxStreams  = 100
)

// concurrentScenarios show latencies, connections and memory of one sql.DB that many goroutines
// use at the same time, over one connection and over four.
func concurrentScenarios(fast, limited *nullserver.Process) []measure.Scenario {
	query := scans.Query{Columns: 1, Codec: "none", Rows: 1, BatchRows: 1}.SQL()
	readOne := func(ctx context.Context, db *sql.DB) error {
		var at time.Time
		return db.QueryRowContext(ctx, query).Scan(&at)
	}
	var limits, ones, mixed []measure.Scenario
	for _, atOnce := range []int{1, 100, 1000} {
		for _, connections := range []int{1, 4} {
			limits = append(limits, concurrent(limited, "queries of 50 ms at once, 100 streams a connection", atOnce, connections, readOne))
			ones = append(ones, concurrent(fast, "SELECT 1 at once", atOnce, connections, selectOne))
			mixed = append(mixed, concurrent(fast, "SELECT 1 and INSERT of one row at once", atOnce, connections, readOrInsert()))
		}
	}
	return append(append(limits, ones...), mixed...)
}

func selectOne(ctx context.Context, db *sql.DB) error {
	var one int64
	return db.QueryRowContext(ctx, "SELECT 1").Scan(&one)
}

// readOrInsert returns a function that reads and inserts in turn.
func readOrInsert() func(context.Context, *sql.DB) error {
	row := data.Batches(1)[0][0]
	var n atomic.Int64
	return func(ctx context.Context, db *sql.DB) error {
		if n.Add(1)%2 == 0 {
			return selectOne(ctx, db)
		}
		_, err := db.ExecContext(ctx, "INSERT INTO "+data.Narrow+" (region, zone, rack, host, cpu, memory, disk, net_in, net_out, ts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			row.Region, row.Zone, row.Rack, row.Host, row.CPU, row.Memory, row.Disk, row.NetIn, row.NetOut, row.Time)
		return err
	}
}

// concurrent is a scenario of calls on one sql.DB by atOnce goroutines.
func concurrent(server *nullserver.Process, group string, atOnce, connections int, call func(context.Context, *sql.DB) error) measure.Scenario {
	name := fmt.Sprintf("%d at once, connections=%d", atOnce, connections)
	return measure.Scenario{Group: group, Name: name, Unit: "call", Point: true, Setup: func(context.Context) (*measure.Operation, error) {
		cfg, err := greptime.ParseDSN(fmt.Sprintf("greptime://%s?connections=%d", server.Addr, connections))
		if err != nil {
			return nil, err
		}
		var open atomic.Int64
		cfg.Dialer = func(ctx context.Context, addr string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
			if err != nil {
				return nil, err
			}
			open.Add(1)
			return &countedConn{Conn: conn, open: &open}, nil
		}
		connector, err := greptime.NewConnector(cfg)
		if err != nil {
			return nil, err
		}
		db := sql.OpenDB(connector)
		db.SetMaxIdleConns(atOnce)
		return &measure.Operation{
			Units: 1, Latency: true, AtOnce: atOnce, Heap: true, Connections: open.Load, Close: db.Close,
			Do: func(ctx context.Context) error { return call(ctx, db) },
		}, nil
	}}
}

// countedConn is counted until it is closed.
type countedConn struct {
	net.Conn
	open   *atomic.Int64
	closed atomic.Bool
}

func (c *countedConn) Close() error {
	if !c.closed.Swap(true) {
		c.open.Add(-1)
	}
	return c.Conn.Close()
}
