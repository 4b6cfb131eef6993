package wiretest

import (
	"fmt"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
)

// RawCodec hands messages to gRPC as they are: it marshals []byte and unmarshals
// into *[]byte, without a copy shared with gRPC. A plain client uses it with
// grpc.ForceCodecV2.
type RawCodec struct{}

var _ encoding.CodecV2 = RawCodec{}

// Marshal takes a []byte, which must not change until the call has ended.
func (RawCodec) Marshal(v any) (mem.BufferSlice, error) {
	b, ok := v.([]byte)
	if !ok {
		return nil, fmt.Errorf("wiretest: cannot send a %T, only []byte", v)
	}
	return mem.BufferSlice{mem.SliceBuffer(b)}, nil
}

// Unmarshal takes a *[]byte.
func (RawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	b, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("wiretest: cannot receive into a %T, only *[]byte", v)
	}
	*b = data.Materialize()
	return nil
}

// Name is that of protobuf's codec, because the bytes are protobuf.
func (RawCodec) Name() string { return "proto" }
