package transport

import (
	"context"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/greptime-go/greptime/internal/flight"
)

var doGetDesc = grpc.StreamDesc{StreamName: "DoGet", ServerStreams: true}

// Ticket is an encoded Flight Ticket, which for GreptimeDB contains a GreptimeRequest.
type Ticket []byte

// Request is a DoGet request.
type Request struct {
	Ticket   Ticket
	Metadata metadata.MD // of the call: hints; it must not change
	// Repeatable reports that running the request twice does no harm, as for a read. Such
	// a request goes to the next endpoint if an endpoint is Unavailable before the first
	// message. Any request goes to the next endpoint as long as it provably was not sent.
	Repeatable bool
	// Endpoint, if not nil, is the only endpoint to try.
	Endpoint *Endpoint
}

// Stream is the answer to a DoGet, of which the first message or the end has been received.
// It is for one goroutine; only Close may be called from another.
type Stream struct {
	endpoint *Endpoint
	channels *Channels
	attempt  attempt
	lease    lease
	stream   grpc.ClientStream
	ctx      context.Context // the caller's, for the cause of a cancellation
	cancel   context.CancelFunc
	ticket   Ticket
	message  flight.FlightData // the last one received
	firstErr error             // io.EOF if the stream had no message
	started  bool              // Recv has returned the first message
}

// DoGet sends the request and waits for the first message.
func (c *Channels) DoGet(ctx context.Context, req Request) (*Stream, error) {
	ctx = withMetadata(ctx, req.Metadata)
	if req.Endpoint != nil {
		s, err := c.doGet(ctx, req.Endpoint, req.Ticket)
		if err != nil {
			return nil, err
		}
		return s, nil
	}
	var s *Stream
	err := c.failover(ctx, req.Repeatable, func(e *Endpoint) (err *CallError) {
		s, err = c.doGet(ctx, e, req.Ticket)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (c *Channels) doGet(parent context.Context, e *Endpoint, ticket Ticket) (*Stream, *CallError) {
	ctx, cancel := context.WithCancel(parent)
	s := &Stream{endpoint: e, channels: c, attempt: attempt{Context: ctx}, ctx: parent, cancel: cancel, ticket: ticket}
	c.lease(&s.lease, e)
	if err := s.open(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// open sends the request and receives the first message.
func (s *Stream) open() *CallError {
	cc, err := s.endpoint.ready(s.attempt.Context, &s.lease)
	if err != nil {
		return s.channels.callError(s.ctx, &s.lease, &s.attempt, nil, err)
	}
	if s.stream, err = cc.NewStream(&s.attempt, &doGetDesc, flight.MethodDoGet); err != nil {
		return s.channels.callError(s.ctx, &s.lease, &s.attempt, nil, err)
	}
	defer func() { s.ticket = nil }() // it has the password, and package fmt would print it
	// If the stream has ended, the send returns io.EOF, and the receive below the status. Any
	// other error of a send is gRPC's own, to which no trailer belongs.
	if err := s.stream.SendMsg(s); err != nil && err != io.EOF {
		return s.channels.callError(s.ctx, &s.lease, &s.attempt, nil, err)
	}
	if err := s.stream.CloseSend(); err != nil {
		return s.callError(err)
	}
	s.firstErr = s.stream.RecvMsg(&s.message)
	if s.firstErr != nil && s.firstErr != io.EOF {
		return s.callError(s.firstErr)
	}
	s.endpoint.noteAnswer()
	return nil
}

// Endpoint returns the server that answers.
func (s *Stream) Endpoint() *Endpoint { return s.endpoint }

// Recv returns the next message, which the next call overwrites. At the end it returns io.EOF
// if the server ended the call with OK; every other end is a *CallError.
func (s *Stream) Recv() (*flight.FlightData, error) {
	var err error
	if s.started {
		err = s.stream.RecvMsg(&s.message)
	} else {
		s.started, err = true, s.firstErr
	}
	switch err {
	case nil:
		return &s.message, nil
	case io.EOF:
		return nil, err
	}
	return nil, s.callError(err)
}

// Close ends the call, even if it was not read to its end, and releases its resources. It
// may be called more than once.
func (s *Stream) Close() {
	s.cancel()
	s.lease.end()
}

func (s *Stream) callError(err error) *CallError {
	return s.channels.callError(s.ctx, &s.lease, &s.attempt, s.stream.Trailer(), err)
}
