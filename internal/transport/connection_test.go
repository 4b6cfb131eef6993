package transport_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime/internal/transport"
)

// callers makes calls that do not end by themselves, each on its own goroutine.
type callers struct {
	t        *testing.T
	server   *memoryServer
	channels *transport.Channels
	call     func(context.Context, *transport.Channels) error
}

// running is a call that was begun.
type running struct {
	cancel context.CancelFunc
	result chan error
}

// begin begins a call and waits until it makes no progress.
func (c *callers) begin() running {
	ctx, cancel := context.WithCancel(c.t.Context())
	r := running{cancel, make(chan error, 1)}
	go func() { r.result <- c.call(ctx, c.channels) }()
	synctest.Wait()
	return r
}

// end cancels the call and waits for its end.
func (r running) end() {
	r.cancel()
	<-r.result
}

// want fails the test if the server does not have so many open connections and running calls.
func (c *callers) want(open, running int) {
	c.t.Helper()
	synctest.Wait()
	if n, got := c.server.open(), c.server.handlers(); n != open || got != running {
		c.t.Fatalf("%d connections with %d calls, want %d with %d", n, got, open, running)
	}
}

// eachWay runs the test for each way to call a server whose calls do not end.
func eachWay(t *testing.T, connections int, options []grpc.ServerOption, test func(*testing.T, *callers)) {
	for name, call := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := startMemoryServer(t, options...)
				close(s.hang)
				test(t, &callers{t, s, s.channelsOf(t, connections), call})
			})
		})
	}
}

func TestConnectionsAreOpenedWhenEachOpenOneHasACall(t *testing.T) {
	t.Parallel()
	eachWay(t, 3, nil, func(t *testing.T, c *callers) {
		for range 10 { // one after the other
			c.begin().end()
		}
		c.want(1, 0)
		var calls []running
		for n := range 7 {
			calls = append(calls, c.begin())
			c.want(min(n+1, 3), n+1)
		}
		for _, call := range calls {
			call.end()
		}
		c.want(3, 0)
	})
}

// The server allows five calls on a connection, so all of them run only if each connection has
// the same number.
func TestCallsAreSpreadEvenlyOverTheConnections(t *testing.T) {
	t.Parallel()
	const connections, limit = 4, 5
	eachWay(t, connections, []grpc.ServerOption{grpc.MaxConcurrentStreams(limit)}, func(t *testing.T, c *callers) {
		c.begin().end() // the limit is known when the connection is
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		results := make(chan error, connections*limit)
		for range cap(results) { // at the same time
			go func() { results <- c.call(ctx, c.channels) }()
		}
		c.want(connections, connections*limit)

		waiting := c.begin()
		c.want(connections, connections*limit)
		waiting.cancel()
		var failure *transport.CallError
		if err := <-waiting.result; !errors.As(err, &failure) || failure.Sent || failure.Waited != limit {
			t.Errorf("%v, want one that waited for %d calls on its connection", err, limit)
		}
		cancel()
		for range cap(results) {
			<-results
		}
		c.want(connections, 0)
	})
}

// The calls of other connections continue, and the one that broke is opened again.
func TestAConnectionThatBreaksEndsOnlyItsOwnCalls(t *testing.T) {
	t.Parallel()
	eachWay(t, 3, nil, func(t *testing.T, c *callers) {
		calls := []running{c.begin(), c.begin(), c.begin()}
		c.want(3, 3)
		c.server.conns[1].breakUp()
		var failure *transport.CallError
		if err := <-calls[1].result; !errors.As(err, &failure) || !failure.Sent || failure.Status.Code() != codes.Unavailable {
			t.Errorf("%v, want one that was sent", err)
		}
		c.want(2, 2)
		again := c.begin()
		c.want(3, 3)
		for _, call := range []running{calls[0], calls[2], again} {
			select {
			case err := <-call.result:
				t.Error(err)
			default:
			}
			call.end()
		}
	})
}

// No connection is opened again while an open one has no call.
func TestAnOpenConnectionIsPreferred(t *testing.T) {
	t.Parallel()
	eachWay(t, 3, nil, func(t *testing.T, c *callers) {
		for _, call := range []running{c.begin(), c.begin(), c.begin()} {
			call.end()
		}
		c.want(3, 0)
		c.server.conns[0].breakUp()
		c.want(2, 0)
		first, second := c.begin(), c.begin()
		c.want(2, 2)
		third := c.begin()
		c.want(3, 3)
		for _, call := range []running{first, second, third} {
			call.end()
		}
	})
}

