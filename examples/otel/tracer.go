package main

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/greptime-go/greptime/calltrace"
)

// spans makes a span of each call of the driver: statements, native inserts, requests of the
// buffered writer and bulk batches.
type spans struct{ trace.Tracer }

// Start begins the span. What the call sends by gRPC is below it.
func (s spans) Start(ctx context.Context, call calltrace.Call) context.Context {
	ctx, span := s.Tracer.Start(ctx, strings.TrimSpace(string(call.Kind)+" "+strings.Join(call.Tables, ",")), trace.WithSpanKind(trace.SpanKindClient))
	span.SetAttributes(attribute.String("db.system.name", "greptimedb"), attribute.String("db.namespace", call.Database))
	if call.Text != "" {
		span.SetAttributes(attribute.String("db.query.text", call.Text), attribute.Int("greptimedb.arguments", call.Args))
	}
	return ctx
}

// End ends the span.
func (spans) End(ctx context.Context, call calltrace.Call, outcome calltrace.Outcome) {
	span := trace.SpanFromContext(ctx)
	span.SetAttributes(attribute.String("server.address", outcome.Endpoint), attribute.Int64("greptimedb.rows", max(int64(call.Rows), outcome.Rows)),
		attribute.Int64("greptimedb.bytes", outcome.Bytes), attribute.Int("greptimedb.attempts", outcome.Attempts))
	if outcome.Err != nil {
		span.RecordError(outcome.Err)
		span.SetStatus(codes.Error, outcome.Err.Error())
	}
	span.End()
}
