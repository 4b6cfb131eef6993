package main

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/bench/internal/data"
	"github.com/greptime-go/greptime/bench/internal/measure"
	"github.com/greptime-go/greptime/bench/internal/nullserver"
	"github.com/greptime-go/greptime/bench/internal/rawgrpc"
	"github.com/greptime-go/greptime/bench/internal/scans"
	_ "github.com/greptime-go/greptime/driver" // database/sql's name greptime
)

// scan is a query that is measured.
type scan struct {
	group string
	scans.Query

	point     string // what it is in a curve: 5 columns
	atOnce    int    // how many goroutines read it at the same time; 0: one
	watchHeap bool
}

// scanScenarios read the result to its end.
func scanScenarios(server *nullserver.Process, s scan) []measure.Scenario {
	query := s.SQL()
	dsn := "greptime://" + server.Addr
	mysqlText, mysqlPrepared := mysqlScans(mysqlDSN(server), query, s.values)
	return slices.Concat([]measure.Scenario{
		s.receiveOnly(server, rawgrpc.Plain),
		s.receiveOnly(server, rawgrpc.Tuned),
		s.scenario("Arrow batches", arrowBatches(dsn, query)),
		s.scenario("database/sql Next only", rowsOf("greptime", dsn, query, nil)),
		s.scenario("database/sql Scan", rowsOf("greptime", dsn, query, s.values)),
		s.scenario("database/sql Scan, sql.Null", rowsOf("greptime", dsn, query, s.nulls)),
		s.scenario("arrow-go flight.Reader", arrowGoBatches(server.Addr, query)),
		s.scenario("arrow-go flightsql Scan", rowsOf("flightsql", "flightsql://"+server.Addr+"?timeout=60s", query, s.values)),
		s.scenario("go-sql-driver/mysql text Scan", mysqlText),
		s.scenario("go-sql-driver/mysql prepared Scan", mysqlPrepared),
	}, pgxScenarios(postgresDSN(server), query, s), structScenarios(server, s))
}

// arrowScenarios read the same as record batches only.
func arrowScenarios(server *nullserver.Process, s scan) []measure.Scenario {
	query := s.SQL()
	return []measure.Scenario{
		s.receiveOnly(server, rawgrpc.Plain),
		s.receiveOnly(server, rawgrpc.Tuned),
		s.scenario("Arrow batches", arrowBatches("greptime://"+server.Addr, query)),
		s.scenario("arrow-go flight.Reader", arrowGoBatches(server.Addr, query)),
	}
}

// influxScenario reads the same with influxdb3-go.
func influxScenario(server *nullserver.Process, s scan) []measure.Scenario {
	return []measure.Scenario{s.scenario("influxdb3-go iterator", influxRows(server.Addr, s.SQL()))}
}

// memoryScenarios read a long result and look at the heap meanwhile.
func memoryScenarios(server *nullserver.Process, s scan) []measure.Scenario {
	s.watchHeap = true
	dsn, query := "greptime://"+server.Addr, s.SQL()
	return []measure.Scenario{
		s.scenario("database/sql Scan", rowsOf("greptime", dsn, query, s.values)),
		s.scenario("Each", eachOf[fiveColumns](dsn, query)),
	}
}

func (s scan) scenario(name string, setup func(context.Context) (scanner, error)) measure.Scenario {
	if s.point != "" {
		name = s.point + ", " + name
	}
	return measure.Scenario{Group: s.group, Name: name, Unit: "row", Point: s.point != "", Setup: func(ctx context.Context) (*measure.Operation, error) {
		scanner, err := setup(ctx)
		if err != nil {
			return nil, err
		}
		do := func(ctx context.Context) error {
			n, err := scanner.all(ctx)
			if err == nil && n != s.Rows {
				err = fmt.Errorf("%d rows were read instead of %d", n, s.Rows)
			}
			return err
		}
		op := &measure.Operation{Units: s.Rows, Do: do, Close: scanner.close, Heap: s.watchHeap}
		if s.atOnce > 0 {
			op.Units *= s.atOnce
			op.Run = func(ctx context.Context, n int) error { return readAtOnce(ctx, s.atOnce, n, do) }
		}
		return op, nil
	}}
}

