package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/greptime-go/greptime/examples/internal/demo"
	"github.com/greptime-go/greptime/examples/internal/weather"
)

// The columns of the table, in the order of the file, whose first is the airport
// and whose last the hour. year to hour are left out: ts has them.
const createTable = `
	CREATE TABLE weather (
		origin     STRING,
		"temp"     DOUBLE COMMENT '°F',
		dewp       DOUBLE COMMENT '°F',
		humid      DOUBLE COMMENT '%',
		wind_dir   DOUBLE COMMENT '°',
		wind_speed DOUBLE COMMENT 'mph',
		wind_gust  DOUBLE COMMENT 'mph',
		precip     DOUBLE COMMENT 'in',
		pressure   DOUBLE COMMENT 'mbar',
		visib      DOUBLE COMMENT 'miles',
		ts         TIMESTAMP(0) TIME INDEX,
		PRIMARY KEY (origin)
	)`

// batchSize is how many rows one INSERT has.
const batchSize = 1000

// load makes the table and fills it, a batch of rows with arguments a statement.
func load(ctx context.Context, db *sqlx.DB) error {
	rows, err := readWeather()
	if err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, "DROP TABLE IF EXISTS weather"); err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, createTable); err != nil {
		return err
	}
	started := time.Now()
	if err := insertAll(ctx, db, rows); err != nil {
		return err
	}
	elapsed := time.Since(started)
	var hours, airports int
	if err := db.QueryRowContext(ctx, "SELECT count(*), count(DISTINCT origin) FROM weather").Scan(&hours, &airports); err != nil {
		return err
	}
	fmt.Printf("Loaded %d hours of %d airports in %v\n", hours, airports, elapsed.Round(time.Millisecond))
	return nil
}

// insertAll inserts the rows, a batch a statement.
func insertAll(ctx context.Context, db *sqlx.DB, rows [][]any) error {
	bar := demo.Rows("A year of weather", int64(len(rows)))
	defer bar.Done()
	for done := 0; done < len(rows); {
		n := min(batchSize, len(rows)-done)
		if err := insert(ctx, db, rows[done:done+n]); err != nil {
			return err
		}
		done += n
		bar.Set(int64(done))
	}
	return nil
}

func insert(ctx context.Context, db *sqlx.DB, rows [][]any) error {
	row := "(" + strings.Repeat("?, ", len(rows[0])-1) + "?)"
	query := `INSERT INTO weather (origin, temp, dewp, humid, wind_dir, wind_speed, wind_gust, precip, pressure, visib, ts) VALUES ` +
		strings.Repeat(row+", ", len(rows)-1) + row
	args := make([]any, 0, len(rows)*len(rows[0]))
	for _, r := range rows {
		args = append(args, r...)
	}
	_, err := db.ExecContext(ctx, query, args...)
	return err
}

// readWeather returns the rows as arguments: airport, nine measurements or nil, time.
func readWeather() ([][]any, error) {
	hours, err := weather.Read()
	if err != nil {
		return nil, err
	}
	rows := make([][]any, len(hours))
	for i, h := range hours {
		rows[i] = append(rows[i], h.Airport)
		for _, v := range h.Measurements {
			rows[i] = append(rows[i], v)
		}
		rows[i] = append(rows[i], h.At)
	}
	return rows, nil
}
