// Quickstart loads a year of hourly weather of New York's airports into
// GreptimeDB and looks at it in four ways: windowed averages, structs by sqlx,
// Arrow record batches, and an error.
//
//	go run ./examples/quickstart
//
// It starts a GreptimeDB-compatible server in the process; set GREPTIME_DSN, as
// to greptime://localhost:4001, to use yours. There it works in a database of its
// own, greptime_quickstart, which it drops at the end.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/guptarohit/asciigraph"
	"github.com/jmoiron/sqlx"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/examples/internal/demo"
)

const database = "greptime_quickstart"

const about = `
Loads a year of hourly weather of New York's airports into GreptimeDB and looks at it in
four ways: windowed averages, structs by sqlx, Arrow record batches, and an error. It
works in a database of its own, greptime_quickstart, which it drops at the end.`

func main() {
	demo.Parse(about)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	log.SetFlags(0)
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) (err error) {
	own, err := demo.Open(ctx, database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, own.Close()) }()
	connector, err := own.Connector()
	if err != nil {
		return err
	}
	db := sqlx.NewDb(sql.OpenDB(connector), "greptime")
	defer db.Close()

	for _, step := range []func(context.Context, *sqlx.DB) error{load, averages, gusts, arrow, typedError} {
		if err := step(ctx, db); err != nil {
			return err
		}
	}
	return nil
}

// averages draws the mean temperature of every week.
func averages(ctx context.Context, db *sqlx.DB) error {
	const query = `
		SELECT date_bin(INTERVAL '7 days', ts) AS week, origin, avg(temp) AS temp
		FROM weather
		WHERE ts >= ? AND ts < ?
		GROUP BY week, origin
		ORDER BY week, origin`
	start := time.Date(2013, 1, 1, 0, 0, 0, 0, time.UTC)
	rows, err := db.QueryContext(ctx, query, start, start.AddDate(1, 0, 0))
	if err != nil {
		return err
	}
	defer rows.Close()
	airports := map[string][]float64{}
	for rows.Next() {
		var week time.Time
		var origin string
		var fahrenheit float64
		if err := rows.Scan(&week, &origin, &fahrenheit); err != nil {
			return err
		}
		airports[origin] = append(airports[origin], (fahrenheit-32)/1.8)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	fmt.Println("\nMean temperature of each week of 2013, °C")
	options := []asciigraph.Option{
		asciigraph.Height(14), asciigraph.Width(78), asciigraph.Precision(0),
		asciigraph.Caption("January to December"),
	}
	if demo.Terminal() {
		options = append(options,
			asciigraph.SeriesColors(asciigraph.Red, asciigraph.Green, asciigraph.Blue),
			asciigraph.SeriesLegends("Newark", "JFK", "LaGuardia"))
	}
	fmt.Println(asciigraph.PlotMany([][]float64{airports["EWR"], airports["JFK"], airports["LGA"]}, options...))
	return nil
}

// gusts lists the strongest of the year. Every column but the airport and the
// hour has gaps: NULL goes into sql.Null and into pointers.
func gusts(ctx context.Context, db *sqlx.DB) error {
	var list []struct {
		Origin   string
		TS       time.Time
		Gust     sql.Null[float64] `db:"wind_gust"`
		Wind     *float64          `db:"wind_speed"`
		Pressure *float64
	}
	err := db.SelectContext(ctx, &list, `
		SELECT origin, ts, wind_gust, wind_speed, pressure
		FROM weather
		WHERE wind_gust IS NOT NULL
		ORDER BY wind_gust DESC, ts, origin
		LIMIT 8`)
	if err != nil {
		return err
	}
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		return err
	}
	fmt.Println("\nThe strongest gusts, times of New York")
	fmt.Println("┌─────────┬───────────────────┬──────────┬──────────┬─────────────┐")
	fmt.Println("│ airport │ hour              │ gust mph │ wind mph │ pressure    │")
	fmt.Println("├─────────┼───────────────────┼──────────┼──────────┼─────────────┤")
	for _, row := range list {
		pressure := "not known"
		if row.Pressure != nil {
			pressure = fmt.Sprintf("%.1f mbar", *row.Pressure)
		}
		wind := "–"
		if row.Wind != nil {
			wind = fmt.Sprintf("%.1f", *row.Wind)
		}
		fmt.Printf("│ %-7s │ %-17s │ %8.1f │ %8s │ %-11s │\n",
			row.Origin, row.TS.In(newYork).Format("02 Jan 2006 15:04"), row.Gust.V, wind, pressure)
	}
	fmt.Println("└─────────┴───────────────────┴──────────┴──────────┴─────────────┘")
	return nil
}

// arrow adds up a column without a row being made: record batches as they come
// from the server, a slice of float64 each.
func arrow(ctx context.Context, db *sqlx.DB) error {
	var rows, gaps, batches int
	var rain float64
	err := greptime.Raw(ctx, db, func(c *greptime.Conn) error {
		rd, err := c.QueryArrow(ctx, "SELECT precip FROM weather WHERE origin = ?", "JFK")
		if err != nil {
			return err
		}
		defer rd.Release()
		for rd.Next() {
			column := rd.RecordBatch().Column(0).(*array.Float64)
			batches, rows, gaps = batches+1, rows+column.Len(), gaps+column.NullN()
			for i, inches := range column.Values() {
				if column.IsValid(i) {
					rain += inches
				}
			}
		}
		return rd.Err()
	})
	if err != nil {
		return err
	}
	fmt.Printf("\nRain at JFK in 2013: %.1f inches (%.0f mm), from %d hours in %d Arrow record batches, %d of them gaps\n",
		rain, rain*25.4, rows, batches, gaps)
	return nil
}

// typedError asks for a table that is not there.
func typedError(ctx context.Context, db *sqlx.DB) error {
	var n int
	err := db.GetContext(ctx, &n, "SELECT count(*) FROM whether")
	if !errors.Is(err, greptime.TableNotFound) {
		return fmt.Errorf("a missing table gave %v", err)
	}
	fmt.Println("\nAnd an error, on purpose. errors.Is(err, greptime.TableNotFound) holds for:")
	fmt.Println(err)
	return nil
}
