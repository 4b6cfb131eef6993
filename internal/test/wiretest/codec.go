package wiretest

import (
	"fmt"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
)

// RawCodec passes messages to gRPC unchanged: it marshals []byte and unmarshals into
// *[]byte, and shares no memory with gRPC. A plain client uses it with grpc.ForceCodecV2.
type RawCodec struct{}

var _ encoding.CodecV2 = RawCodec{}

// Marshal accepts a []byte, which must not change until the call has ended.
func (RawCodec) Marshal(v any) (mem.BufferSlice, error) {
	b, ok := v.([]byte)
	if !ok {
		return nil, fmt.Errorf("wiretest: cannot send a %T, only []byte", v)
	}
	return mem.BufferSlice{mem.SliceBuffer(b)}, nil
}

// Unmarshal accepts a *[]byte.
func (RawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	b, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("wiretest: cannot receive into a %T, only *[]byte", v)
	}
	*b = data.Materialize()
	return nil
}

// Name returns the name of protobuf's codec, because the bytes are protobuf.
func (RawCodec) Name() string { return "proto" }
