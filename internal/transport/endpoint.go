package transport

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
)

// Endpoint is one server address and the channel to it.
type Endpoint struct {
	addr           string
	target         string
	options        []grpc.DialOption
	connectTimeout time.Duration

	metrics  atomic.Int32
	answered atomic.Bool
	calls    atomic.Int64 // number of running calls
	wire     wire

	cc     atomic.Pointer[grpc.ClientConn] // nil before the first use and after the channel has ended
	mu     sync.Mutex                      // guards changes of cc
	closed bool                            // ended for good
}

// Addr returns the address as configured: host:port, or unix:path.
func (e *Endpoint) Addr() string { return e.addr }

// noteAnswer records that a call was answered.
func (e *Endpoint) noteAnswer() {
	if !e.answered.Load() { // every call gets here, on all cores
		e.answered.Store(true)
	}
}

// Metrics is whether a server ends the results of queries with a metrics message, so that a
// result without one must have been cut short.
type Metrics int32

// The knowledge about a server.
const (
	MetricsUnknown Metrics = iota
	SendsMetrics
	NoMetrics
)

// Metrics returns the value of the last SetMetrics.
func (e *Endpoint) Metrics() Metrics { return Metrics(e.metrics.Load()) }

// SetMetrics records the behaviour of the server.
func (e *Endpoint) SetMetrics(m Metrics) {
	if e.Metrics() != m { // every query gets here, on all cores
		e.metrics.Store(int32(m))
	}
}

// Reconnection: quick at first, and never so slow that a server which has come back is not
// used for long.
var reconnect = backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second}

// keepAliveTimeout is the time without an answer to a ping after which the connection is
// closed.
const keepAliveTimeout = 10 * time.Second

// HTTP/2 windows: the number of bytes that a server may send before they are read here.
// grpc-go would begin with 64 KiB and measure, at the price of a ping and a window update
// for almost every message: a fifth of the CPU of a scan whose batches arrive one by one, a
// tenth of SELECT 1. The window of a stream bounds the memory of a result that nobody reads,
// and the bytes per round trip: 40 MB/s if one takes 100 ms. The window of a connection
// counts only bytes in transit; grpc-go does not delay streams because of it.
const (
	streamWindow     = 4 << 20
	connectionWindow = 16 << 20
)

// writeBufferSize is the number of bytes that gRPC writes to the system at a time. A batch
// of a thousand rows takes 50 to 100 kB. In one or two pieces instead of gRPC's 32 kB
// each, a bulk load takes a tenth less CPU.
const writeBufferSize = 128 << 10

// newEndpoint checks the components of the channel. callOpts are for all of its calls: as
// options of each call they would be collected anew every time.
func newEndpoint(addr string, o Options, callOpts []grpc.CallOption) (*Endpoint, error) {
	e := &Endpoint{addr: addr, connectTimeout: o.ConnectTimeout}
	creds, serverName := insecure.NewCredentials(), ""
	if o.TLS != nil {
		creds, serverName = credentials.NewTLS(o.TLS.Clone()), o.TLS.ServerName
	}
	opts := []grpc.DialOption{
		grpc.WithTransportCredentials(wireCredentials{creds, &e.wire}),
		// A DNS record must not be able to enable retries: this package decides
		// whether a write may be repeated.
		grpc.WithDisableServiceConfig(),
		grpc.WithDefaultServiceConfig(noteAttemptsConfig),
		grpc.WithDisableRetry(),
		grpc.WithUserAgent("greptime-go"),
		grpc.WithWriteBufferSize(writeBufferSize),
		grpc.WithInitialWindowSize(streamWindow),
		grpc.WithInitialConnWindowSize(connectionWindow),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: reconnect, MinConnectTimeout: o.ConnectTimeout}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(o.MaxMessageSize), grpc.MaxCallSendMsgSize(o.MaxMessageSize)),
	}
	if o.KeepAlive > 0 {
		opts = append(opts, grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time:    o.KeepAlive,
			Timeout: keepAliveTimeout,
			// Load balancers drop idle connections, so ping those, too.
			PermitWithoutStream: true,
		}))
	}
	a := parseAddress(addr)
	if a.authority != "" && serverName == "" {
		opts = append(opts, grpc.WithAuthority(a.authority))
	}
	switch {
	case o.Dialer != nil:
		opts = append(opts, grpc.WithContextDialer(o.Dialer))
	case a.socket != "":
		opts = append(opts, grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", a.socket)
		}))
	}
	e.options = append(append(opts, o.DialOptions...), grpc.WithDefaultCallOptions(callOpts...))
	e.target = a.target(o.Dialer != nil)
	cc, err := e.newChannel()
	if err != nil {
		return nil, err
	}
	return e, cc.Close()
}

func (e *Endpoint) newChannel() (*grpc.ClientConn, error) {
	cc, err := grpc.NewClient(e.target, e.options...)
	if err != nil {
		return nil, fmt.Errorf("endpoint %s: %w", e.addr, err)
	}
	return cc, nil
}

// channel returns the channel, and creates it if there is none. The caller holds a lease.
func (e *Endpoint) channel() (*grpc.ClientConn, error) {
	if cc := e.cc.Load(); cc != nil {
		return cc, nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if cc := e.cc.Load(); cc != nil {
		return cc, nil
	}
	if e.closed {
		return nil, status.Error(codes.Canceled, ErrClosed.Error())
	}
	cc, err := e.newChannel()
	if err != nil {
		return nil, err
	}
	e.cc.Store(cc)
	return cc, nil
}

// end ends the channel, if there is one. If forGood is true, no channel is created again.
func (e *Endpoint) end(forGood bool) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = e.closed || forGood
	if cc := e.cc.Swap(nil); cc != nil {
		return cc.Close()
	}
	return nil
}

func (e *Endpoint) failing() bool {
	cc := e.cc.Load()
	return cc != nil && cc.GetState() == connectivity.TransientFailure
}

// ready returns the channel when it has a connection or an attempt has failed, or after the
// connect timeout. It returns no error after a failed attempt: the call itself then fails at
// once and reports the cause, which the state alone does not.
func (e *Endpoint) ready(ctx context.Context) (*grpc.ClientConn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	cc, err := e.channel()
	if err != nil {
		return nil, err
	}
	state := cc.GetState()
	if state == connectivity.Ready {
		return cc, nil
	}
	waiting, cancel := context.WithTimeout(ctx, e.connectTimeout)
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
			return nil, status.Errorf(codes.Unavailable, "no connection within connect_timeout (%v): the host does not answer", e.connectTimeout)
		}
		state = cc.GetState()
	}
}
