package transport

import (
	"context"
	"errors"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// failover makes a call to one endpoint after the other until it succeeds or may not
// be made again: a call that was Unavailable goes on to the next endpoint if it
// provably was not sent, or if it is repeatable. The error is a *CallError, with the
// earlier ones.
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

// callError returns how a call failed that got no further than a. The trailer is nil if there
// is no stream, or it may be running still: gRPC writes the trailer of a running one unguarded.
func (c *Channels) callError(ctx context.Context, endpoint *Endpoint, a *attempt, trailer metadata.MD, err error) *CallError {
	e := &CallError{Trailer: trailer, Endpoint: endpoint.addr, Answered: endpoint.answered.Load(), Cause: err}
	if st, ok := status.FromError(err); ok {
		e.Status = st
	} else {
		e.Status = status.FromContextError(err)
	}
	e.Sent = a.sent(endpoint, e.Status) && !e.refusedStream() && !e.tooLargeToSend()
	if !a.begun.Load() && a.onConnection.Load() && ctx.Err() != nil {
		// There was a connection, and so nothing to wait for but a stream.
		e.Waited = endpoint.calls.Load() - 1
	}
	// gRPC's own error for a cancelled call says neither who cancelled it nor is
	// it the context's.
	if cause := ctx.Err(); cause != nil {
		e.Cause = cause
	} else if c.Closed() {
		e.Cause = ErrClosed
	}
	return e
}

// fromServer reports whether the status is one that a server sent. Those that gRPC makes
// have no trailer.
func (e *CallError) fromServer() bool { return len(e.Trailer) > 0 }

// refusedStream reports whether the server refused the stream, before it did anything: that
// is what this code of HTTP/2 means. gRPC has tried it twice then.
func (e *CallError) refusedStream() bool {
	return e.Status.Code() == codes.Unavailable && !e.fromServer() &&
		e.Status.Message() == "stream terminated by RST_STREAM with error code: REFUSED_STREAM"
}

// tooLargeToSend reports whether gRPC refused to send the message.
func (e *CallError) tooLargeToSend() bool {
	return e.Status.Code() == codes.ResourceExhausted && !e.fromServer() &&
		strings.HasPrefix(e.Status.Message(), "trying to send message larger than max")
}

// withMetadata adds metadata to what the caller's context already sends.
func withMetadata(ctx context.Context, md metadata.MD) context.Context {
	if len(md) == 0 {
		return ctx
	}
	if callers, ok := metadata.FromOutgoingContext(ctx); ok {
		md = metadata.Join(callers, md)
	}
	return metadata.NewOutgoingContext(ctx, md)
}
