package transport

import (
	"sync/atomic"

	"google.golang.org/grpc/mem"
)

// Body holds bytes of requests that gRPC sends without copying them. gRPC may still read
// them when the call has returned, after a cancellation or in a stream. Their owner may
// therefore append to Bytes, but must not change bytes that were sent until InUse returns
// false.
type Body struct {
	Bytes []byte
	uses  atomic.Int32
}

var _ mem.BufferPool = (*Body)(nil)

// InUse reports whether gRPC may still read the bytes.
func (b *Body) InUse() bool { return b.uses.Load() > 0 }

// Part returns a part of the bytes for sending.
func (b *Body) Part(from, to int) Part { return Part{body: b, bytes: b.Bytes[from:to:to]} }

// Get and Put make a Body a pool for mem.NewBuffer. gRPC calls Put when it is done with
// a part.
func (b *Body) Get(length int) *[]byte {
	bytes := make([]byte, length)
	return &bytes
}

// Put records that gRPC is done with a part.
func (b *Body) Put(*[]byte) { b.uses.Add(-1) }

// Part is a piece of an encoded request.
type Part struct {
	body  *Body // nil if nobody may change the bytes
	bytes []byte
}

// Fixed returns a part whose bytes never change.
func Fixed(bytes []byte) Part { return Part{bytes: bytes} }

// buffer returns the part as a gRPC buffer.
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

// buffers returns the parts as gRPC buffers.
func (e Encoded) buffers() mem.BufferSlice {
	list := make(mem.BufferSlice, len(e))
	for i := range e {
		list[i] = e[i].buffer()
	}
	return list
}

// Len returns the number of bytes.
func (e Encoded) Len() int {
	n := 0
	for i := range e {
		n += len(e[i].bytes)
	}
	return n
}

// Join returns a copy of the request in one piece.
func Join(e Encoded) []byte {
	b := make([]byte, 0, e.Len())
	for i := range e {
		b = append(b, e[i].bytes...)
	}
	return b
}
