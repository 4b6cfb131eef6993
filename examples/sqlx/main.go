// Sqlx reads rows into structs with github.com/jmoiron/sqlx, which works with the driver as it
// is: named parameters, IN lists, and inserts of a slice of structs.
//
//	go run ./examples/sqlx
//
// It starts a GreptimeDB-compatible server in the process; set GREPTIME_DSN, as to
// greptime://localhost:4001, to use yours.
package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/greptime-go/greptime/examples/internal/demo"
	"github.com/greptime-go/greptime/examples/internal/weather"
)

const about = `
Reads rows into structs with sqlx: named parameters, IN lists, and inserts of structs.`

func main() { demo.Main(about, "greptime_sqlx", run) }

func run(ctx context.Context, own *demo.Database) error {
	pool, err := own.Pool()
	if err != nil {
		return err
	}
	db := sqlx.NewDb(pool, "greptime")
	defer db.Close()
	if _, err := weather.Load(ctx, db); err != nil {
		return err
	}
	for _, step := range []func(context.Context, *sqlx.DB) error{coldest, months, notes} {
		if err := step(ctx, db); err != nil {
			return err
		}
	}
	return nil
}

// coldest scans a row into a struct. Fields that may be NULL are pointers.
func coldest(ctx context.Context, db *sqlx.DB) error {
	var hour struct {
		Origin string
		TS     time.Time
		Temp   float64
		Gust   *float64 `db:"wind_gust"`
	}
	err := db.GetContext(ctx, &hour, `
		SELECT origin, ts, "temp", wind_gust FROM weather
		WHERE "temp" IS NOT NULL ORDER BY "temp", ts LIMIT 1`)
	if err != nil {
		return err
	}
	fmt.Printf("The coldest hour: %s, %s, %.1f °F\n", hour.Origin, hour.TS.Format(time.DateTime), hour.Temp)
	return nil
}

// months has an IN list, which sqlx.In expands.
func months(ctx context.Context, db *sqlx.DB) error {
	query, args, err := sqlx.In(`
		SELECT date_trunc('month', ts) AS "month", sum(precip) AS rain FROM weather
		WHERE origin IN (?) AND ts < ? GROUP BY "month" ORDER BY "month"`,
		[]string{"JFK", "LGA"}, time.Date(2013, 4, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		return err
	}
	var list []struct {
		Month time.Time
		Rain  float64
	}
	if err := db.SelectContext(ctx, &list, query, args...); err != nil {
		return err
	}
	for _, m := range list {
		fmt.Printf("Rain at JFK and LGA, %s: %.1f inches\n", m.Month.Format("January"), m.Rain)
	}
	return nil
}

// note is a row of a table that notes creates.
type note struct {
	Origin string
	TS     time.Time
	Text   string
}

// notes inserts structs by their names in one statement, and finds one by a named parameter.
func notes(ctx context.Context, db *sqlx.DB) error {
	_, err := db.ExecContext(ctx, `CREATE TABLE notes (origin STRING PRIMARY KEY, ts TIMESTAMP(3) TIME INDEX, "text" STRING)`)
	if err != nil {
		return err
	}
	storm := time.Date(2013, 3, 6, 18, 0, 0, 0, time.UTC)
	rows := []note{{"EWR", storm, "gusts"}, {"JFK", storm, "gusts and sleet"}, {"LGA", storm, "snow"}}
	result, err := db.NamedExecContext(ctx, `INSERT INTO notes (origin, ts, "text") VALUES (:origin, :ts, :text)`, rows)
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err != nil {
		return err
	}
	found, err := db.NamedQueryContext(ctx, `SELECT * FROM notes WHERE origin = :origin AND ts = :ts`, note{Origin: "JFK", TS: storm})
	if err != nil {
		return err
	}
	defer found.Close()
	for found.Next() {
		var one note
		if err := found.StructScan(&one); err != nil {
			return err
		}
		fmt.Printf("One of %d notes: %s, %s\n", n, one.Origin, one.Text)
	}
	return found.Err()
}
