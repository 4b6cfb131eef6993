package wiretest

import (
	"crypto/tls"
	"errors"
	"maps"
	"net"
	"reflect"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/test/bufconn"
)

// Server is a scripted server, on its own port or in memory. It is safe for concurrent use.
type Server struct {
	t       testing.TB
	handler Handler
	options options
	addr    string

	mu         sync.Mutex
	grpc       *grpc.Server
	memory     *bufconn.Listener // where connections in memory are accepted
	served     chan struct{}     // closed when gRPC has ended
	stopped    bool
	conns      map[string]*conn // by the client's address
	accepted   int
	traffic    []*conn // all traffic since Start
	calls      map[string]int
	total      int
	open, peak int
	changed    chan struct{} // closed, and replaced, when a count changes
}

type options struct {
	host      string
	memory    bool
	tls       *tls.Config
	plan      func(n int) Plan
	compress  []string
	grpcExtra []grpc.ServerOption
}

// Option configures a server.
type Option func(*options)

// TLS makes the server use TLS with the given configuration. CA creates configurations.
func TLS(cfg *tls.Config) Option { return func(o *options) { o.tls = cfg } }

// Host makes the server listen on another address of the loopback network than 127.0.0.1,
// if the system has it. A test that starts many servers then does not take the ports of
// servers that are about to be restarted.
func Host(ip string) Option { return func(o *options) { o.host = ip } }

// Faults calls plan for each connection that is accepted to determine its faults. n counts
// the connections from 1. plan is called on one goroutine at a time.
func Faults(plan func(n int) Plan) Option { return func(o *options) { o.plan = plan } }

// Compress makes the server choose a compression as GreptimeDB does: the first encoding in
// the client's grpc-accept-encoding that is among names, if any. Without this option
// nothing is compressed. The compressors must be registered with gRPC.
func Compress(names ...string) Option { return func(o *options) { o.compress = names } }

// GRPC adds options of gRPC. They follow the server's own, which are message limits of
// 512 MiB, the same as GreptimeDB's, and a keep-alive policy that allows a ping every 5 s,
// even on idle connections, where GreptimeDB has no limit.
func GRPC(opts ...grpc.ServerOption) Option {
	return func(o *options) { o.grpcExtra = append(o.grpcExtra, opts...) }
}

// Start starts a server on the loopback interface. The server stops at the end of the test.
func Start(t testing.TB, handler Handler, opts ...Option) *Server {
	t.Helper()
	s := &Server{
		t:       t,
		handler: handler,
		stopped: true,
		conns:   map[string]*conn{},
		calls:   map[string]int{},
		changed: make(chan struct{}),
	}
	for _, o := range opts {
		o(&s.options)
	}
	switch {
	case s.options.memory:
		s.serveMemory()
	case s.options.host == "" || !s.tryListen(s.options.host+":0"):
		s.listen("127.0.0.1:0")
	}
	t.Cleanup(s.Stop)
	return s
}

// Addr returns the address of the server, "127.0.0.1:port", or "memory". Stop and Restart do
// not change it.
func (s *Server) Addr() string { return s.addr }

// DSN returns the data source name of the server, for the database public. params such as
// "timezone=UTC" are escaped where needed.
func (s *Server) DSN(params ...string) string {
	dsn := "greptime://" + s.addr + "/public"
	if len(params) > 0 {
		dsn += "?" + strings.Join(params, "&")
	}
	return dsn
}

// Stop breaks all connections and refuses new ones. It waits for the handlers, and
// fails the test if one does not return.
func (s *Server) Stop() {
	s.t.Helper()
	s.mu.Lock()
	if s.stopped {
		s.mu.Unlock()
		return
	}
	s.stopped = true
	gs, served := s.grpc, s.served
	s.mu.Unlock()

	ended := make(chan struct{})
	go func() {
		defer close(ended)
		gs.Stop()
		<-served
	}()
	s.BreakConnections()
	select {
	case <-ended:
	case <-time.After(patience):
		s.t.Errorf("wiretest: %d handlers are still running %v after the server was stopped", s.OpenStreams(), patience)
	}
}

// Restart stops the server if it is running and starts it again at the same address.
func (s *Server) Restart() {
	s.t.Helper()
	s.Stop()
	if s.options.memory {
		s.serveMemory()
		return
	}
	s.listen(s.addr)
}

// BreakConnections closes every connection with a TCP RST. The server accepts new ones.
func (s *Server) BreakConnections() {
	s.mu.Lock()
	cs := slices.Collect(maps.Values(s.conns))
	s.mu.Unlock()
	for _, c := range cs {
		c.reset()
	}
}

// Drain sends a GOAWAY frame on every connection, as a server does before it stops: calls
// that have begun continue, and clients make new ones on other connections. The server
// accepts new connections.
func (s *Server) Drain() {
	s.mu.Lock()
	cs := slices.Collect(maps.Values(s.conns))
	s.mu.Unlock()
	for _, c := range cs {
		_ = c.goAway(0, ResetNoError) // fails only if the connection has ended
	}
}

// Calls returns the number of calls of the method that have begun. "" counts all methods.
func (s *Server) Calls(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if method == "" {
		return s.total
	}
	return s.calls[method]
}

// OpenStreams returns the number of running handlers.
func (s *Server) OpenStreams() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open
}

// PeakStreams returns the greatest number of handlers that ran at the same time.
func (s *Server) PeakStreams() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.peak
}

// Accepted returns the number of connections that have been accepted.
func (s *Server) Accepted() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accepted
}

