package greptime_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/greptime-go/greptime"
	_ "github.com/greptime-go/greptime/driver"
)

func Example() {
	db, err := sql.Open("greptime", "greptime://localhost:4001/public?timezone=Asia/Shanghai")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	rows, err := db.Query("SELECT host, ts, cpu FROM metrics WHERE ts >= ?", time.Now().Add(-time.Hour))
	if err != nil {
		log.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var host string
		var ts time.Time
		var cpu sql.Null[float64]
		if err := rows.Scan(&host, &ts, &cpu); err != nil {
			log.Fatal(err)
		}
		fmt.Println(host, ts, cpu.V)
	}
	if err := rows.Err(); err != nil {
		log.Fatal(err) // also if the result is not complete
	}
}

func ExampleNewConnector() {
	cfg := greptime.NewConfig()
	cfg.Endpoints = []string{"db-1:4001", "db-2:4001"}
	cfg.Database = "metrics"
	cfg.Credentials = func(context.Context) (user, password string, err error) {
		return "reader", "from the vault", nil
	}
	connector, err := greptime.NewConnector(cfg)
	if err != nil {
		log.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close() // closes the connector, too
}

func ExampleRaw() {
	db, err := sql.Open("greptime", "greptime://localhost:4001")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	ctx := context.Background()
	var sum float64
	err = greptime.Raw(ctx, db, func(c *greptime.Conn) error {
		rd, err := c.QueryArrow(ctx, "SELECT cpu FROM metrics WHERE host = ? AND cpu IS NOT NULL", "web-1")
		if err != nil {
			return err
		}
		defer rd.Release()
		for rd.Next() {
			for _, v := range rd.RecordBatch().Column(0).(*array.Float64).Values() {
				sum += v
			}
		}
		return rd.Err()
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(sum)
}

func ExampleConnect() {
	ctx := context.Background()
	c, err := greptime.Connect(ctx, "greptime://localhost:4001/public")
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	result, err := c.Exec(ctx, "DELETE FROM metrics WHERE ts < ?", time.Now().AddDate(0, -1, 0))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.RowsAffected())
}

func ExampleConn_PromQL() {
	ctx := context.Background()
	c, err := greptime.Connect(ctx, "greptime://localhost:4001/public")
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	rd, err := c.PromQL(ctx, greptime.PromRange{
		Query: `sum by (host) (rate(requests[5m]))`,
		Start: time.Now().Add(-time.Hour),
		End:   time.Now(),
		Step:  30 * time.Second,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer rd.Release()
	for batch, err := range rd.All() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(batch)
	}
}

func ExampleMatrix() {
	ctx := context.Background()
	c, err := greptime.Connect(ctx, "greptime://localhost:4001/public")
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	rd, err := c.PromQL(ctx, greptime.PromInstant{Query: `sum by (host) (rate(requests[5m]))`})
	if err != nil {
		log.Fatal(err)
	}
	defer rd.Release()
	series, err := greptime.Matrix(rd)
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range series {
		fmt.Println(s.Labels["host"], s.Points[0].Value)
	}
}

func ExampleCollect() {
	ctx := context.Background()
	db, err := sql.Open("greptime", "greptime://localhost:4001/public")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	type Reading struct {
		Host string            `greptime:"host"`
		At   time.Time         `greptime:"ts"`
		CPU  sql.Null[float64] `greptime:"cpu"`
	}
	readings, err := greptime.Collect[Reading](ctx, db, "SELECT host, ts, cpu FROM metrics WHERE host = ?", "web-1")
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range readings {
		fmt.Println(r.Host, r.At, r.CPU.V)
	}
}

func ExampleEach() {
	var ctx context.Context
	var db *sql.DB
	for host, err := range greptime.Each[string](ctx, db, "SELECT DISTINCT host FROM metrics") {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(host)
	}
}

func ExampleOne() {
	var ctx context.Context
	var db *sql.DB
	switch n, err := greptime.One[float64](ctx, db, "SELECT cpu FROM metrics WHERE host = ? ORDER BY ts DESC LIMIT 1", "web-1"); {
	case errors.Is(err, sql.ErrNoRows):
		fmt.Println("no such host")
	case err != nil:
		log.Fatal(err)
	default:
		fmt.Println(n)
	}
}

func ExampleCollectReader() {
	var ctx context.Context
	var c *greptime.Conn
	rd, err := c.PromQL(ctx, greptime.PromInstant{Query: `sum by (host) (cpu)`})
	if err != nil {
		log.Fatal(err)
	}
	defer rd.Release()
	type sum struct {
		Host string   `greptime:"host"`
		CPU  *float64 `greptime:"sum(cpu.v)"`
	}
	sums, err := greptime.CollectReader[sum](rd, greptime.AllowExtraColumns()) // without the time
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(sums)
}

func ExampleError_code() {
	var db *sql.DB
	_, err := db.Exec("INSERT INTO metrics (host, ts, cpu) VALUES (?, ?, ?)", "web-1", time.Now(), 0.5)
	var e *greptime.Error
	switch {
	case errors.Is(err, greptime.TableNotFound):
		fmt.Println("make the table first")
	case errors.Is(err, context.DeadlineExceeded):
		fmt.Println("too slow")
	case errors.As(err, &e) && e.Ambiguous:
		fmt.Println("it may have been written")
	}
}
