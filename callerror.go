package greptime

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime/flightdecode"
	internalsession "github.com/greptime-go/greptime/internal/session"
	"github.com/greptime-go/greptime/internal/transport"
)

// callError returns the error of a failed call as users see it. w is what the call writes.
func callError(ctx context.Context, err error, w internalsession.Write) *Error {
	writes := w.Kind != internalsession.ReadStatement
	var call *transport.CallError
	if !errors.As(err, &call) {
		// The server's messages could not be understood.
		e := &Error{Message: err.Error(), GRPC: codes.Internal, Ambiguous: writes, cause: err}
		if errors.Is(err, flightdecode.ErrTooLarge) {
			e.details = append(e.details, "for the driver, the limit is 1 GiB, or twice max_message_size if that is more")
		}
		return e
	}
	e := newServerError(call.Status, call.Trailer, call.Endpoint)
	e.proof = callProof(call, w)
	switch {
	case errors.Is(call.Cause, transport.ErrClosed):
		e.cause = ErrClosed
		if !e.fromServer { // gRPC's code, Cancelled, misleads
			e.Message, e.Code = ErrClosed.Error(), 0
		}
	case ctx.Err() != nil:
		e.cause = ctx.Err()
	case expired(ctx, e):
		e.Code, e.cause = DeadlineExceeded, context.DeadlineExceeded
	}
	for _, other := range call.Others { // of a write that was repeated
		var before *transport.CallError
		if errors.As(other, &before) {
			e.proof = min(e.proof, callProof(before, w))
		}
	}
	e.Ambiguous = writes && e.proof != proven
	e.details = append(e.details, remedy(e, call))
	for _, other := range call.Others {
		e.details = append(e.details, "before that, "+other.Error())
	}
	return e
}

// callProof decides what a failed call proves about the write w.
func callProof(call *transport.CallError, w internalsession.Write) proof {
	if !call.Sent && w.Requests <= 1 {
		return proven
	}
	return newServerError(call.Status, call.Trailer, call.Endpoint).provesNothingWritten(w)
}

// expired reports whether a call ended by its deadline although ctx.Err does not report it
// yet. The context's timer may be a moment late. The server, which knows the deadline,
// answers Cancelled, "Timeout expired", if it notices first.
func expired(ctx context.Context, e *Error) bool {
	deadline, ok := ctx.Deadline()
	if !ok {
		return false
	}
	return !time.Now().Before(deadline) || e.GRPC == codes.Canceled && e.Message == "Timeout expired"
}
