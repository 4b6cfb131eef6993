package main

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/greptime-go/greptime/bench/internal/measure"
	"github.com/greptime-go/greptime/bench/internal/nullserver"
)

// postgresDSN is that of the null server.
func postgresDSN(server *nullserver.Process) string {
	return "postgres://user:password@" + server.PostgresAddr + "/public?sslmode=disable"
}

// pgxScenarios read rows by PostgreSQL's protocol with pgx: as it does by default, with
// a statement that it prepares and values in binary, and by the simple protocol, whose
// values come as text; with its own rows, and with database/sql's.
func pgxScenarios(dsn, query string, s scan) []measure.Scenario {
	return []measure.Scenario{
		s.scenario("pgx Scan", pgxRows(dsn, query, pgx.QueryExecModeCacheStatement, s.values)),
		s.scenario("pgx simple protocol Scan", pgxRows(dsn, query, pgx.QueryExecModeSimpleProtocol, s.values)),
		s.scenario("pgx database/sql Scan", pgxStdlib(dsn, query, s.values)),
	}
}

func pgxRows(dsn, query string, mode pgx.QueryExecMode, dest func() []any) func(context.Context) (scanner, error) {
	return func(ctx context.Context) (scanner, error) {
		conn, err := pgx.Connect(ctx, dsn)
		if err != nil {
			return scanner{}, err
		}
		return scanner{close: func() error { return conn.Close(context.Background()) }, all: func(ctx context.Context) (n int, err error) {
			rows, err := conn.Query(ctx, query, mode)
			if err != nil {
				return 0, err
			}
			defer rows.Close()
			into := dest()
			for rows.Next() {
				if err := rows.Scan(into...); err != nil {
					return n, err
				}
				n++
			}
			return n, rows.Err()
		}}, nil
	}
}

func pgxStdlib(dsn, query string, dest func() []any) func(context.Context) (scanner, error) {
	return func(context.Context) (scanner, error) {
		config, err := pgx.ParseConfig(dsn)
		if err != nil {
			return scanner{}, err
		}
		return rowsOfDB(stdlib.OpenDB(*config), query, dest), nil
	}
}
