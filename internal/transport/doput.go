package transport

import (
	"context"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/greptime-go/greptime/internal/flight"
)

var doPutDesc = grpc.StreamDesc{StreamName: "DoPut", ClientStreams: true, ServerStreams: true}

// PutRequest opens a DoPut.
type PutRequest struct {
	Metadata metadata.MD // of the call: credentials and database
	Table    string
	Schema   []byte // an Arrow IPC message with the schema
}

// PutStream is a DoPut call. One goroutine may send while another receives. Close may be
// called from any goroutine.
type PutStream struct {
	endpoint *Endpoint
	channels *Channels
	attempt  attempt
	lease    lease
	stream   grpc.ClientStream
	cancel   context.CancelCauseFunc
}

// Endpoints returns the endpoints, in the order in which they were configured.
func (c *Channels) Endpoints() []*Endpoint { return c.endpoints }

// DoPut opens a DoPut on the endpoint, sends the schema, and waits for the first answer.
// GreptimeDB 1.0.2 gives it directly after it has checked the credentials, before it reads
// anything. The returned stream has sent no record batch. ctx bounds only the opening; the
// stream lives until its end or Close. Errors are *CallError.
func (c *Channels) DoPut(ctx context.Context, e *Endpoint, req PutRequest) (*PutStream, error) {
	ctx = withMetadata(ctx, req.Metadata)
	streamCtx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	s := &PutStream{endpoint: e, channels: c, attempt: attempt{Context: streamCtx}, cancel: cancel}
	c.lease(&s.lease, e)
	if err := s.open(ctx, req); err != nil {
		s.Close(err)
		return nil, err
	}
	e.noteAnswer()
	return s, nil
}

func (s *PutStream) open(ctx context.Context, req PutRequest) error {
	cc, err := s.endpoint.ready(ctx, &s.lease)
	if err != nil {
		return s.channels.callError(ctx, &s.lease, &s.attempt, nil, err)
	}
	stop := context.AfterFunc(ctx, func() { s.cancel(context.Cause(ctx)) })
	if s.stream, err = cc.NewStream(&s.attempt, &doPutDesc, flight.MethodDoPut, grpc.ForceCodecV2(putCodec{})); err != nil {
		stop()
		return s.channels.callError(ctx, &s.lease, &s.attempt, nil, err)
	}
	s.attempt.hasStream = true
	err = s.begin(req)
	if !stop() && err == nil {
		// The stream has not ended yet, so its trailer must not be read.
		return s.channels.callError(ctx, &s.lease, &s.attempt, nil, ctx.Err())
	}
	if err != nil {
		return s.channels.callError(ctx, &s.lease, &s.attempt, s.stream.Trailer(), err)
	}
	return nil
}

// begin sends the schema and waits for the first answer.
func (s *PutStream) begin(req PutRequest) error {
	// A failed send only returns io.EOF; the status comes from the receive below.
	if err := s.stream.SendMsg(&flight.FlightData{
		Descriptor: &flight.Descriptor{Type: flight.DescriptorPath, Path: []string{req.Table}},
		DataHeader: req.Schema,
	}); err != nil && err != io.EOF {
		return err
	}
	var first flight.PutResult
	if err := s.stream.RecvMsg(&first); err == io.EOF {
		return status.Error(codes.Internal, "the server ended the DoPut before it began")
	} else if err != nil {
		return err
	}
	return nil
}

// Send sends an encoded FlightData. It blocks while the server does not read. io.EOF
// means that the stream has ended, and Recv returns the reason. Every other error is a
// *CallError and also ends the stream.
func (s *PutStream) Send(data Encoded) error {
	s.attempt.begin(s.lease.connection)
	err := s.stream.SendMsg(data)
	if err == nil || err == io.EOF {
		return err
	}
	return s.channels.callError(s.attempt.Context, &s.lease, &s.attempt, nil, err)
}

// Recv returns the metadata of the next answer, or io.EOF if the server has ended the
// stream with OK. Every other end is a *CallError. If Close was called, its Cause is the
// cause passed to Close.
func (s *PutStream) Recv() ([]byte, error) {
	var result flight.PutResult
	err := s.stream.RecvMsg(&result)
	switch {
	case err == nil:
		return result.AppMetadata, nil
	case err == io.EOF:
		s.lease.end()
		return nil, err
	}
	s.lease.end()
	call := s.channels.callError(s.attempt.Context, &s.lease, &s.attempt, s.stream.Trailer(), err)
	if cause := context.Cause(s.attempt.Context); cause != nil {
		call.Cause = cause
	}
	return nil, call
}

// CloseSend ends the sending. The server ends the stream when it has answered everything.
func (s *PutStream) CloseSend() error { return s.stream.CloseSend() }

// Close ends the stream without waiting for the server, and releases its resources. It
// may be called more than once; the first cause counts.
func (s *PutStream) Close(cause error) {
	if cause == nil {
		cause = context.Canceled
	}
	s.cancel(cause)
	s.lease.end()
}

// putCodec sends record batches that are already encoded, and everything else of a DoPut as
// package flight does.
type putCodec struct{}

var _ encoding.CodecV2 = putCodec{}

// Name returns the name of protobuf's codec, because the bytes are protobuf.
func (putCodec) Name() string { return "proto" }

// Marshal accepts an Encoded or a *flight.FlightData.
func (putCodec) Marshal(v any) (mem.BufferSlice, error) {
	switch v := v.(type) {
	case Encoded:
		return v.buffers(), nil
	case *flight.FlightData:
		return flight.Codec{}.Marshal(v)
	}
	return nil, fmt.Errorf("transport: cannot send a %T", v)
}

// Unmarshal accepts a *flight.PutResult.
func (putCodec) Unmarshal(data mem.BufferSlice, v any) error {
	if _, ok := v.(*flight.PutResult); !ok {
		return errors.New("transport: DoPut answers with a PutResult")
	}
	return flight.Codec{}.Unmarshal(data, v)
}
