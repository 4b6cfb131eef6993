package transport

import (
	"context"
	"fmt"
	"io"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// The methods of GreptimeDatabase.
const (
	methodHandle         = "/greptime.v1.GreptimeDatabase/Handle"
	methodHandleRequests = "/greptime.v1.GreptimeDatabase/HandleRequests"
)

var handleRequestsDesc = grpc.StreamDesc{StreamName: "HandleRequests", ClientStreams: true}

// HandleRequest is a request of Handle.
type HandleRequest struct {
	Request  Encoded     // a GreptimeRequest
	Metadata metadata.MD // of the call: hints; it must not change
	// Repeatable reports that executing the request twice does no harm; see
	// Request.Repeatable.
	Repeatable bool
}

// Answer is the answer to a request of Handle.
type Answer struct {
	Affected uint32 // rows
	Endpoint *Endpoint
}

// Handle sends a request and returns its answer. Errors are *CallError.
func (c *Channels) Handle(ctx context.Context, req HandleRequest) (a Answer, err error) {
	ctx = withMetadata(ctx, req.Metadata)
	err = c.failover(ctx, req.Repeatable, func(e *Endpoint) (err *CallError) {
		a.Endpoint = e
		a.Affected, err = c.handle(ctx, e, req.Request)
		return err
	})
	return a, err
}

// unaryCall holds everything that gRPC needs for a call of Handle, in one allocation.
type unaryCall struct {
	attempt  attempt
	lease    lease
	request  Encoded
	response response
	trailer  metadata.MD
	options  [1]grpc.CallOption
}

// handle makes a unary call, and finds out whether the request was sent.
func (c *Channels) handle(ctx context.Context, e *Endpoint, req Encoded) (uint32, *CallError) {
	call := &unaryCall{request: req}
	c.lease(&call.lease, e)
	defer call.lease.end()
	cc, err := e.ready(ctx, &call.lease)
	if err != nil {
		return 0, c.callError(ctx, &call.lease, &call.attempt, nil, err)
	}
	call.attempt.Context = ctx
	call.options[0] = grpc.Trailer(&call.trailer)
	if err := cc.Invoke(&call.attempt, methodHandle, call, &call.response, call.options[:]...); err != nil {
		if c.refusedToSend(err) {
			call.trailer = nil // the server ended the call before it had the request
		}
		return 0, c.callError(ctx, &call.lease, &call.attempt, call.trailer, err)
	}
	e.noteAnswer()
	return call.response.affected, nil
}

// refusedToSend reports whether gRPC refused to send the request of a unary call, because it is
// longer than the limit. A server with the same limit may say so of its answer, but an answer
// to Handle has only a few bytes.
func (c *Channels) refusedToSend(err error) bool {
	st := status.Convert(err)
	return st.Code() == codes.ResourceExhausted && strings.HasPrefix(st.Message(), tooLargeToSend) &&
		strings.HasSuffix(st.Message(), fmt.Sprintf(" vs. %d)", c.maxMessageSize))
}

// RequestStream is a call of HandleRequests. Its methods are for one goroutine at a
// time; only Close may be called from another.
type RequestStream struct {
	endpoint *Endpoint
	channels *Channels
	attempt  attempt
	lease    lease
	stream   grpc.ClientStream
	cancel   context.CancelCauseFunc
}

// HandleRequests opens a stream of requests on the first reachable endpoint. ctx bounds only
// the opening; the stream lives until CloseAndRecv or Close.
func (c *Channels) HandleRequests(ctx context.Context, md metadata.MD) (*RequestStream, error) {
	ctx = withMetadata(ctx, md)
	var s *RequestStream
	err := c.failover(ctx, true, func(e *Endpoint) (err *CallError) {
		s, err = c.openRequests(ctx, e)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (c *Channels) openRequests(parent context.Context, e *Endpoint) (*RequestStream, *CallError) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(parent))
	s := &RequestStream{endpoint: e, channels: c, attempt: attempt{Context: ctx}, cancel: cancel}
	c.lease(&s.lease, e)
	if err := s.open(parent); err != nil {
		failure := c.callError(parent, &s.lease, &s.attempt, nil, err) // counts this call, too
		s.end(err)
		return nil, failure
	}
	return s, nil
}

func (s *RequestStream) open(parent context.Context) error {
	cc, err := s.endpoint.ready(parent, &s.lease)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(parent, func() { s.cancel(context.Cause(parent)) })
	s.stream, err = cc.NewStream(&s.attempt, &handleRequestsDesc, methodHandleRequests)
	s.attempt.hasStream = err == nil
	if !stop() && err == nil {
		err = parent.Err()
	}
	return err
}

// end releases the resources of the stream.
func (s *RequestStream) end(cause error) {
	s.cancel(cause)
	s.lease.end()
}

// Endpoint returns the endpoint to which the stream is open.
func (s *RequestStream) Endpoint() *Endpoint { return s.endpoint }

// Send sends a request. It blocks while the server does not read. If ctx ends meanwhile, it
// ends the stream. Errors are *CallError and end the stream.
func (s *RequestStream) Send(ctx context.Context, req Encoded) error {
	stop := context.AfterFunc(ctx, func() { s.cancel(context.Cause(ctx)) })
	defer stop()
	s.attempt.begin(s.lease.connection)
	err := s.stream.SendMsg(req)
	switch err {
	case nil:
		if !stop() { // ctx has just ended, and the stream with it
			return s.fail(ctx, nil, ctx.Err()) // not its cause, which may be an error of another call
		}
		return nil
	case io.EOF:
		// The server has ended the stream, and its status is the reason.
		err = s.stream.RecvMsg(&response{})
		if err == nil || err == io.EOF {
			err = status.Error(codes.Internal, "the server answered before the requests had ended")
		}
		return s.fail(ctx, s.stream.Trailer(), err)
	default:
		return s.fail(ctx, nil, err)
	}
}

// CloseAndRecv ends the sending, waits for the answer, and returns the affected rows of all
// requests.
func (s *RequestStream) CloseAndRecv(ctx context.Context) (uint32, error) {
	defer s.end(nil)
	stop := context.AfterFunc(ctx, func() { s.cancel(context.Cause(ctx)) })
	defer stop()
	if err := s.stream.CloseSend(); err != nil {
		return 0, s.fail(ctx, nil, err)
	}
	var answer response
	if err := s.stream.RecvMsg(&answer); err != nil {
		return 0, s.fail(ctx, s.stream.Trailer(), err)
	}
	s.endpoint.noteAnswer()
	return answer.affected, nil
}

// Close ends the stream without waiting for the server.
func (s *RequestStream) Close() { s.end(context.Canceled) }

// fail ends the stream. The trailer is nil if the stream has not ended before.
func (s *RequestStream) fail(ctx context.Context, trailer metadata.MD, err error) error {
	defer s.end(err)
	return s.channels.callError(ctx, &s.lease, &s.attempt, trailer, err)
}
