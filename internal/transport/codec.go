package transport

import (
	"fmt"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"

	"github.com/greptime-go/greptime/internal/flight"
)

// codec is the codec of a channel, for all calls except DoPut, which has its own.
type codec struct{}

var _ encoding.CodecV2 = codec{}

// Name returns the name of protobuf's codec, because the bytes are protobuf.
func (codec) Name() string { return "proto" }

// Marshal accepts a *Stream, a *unaryCall or an Encoded.
func (codec) Marshal(v any) (mem.BufferSlice, error) {
	switch v := v.(type) {
	case *Stream:
		v.attempt.marshal(v.lease.connection)
		return mem.BufferSlice{mem.SliceBuffer(v.ticket)}, nil
	case *unaryCall:
		v.attempt.marshal(v.lease.connection) // gRPC has a stream to send it on
		return v.request.buffers(), nil
	case Encoded:
		return v.buffers(), nil
	}
	return nil, fmt.Errorf("transport: cannot send a %T", v)
}

// Unmarshal accepts a *flight.FlightData or a *response.
func (codec) Unmarshal(data mem.BufferSlice, v any) error {
	switch v := v.(type) {
	case *flight.FlightData:
		return flight.Codec{}.Unmarshal(data, v)
	case *response:
		return v.unmarshal(data)
	}
	return fmt.Errorf("transport: cannot receive into a %T", v)
}
