package wiretest

import (
	"context"
	"errors"
	"net"
	"strconv"

	"google.golang.org/grpc/test/bufconn"
)

// memoryBuffer is the number of bytes that a connection in memory holds in each direction.
const memoryBuffer = 64 << 10

// InMemory makes the server accept connections in memory instead of on a port. A client
// opens them with [Server.Dial]. Such a server is for tests in a bubble of testing/synctest,
// in which time advances only when all goroutines wait, and must be started in the bubble.
func InMemory() Option { return func(o *options) { o.memory = true } }

// Dial opens a connection to a server in memory. It fails while the server is stopped.
func (s *Server) Dial(ctx context.Context, _ string) (net.Conn, error) {
	s.mu.Lock()
	l, stopped := s.memory, s.stopped
	s.mu.Unlock()
	if l == nil || stopped {
		return nil, errors.New("wiretest: connection refused: the server is stopped, or not in memory")
	}
	return l.DialContext(ctx)
}

// serveMemory begins to accept connections in memory.
func (s *Server) serveMemory() {
	l := bufconn.Listen(memoryBuffer)
	s.mu.Lock()
	s.memory = l
	s.mu.Unlock()
	s.serve(l)
}

// memoryConn is a connection in memory with an address of its own, by which a call finds
// its connection.
type memoryConn struct {
	net.Conn
	n int // of the connection
}

func (c memoryConn) RemoteAddr() net.Addr { return memoryAddr(c.n) }

type memoryAddr int

func (memoryAddr) Network() string  { return "memory" }
func (a memoryAddr) String() string { return "memory:" + strconv.Itoa(int(a)) }
