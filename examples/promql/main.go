// Promql evaluates PromQL, as a query of its own and as TQL within SQL, and reads the results
// as series.
//
//	GREPTIME_DSN=greptime://localhost:4001 go run ./examples/promql
//
// It needs a running GreptimeDB: the server that other examples start in the process does not
// have PromQL.
package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/examples/internal/demo"
	"github.com/greptime-go/greptime/examples/internal/weather"
)

const about = `
Evaluates PromQL, as a query of its own and as TQL within SQL, and reads the results as
series. It needs a running GreptimeDB.`

const needsServer = "PromQL needs a running GreptimeDB: set GREPTIME_DSN to its address, such as greptime://localhost:4001"

// mean is the daily mean temperature. A table with several fields needs __field__.
const mean = `avg_over_time(weather{__field__="temp"}[1d])`

var march = time.Date(2013, 3, 1, 0, 0, 0, 0, time.UTC)

func main() {
	demo.NeedServer(needsServer)
	demo.Main(about, "greptime_promql", run)
}

func run(ctx context.Context, own *demo.Database) error {
	conn, err := own.Connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := weather.Load(ctx, conn); err != nil {
		return err
	}
	for _, step := range []func(context.Context, *greptime.Conn) error{overTime, now, tql} {
		err := step(ctx, conn)
		if errors.Is(err, greptime.Unsupported) {
			return fmt.Errorf("%s (this server answers: %w)", needsServer, err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// overTime evaluates a range: a point for each step.
func overTime(ctx context.Context, conn *greptime.Conn) error {
	rd, err := conn.PromQL(ctx, greptime.PromRange{
		Query: mean,
		Start: march, End: march.AddDate(0, 0, 3), Step: 24 * time.Hour,
	})
	return show("A range of days", rd, err)
}

// now evaluates an instant: a point for each series.
func now(ctx context.Context, conn *greptime.Conn) error {
	rd, err := conn.PromQL(ctx, greptime.PromInstant{
		Query: `max by (origin) (max_over_time(weather{__field__="wind_gust"}[7d]))`,
		Time:  march.AddDate(0, 0, 7),
	})
	return show("The strongest gusts of a week", rd, err)
}

// tql evaluates the same as a statement, whose times are seconds since 1970.
func tql(ctx context.Context, conn *greptime.Conn) error {
	query := fmt.Sprintf("TQL EVAL (%d, %d, '1d') %s", march.Unix(), march.AddDate(0, 0, 3).Unix(), mean)
	rd, err := conn.QueryArrow(ctx, query)
	return show(query, rd, err)
}

// show prints the series of a result.
func show(title string, rd *greptime.RecordReader, err error) error {
	if err != nil {
		return err
	}
	defer rd.Release()
	list, err := greptime.Matrix(rd)
	if err != nil {
		return err
	}
	fmt.Println(title)
	for _, series := range list {
		for _, p := range series.Points {
			fmt.Printf("  %s %s %.1f\n", series.Labels["origin"], p.Time.Format(time.DateOnly), p.Value)
		}
	}
	return nil
}
