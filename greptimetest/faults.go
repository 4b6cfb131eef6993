package greptimetest

import (
	"context"
	"fmt"
	"maps"
	"net"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
	"github.com/greptime-go/greptime/internal/flight"
)

// Fault is a failure that you inject. If you set several fields, they take effect in the
// order of the fields.
type Fault struct {
	// Requests is the number of requests that the fault affects. 0 means all requests
	// until ClearFaults.
	Requests int
	// Method limits the fault to methods whose name ends with it, such as "DoGet" or
	// "DoPut". By default the fault affects every method but HealthCheck.
	Method string
	// Batch limits the fault to a batch of a DoPut: 1 is the first batch of a stream,
	// AnyBatch is any next batch. The fault also affects running streams, and Requests
	// counts batches. With Code, GRPC, Drop or Truncate the batch is neither written nor
	// acknowledged, and the stream ends; with Drop or Truncate, and After other than 0, the
	// batch is written.
	Batch int
	// Delay makes the request wait before anything else. The delay ends early if the
	// call ends.
	Delay time.Duration
	// Code ends the request with an error of GreptimeDB. For example, 4008 is
	// RegionNotReady, which is sent with gRPC's Unavailable.
	Code uint32
	// GRPC ends the request with a plain status, without an error code of GreptimeDB, as
	// proxies and the transport do.
	GRPC codes.Code
	// Message is the text of either error, where GreptimeDB would show one.
	Message string
	// After is the number of response messages that are sent before Drop or Truncate. If it is
	// not 0, a Handle with Drop is executed, and its answer does not arrive.
	After int
	// Drop breaks the client's connection and with it all calls on the connection.
	Drop bool
	// Truncate ends the call with OK, as GreptimeDB does if a producer panics. Handle is
	// answered as usual.
	Truncate bool
}

// errDropped ends a call whose connection was dropped.
var errDropped = status.Error(codes.Unavailable, "connection dropped on purpose")

// AnyBatch is the value of Fault.Batch for any batch.
const AnyBatch = -1

// faults holds the pending faults, and the connections to drop.
type faults struct {
	mu     sync.Mutex
	list   []*Fault
	refuse bool
	conns  map[string]*trackedConn // by the client's address
}

// Inject adds a fault. Faults take effect in the order in which you add them, one per
// request, or one per batch.
func (s *Server) Inject(f Fault) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.list = append(s.faults.list, &f)
}

// ClearFaults undoes Inject and Refuse.
func (s *Server) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.list, s.faults.refuse = nil, false
}

// Refuse closes all connections and accepts no new ones until ClearFaults: to clients the
// server is down. Running calls end with Unavailable, and the client cannot know whether
// they were executed. Refuse waits until the clients have closed their ends, so that a call
// that begins afterwards finds no connection: it is not sent, and fails with Unavailable.
// Refuse does not wait for clients that do not read for a second.
func (s *Server) Refuse() {
	s.faults.mu.Lock()
	s.faults.refuse = true
	s.faults.mu.Unlock()
	s.faults.hangUp()
}

// DropConnections breaks all connections. Clients may reconnect.
func (s *Server) DropConnections() {
	s.faults.mu.Lock()
	conns := slices.Collect(maps.Values(s.faults.conns))
	s.faults.mu.Unlock()
	for _, c := range conns {
		reset(c)
	}
}

// hangUp closes the sending half of all connections, which makes clients close them, and
// waits until they have. It cuts off clients that take longer than a second.
func (f *faults) hangUp() {
	f.mu.Lock()
	conns := slices.Collect(maps.Values(f.conns))
	f.mu.Unlock()
	for _, c := range conns {
		if tcp, ok := c.Conn.(*net.TCPConn); ok {
			_ = tcp.CloseWrite()
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for _, c := range conns {
		select {
		case <-c.ended:
		case <-ctx.Done():
		}
		reset(c)
	}
}

func reset(c *trackedConn) {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // an abrupt end, not an orderly one
	}
	_ = c.Close()
}

// take returns the fault for a request, or nil if there is none.
func (f *faults) take(method string) *Fault {
	return f.takeFirst(func(x *Fault) bool {
		health := x.Method == "" && strings.HasSuffix(method, "/HealthCheck")
		return x.Batch == 0 && !health && strings.HasSuffix(method, x.Method)
	})
}

// takeBatch returns the fault for batch n of a DoPut, or nil if there is none.
func (f *faults) takeBatch(n int) *Fault {
	return f.takeFirst(func(x *Fault) bool {
		return (x.Batch == n || x.Batch == AnyBatch) && strings.HasSuffix(flight.MethodDoPut, x.Method)
	})
}

func (f *faults) takeFirst(meets func(*Fault) bool) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, x := range f.list {
		if !meets(x) {
			continue
		}
		met := *x
		if x.Requests > 0 {
			if x.Requests--; x.Requests == 0 {
				f.list = slices.Delete(f.list, i, i+1)
			}
		}
		return &met
	}
	return nil
}