// A call that has its stream does not wait for one, whatever else runs on the connection.
func TestAStreamWithoutARequestWaitsForNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := startMemoryServer(t)
		close(s.hang)
		channels := s.channelsOf(t, 1)
		var streams []*transport.RequestStream
		for range 3 {
			stream, err := channels.HandleRequests(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer stream.Close()
			streams = append(streams, stream)
		}
		put, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, putError := channels.DoPut(put, channels.Endpoints()[0], transport.PutRequest{Table: "t"})
		receive, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, streamError := streams[0].CloseAndRecv(receive)
		for name, err := range map[string]error{"DoPut": putError, "HandleRequests": streamError} {
			var failure *transport.CallError
			if !errors.As(err, &failure) || failure.Waited != 0 {
				t.Errorf("%s: %+v, want one that waited for no stream", name, failure)
			}
		}
	})
}

// A proxy may allow fewer connections than are wanted.
func TestCallsUseTheConnectionsThatThereAre(t *testing.T) {
	t.Parallel()
	eachWay(t, 4, nil, func(t *testing.T, c *callers) {
		first, second := c.begin(), c.begin()
		c.server.refuse(true)
		var more []running
		for n := range 8 {
			more = append(more, c.begin())
			c.want(2, 3+n)
		}
		c.server.conns[0].breakUp()
		for _, call := range append(more, first) {
			call.cancel()
			<-call.result
		}
		c.want(1, 1)
		last := c.begin() // all others cannot connect
		c.want(1, 2)

		c.server.refuse(false)
		time.Sleep(10 * time.Second) // longer than between attempts to connect
		more = more[:0]
		for range 6 {
			more = append(more, c.begin())
		}
		c.want(4, 8)
		for _, call := range append(more, second, last) {
			call.end()
		}
	})
}

// A firewall may drop the packets of further connections. The connect timeout is 5 seconds.
func TestCallsDoNotWaitForAConnectionWhileAnotherIsOpen(t *testing.T) {
	t.Parallel()
	eachWay(t, 4, nil, func(t *testing.T, c *callers) {
		calls := []running{c.begin()}
		c.want(1, 1)
		answer := c.server.silence()
		begin := time.Now()
		for n := range 20 {
			call := c.begin()
			calls = append(calls, call)
			for c.server.handlers() != n+2 {
				time.Sleep(10 * time.Millisecond)
				if time.Since(begin) > time.Second {
					t.Fatalf("call %d of 20 waits", n+1)
				}
				synctest.Wait()
			}
		}
		answer()
		for range 6 {
			calls = append(calls, c.begin())
		}
		c.want(4, 27)
		for _, call := range calls {
			call.end()
		}
		c.want(4, 0)
	})
}

// Opening a connection to a distant server takes a while, which is no reason to put all calls on
// the one that is open: streams would remain there.
func TestCallsToADistantServerUseAllConnections(t *testing.T) {
	t.Parallel()
	for name, call := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const connections = 4
				s := startMemoryServer(t)
				close(s.hang)
				o := s.options()
				o.Connections = connections
				o.Dialer = func(ctx context.Context, addr string) (net.Conn, error) {
					time.Sleep(150 * time.Millisecond)
					return s.dial(ctx, addr)
				}
				c := &callers{t, s, newChannels(t, o), call}
				first := c.begin()
				time.Sleep(time.Second)
				first.end()
				var calls []running
				for range connections {
					calls = append(calls, c.begin())
				}
				time.Sleep(time.Second)
				c.want(connections, connections)
				s.conns[0].breakUp()
				time.Sleep(time.Second)
				synctest.Wait()
				if n := s.handlers(); n != connections-1 {
					t.Errorf("%d of %d calls were on the connection that was open first", connections-n, connections)
				}
				for _, call := range calls {
					call.end()
				}
			})
		})
	}
}