// OpenConnections returns the number of open connections.
func (s *Server) OpenConnections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// WaitFor waits until cond returns true. It calls cond again after every call or connection
// that begins or ends, and fails the test if it has
// waited too long.
func (s *Server) WaitFor(what string, cond func() bool) {
	s.t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if cond() {
			return
		}
		select {
		case <-changed:
		case <-timeout.C:
			s.t.Fatalf("wiretest: waited %v for %s", patience, what)
		}
	}
}

// Traffic returns the traffic of each connection, in the order in which they were
// accepted.
func (s *Server) Traffic() []Traffic {
	s.mu.Lock()
	cs := s.traffic
	s.mu.Unlock()
	ts := make([]Traffic, len(cs))
	for i, c := range cs {
		ts[i] = c.traffic()
	}
	return ts
}

const maxMessageSize = 512 << 20

// patience is how long a server waits for what must happen. It is long, because a busy machine
// may take seconds for what takes a millisecond otherwise.
const patience = time.Minute

func (s *Server) listen(addr string) {
	s.t.Helper()
	s.serve(s.bind(addr))
}

// bind listens at addr. While the server was stopped, the system may have given its port
// to somebody else; bind waits until it is free again.
func (s *Server) bind(addr string) net.Listener {
	s.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		l, err := net.Listen("tcp", addr)
		switch {
		case err == nil:
			return l
		case !errors.Is(err, syscall.EADDRINUSE) || time.Now().After(deadline):
			s.t.Fatalf("wiretest: %v", err)
		}
	}
}

func (s *Server) tryListen(addr string) bool {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return false
	}
	s.serve(l)
	return true
}

func (s *Server) serve(l net.Listener) {
	gs := grpc.NewServer(append([]grpc.ServerOption{
		grpc.ForceServerCodecV2(RawCodec{}),
		grpc.UnknownServiceHandler(s.handle),
		grpc.MaxRecvMsgSize(maxMessageSize),
		grpc.MaxSendMsgSize(maxMessageSize),
		grpc.WaitForHandlers(true),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
	}, s.options.grpcExtra...)...)
	served := make(chan struct{})
	s.mu.Lock()
	if s.addr = l.Addr().String(); s.options.memory {
		s.addr = "memory"
	}
	s.grpc, s.served, s.stopped = gs, served, false
	s.mu.Unlock()
	go func() {
		defer close(served)
		_ = gs.Serve(&listener{Listener: l, server: s}) // returns when the server stops
	}()
}

// handle answers any call.
func (s *Server) handle(_ any, stream grpc.ServerStream) error {
	ctx := stream.Context()
	method, _ := grpc.MethodFromServerStream(stream)
	md, _ := metadata.FromIncomingContext(ctx)
	c := &Call{Method: method, Metadata: md, stream: stream, id: streamID(grpc.ServerTransportStreamFromContext(ctx))}
	s.begin(c, stream)
	defer s.update(func() { s.open-- })
	if c.conn == nil || !c.conn.begin(c.id) { // the connection is gone, or this call arrived after a GOAWAY
		<-ctx.Done()
		return ctx.Err()
	}

	// grpc-go would answer in the encoding of the request, which GreptimeDB
	// ignores.
	if err := grpc.SetSendCompressor(ctx, s.encoding(stream)); err != nil {
		return err
	}
	return s.handler(c)
}

func (s *Server) begin(c *Call, stream grpc.ServerStream) {
	p, _ := peer.FromContext(stream.Context())
	s.update(func() {
		if p != nil {
			c.conn = s.conns[p.Addr.String()]
		}
		s.total++
		c.N = s.total
		s.calls[c.Method]++
		s.open++
		s.peak = max(s.peak, s.open)
	})
}

func (s *Server) encoding(stream grpc.ServerStream) string {
	accepted, err := grpc.ClientSupportedCompressors(stream.Context())
	if err != nil {
		return encoding.Identity
	}
	for _, name := range accepted {
		for _, have := range s.options.compress {
			if name == have {
				return name
			}
		}
	}
	return encoding.Identity
}

// update changes the counters.
func (s *Server) update(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	close(s.changed)
	s.changed = make(chan struct{})
}

// streamID returns the number of an HTTP/2 stream, which is needed to reset the stream.
// gRPC offers no other way to get it.
func streamID(stream grpc.ServerTransportStream) uint32 {
	v := reflect.Indirect(reflect.ValueOf(stream))
	if v.Kind() != reflect.Struct {
		return 0
	}
	if id := v.FieldByName("id"); id.Kind() == reflect.Uint32 {
		return uint32(id.Uint())
	}
	return 0
}

// listener wraps the connections that it accepts to add faults.
type listener struct {
	net.Listener
	server *Server
}

func (l *listener) Accept() (net.Conn, error) {
	s := l.server
	for {
		nc, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		s.mu.Lock()
		n := s.accepted + 1
		s.mu.Unlock()
		if s.options.memory {
			nc = memoryConn{nc, n}
		}
		var plan Plan
		if s.options.plan != nil {
			plan = s.options.plan(n)
		}
		addr := nc.RemoteAddr().String()
		c := newConn(nc, s.options.tls, plan, func() { s.update(func() { delete(s.conns, addr) }) })
		stopped := false
		s.update(func() {
			s.accepted = n
			s.traffic = append(s.traffic, c)
			s.conns[addr] = c
			stopped = s.stopped
		})
		if stopped || plan.Do == Refuse {
			c.reset()
			continue
		}
		return c, nil
	}
}
