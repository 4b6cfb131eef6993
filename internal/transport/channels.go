// Package transport carries requests to GreptimeDB. It has one or more gRPC channels per
// endpoint, which all connections of a connector share. It chooses an endpoint and its least
// loaded channel, makes the call, and fails over to another endpoint where that is safe.
//
// It knows nothing of SQL. Errors are *CallError, which report whether the request
// may have reached the server.
package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
)

// Balance is the order in which a call tries the endpoints.
type Balance string

// The orders.
const (
	Random     Balance = "random"      // a random one first
	RoundRobin Balance = "round_robin" // each in turn first
	Ordered    Balance = "ordered"     // always as listed: the first one that works
)

// Options configures Channels. This layer has no defaults.
type Options struct {
	Endpoints         []string           // host:port, or unix:path
	Connections       int                // HTTP/2 connections to each endpoint, at least 1
	TLS               func() *tls.Config // returns the configuration of the next connection; nil: plaintext
	ConnectTimeout    time.Duration      // how long a call waits for a channel
	KeepAlive         time.Duration      // interval of HTTP/2 pings; 0 is off
	MaxMessageSize    int                // bytes, to send and to receive
	Compression       string             // gRPC compression of requests: none, gzip, zstd
	AcceptCompression string             // gRPC compression of responses: none, gzip, zstd
	Balance           Balance
	Dialer            func(ctx context.Context, addr string) (net.Conn, error) // nil: gRPC's own
	DialOptions       []grpc.DialOption                                        // applied last, except for codec and compression
	Logger            *slog.Logger
}

// ErrClosed is the cause of calls that fail because Close was called.
var ErrClosed = errors.New("the connector is closed")

// Channels holds the gRPC channels to a set of endpoints. It is safe for concurrent use. It
// connects at the first call, and opens another connection to an endpoint only when each open
// one has a running call. Its connections end when there has been neither a call nor a
// Hold for IdleAfter.
type Channels struct {
	endpoints []*Endpoint
	balance   Balance
	log       *slog.Logger
	uses      uses

	maxMessageSize int // bytes

	next      atomic.Uint64 // for RoundRobin
	closing   chan struct{}
	closeOnce sync.Once
	closeErr  error
}

// New creates the channels without connecting. It returns an error for options that gRPC
// refuses.
func New(o Options) (*Channels, error) {
	callOpts, err := compressionOptions(o.Compression, o.AcceptCompression)
	if err != nil {
		return nil, err
	}
	callOpts = append(callOpts, grpc.ForceCodecV2(codec{}))
	c := &Channels{balance: o.Balance, log: o.Logger, maxMessageSize: o.MaxMessageSize, closing: make(chan struct{})}
	for _, addr := range o.Endpoints {
		e, err := newEndpoint(addr, o, callOpts)
		if err != nil {
			return nil, errors.Join(err, c.Close())
		}
		c.endpoints = append(c.endpoints, e)
	}
	c.uses.idle = c.end
	return c, nil
}

// Hold keeps idle connections open until Release.
func (c *Channels) Hold() { c.uses.begin() }

// Release undoes a Hold.
func (c *Channels) Release() { c.uses.end() }

// end ends the present connections to all endpoints.
func (c *Channels) end() {
	for _, e := range c.endpoints {
		if err := e.end(false); err != nil {
			c.log.Warn("greptime: ending an idle connection", "endpoint", e.addr, "error", err)
		}
	}
}

// Close ends the channels. Running calls fail with ErrClosed as their cause.
func (c *Channels) Close() error {
	c.closeOnce.Do(func() {
		close(c.closing)
		c.uses.stop()
		for _, e := range c.endpoints {
			c.closeErr = errors.Join(c.closeErr, e.end(true))
		}
	})
	return c.closeErr
}

// Closed reports whether Close was called.
func (c *Channels) Closed() bool {
	select {
	case <-c.closing:
		return true
	default:
		return false
	}
}

// Next returns the endpoint that a call without a fixed endpoint would try first.
func (c *Channels) Next() *Endpoint { return c.order()[0] }

// order returns the endpoints in the order in which a call tries them: the order of the
// balance, except that those whose last connection attempt failed come last.
func (c *Channels) order() []*Endpoint {
	n := len(c.endpoints)
	if n == 1 {
		return c.endpoints
	}
	list := make([]*Endpoint, 0, n)
	switch c.balance {
	case Ordered:
		list = append(list, c.endpoints...)
	case RoundRobin:
		start := int((c.next.Add(1) - 1) % uint64(n))
		list = append(append(list, c.endpoints[start:]...), c.endpoints[:start]...)
	default:
		list = append(list, c.endpoints...)
		rand.Shuffle(n, func(i, j int) { list[i], list[j] = list[j], list[i] })
	}
	sorted := make([]*Endpoint, 0, n)
	var failing []*Endpoint
	for _, e := range list {
		if e.failing() {
			failing = append(failing, e)
		} else {
			sorted = append(sorted, e)
		}
	}
	return append(sorted, failing...)
}
