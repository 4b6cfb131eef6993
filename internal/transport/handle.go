package transport

import (
	"context"
	"io"

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
	// Repeatable says that carrying the request out twice does no harm; see
	// Request.Repeatable.
	Repeatable bool
}

// Handle sends a request and returns the affected rows. Errors are *CallError.
func (c *Channels) Handle(ctx context.Context, req HandleRequest) (affected uint32, err error) {
	ctx = withMetadata(ctx, req.Metadata)
	err = c.failover(ctx, req.Repeatable, func(e *Endpoint) (err *CallError) {
		affected, err = c.handle(ctx, e, req.Request)
		return err
	})
	return affected, err
}

// unaryCall is what gRPC wants for a call of Handle, in one piece of memory.
type unaryCall struct {
	request  Encoded
	encoded  bool // gRPC has encoded the request, which it does when it has a stream to send it on
	response response
	trailer  metadata.MD
	options  [1]grpc.CallOption
}

// handle makes a unary call, and finds out whether the request was sent.
func (c *Channels) handle(ctx context.Context, e *Endpoint, req Encoded) (uint32, *CallError) {
	if err := e.ready(ctx); err != nil {
		return 0, c.callError(ctx, e, nil, err, false)
	}
	call := &unaryCall{request: req}
	call.options[0] = grpc.Trailer(&call.trailer)
	if err := e.cc.Invoke(ctx, methodHandle, call, &call.response, call.options[:]...); err != nil {
		failure := c.callError(ctx, e, nil, err, call.encoded)
		failure.Trailer = call.trailer
		return 0, failure
	}
	return call.response.affected, nil
}

// RequestStream is a call of HandleRequests. Its methods are for one goroutine at a
// time; only Close may be called from another.
type RequestStream struct {
	endpoint *Endpoint
	channels *Channels
	stream   grpc.ClientStream
	ctx      context.Context
	cancel   context.CancelCauseFunc
}

// HandleRequests opens a stream of requests on the first endpoint that can be
// reached. ctx bounds the opening only; the stream lives until CloseAndRecv or
// Close.
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
	if err := e.ready(parent); err != nil {
		return nil, c.callError(parent, e, nil, err, false)
	}
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(parent))
	stop := context.AfterFunc(parent, func() { cancel(context.Cause(parent)) })
	stream, err := e.cc.NewStream(ctx, &handleRequestsDesc, methodHandleRequests)
	if !stop() && err == nil {
		err = context.Cause(parent)
	}
	if err != nil {
		cancel(err)
		return nil, c.callError(parent, e, nil, err, false)
	}
	return &RequestStream{endpoint: e, channels: c, stream: stream, ctx: ctx, cancel: cancel}, nil
}

// Send sends a request. It blocks while the server does not read; if ctx ends
// meanwhile, it ends the stream. Errors are *CallError and are the stream's end.
func (s *RequestStream) Send(ctx context.Context, req Encoded) error {
	stop := context.AfterFunc(ctx, func() { s.cancel(context.Cause(ctx)) })
	defer stop()
	err := s.stream.SendMsg(req)
	switch err {
	case nil:
		if !stop() { // ctx has ended in this moment, and the stream with it
			return s.fail(ctx, nil, context.Cause(ctx))
		}
		return nil
	case io.EOF:
		// The server has ended the stream, and its status is the reason.
		err = s.stream.RecvMsg(&response{})
		if err == nil || err == io.EOF {
			err = status.Error(codes.Internal, "the server answered before the requests had ended")
		}
		return s.fail(ctx, s.stream, err)
	default:
		return s.fail(ctx, nil, err)
	}
}

// CloseAndRecv says that there are no more requests, waits for the answer, and
// returns the affected rows of all.
func (s *RequestStream) CloseAndRecv(ctx context.Context) (uint32, error) {
	defer s.cancel(nil)
	stop := context.AfterFunc(ctx, func() { s.cancel(context.Cause(ctx)) })
	defer stop()
	if err := s.stream.CloseSend(); err != nil {
		return 0, s.fail(ctx, nil, err)
	}
	var answer response
	if err := s.stream.RecvMsg(&answer); err != nil {
		return 0, s.fail(ctx, s.stream, err)
	}
	return answer.affected, nil
}

// Close ends the stream without waiting for the server.
func (s *RequestStream) Close() { s.cancel(context.Canceled) }

// fail ends the stream; ended is it if its status is known, otherwise nil.
func (s *RequestStream) fail(ctx context.Context, ended grpc.ClientStream, err error) error {
	defer s.cancel(err)
	return s.channels.callError(ctx, s.endpoint, ended, err, true)
}