func (f *faults) drop(ctx context.Context) {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return
	}
	f.mu.Lock()
	c := f.conns[p.Addr.String()]
	f.mu.Unlock()
	if c != nil {
		reset(c)
	}
}

// begin applies the part of the fault that comes before the request or batch is read.
func (f *Fault) begin(ctx context.Context) error {
	if f.Delay > 0 {
		timer := time.NewTimer(f.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return status.FromContextError(ctx.Err()).Err()
		}
	}
	switch {
	case f.Code != 0:
		return refuse(schema.Code(f.Code), "%s", f.Message)
	case f.GRPC != codes.OK:
		return status.Error(f.GRPC, f.Message)
	}
	return nil
}

// recovered answers a panic as GreptimeDB's standalone server does, and keeps the server
// running.
func (s *Server) recovered(ctx context.Context, method string, err *error) {
	if r := recover(); r != nil {
		s.opts.log().Error("panic", "method", method, "reason", r, "stack", string(debug.Stack()))
		*err = fail(ctx, &schema.Error{Code: schema.Unexpected, Message: fmt.Sprintf("Failed to join task: task panicked with message %q", r)})
	}
}

func (s *Server) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (res any, err error) {
	defer s.recovered(ctx, info.FullMethod, &err)
	f := s.faults.take(info.FullMethod)
	if f == nil {
		return next(ctx, req)
	}
	if err := f.begin(ctx); err != nil {
		return nil, fail(ctx, err)
	}
	if f.Drop && f.After == 0 {
		s.faults.drop(ctx)
		return nil, errDropped
	}
	res, err = next(ctx, req)
	if f.Drop {
		s.faults.drop(ctx) // executed, but the answer does not arrive
	}
	return res, err
}

func (s *Server) stream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) (err error) {
	defer s.recovered(ss.Context(), info.FullMethod, &err)
	f := s.faults.take(info.FullMethod)
	if f == nil {
		return next(srv, ss)
	}
	if err := f.begin(ss.Context()); err != nil {
		return fail(ss.Context(), err)
	}
	if !f.Drop && !f.Truncate {
		return next(srv, ss)
	}
	fs := &faultyStream{ServerStream: ss, fault: f, faults: &s.faults}
	if fs.due() {
		return fs.end()
	}
	err = next(srv, fs)
	if fs.ended {
		return fs.end()
	}
	return err
}

// faultyStream ends a call after a number of messages.
type faultyStream struct {
	grpc.ServerStream
	fault  *Fault
	faults *faults
	sent   int
	ended  bool
}

func (fs *faultyStream) due() bool { return fs.sent >= fs.fault.After }

func (fs *faultyStream) end() error {
	if fs.fault.Truncate {
		return nil
	}
	fs.faults.drop(fs.Context())
	return errDropped
}

func (fs *faultyStream) SendMsg(m any) error {
	if fs.due() {
		fs.ended = true
		return status.Error(codes.Aborted, "the call was ended on purpose")
	}
	fs.sent++
	return fs.ServerStream.SendMsg(m)
}

// listener tracks the connections of a listener.
func (f *faults) listener(l net.Listener) net.Listener {
	f.conns = map[string]*trackedConn{}
	return &trackingListener{Listener: l, faults: f}
}

type trackingListener struct {
	net.Listener
	faults *faults
}

func (l *trackingListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		t := &trackedConn{Conn: c, faults: l.faults, ended: make(chan struct{})}
		l.faults.mu.Lock()
		refuse := l.faults.refuse
		if !refuse {
			l.faults.conns[c.RemoteAddr().String()] = t
		}
		l.faults.mu.Unlock()
		if !refuse {
			return t, nil
		}
		reset(t)
	}
}

type trackedConn struct {
	net.Conn
	faults *faults
	once   sync.Once
	ended  chan struct{} // closed when there is no more to read
}

// Read records the end of the client's data.
func (c *trackedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err != nil {
		c.once.Do(func() { close(c.ended) })
	}
	return n, err
}

func (c *trackedConn) Close() error {
	c.faults.mu.Lock()
	if addr := c.RemoteAddr().String(); c.faults.conns[addr] == c {
		delete(c.faults.conns, addr)
	}
	c.faults.mu.Unlock()
	return c.Conn.Close()
}