// readAtOnce reads n times on each of several goroutines.
func readAtOnce(ctx context.Context, goroutines, n int, read func(context.Context) error) error {
	g, ctx := errgroup.WithContext(ctx)
	for range goroutines {
		g.Go(func() error {
			for range n {
				if err := read(ctx); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// scanner reads a whole result and returns the number of rows.
type scanner struct {
	all   func(context.Context) (int, error)
	close func() error
}

// receiveOnly reads the messages and does nothing with them.
func (s scan) receiveOnly(server *nullserver.Process, floor rawgrpc.Floor) measure.Scenario {
	q := s.Query
	return s.scenario(floor.Name("receive only"), func(context.Context) (scanner, error) {
		cc, err := floor.Dial(server.Addr)
		return scanner{close: cc.Close, all: func(ctx context.Context) (int, error) {
			n, err := rawgrpc.ReceiveAll(ctx, cc, rawgrpc.DoGet, rawgrpc.Ticket(q.SQL()))
			if want := 1 + q.Batches() + 1; err == nil && n != want { // the schema and the metrics
				err = fmt.Errorf("%d messages were received instead of %d", n, want)
			}
			return q.Rows, err
		}}, err
	})
}

// arrowBatches reads record batches by this driver.
func arrowBatches(dsn, query string) func(context.Context) (scanner, error) {
	return func(ctx context.Context) (scanner, error) {
		conn, err := greptime.Connect(ctx, dsn)
		if err != nil {
			return scanner{}, err
		}
		return scanner{close: conn.Close, all: func(ctx context.Context) (int, error) {
			rd, err := conn.QueryArrow(ctx, query)
			if err != nil {
				return 0, err
			}
			defer rd.Release()
			n := 0
			for rd.Next() {
				n += int(rd.RecordBatch().NumRows())
			}
			return n, rd.Err()
		}}, nil
	}
}

// rowsOf reads rows by a driver of database/sql. dest makes what they are scanned into;
// without it they are not scanned.
func rowsOf(driver, dsn, query string, dest func() []any) func(context.Context) (scanner, error) {
	return func(context.Context) (scanner, error) {
		db, err := sql.Open(driver, dsn)
		if err != nil {
			return scanner{}, err
		}
		return rowsOfDB(db, query, dest), nil
	}
}

func rowsOfDB(db *sql.DB, query string, dest func() []any) scanner {
	db.SetMaxIdleConns(mostAtOnce) // none is closed between one scan and the next
	return scanner{close: db.Close, all: func(ctx context.Context) (int, error) {
		rows, err := db.QueryContext(ctx, query)
		if err != nil {
			return 0, err
		}
		return scanRows(rows, dest)
	}}
}

func scanRows(rows *sql.Rows, dest func() []any) (n int, err error) {
	defer rows.Close()
	var into []any
	if dest != nil {
		into = dest()
	}
	for rows.Next() {
		if into != nil {
			if err := rows.Scan(into...); err != nil {
				return n, err
			}
		}
		n++
	}
	return n, rows.Err()
}

// values are what a row is scanned into.
func (s scan) values() (dest []any) {
	for _, v := range (&data.Row{}).Values(s.ColumnNames()) {
		switch v.(type) {
		case string:
			dest = append(dest, new(string))
		case float64:
			dest = append(dest, new(float64))
		case int64:
			dest = append(dest, new(int64))
		case time.Time:
			dest = append(dest, new(time.Time))
		}
	}
	return dest
}

// nulls are the same, for values that may be NULL.
func (s scan) nulls() (dest []any) {
	for _, v := range (&data.Row{}).Values(s.ColumnNames()) {
		switch v.(type) {
		case string:
			dest = append(dest, new(sql.NullString))
		case float64:
			dest = append(dest, new(sql.NullFloat64))
		case int64:
			dest = append(dest, new(sql.NullInt64))
		case time.Time:
			dest = append(dest, new(sql.Null[time.Time]))
		}
	}
	return dest
}
