package transport

import (
	"context"
	"encoding/binary"
	"net"
	"sync/atomic"

	"google.golang.org/grpc/credentials"
)

// wire counts what the network connections of a channel have carried of requests. gRPC queues the
// messages of a call, and does not report whether a connection that ended has sent them.
type wire struct {
	counted atomic.Bool   // network connections are counted: the credentials are the driver's own
	writing atomic.Int64  // connections that are writing
	written atomic.Uint64 // DATA frames of which a connection has accepted at least a part
	closed  atomic.Uint64 // closed connections
}

// wireMark is the state before a message was passed to gRPC.
type wireMark struct{ written, closed uint64 }

func (w *wire) mark() wireMark { return wireMark{w.written.Load(), w.closed.Load()} }

// silentSince reports whether no message has been written since the mark, and no message of
// that time can still be written, because its connection has ended.
func (w *wire) silentSince(m wireMark) bool {
	return w.counted.Load() && w.closed.Load() != m.closed && w.writing.Load() == 0 && w.written.Load() == m.written
}

// wireCredentials are credentials whose connections count, above TLS.
type wireCredentials struct {
	credentials.TransportCredentials
	wire *wire
}

func (c wireCredentials) ClientHandshake(ctx context.Context, authority string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn, info, err := c.TransportCredentials.ClientHandshake(ctx, authority, raw)
	if err != nil {
		return conn, info, err
	}
	c.wire.counted.Store(true)
	return &wireConn{Conn: conn, wire: c.wire, frames: frames{skip: len(clientPreface)}}, info, nil
}

func (c wireCredentials) Clone() credentials.TransportCredentials {
	return wireCredentials{c.TransportCredentials.Clone(), c.wire}
}

// wireConn is an HTTP/2 connection of a client. gRPC writes on one goroutine at a time.
type wireConn struct {
	net.Conn
	wire   *wire
	frames frames
	closed atomic.Bool
}

func (c *wireConn) Write(b []byte) (int, error) {
	c.wire.writing.Add(1)
	n, err := c.Conn.Write(b)
	c.wire.written.Add(c.frames.data(b[:n]))
	c.wire.writing.Add(-1)
	return n, err
}

func (c *wireConn) Close() error {
	if !c.closed.Swap(true) {
		defer c.wire.closed.Add(1)
	}
	return c.Conn.Close()
}

const clientPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// frames parses the HTTP/2 frames of a stream of bytes.
type frames struct {
	skip   int // bytes before the next frame's header
	header [frameHeader]byte
	have   int // bytes of the header
}

const (
	frameHeader = 9 // bytes
	frameData   = 0 // the type
)

// data counts the DATA frames that have begun in b.
func (f *frames) data(b []byte) (n uint64) {
	for {
		skip := min(f.skip, len(b))
		f.skip -= skip
		b = b[skip:]
		if len(b) == 0 {
			return n
		}
		copied := copy(f.header[f.have:], b)
		f.have += copied
		b = b[copied:]
		if f.have < frameHeader {
			return n
		}
		f.have = 0
		f.skip = int(binary.BigEndian.Uint32(f.header[:4]) >> 8)
		if f.header[3] == frameData {
			n++
		}
	}
}
