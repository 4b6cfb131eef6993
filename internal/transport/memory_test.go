package transport_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/greptime-go/greptime/internal/test/wiretest"
	"github.com/greptime-go/greptime/internal/transport"
)

// memoryServer answers calls over connections in memory, so that it can be used where
// time is synctest's. It answers each call of Handle, each stream of requests and each
// DoGet when it has read the first message.
type memoryServer struct {
	listener *bufconn.Listener
	hang     chan struct{} // closed: calls do not end
	early    error         // not nil: calls end with it before a message is read
	late     error         // not nil: calls end with it after that

	mu      sync.Mutex
	down    bool
	silent  chan struct{} // not nil: new connections get no answer until it is closed
	conns   []*memoryConn
	running int // handlers
}

func startMemoryServer(t *testing.T, options ...grpc.ServerOption) *memoryServer {
	s := &memoryServer{listener: bufconn.Listen(1 << 20), hang: make(chan struct{})}
	gs := grpc.NewServer(append(options, grpc.ForceServerCodecV2(wiretest.RawCodec{}), grpc.UnknownServiceHandler(s.handle))...)
	served := make(chan error, 1)
	go func() { served <- gs.Serve(s.listener) }()
	t.Cleanup(func() {
		gs.Stop()
		<-served
	})
	return s
}

func (s *memoryServer) handle(_ any, stream grpc.ServerStream) error {
	if s.early != nil {
		return s.early
	}
	var request []byte
	if err := stream.RecvMsg(&request); err != nil {
		return err
	}
	s.count(1)
	defer s.count(-1)
	select {
	case <-s.hang:
		<-stream.Context().Done()
		return stream.Context().Err()
	default:
	}
	if s.late != nil {
		return s.late
	}
	method, _ := grpc.MethodFromServerStream(stream)
	if method == wiretest.MethodDoGet {
		return nil
	}
	return stream.SendMsg([]byte{0x12, 0x02, 0x08, 0x01}) // a GreptimeResponse: one affected row
}

func (s *memoryServer) count(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running += n
}

// handlers returns the number of running handlers.
func (s *memoryServer) handlers() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running
}

// dial is the channels' Dialer.
func (s *memoryServer) dial(ctx context.Context, addr string) (net.Conn, error) {
	s.mu.Lock()
	silent := s.silent
	s.mu.Unlock()
	if silent != nil {
		select {
		case <-silent:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return nil, errors.New("the server is down")
	}
	conn, err := s.listener.DialContext(ctx)
	if err != nil {
		return nil, err
	}
	c := &memoryConn{Conn: conn, broken: make(chan struct{}), closed: make(chan struct{})}
	s.conns = append(s.conns, c)
	return c, nil
}

// last is the connection made last.
func (s *memoryServer) last() *memoryConn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns[len(s.conns)-1]
}

// open counts the connections that are open.
func (s *memoryServer) open() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		select {
		case <-c.closed:
		default:
			n++
		}
	}
	return n
}

// goDown makes the server break its connections and refuse new ones.
func (s *memoryServer) goDown() {
	s.refuse(true)
	for _, c := range s.conns {
		c.breakUp()
	}
}

// silence makes new connections wait for an answer until the returned function is called.
func (s *memoryServer) silence() (answer func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	silent := make(chan struct{})
	s.silent = silent
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.silent = nil
		close(silent)
	}
}

// refuse sets whether the server refuses new connections.
func (s *memoryServer) refuse(refuse bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = refuse
}

func (s *memoryServer) channels(t *testing.T) *transport.Channels {
	t.Helper()
	return s.channelsOf(t, 1)
}

// channelsOf returns channels with n connections.
func (s *memoryServer) channelsOf(t *testing.T, n int) *transport.Channels {
	t.Helper()
	o := s.options()
	o.Connections = n
	return newChannels(t, o)
}

// options returns the options of channels to the server.
func (s *memoryServer) options() transport.Options {
	return transport.Options{Endpoints: []string{"only.the.dialer.knows:4001"}, ConnectTimeout: 5 * time.Second, Connections: 1, MaxMessageSize: 1 << 20,
		Compression: "none", Balance: transport.Ordered, Dialer: s.dial, Logger: slog.New(slog.DiscardHandler)}
}

