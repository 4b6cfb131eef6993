package main

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/bench/internal/measure"
	"github.com/greptime-go/greptime/bench/internal/nullserver"
	"github.com/greptime-go/greptime/bench/internal/rawgrpc"
	"github.com/greptime-go/greptime/bench/internal/scans"
	_ "github.com/greptime-go/greptime/driver" // database/sql's name greptime
)

// scan is a query that is measured.
type scan struct {
	group   string
	columns int
	codec   string // of the bodies; GreptimeDB's is lz4
	batches int    // of 1,024 rows, that it returns

	watchHeap bool
}

func (s scan) query() string {
	return fmt.Sprintf("SELECT * FROM scan_%d_%s_%d", s.columns, s.codec, s.batches)
}

func (s scan) rows() int { return s.batches * scans.BatchRows }

// scanScenarios read the result to its end.
func scanScenarios(server *nullserver.Process, s scan) []measure.Scenario {
	query := s.query()
	dsn := "greptime://" + server.Addr
	values, nulls := fiveValues, fiveNulls
	if s.columns == 10 {
		values, nulls = tenValues, tenNulls
	}
	mysqlText, mysqlPrepared := mysqlScans(server.MySQLAddr, query, values)
	return []measure.Scenario{
		s.scenario("receive only", receiveOnly(server.Addr, query)),
		s.scenario("Arrow batches", arrowBatches(server.Addr, query)),
		s.scenario("database/sql Next only", rowsOf("greptime", dsn, query, nil)),
		s.scenario("database/sql Scan", rowsOf("greptime", dsn, query, values)),
		s.scenario("database/sql Scan, sql.Null", rowsOf("greptime", dsn, query, nulls)),
		s.scenario("arrow-go flight.Reader", arrowGoBatches(server.Addr, query)),
		s.scenario("arrow-go flightsql Scan", rowsOf("flightsql", "flightsql://"+server.Addr+"?timeout=60s", query, values)),
		s.scenario("go-sql-driver/mysql text Scan", mysqlText),
		s.scenario("go-sql-driver/mysql prepared Scan", mysqlPrepared),
	}
}

// arrowScenarios read the same as record batches only.
func arrowScenarios(server *nullserver.Process, s scan) []measure.Scenario {
	query := s.query()
	return []measure.Scenario{
		s.scenario("receive only", receiveOnly(server.Addr, query)),
		s.scenario("Arrow batches", arrowBatches(server.Addr, query)),
		s.scenario("arrow-go flight.Reader", arrowGoBatches(server.Addr, query)),
	}
}

// influxScenario reads the same with influxdb3-go.
func influxScenario(server *nullserver.Process, s scan) []measure.Scenario {
	return []measure.Scenario{s.scenario("influxdb3-go iterator", influxRows(server.Addr, s.query()))}
}

func (s scan) scenario(name string, setup func(context.Context) (scanner, error)) measure.Scenario {
	return measure.Scenario{Group: s.group, Name: name, Unit: "row", Setup: func(ctx context.Context) (*measure.Operation, error) {
		scanner, err := setup(ctx)
		if err != nil {
			return nil, err
		}
		return &measure.Operation{Units: s.rows(), Close: scanner.close, Heap: s.watchHeap, Do: func(ctx context.Context) error {
			n, err := scanner.all(ctx)
			if err == nil && n != s.rows() {
				err = fmt.Errorf("%d rows were read instead of %d", n, s.rows())
			}
			return err
		}}, nil
	}}
}

// memoryScenarios read a long result and look at the heap meanwhile.
func memoryScenarios(server *nullserver.Process, s scan) []measure.Scenario {
	s.watchHeap = true
	return []measure.Scenario{s.scenario("database/sql Scan", rowsOf("greptime", "greptime://"+server.Addr, s.query(), fiveValues))}
}

// scanner reads a whole result and returns the number of rows.
type scanner struct {
	all   func(context.Context) (int, error)
	close func() error
}

// receiveOnly reads the messages and does nothing with them: the floor.
func receiveOnly(addr, query string) func(context.Context) (scanner, error) {
	return func(context.Context) (scanner, error) {
		cc, err := rawgrpc.Dial(addr)
		return scanner{close: cc.Close, all: func(ctx context.Context) (int, error) {
			n, err := rawgrpc.ReceiveAll(ctx, cc, rawgrpc.DoGet, rawgrpc.Ticket(query))
			return (n - 2) * scans.BatchRows, err // all but the schema and the metrics
		}}, err
	}
}

// arrowBatches reads record batches by this driver.
func arrowBatches(addr, query string) func(context.Context) (scanner, error) {
	return func(ctx context.Context) (scanner, error) {
		conn, err := greptime.Connect(ctx, "greptime://"+addr)
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
		return scanner{close: db.Close, all: func(ctx context.Context) (int, error) {
			rows, err := db.QueryContext(ctx, query)
			if err != nil {
				return 0, err
			}
			return scanRows(rows, dest)
		}}, nil
	}
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

// What rows are scanned into.

func fiveValues() []any {
	return []any{new(time.Time), new(string), new(float64), new(float64), new(int64)}
}

func fiveNulls() []any {
	return []any{new(sql.Null[time.Time]), new(sql.NullString), new(sql.NullFloat64), new(sql.NullFloat64), new(sql.NullInt64)}
}

func tenValues() []any {
	return []any{new(time.Time), new(string), new(string), new(string), new(string),
		new(float64), new(float64), new(float64), new(float64), new(float64)}
}

func tenNulls() []any {
	return []any{new(sql.Null[time.Time]), new(sql.NullString), new(sql.NullString), new(sql.NullString), new(sql.NullString),
		new(sql.NullFloat64), new(sql.NullFloat64), new(sql.NullFloat64), new(sql.NullFloat64), new(sql.NullFloat64)}
}
