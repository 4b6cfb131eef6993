package transport

import (
	"errors"
	"fmt"
	"sync/atomic"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // the codec for answers
	"google.golang.org/grpc/mem"
)

// Body is bytes of requests that gRPC sends from where they are. gRPC may still read
// them when the call has returned, after a cancellation or in a stream, and so their
// owner may append to Bytes, but must not change what was sent before InUse is false.
type Body struct {
	Bytes []byte
	uses  atomic.Int32
}

var _ mem.BufferPool = (*Body)(nil)

// InUse says whether gRPC may still read the bytes.
func (b *Body) InUse() bool { return b.uses.Load() > 0 }

// Part is a part of the bytes, to be sent.
func (b *Body) Part(from, to int) Part { return Part{body: b, bytes: b.Bytes[from:to:to]} }

// Get and Put make a Body a pool for mem.NewBuffer, which tells by Put that gRPC is
// done with a part.
func (b *Body) Get(length int) *[]byte {
	bytes := make([]byte, length)
	return &bytes
}

// Put takes note that gRPC is done with a part.
func (b *Body) Put(*[]byte) { b.uses.Add(-1) }

// Part is a piece of an encoded request.
type Part struct {
	body  *Body // nil: the bytes are nobody's to change
	bytes []byte
}

// Fixed is a part whose bytes never change.
func Fixed(bytes []byte) Part { return Part{bytes: bytes} }

// buffer is the part as gRPC takes it.
func (p *Part) buffer() mem.Buffer {
	switch {
	case p.body == nil:
		return mem.SliceBuffer(p.bytes)
	case mem.IsBelowBufferPoolingThreshold(cap(p.bytes)):
		// gRPC does not count the uses of such a small buffer.
		return mem.SliceBuffer(append([]byte(nil), p.bytes...))
	}
	p.body.uses.Add(1)
	return mem.NewBuffer(&p.bytes, p.body)
}

// Encoded is an encoded GreptimeRequest, in parts.
type Encoded []Part

// buffers are the parts as gRPC takes them.
func (e Encoded) buffers() mem.BufferSlice {
	list := make(mem.BufferSlice, len(e))
	for i := range e {
		list[i] = e[i].buffer()
	}
	return list
}

// Len is the number of bytes.
func (e Encoded) Len() int {
	n := 0
	for i := range e {
		n += len(e[i].bytes)
	}
	return n
}

// requestCodec sends Encoded as they are, and reads GreptimeResponses.
type requestCodec struct{}

var _ encoding.CodecV2 = requestCodec{}

// Name is that of protobuf's codec, because the bytes are protobuf.
func (requestCodec) Name() string { return "proto" }

// Marshal takes an Encoded.
func (requestCodec) Marshal(v any) (mem.BufferSlice, error) {
	parts, ok := v.(Encoded)
	if !ok {
		return nil, fmt.Errorf("transport: cannot send a %T", v)
	}
	return parts.buffers(), nil
}

// Unmarshal takes a *greptimev1.GreptimeResponse.
func (requestCodec) Unmarshal(data mem.BufferSlice, v any) error {
	response, ok := v.(*greptimev1.GreptimeResponse)
	if !ok {
		return fmt.Errorf("transport: cannot receive into a %T", v)
	}
	if err := encoding.GetCodecV2("proto").Unmarshal(data, response); err != nil {
		return err
	}
	if s := response.GetHeader().GetStatus(); s.GetStatusCode() != 0 {
		// GreptimeDB 1.0.2 answers every error by the RPC's status; its own client
		// looks here, too.
		return fmt.Errorf("the server answered with status %d: %s", s.GetStatusCode(), s.GetErrMsg())
	}
	if _, ok := response.GetResponse().(*greptimev1.GreptimeResponse_AffectedRows); !ok {
		return errors.New("the server's answer has no affected rows")
	}
	return nil
}

// Join is the request in one piece, as a copy.
func Join(e Encoded) []byte {
	b := make([]byte, 0, e.Len())
	for i := range e {
		b = append(b, e[i].bytes...)
	}
	return b
}
