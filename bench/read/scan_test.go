package main

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/greptime-go/greptime/bench/internal/data"
	"github.com/greptime-go/greptime/bench/internal/nullserver"
	"github.com/greptime-go/greptime/bench/internal/scans"
)

// Clients are compared, so they have to read the same from the null server: after a
// scan, the last row is in what rows were scanned into.
func TestClientsReadTheSameValues(t *testing.T) {
	server, err := nullserver.Start(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, columns := range []int{5, 7, 10} {
		for _, rows := range []int{1, scans.BatchRows + 3} {
			s := scan{Query: scans.Query{Columns: columns, Codec: "lz4", Rows: rows, BatchRows: 128}}
			dest := s.values()
			into := func() []any { return dest }
			last := data.Rows(rows)[(rows-1)%scans.BatchRows] // then they come again
			want := last.Values(s.ColumnNames())

			query := s.SQL()
			text, prepared := mysqlScans(mysqlDSN(server), query, into)
			for name, setup := range map[string]func(context.Context) (scanner, error){
				"greptime":        rowsOf("greptime", "greptime://"+server.Addr, query, into),
				"mysql, text":     text,
				"mysql, prepared": prepared,
				"pgx":             pgxRows(postgresDSN(server), query, pgx.QueryExecModeCacheStatement, into),
				"pgx, simple":     pgxRows(postgresDSN(server), query, pgx.QueryExecModeSimpleProtocol, into),
				"pgx, stdlib":     pgxStdlib(postgresDSN(server), query, into),
			} {
				t.Run(fmt.Sprintf("%d columns, %d rows, %s", columns, rows, name), func(t *testing.T) {
					c, err := setup(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					for _, d := range dest {
						reflect.ValueOf(d).Elem().SetZero()
					}
					if n, err := c.all(t.Context()); n != rows || err != nil {
						t.Errorf("%d rows were read: %v", n, err)
					}
					for i, d := range dest {
						got := reflect.ValueOf(d).Elem().Interface()
						if ts, ok := got.(time.Time); ok {
							got = ts.UTC()
						}
						if got != want[i] {
							t.Errorf("column %d of the last row is %v, want %v", i, got, want[i])
						}
					}
					if err := c.close(); err != nil {
						t.Error(err)
					}
				})
			}
		}
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
}

// database/sql's pgx pings a connection that has waited for a second. If the null server
// did not answer, the scan would pay for a connection.
func TestNullServerAnswersPings(t *testing.T) {
	server, err := nullserver.Start(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), postgresDSN(server))
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if err := errors.Join(conn.Close(t.Context()), server.Close()); err != nil {
		t.Error(err)
	}
}
