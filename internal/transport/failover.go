package transport

import (
	"context"
	"errors"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// failover makes a call to one endpoint after the other until it succeeds or must not be
// made again. A call that was Unavailable goes to the next endpoint if it provably was not
// sent, or if it is repeatable. The error is a *CallError, which includes the earlier ones.
func (c *Channels) failover(ctx context.Context, repeatable bool, call func(*Endpoint) *CallError) error {
	var failed []error
	endpoints := c.order()
	for i, e := range endpoints {
		err := call(e)
		if err == nil {
			return nil
		}
		err.Others = failed
		again := !err.Sent || repeatable
		if i == len(endpoints)-1 || !again || err.Status.Code() != codes.Unavailable || ctx.Err() != nil || c.Closed() {
			return err
		}
		c.log.WarnContext(ctx, "greptime: endpoint unavailable, trying the next", "endpoint", e.addr, "next", endpoints[i+1].addr, "error", err.Status.Message())
		failed = append(failed, err)
	}
	return &CallError{Status: status.New(codes.Unavailable, "no endpoint is configured"), Cause: errors.New("no endpoint")}
}

// callError returns the error of the lease's call, which got no further than a. The trailer is nil if
// the error is not the server's, if there is no stream, or if the stream may still be running:
// gRPC writes the trailer of a running stream without a lock.
func (c *Channels) callError(ctx context.Context, l *lease, a *attempt, trailer metadata.MD, err error) *CallError {
	endpoint := l.connection.endpoint
	e := &CallError{Trailer: trailer, Endpoint: endpoint.addr, Answered: endpoint.answered.Load(), Cause: err}
	if st, ok := status.FromError(err); ok {
		e.Status = st
	} else {
		e.Status = status.FromContextError(err)
	}
	e.Sent = a.sent(l.connection, e.Status) && !e.refusedStream() && !e.tooLargeToSend()
	if !a.hasStream && !a.begun.Load() && a.onConnection.Load() && ctx.Err() != nil {
		// There was a connection, so the call can only have waited for a stream.
		e.Waited = l.connection.calls.Load() - 1
	}
	// gRPC's own error for a cancelled call does not say who cancelled it, and
	// it is not the context's.
	if cause := ctx.Err(); cause != nil {
		e.Cause = cause
	} else if c.Closed() {
		e.Cause = ErrClosed
	}
	return e
}

// fromServer reports whether a server sent the status. A status from gRPC itself has no
// trailer.
func (e *CallError) fromServer() bool { return len(e.Trailer) > 0 }

// refusedStream reports whether the server refused the stream before it did anything, which
// is the meaning of this HTTP/2 code. gRPC has then tried it twice.
func (e *CallError) refusedStream() bool {
	return e.Status.Code() == codes.Unavailable && !e.fromServer() &&
		e.Status.Message() == "stream terminated by RST_STREAM with error code: REFUSED_STREAM"
}

// tooLargeToSend reports whether gRPC refused to send the message.
func (e *CallError) tooLargeToSend() bool {
	return e.Status.Code() == codes.ResourceExhausted && !e.fromServer() &&
		strings.HasPrefix(e.Status.Message(), tooLargeToSend)
}

// tooLargeToSend is the beginning of gRPC's message when it refuses to send something. It
// ends in the limit.
const tooLargeToSend = "trying to send message larger than max"

// withMetadata adds metadata to that of the caller's context.
func withMetadata(ctx context.Context, md metadata.MD) context.Context {
	if len(md) == 0 {
		return ctx
	}
	if callers, ok := metadata.FromOutgoingContext(ctx); ok {
		md = metadata.Join(callers, md)
	}
	return metadata.NewOutgoingContext(ctx, md)
}
