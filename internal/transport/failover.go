package transport

import (
	"context"
	"errors"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
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

// newStream opens a stream with a codec other than the channel's. If it fails, nothing
// was sent.
func (c *Channels) newStream(ctx context.Context, e *Endpoint, desc *grpc.StreamDesc, method string, codec encoding.CodecV2) (grpc.ClientStream, error) {
	return e.cc.NewStream(ctx, desc, method, grpc.ForceCodecV2(codec))
}

// callError is how a call failed; stream is nil if it did not come that far. It has
// ended otherwise: gRPC writes the trailer of a running one unguarded.
func (c *Channels) callError(ctx context.Context, endpoint *Endpoint, stream grpc.ClientStream, err error, sent bool) *CallError {
	e := &CallError{Endpoint: endpoint.addr, Sent: sent, Cause: err}
	if stream != nil {
		e.Trailer = stream.Trailer()
	}
	if st, ok := status.FromError(err); ok {
		e.Status = st
	} else {
		e.Status = status.FromContextError(err)
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