func TestShortCallsSucceedWhileAnotherConnectionIsOpen(t *testing.T) {
	t.Parallel()
	for name, call := range ways {
		synctest.Test(t, func(t *testing.T) {
			s := startMemoryServer(t)
			c := s.channelsOf(t, 4)
			stream, err := c.HandleRequests(t.Context(), nil) // occupies the connection
			if err != nil {
				t.Fatal(err)
			}
			defer stream.Close()
			defer s.silence()()
			results := make(chan error, 20)
			for range cap(results) {
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				defer cancel()
				go func() { results <- call(ctx, c) }()
			}
			for range cap(results) {
				if err := <-results; err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
}

// Of the calls that begin together without a connection, some wait for one that gets no answer.
func TestWaitingCallsMoveToTheConnectionThatOpens(t *testing.T) {
	t.Parallel()
	eachWay(t, 3, nil, func(t *testing.T, c *callers) {
		begin := time.Now()
		answer := c.server.silence()
		first := c.begin()
		answer()
		answer = c.server.silence()
		calls := []running{first, c.begin(), c.begin(), c.begin()}
		for c.server.handlers() != len(calls) {
			time.Sleep(10 * time.Millisecond)
			if time.Since(begin) > time.Second {
				t.Fatalf("%d calls run", c.server.handlers())
			}
			synctest.Wait()
		}
		c.want(1, len(calls))
		for _, call := range calls {
			call.end()
		}
		c.want(1, 0)
		answer()
	})
}

// A host that does not answer at all is an error after the connect timeout, for each call.
func TestCallsWithoutAnyConnectionWaitForConnectTimeout(t *testing.T) {
	t.Parallel()
	eachWay(t, 3, nil, func(t *testing.T, c *callers) {
		defer c.server.silence()()
		begin := time.Now()
		calls := []running{c.begin(), c.begin(), c.begin(), c.begin()}
		for _, call := range calls {
			var failure *transport.CallError
			if err := <-call.result; !errors.As(err, &failure) || failure.Sent || failure.Status.Code() != codes.Unavailable {
				t.Errorf("%v, want one that was not sent", err)
			}
		}
		if d := time.Since(begin); d != 5*time.Second {
			t.Errorf("after %v", d)
		}
	})
}

// What other connections carry says nothing about the calls of one that is stuck.
func TestTheProofThatACallWasNotSentIsThatOfItsConnection(t *testing.T) {
	t.Parallel()
	eachWay(t, 2, nil, func(t *testing.T, c *callers) {
		c.begin().end()
		c.want(1, 0)
		c.server.conns[0].stall()
		stuck, other := c.begin(), c.begin()
		c.want(2, 1)
		queued, written := c.begin(), c.begin()
		c.want(2, 2)
		c.server.refuse(true)
		c.server.conns[0].breakUp()
		for name, call := range map[string]running{"stuck": stuck, "queued": queued} {
			err := <-call.result
			var failure *transport.CallError
			if !errors.As(err, &failure) || failure.Status.Code() != codes.Unavailable || failure.Sent {
				t.Errorf("%s: %v, want one that was not sent", name, err)
			}
		}
		c.server.conns[1].breakUp()
		for name, call := range map[string]running{"other": other, "written": written} {
			err := <-call.result
			var failure *transport.CallError
			if !errors.As(err, &failure) || !failure.Sent {
				t.Errorf("%s: %v, want one that was sent", name, err)
			}
		}
	})
}

func TestAllConnectionsEndWhenIdleAndByClose(t *testing.T) {
	t.Parallel()
	eachWay(t, 3, nil, func(t *testing.T, c *callers) {
		for range 2 {
			calls := []running{c.begin(), c.begin(), c.begin()}
			c.want(3, 3)
			for _, call := range calls {
				call.end()
			}
			time.Sleep(transport.IdleAfter - time.Second)
			c.want(3, 0)
			time.Sleep(2 * time.Second)
			c.want(0, 0)
		}
		calls := []running{c.begin(), c.begin(), c.begin()}
		if err := c.channels.Close(); err != nil {
			t.Error(err)
		}
		c.want(0, 0)
		for _, call := range calls {
			if err := <-call.result; !errors.Is(err, transport.ErrClosed) {
				t.Errorf("%v, want %v", err, transport.ErrClosed)
			}
		}
		for range 4 { // also of the connections that were not in use
			if err := <-c.begin().result; !errors.Is(err, transport.ErrClosed) {
				t.Errorf("after Close: %v, want %v", err, transport.ErrClosed)
			}
		}
		c.want(0, 0)
	})
}

// An endpoint that cannot be reached fails at once when all of its connections have tried.
func TestAnEndpointIsTriedByEachConnection(t *testing.T) {
	t.Parallel()
	eachWay(t, 3, nil, func(t *testing.T, c *callers) {
		c.server.refuse(true)
		for n := range 6 {
			var failure *transport.CallError
			if err := <-c.begin().result; !errors.As(err, &failure) || failure.Sent || failure.Status.Code() != codes.Unavailable {
				t.Errorf("call %d: %v, want one that was not sent", n, err)
			}
		}
		c.server.refuse(false)
		time.Sleep(10 * time.Second)
		call := c.begin()
		c.want(3, 1) // all have connected again
		call.end()
	})
}
