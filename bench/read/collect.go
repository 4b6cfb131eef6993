package main

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jmoiron/sqlx"
	"github.com/jmoiron/sqlx/reflectx"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/bench/internal/measure"
	"github.com/greptime-go/greptime/bench/internal/nullserver"
)

// fiveColumns and tenColumns are the rows of scans as structs.
type (
	fiveColumns struct {
		Time     time.Time `greptime:"ts" db:"ts"`
		Host     string    `greptime:"host" db:"host"`
		CPU      float64   `greptime:"cpu" db:"cpu"`
		NetIn    float64   `greptime:"net_in" db:"net_in"`
		Requests int64     `greptime:"requests" db:"requests"`
	}
	tenColumns struct {
		Time   time.Time `greptime:"ts" db:"ts"`
		Region string    `greptime:"region" db:"region"`
		Zone   string    `greptime:"zone" db:"zone"`
		Rack   string    `greptime:"rack" db:"rack"`
		Host   string    `greptime:"host" db:"host"`
		CPU    float64   `greptime:"cpu" db:"cpu"`
		Memory float64   `greptime:"memory" db:"memory"`
		Disk   float64   `greptime:"disk" db:"disk"`
		NetIn  float64   `greptime:"net_in" db:"net_in"`
		NetOut float64   `greptime:"net_out" db:"net_out"`
	}
)

// structScenarios read the result of a scan as structs.
func structScenarios(server *nullserver.Process, s scan) []measure.Scenario {
	if s.Columns == 10 {
		return structScenariosOf[tenColumns](server, s)
	}
	return structScenariosOf[fiveColumns](server, s)
}

func structScenariosOf[T any](server *nullserver.Process, s scan) []measure.Scenario {
	dsn, query := "greptime://"+server.Addr, s.SQL()
	return []measure.Scenario{
		s.scenario("Collect", collected[T](dsn, query)),
		s.scenario("Each", eachOf[T](dsn, query)),
		s.scenario("sqlx.Select", sqlxSelect[T](dsn, query)),
		s.scenario("pgx.CollectRows", pgxCollect[T](postgresDSN(server), query)),
	}
}

// collected reads all rows into one slice.
func collected[T any](dsn, query string) func(context.Context) (scanner, error) {
	return func(ctx context.Context) (scanner, error) {
		conn, err := greptime.Connect(ctx, dsn)
		if err != nil {
			return scanner{}, err
		}
		return scanner{close: conn.Close, all: func(ctx context.Context) (int, error) {
			list, err := greptime.Collect[T](ctx, conn, query)
			return len(list), err
		}}, nil
	}
}

// eachOf reads one row after the other.
func eachOf[T any](dsn, query string) func(context.Context) (scanner, error) {
	return func(ctx context.Context) (scanner, error) {
		conn, err := greptime.Connect(ctx, dsn)
		if err != nil {
			return scanner{}, err
		}
		return scanner{close: conn.Close, all: func(ctx context.Context) (n int, err error) {
			for _, err := range greptime.Each[T](ctx, conn, query) {
				if err != nil {
					return n, err
				}
				n++
			}
			return n, nil
		}}, nil
	}
}

// sqlxSelect reads all rows by sqlx and this driver.
func sqlxSelect[T any](dsn, query string) func(context.Context) (scanner, error) {
	return func(context.Context) (scanner, error) {
		db, err := sqlx.Open("greptime", dsn)
		if err != nil {
			return scanner{}, err
		}
		db.Mapper = reflectx.NewMapper("db")
		return scanner{close: db.Close, all: func(ctx context.Context) (int, error) {
			var list []T
			err := db.SelectContext(ctx, &list, query)
			return len(list), err
		}}, nil
	}
}

// pgxCollect reads all rows by pgx.
func pgxCollect[T any](dsn, query string) func(context.Context) (scanner, error) {
	return func(ctx context.Context) (scanner, error) {
		conn, err := pgx.Connect(ctx, dsn)
		if err != nil {
			return scanner{}, err
		}
		return scanner{close: func() error { return conn.Close(context.Background()) }, all: func(ctx context.Context) (int, error) {
			rows, err := conn.Query(ctx, query)
			if err != nil {
				return 0, err
			}
			list, err := pgx.CollectRows(rows, pgx.RowToStructByName[T])
			return len(list), err
		}}, nil
	}
}
