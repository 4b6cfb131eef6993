package transport

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

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

// ready returns the channel when it has a network connection or an attempt has failed, or
// after the connect timeout. It returns no error after a failed attempt: the call itself then
// fails at once and reports the cause, which the state alone does not.
func (c *connection) ready(ctx context.Context) (*grpc.ClientConn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	cc, err := c.channel()
	if err != nil {
		return nil, err
	}
	state := cc.GetState()
	if state == connectivity.Ready {
		return cc, nil
	}
	timeout := c.endpoint.connectTimeout
	waiting, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for {
		switch state {
		case connectivity.Ready, connectivity.TransientFailure, connectivity.Shutdown:
			return cc, nil
		case connectivity.Idle:
			cc.Connect()
		}
		if !cc.WaitForStateChange(waiting, state) {
			if err := ctx.Err(); err != nil {
				return nil, fmt.Errorf("while waiting for a connection: %w", err)
			}
			return nil, status.Errorf(codes.Unavailable, "no connection within connect_timeout (%v): the host does not answer", timeout)
		}
		state = cc.GetState()
	}
}

// take adds a call to the connection with the fewest running calls and returns it. Of several
// it takes an open one, or the first. It takes one that cannot connect at present only if all
// cannot. So another connection is opened only when each open one has a call.
func (e *Endpoint) take() *connection {
	if len(e.connections) == 1 {
		c := e.connections[0]
		c.calls.Add(1)
		return c
	}
	e.taking.Lock() // calls that begin at the same time must not take the same one
	defer e.taking.Unlock()
	c := e.least(func(state connectivity.State) bool { return state != connectivity.TransientFailure })
	if c == nil {
		c = e.least(func(connectivity.State) bool { return true })
	}
	c.calls.Add(1)
	return c
}

// least returns the connection with the fewest running calls of those whose state suits, or nil.
// Of several it returns an open one, or the first.
func (e *Endpoint) least(suits func(connectivity.State) bool) (least *connection) {
	var calls int64
	isOpen := false
	for _, c := range e.connections {
		n, state := c.calls.Load(), c.state()
		open := state == connectivity.Ready
		if suits(state) && (least == nil || n < calls || n == calls && open && !isOpen) {
			least, calls, isOpen = c, n, open
		}
	}
	return least
}

// ready returns the channel of the lease's connection, when it is ready for a call. If there
// is no network connection for it, but another connection of the endpoint has one, the lease
// moves to that: a proxy may allow fewer connections than are wanted.
func (e *Endpoint) ready(ctx context.Context, l *lease) (*grpc.ClientConn, error) {
	cc, err := l.connection.ready(ctx)
	if len(e.connections) == 1 || err == nil && cc.GetState() != connectivity.TransientFailure || ctx.Err() != nil {
		return cc, err
	}
	other := e.least(func(state connectivity.State) bool { return state == connectivity.Ready })
	if other == nil {
		return cc, err
	}
	l.move(other)
	return other.ready(ctx)
}
