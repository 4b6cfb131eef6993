// Otel traces what the driver does with OpenTelemetry and prints the spans: those of
// database/sql by otelsql, below them those of the driver's calls by a tracer of this program,
// and below these the calls of gRPC by otelgrpc.
//
//	go run ./examples/otel
//
// It starts a GreptimeDB-compatible server in the process; set GREPTIME_DSN, as
// to greptime://localhost:4001, to use yours.
package main

import (
	"context"
	"errors"
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
Traces what the driver does with OpenTelemetry and prints the spans: those of database/sql by
otelsql, below them those of the driver's calls (statements, native inserts, requests of the
buffered writer and bulk batches) by a tracer of this program, and below these the calls of
gRPC by otelgrpc. In a pipe each span is one line of JSON.`

func main() {
	demo.Parse(about)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	log.SetFlags(0)
	if err := start(ctx); err != nil {
		log.Fatal(err)
	}
}

func start(ctx context.Context) (err error) {
	db, err := demo.Open(ctx, "otel_example")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return run(ctx, db.Config(), os.Stdout, demo.Terminal())
}

// run traces the work in the database of cfg and prints the spans to out.
func run(ctx context.Context, cfg *greptime.Config, out io.Writer, pretty bool) (err error) {
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

	cfg.Trace = spans{provider.Tracer("greptime")}
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
