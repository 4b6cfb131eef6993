package greptime

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime/internal/tracing"
)

func init() {
	tracing.Valueless(ErrClosed, ErrTruncated, ErrTransactions, ErrMultipleStatements,
		context.Canceled, context.DeadlineExceeded)
}

// newTracer returns the tracer of a configuration, or nil if it has none.
func newTracer(cfg *Config) *tracing.Tracer {
	if cfg.Trace == nil {
		return nil
	}
	return &tracing.Tracer{To: cfg.Trace, Arguments: cfg.TraceArguments, Endpoint: endpointOf, WithoutValues: withoutValues}
}

// endpointOf returns the endpoint that an error names.
func endpointOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Endpoint
	}
	return ""
}

// Texts in place of those that may repeat values of arguments or rows.
const (
	hiddenMessage = "the server's message is not shown, because it may repeat values (Config.TraceArguments shows it)"
	hiddenText    = "greptime: the error is not shown, because it may repeat values of arguments or rows (Config.TraceArguments shows it)"
)

// valuelessError is an error without what may repeat values of arguments or rows. errors.Is
// answers as it does for the original.
type valuelessError struct {
	text  string
	shown error                   // for errors.As; may be nil
	is    func(target error) bool // a function, because package fmt shows no error in it
}

func (e *valuelessError) Error() string        { return e.text }
func (e *valuelessError) Is(target error) bool { return e.is(target) }
func (e *valuelessError) Unwrap() error        { return e.shown }

// withoutValues returns an error like err, whose text has no values of arguments or rows.
func withoutValues(err error) error {
	hidden := &valuelessError{text: hiddenText, is: func(target error) bool { return errors.Is(err, target) }}
	known := tracing.ValuelessIn(err)
	var e *Error
	if errors.As(err, &e) && (known == nil || e.fromServer || e.GRPC != codes.OK || e.cause != nil) {
		hidden.shown = e.withoutValues()
	} else {
		hidden.shown = known // or nil
	}
	if hidden.shown != nil {
		hidden.text = hidden.shown.Error()
	}
	return hidden
}

// withoutValues returns a copy of e without texts of the server, which may repeat values. The
// texts of gRPC about the connection stay.
func (e *Error) withoutValues() *Error {
	shown := &Error{Code: e.Code, GRPC: e.GRPC, Message: hiddenMessage, Endpoint: e.Endpoint, Ambiguous: e.Ambiguous, Retryable: e.Retryable,
		fromServer: e.fromServer, proof: e.proof, cause: tracing.ValuelessIn(e.cause)}
	switch {
	case e.fromServer:
	case e.GRPC == codes.Unavailable, e.GRPC == codes.Canceled, e.GRPC == codes.DeadlineExceeded:
		shown.Message, shown.details = e.Message, e.details[:min(len(e.details), 1)] // the remedy
	case shown.cause != nil:
		shown.Message = shown.cause.Error()
	}
	return shown
}
