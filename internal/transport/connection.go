package transport

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/status"
)

// connection is one of the HTTP/2 connections to an endpoint. It is a gRPC channel, which
// connects again when its network connection has ended.
type connection struct {
	endpoint *Endpoint
	calls    atomic.Int64 // number of running calls
	wire     wire
	begun    atomic.Int64 // when the present attempt to connect began, in Unix nanoseconds, or 0
	late     atomic.Bool  // calls have waited in vain for that attempt

	cc     atomic.Pointer[grpc.ClientConn] // nil before the first use and after the channel has ended
	mu     sync.Mutex                      // guards changes of cc
	closed bool                            // ended for good
}

func (c *connection) newChannel() (*grpc.ClientConn, error) {
	e := c.endpoint
	// The user's options come last and may replace the credentials.
	credentials := grpc.WithTransportCredentials(wireCredentials{e.credentials, &c.wire})
	cc, err := grpc.NewClient(e.target, append([]grpc.DialOption{credentials}, e.options...)...)
	if err != nil {
		return nil, fmt.Errorf("endpoint %s: %w", e.addr, err)
	}
	return cc, nil
}

// channel returns the channel, and creates it if there is none. The caller holds a lease.
func (c *connection) channel() (*grpc.ClientConn, error) {
	if cc := c.cc.Load(); cc != nil {
		return cc, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if cc := c.cc.Load(); cc != nil {
		return cc, nil
	}
	if c.closed {
		return nil, status.Error(codes.Canceled, ErrClosed.Error())
	}
	cc, err := c.newChannel()
	if err != nil {
		return nil, err
	}
	c.cc.Store(cc)
	return cc, nil
}

// end ends the channel, if there is one. If forGood is true, no channel is created again.
func (c *connection) end(forGood bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = c.closed || forGood
	if cc := c.cc.Swap(nil); cc != nil {
		return cc.Close()
	}
	return nil
}

// state returns the state of the channel, which is idle if there is none.
func (c *connection) state() connectivity.State {
	if cc := c.cc.Load(); cc != nil {
		return cc.GetState()
	}
	return connectivity.Idle
}

// wait returns the channel when it has a network connection, when an attempt has failed, or
// when the context has ended. It connects if there is no attempt.
func (c *connection) wait(ctx context.Context) (*grpc.ClientConn, error) {
	cc, err := c.channel()
	if err != nil {
		return nil, err
	}
	for {
		state := cc.GetState()
		switch state {
		case connectivity.Ready, connectivity.TransientFailure, connectivity.Shutdown:
			if begun := c.begun.Swap(0); begun != 0 && state == connectivity.Ready {
				c.endpoint.opening.Store(time.Now().UnixNano() - begun)
			}
			return cc, nil
		case connectivity.Idle:
			c.begun.Store(time.Now().UnixNano())
			c.late.Store(false)
			cc.Connect()
		}
		if !cc.WaitForStateChange(ctx, state) {
			return cc, nil
		}
	}
}

// take adds a call to the connection with the fewest running calls and returns it. Of several
// it takes an open one, or the first. It takes one that cannot connect at present, or is late,
// only if all are so. So another connection is opened only when each open one has a call.
func (e *Endpoint) take() *connection {
	if len(e.connections) == 1 {
		c := e.connections[0]
		c.calls.Add(1)
		return c
	}
	e.taking.Lock() // calls that begin at the same time must not take the same one
	defer e.taking.Unlock()
	c := e.least((*connection).isPromising)
	if c == nil {
		c = e.least(func(*connection) bool { return true })
	}
	c.calls.Add(1)
	return c
}

// isOpen reports whether there is a network connection.
func (c *connection) isOpen() bool { return c.state() == connectivity.Ready }

// isPromising reports whether the connection is open, or may be so soon.
func (c *connection) isPromising() bool {
	switch c.state() {
	case connectivity.TransientFailure:
		return false
	case connectivity.Connecting:
		return !c.late.Load()
	}
	return true
}

// least returns the connection with the fewest running calls of those that suit, or nil. Of
// several it returns an open one, or the first.
func (e *Endpoint) least(suits func(*connection) bool) (least *connection) {
	var calls int64
	leastIsOpen := false
	for _, c := range e.connections {
		n, open := c.calls.Load(), c.isOpen()
		if suits(c) && (least == nil || n < calls || n == calls && open && !leastIsOpen) {
			least, calls, leastIsOpen = c, n, open
		}
	}
	return least
}

// minPatience is the shortest time that a call waits for its connection before it looks for
// another one that is open.
const minPatience = 100 * time.Millisecond

// patience returns how long a call waits for its connection before it looks for another one that
// is open: twice as long as the last connection took to open. Without it, calls that begin
// together would all be on the connection that was open first, and streams remain where they
// are. It leaves the call most of the time that it has.
func (e *Endpoint) patience(ctx context.Context) time.Duration {
	patience := max(minPatience, 2*time.Duration(e.opening.Load()))
	if deadline, ok := ctx.Deadline(); ok {
		return min(patience, time.Until(deadline)/4)
	}
	return patience
}

// ready returns the channel of the lease's connection, when it is ready for a call. If there
// is no network connection for it, but another connection of the endpoint has one, the lease
// moves to that: a proxy may allow fewer connections than are wanted, and refuse more or not
// answer. Without any network connection, ready returns an error after the connect timeout. It
// returns none after a failed attempt: the call itself then fails at once and reports the
// cause, which the state alone does not.
func (e *Endpoint) ready(ctx context.Context, l *lease) (*grpc.ClientConn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if cc := l.connection.cc.Load(); cc != nil && cc.GetState() == connectivity.Ready {
		return cc, nil
	}
	waiting, cancel := context.WithTimeout(ctx, e.connectTimeout)
	defer cancel()
	turn := e.connectTimeout
	if len(e.connections) > 1 {
		turn = e.patience(ctx)
	}
	for {
		patient, cancel := context.WithTimeout(waiting, turn)
		cc, err := l.connection.wait(patient)
		cancel()
		if err != nil {
			return nil, err
		}
		switch state := cc.GetState(); {
		case state == connectivity.Ready, state == connectivity.Shutdown:
			return cc, nil
		case ctx.Err() != nil:
			return nil, fmt.Errorf("while waiting for a connection: %w", ctx.Err())
		case e.moveToOpen(l):
		case state == connectivity.TransientFailure:
			return cc, nil
		case waiting.Err() != nil:
			return nil, status.Errorf(codes.Unavailable, "no connection within connect_timeout (%v): the host does not answer", e.connectTimeout)
		}
	}
}

// moveToOpen moves the lease to the open connection with the fewest running calls, if there is
// one. The lease's own goes on connecting, and calls do not wait for it any more.
func (e *Endpoint) moveToOpen(l *lease) bool {
	e.taking.Lock() // calls that move at the same time must not take the same one
	defer e.taking.Unlock()
	open := e.least((*connection).isOpen)
	if open == nil {
		return false
	}
	if open != l.connection { // which may have opened meanwhile
		l.connection.late.Store(true)
		l.move(open)
	}
	return true
}
