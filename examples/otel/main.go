// Otel traces statements with OpenTelemetry and prints the spans: those of database/sql by
// otelsql, and below them the calls of gRPC by otelgrpc.
//
//	go run ./examples/otel
//
// It starts a GreptimeDB-compatible server in the process; set GREPTIME_DSN, as
// to greptime://localhost:4001, to use yours.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"

	"github.com/XSAM/otelsql"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	"go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/examples/internal/demo"
)

const about = `
Traces statements with OpenTelemetry and prints the spans: those of database/sql by otelsql,
and below them the calls of gRPC by otelgrpc. In a pipe each span is one line of JSON.`

func main() {
	demo.Parse(about)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	log.SetFlags(0)
	dsn, end, err := demo.Server()
	if err != nil {
		log.Fatal(err)
	}
	err = run(ctx, dsn, os.Stdout, demo.Terminal())
	end()
	if err != nil {
		log.Fatal(err)
	}
}

// run queries the server and prints the spans to out.
func run(ctx context.Context, dsn string, out io.Writer, pretty bool) (err error) {
	options := []stdouttrace.Option{stdouttrace.WithWriter(out)}
	if pretty {
		options = append(options, stdouttrace.WithPrettyPrint())
	}
	exporter, err := stdouttrace.New(options...)
	if err != nil {
		return err
	}
	provider := trace.NewTracerProvider(trace.WithSyncer(exporter))
	defer func() { err = errors.Join(err, provider.Shutdown(context.WithoutCancel(ctx))) }()

	cfg, err := greptime.ParseDSN(dsn)
	if err != nil {
		return err
	}
	cfg.DialOptions = append(cfg.DialOptions, grpc.WithStatsHandler(otelgrpc.NewClientHandler(otelgrpc.WithTracerProvider(provider))))
	connector, err := greptime.NewConnector(cfg)
	if err != nil {
		return err
	}
	db := otelsql.OpenDB(connector, otelsql.WithTracerProvider(provider))
	defer func() { err = errors.Join(err, db.Close()) }()

	ctx, span := provider.Tracer("otel").Start(ctx, "a day's work")
	defer span.End()
	return work(ctx, db, out)
}

// work runs the statements that are traced.
func work(ctx context.Context, db *sql.DB, out io.Writer) error {
	var sum int64
	if err := db.QueryRowContext(ctx, "SELECT 1 + ?", 41).Scan(&sum); err != nil {
		return err
	}
	fmt.Fprintln(out, "1 + 41 =", sum)
	return nil
}
