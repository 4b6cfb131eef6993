//go:build duckdb_arrow

// Duckdb joins the result of a query with a local table in DuckDB, which takes over the query's
// Arrow record batches as they arrive from the server.
//
//	go run -tags duckdb_arrow ./examples/duckdb
//
// The tag turns on the Arrow interface of duckdb-go. It starts a GreptimeDB-compatible server
// in the process; set GREPTIME_DSN, as to greptime://localhost:4001, to use yours.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/duckdb/duckdb-go/v2"

	"github.com/greptime-go/greptime/examples/internal/demo"
	"github.com/greptime-go/greptime/examples/internal/weather"
)

const about = `
Joins the result of a query with a local table in DuckDB, which takes over the query's Arrow
record batches as they arrive.`

const localTable = `
	CREATE TABLE airports (code TEXT, "name" TEXT, gust_limit DOUBLE);
	INSERT INTO airports VALUES
		('EWR', 'Newark Liberty', 35), ('JFK', 'John F. Kennedy', 40), ('LGA', 'LaGuardia', 30)`

// takeOver copies the view of the record batches. A view of Arrow batches can be read once, and
// as a whole only: DuckDB takes it for granted that the view applies the columns and the
// conditions of a query, and this view does not, so another query gives wrong values.
const takeOver = `CREATE TABLE weather AS SELECT * FROM batches`

const join = `
	SELECT a."name", count(*), max(w.wind_gust)
	FROM weather w JOIN airports a ON a.code = w.origin
	WHERE w.wind_gust > a.gust_limit
	GROUP BY a."name" ORDER BY a."name"`

func main() { demo.Main(about, "greptime_duckdb", run) }

func run(ctx context.Context, own *demo.Database) (err error) {
	conn, err := own.Connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := weather.Load(ctx, conn); err != nil {
		return err
	}
	rd, err := conn.QueryArrow(ctx, "SELECT origin, ts, wind_gust FROM weather WHERE wind_gust IS NOT NULL")
	if err != nil {
		return err
	}
	defer rd.Release()

	db, err := sql.Open("duckdb", "")
	if err != nil {
		return err
	}
	defer db.Close()
	local, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer local.Close()
	if _, err := local.ExecContext(ctx, localTable); err != nil {
		return err
	}
	release, err := register(local, rd, "batches")
	if err != nil {
		return err
	}
	defer release()
	_, err = local.ExecContext(ctx, takeOver)
	// If the stream breaks, rd.Err is the error, and DuckDB's says the same.
	if err := errors.Join(rd.Err(), err); err != nil {
		return err
	}
	return show(ctx, local)
}

// register makes a view of the record batches in the session of DuckDB.
func register(local *sql.Conn, rd array.RecordReader, name string) (release func(), err error) {
	err = local.Raw(func(driverConn any) error {
		session, ok := driverConn.(*duckdb.Conn)
		if !ok {
			return fmt.Errorf("%T is not a connection of DuckDB", driverConn)
		}
		arrow, err := duckdb.NewArrowFromConn(session)
		if err != nil {
			return err
		}
		release, err = arrow.RegisterView(rd, name)
		return err
	})
	return release, err
}

func show(ctx context.Context, local *sql.Conn) error {
	rows, err := local.QueryContext(ctx, join)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var airport string
		var hours int
		var strongest float64
		if err := rows.Scan(&airport, &hours, &strongest); err != nil {
			return err
		}
		fmt.Printf("%s: %d hours with gusts above its limit, up to %.1f mph\n", airport, hours, strongest)
	}
	return rows.Err()
}
