package main

import (
	"context"
	"database/sql"
	"errors"

	"github.com/InfluxCommunity/influxdb3-go/v2/influxdb3"
	"github.com/apache/arrow-go/v18/arrow/flight"
	_ "github.com/apache/arrow-go/v18/arrow/flight/flightsql/driver" // database/sql's name flightsql
	_ "github.com/go-sql-driver/mysql"                               // database/sql's name mysql
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/greptime-go/greptime/bench/internal/nullserver"
	"github.com/greptime-go/greptime/bench/internal/rawgrpc"
)

// arrowGoBatches reads record batches with arrow-go's own client.
func arrowGoBatches(addr, query string) func(context.Context) (scanner, error) {
	return func(context.Context) (scanner, error) {
		client, err := arrowGoClient(addr)
		if err != nil {
			return scanner{}, err
		}
		return scanner{close: client.Close, all: func(ctx context.Context) (int, error) {
			return arrowGoRead(ctx, client, query)
		}}, nil
	}
}

func arrowGoClient(addr string) (flight.Client, error) {
	return flight.NewClientWithMiddleware(addr, nil, nil, grpc.WithTransportCredentials(insecure.NewCredentials()))
}

// arrowGoRead runs a query and reads its result. arrow-go's reader fails on the metrics
// at the end of GreptimeDB's results, so it gets none.
func arrowGoRead(ctx context.Context, client flight.Client, query string) (int, error) {
	stream, err := client.DoGet(ctx, &flight.Ticket{Ticket: rawgrpc.Request(query + nullserver.NoMetrics)})
	if err != nil {
		return 0, err
	}
	rd, err := flight.NewRecordReader(stream)
	if err != nil {
		return 0, err
	}
	defer rd.Release()
	n := 0
	for rd.Next() {
		n += int(rd.RecordBatch().NumRows())
	}
	return n, rd.Err()
}

// influxRows reads rows with influxdb3-go, which speaks Flight, too: a map for each row.
func influxRows(addr, query string) func(context.Context) (scanner, error) {
	return func(context.Context) (scanner, error) {
		client, err := influxdb3.New(influxdb3.ClientConfig{Host: "http://" + addr, Token: "token", Database: "public"})
		if err != nil {
			return scanner{}, err
		}
		return scanner{close: client.Close, all: func(ctx context.Context) (int, error) {
			it, err := client.Query(ctx, query+nullserver.NoMetrics)
			if err != nil {
				return 0, err
			}
			n := 0
			for it.Next() {
				if len(it.Value()) == 0 {
					return n, errors.New("a row without values")
				}
				n++
			}
			return n, it.Err()
		}}, nil
	}
}

// mysqlDSN is that of the null server.
func mysqlDSN(server *nullserver.Process) string {
	return "user:password@tcp(" + server.MySQLAddr + ")/public?parseTime=true"
}

// mysqlScans read rows by MySQL's protocol: a query without arguments, whose values
// come as text, and a prepared statement, whose values come in binary.
func mysqlScans(dsn, query string, values func() []any) (text, prepared func(context.Context) (scanner, error)) {
	prepared = func(context.Context) (scanner, error) {
		db, err := sql.Open("mysql", dsn)
		if err != nil {
			return scanner{}, err
		}
		st, err := db.Prepare(query)
		if err != nil {
			return scanner{}, err
		}
		return scanner{close: db.Close, all: func(ctx context.Context) (int, error) {
			rows, err := st.QueryContext(ctx)
			if err != nil {
				return 0, err
			}
			return scanRows(rows, values)
		}}, nil
	}
	return rowsOf("mysql", dsn, query, values), prepared
}
