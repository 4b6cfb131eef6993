// Bun stores and finds models with bun, by the dialect in contrib/greptimebun.
//
//	go run ./examples/bun
//
// It starts a GreptimeDB-compatible server in the process; set GREPTIME_DSN, as to
// greptime://localhost:4001, to use yours.
package main

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/greptime-go/greptime/contrib/greptimebun"
	"github.com/greptime-go/greptime/examples/internal/demo"
	"github.com/greptime-go/greptime/examples/internal/weather"
)

const about = `
Stores and finds models with bun: a table from a struct, inserts, and queries by its builder.`

// Hour is a model. Its primary key is what identifies a row: the tags and the time.
type Hour struct {
	Origin string    `bun:",pk"`
	TS     time.Time `bun:",pk,type:TIMESTAMP(3)"`
	Temp   *float64
	Gust   *float64
}

func main() { demo.Main(about, "greptime_bun", run) }

func run(ctx context.Context, own *demo.Database) error {
	pool, err := own.Pool()
	if err != nil {
		return err
	}
	db := bun.NewDB(pool, greptimebun.New())
	defer db.Close()

	// CreateTable makes the time of the key the time index.
	if err := greptimebun.CreateTable(ctx, db, (*Hour)(nil), "WITH ('ttl'='forever')"); err != nil {
		return err
	}
	hours, err := readHours()
	if err != nil {
		return err
	}
	if _, err := db.NewInsert().Model(&hours).Exec(ctx); err != nil {
		return err
	}
	count, err := db.NewSelect().Model((*Hour)(nil)).Count(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("Table hours has %d rows\n", count)

	var gusts []Hour
	err = db.NewSelect().Model(&gusts).
		Where("gust IS NOT NULL").Where("origin IN (?)", bun.List([]string{"EWR", "JFK"})).
		OrderExpr("gust DESC, ts").Limit(3).Scan(ctx)
	if err != nil {
		return err
	}
	for _, g := range gusts {
		fmt.Printf("Gust at %s, %s: %.1f mph\n", g.Origin, g.TS.Format(time.DateTime), *g.Gust)
	}

	var means []struct {
		Origin string
		Mean   float64
	}
	err = db.NewSelect().Model((*Hour)(nil)).ColumnExpr(`origin, avg("temp") AS mean`).
		GroupExpr("origin").OrderExpr("origin").Scan(ctx, &means)
	if err != nil {
		return err
	}
	for _, m := range means {
		fmt.Printf("Mean of January at %s: %.1f °F\n", m.Origin, m.Mean)
	}
	return nil
}

// readHours returns January. bun writes values into the text of the statement: for a whole
// year package insert is faster.
func readHours() ([]Hour, error) {
	rows, err := weather.Rows()
	if err != nil {
		return nil, err
	}
	var hours []Hour
	for _, r := range rows {
		if r.TS.Month() == time.January {
			hours = append(hours, Hour{r.Origin, r.TS, r.Temp, r.WindGust})
		}
	}
	return hours, nil
}