func newChannels(t *testing.T, o transport.Options) *transport.Channels {
	t.Helper()
	c, err := transport.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// memoryConn is a connection whose writes can be held up.
type memoryConn struct {
	net.Conn
	mu       sync.Mutex
	stalled  bool
	broken   chan struct{}
	closed   chan struct{}
	closeOne sync.Once
}

// breakUp is the end of the connection on the server's side.
func (c *memoryConn) breakUp() {
	close(c.broken)
	c.Conn.Close()
}

func (c *memoryConn) stall() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stalled = true
}

func (c *memoryConn) Write(b []byte) (int, error) {
	c.mu.Lock()
	stalled := c.stalled
	c.mu.Unlock()
	if stalled {
		<-c.broken
		return 0, io.ErrClosedPipe
	}
	return c.Conn.Write(b)
}

func (c *memoryConn) Close() error {
	c.closeOne.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// ways are the calls that write, each made to its end.
var ways = map[string]func(context.Context, *transport.Channels) error{
	"Handle": func(ctx context.Context, c *transport.Channels) error {
		_, err := c.Handle(ctx, transport.HandleRequest{Request: request})
		return err
	},
	"HandleRequests": func(ctx context.Context, c *transport.Channels) error {
		s, err := c.HandleRequests(ctx, nil)
		if err != nil {
			return err
		}
		defer s.Close()
		if err := s.Send(ctx, request); err != nil {
			return err
		}
		_, err = s.CloseAndRecv(ctx)
		return err
	},
	"DoGet": func(ctx context.Context, c *transport.Channels) error {
		s, err := c.DoGet(ctx, transport.Request{Ticket: transport.Ticket("a statement")})
		if err != nil {
			return err
		}
		s.Close()
		return nil
	},
}

var request = transport.Encoded{transport.Fixed([]byte("a request"))}

// While the connection is stuck calls wait in memory. Then the connection ends, and
// there is no other: gRPC tells why there is none, or that it ended.
func TestACallThatWasNotHandedToAConnectionIsNotSent(t *testing.T) {
	t.Parallel()
	for name, call := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := startMemoryServer(t)
				c := s.channels(t)
				if err := call(t.Context(), c); err != nil {
					t.Fatal(err)
				}
				s.last().stall()
				results := make(chan error, 2)
				for range cap(results) { // the first occupies the connection
					go func() { results <- call(t.Context(), c) }()
					synctest.Wait()
				}
				s.goDown()
				for range cap(results) {
					err := <-results
					var failure *transport.CallError
					if !errors.As(err, &failure) || failure.Status.Code() != codes.Unavailable || failure.Sent || !failure.Answered {
						t.Errorf("%v, want one that was not sent", err)
					}
				}
			})
		})
	}
}

// What the server has read may have been executed, whatever ends the connection then.
func TestACallThatTheServerReadIsSent(t *testing.T) {
	t.Parallel()
	for name, call := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := startMemoryServer(t)
				c := s.channels(t)
				if err := call(t.Context(), c); err != nil {
					t.Fatal(err)
				}
				close(s.hang)
				result := make(chan error, 1)
				go func() { result <- call(t.Context(), c) }()
				synctest.Wait()
				s.goDown()
				err := <-result
				var failure *transport.CallError
				if !errors.As(err, &failure) || !failure.Sent {
					t.Errorf("%v, want one that was sent", err)
				}
			})
		})
	}
}

// A call whose context has ended is not begun.
func TestACallWithAnEndedContextIsNotSent(t *testing.T) {
	t.Parallel()
	for name, call := range ways {
		synctest.Test(t, func(t *testing.T) {
			s := startMemoryServer(t)
			c := s.channels(t)
			if err := call(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			var failure *transport.CallError
			if err := call(ctx, c); !errors.As(err, &failure) || failure.Sent || !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v, want one that was not sent", name, err)
			}
		})
	}
}

