package transport

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/greptime-go/greptime/internal/flight"
)

var doGetDesc = grpc.StreamDesc{StreamName: "DoGet", ServerStreams: true}

// Request is a DoGet request.
type Request struct {
	Ticket   []byte      // a GreptimeRequest
	Metadata metadata.MD // of the call: hints
	// Repeatable says that running the request twice does no harm (a read): then
	// it goes to the next endpoint when one is Unavailable before the first
	// message. Any request goes to the next endpoint while it provably was not
	// sent.
	Repeatable bool
	// Endpoint is the only one to ask, if it is not nil.
	Endpoint *Endpoint
}

// Stream is the answer to a DoGet: its first message has been received, or its
// end. It is for one goroutine; only Close may be called from another.
type Stream struct {
	endpoint *Endpoint
	channels *Channels
	stream   grpc.ClientStream
	ctx      context.Context // the caller's, for the cause of a cancellation
	cancel   context.CancelFunc
	first    flight.FlightData
	firstErr error // io.EOF if the stream had no message
	started  bool
}

// DoGet sends the request and waits for the first message.
func (c *Channels) DoGet(ctx context.Context, req Request) (*Stream, error) {
	if len(req.Metadata) > 0 {
		ctx = metadata.NewOutgoingContext(ctx, req.Metadata)
	}
	var failed []error
	endpoints := []*Endpoint{req.Endpoint}
	if req.Endpoint == nil {
		endpoints = c.order()
	}
	for i, e := range endpoints {
		s, err := c.doGet(ctx, e, req.Ticket)
		if err == nil {
			return s, nil
		}
		err.Others = failed
		retry := !err.Sent || req.Repeatable
		if i == len(endpoints)-1 || !retry || err.Status.Code() != codes.Unavailable || ctx.Err() != nil || c.Closed() {
			return nil, err
		}
		c.log.WarnContext(ctx, "greptime: endpoint unavailable, trying the next", "endpoint", e.addr, "next", endpoints[i+1].addr, "error", err.Status.Message())
		failed = append(failed, err)
	}
	return nil, &CallError{Status: status.New(codes.Unavailable, "no endpoint is configured"), Cause: errors.New("no endpoint")}
}

func (c *Channels) doGet(parent context.Context, e *Endpoint, ticket []byte) (*Stream, *CallError) {
	ctx, cancel := context.WithCancel(parent)
	s := &Stream{endpoint: e, channels: c, ctx: parent, cancel: cancel}
	if err := e.ready(ctx); err != nil {
		cancel()
		return nil, s.callError(err, false)
	}
	opts := make([]grpc.CallOption, 0, len(c.callOpts)+1)
	opts = append(append(opts, c.callOpts...), grpc.ForceCodecV2(flight.Codec{}))
	var err error
	if s.stream, err = e.cc.NewStream(ctx, &doGetDesc, flight.MethodDoGet, opts...); err != nil {
		cancel()
		return nil, s.callError(err, false)
	}
	// A failed send says io.EOF only; the status comes from the receive below.
	if err := s.stream.SendMsg(&flight.Ticket{Ticket: ticket}); err != nil && err != io.EOF {
		cancel()
		return nil, s.callError(err, true)
	}
	if err := s.stream.CloseSend(); err != nil {
		cancel()
		return nil, s.callError(err, true)
	}
	s.firstErr = s.stream.RecvMsg(&s.first)
	if s.firstErr != nil && s.firstErr != io.EOF {
		cancel()
		return nil, s.callError(s.firstErr, true)
	}
	return s, nil
}

// Endpoint is the server that answers.
func (s *Stream) Endpoint() *Endpoint { return s.endpoint }

// Recv reads the next message into m. At the end it returns io.EOF if the server
// said OK; every other end is a *CallError.
func (s *Stream) Recv(m *flight.FlightData) error {
	if !s.started {
		s.started = true
		*m = s.first
		s.first = flight.FlightData{}
		return s.firstErr
	}
	err := s.stream.RecvMsg(m)
	if err == nil || err == io.EOF {
		return err
	}
	return s.callError(err, true)
}

// Close ends the call, whether or not it was read to its end, and frees what it
// holds. It may be called more than once.
func (s *Stream) Close() { s.cancel() }

func (s *Stream) callError(err error, sent bool) *CallError {
	e := &CallError{Endpoint: s.endpoint.addr, Sent: sent, Cause: err}
	if s.stream != nil {
		e.Trailer = s.stream.Trailer()
	}
	if st, ok := status.FromError(err); ok {
		e.Status = st
	} else {
		e.Status = status.FromContextError(err)
	}
	// gRPC's own error for a cancelled call says neither who cancelled it nor is
	// it the context's.
	if cause := s.ctx.Err(); cause != nil {
		e.Cause = cause
	} else if s.channels.Closed() {
		e.Cause = ErrClosed
	}
	return e
}