// A server that refuses a stream has not processed it. gRPC tries it twice.
func TestARefusedStreamIsNotSent(t *testing.T) {
	t.Parallel()
	for name, call := range ways {
		s := wiretest.Start(t, func(c *wiretest.Call) error {
			if _, err := c.Recv(); err != nil {
				return err
			}
			return wiretest.Reset(wiretest.ResetRefused)(c)
		})
		var failure *transport.CallError
		if err := call(t.Context(), channelsTo(t, "none", s.Addr())); !errors.As(err, &failure) || failure.Sent || failure.Status.Code() != codes.Unavailable {
			t.Errorf("%s: %v, want one that was not sent", name, err)
		}
		if n := s.Calls(""); n != 2 {
			t.Errorf("%s: the server saw %d calls, want 2", name, n)
		}
	}
}

// gRPC refuses a message that is longer than the limit, whether or not the server has ended
// the call before.
func TestAMessageThatIsTooLargeIsNotSent(t *testing.T) {
	t.Parallel()
	for server, early := range map[string]error{
		"a server that waits for the message": nil,
		"a server that answers at once":       status.Error(codes.Internal, "no call is wanted"),
	} {
		for name, call := range ways {
			t.Run(name+" to "+server, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := startMemoryServer(t)
					s.early = early
					o := s.options()
					o.MaxMessageSize = 4
					o.DialOptions = []grpc.DialOption{grpc.WithStatsHandler(pauseAfterHeaders{})}
					c := newChannels(t, o)
					var failure *transport.CallError
					if err := call(t.Context(), c); !errors.As(err, &failure) || failure.Sent || failure.Status.Code() != codes.ResourceExhausted || len(failure.Trailer) > 0 {
						t.Errorf("%v, want one that was not sent", err)
					}
				})
			})
		}
	}
}

// What a server says of its own messages proves nothing about the request.
func TestAServerThatDoesNotSendItsAnswerHasReadTheRequest(t *testing.T) {
	t.Parallel()
	for name, call := range ways {
		synctest.Test(t, func(t *testing.T) {
			s := startMemoryServer(t)
			s.late = status.Error(codes.ResourceExhausted, "trying to send message larger than max (5 vs. 4)")
			var failure *transport.CallError
			if err := call(t.Context(), s.channels(t)); !errors.As(err, &failure) || !failure.Sent {
				t.Errorf("%s: %v, want one that was sent", name, err)
			}
		})
	}
}

// pauseAfterHeaders waits, after a call has sent its headers, until nothing else happens. It
// is for use where time is synctest's.
type pauseAfterHeaders struct{}

func (pauseAfterHeaders) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }
func (pauseAfterHeaders) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
	return ctx
}
func (pauseAfterHeaders) HandleConn(context.Context, stats.ConnStats) {}
func (pauseAfterHeaders) HandleRPC(_ context.Context, s stats.RPCStats) {
	if _, ok := s.(*stats.OutHeader); ok {
		synctest.Wait()
	}
}

func TestConnectionsEndWhenNothingUsesThem(t *testing.T) {
	t.Parallel()
	for name, call := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := startMemoryServer(t)
				c := s.channels(t)
				want := func(open, made int) {
					t.Helper()
					synctest.Wait()
					if n := s.open(); n != open || len(s.conns) != made {
						t.Fatalf("%d connections are open of %d, want %d of %d", n, len(s.conns), open, made)
					}
				}
				use := func() {
					t.Helper()
					if err := call(t.Context(), c); err != nil {
						t.Fatal(err)
					}
				}
				use()
				time.Sleep(transport.IdleAfter - time.Second)
				want(1, 1)
				use()
				time.Sleep(transport.IdleAfter - time.Second)
				want(1, 1) // the second call counts
				time.Sleep(2 * time.Second)
				want(0, 1)

				use() // they come back
				want(1, 2)
				c.Hold()
				time.Sleep(10 * transport.IdleAfter)
				want(1, 2)
				c.Release()
				time.Sleep(transport.IdleAfter + time.Second)
				want(0, 2)

				close(s.hang) // a call that runs
				ctx, cancel := context.WithCancel(t.Context())
				result := make(chan error, 1)
				go func() { result <- call(ctx, c) }()
				time.Sleep(10 * transport.IdleAfter)
				want(1, 3)
				cancel()
				<-result
				time.Sleep(transport.IdleAfter + time.Second)
				want(0, 3)
			})
		})
	}
}
