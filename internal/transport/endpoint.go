package transport

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
)

// Endpoint is one server address and the connections to it.
type Endpoint struct {
	addr           string
	target         string
	credentials    credentials.TransportCredentials
	options        []grpc.DialOption // all but the credentials
	connectTimeout time.Duration

	metrics     atomic.Int32
	version     atomic.Pointer[seenVersion]
	answered    atomic.Bool
	connections []*connection // never changes; there is at least one
	taking      sync.Mutex    // held while one of several connections is chosen
	opening     atomic.Int64  // how many nanoseconds the last connection took to open
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

// writeBufferSize is the number of bytes that gRPC writes to the system at a time: three frames
// of HTTP/2. A batch of a thousand rows takes 50 to 100 kB, and a core's fastest cache holds 32
// to 64. By five streams a bulk load takes a tenth less CPU than with 128 kB, because the system
// finds the bytes in that cache; with one batch in flight it takes a twentieth more.
const writeBufferSize = 48 << 10

// newEndpoint checks the components of the channels. callOpts are for all of their calls: as
// options of each call they would be collected anew every time.
func newEndpoint(addr string, o Options, callOpts []grpc.CallOption) (*Endpoint, error) {
	e := &Endpoint{addr: addr, credentials: insecure.NewCredentials(), connectTimeout: o.ConnectTimeout}
	serverName := ""
	if o.TLS != nil {
		e.credentials, serverName = newTLSCredentials(o.TLS), o.TLS().ServerName
	}
	for range o.Connections {
		e.connections = append(e.connections, &connection{endpoint: e})
	}
	opts := []grpc.DialOption{
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
		opts = append(opts, grpc.WithContextDialer(checked(o.Dialer)))
	case a.socket != "":
		opts = append(opts, grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", a.socket)
		}))
	}
	e.options = append(append(opts, o.DialOptions...), grpc.WithDefaultCallOptions(callOpts...))
	e.target = a.target(o.Dialer != nil)
	cc, err := e.connections[0].newChannel()
	if err != nil {
		return nil, err
	}
	return e, cc.Close()
}

// checked returns a user's dialer, whose connection is never nil without an error: gRPC would
// panic on a goroutine of its own, and the program would end.
func checked(dial func(context.Context, string) (net.Conn, error)) func(context.Context, string) (net.Conn, error) {
	return func(ctx context.Context, addr string) (net.Conn, error) {
		conn, err := dial(ctx, addr)
		if conn == nil && err == nil {
			err = errors.New("Config.Dialer returned neither a connection nor an error")
		}
		return conn, err
	}
}

// end ends the channels. If forGood is true, none is created again.
func (e *Endpoint) end(forGood bool) error {
	var errs []error
	for _, c := range e.connections {
		errs = append(errs, c.end(forGood))
	}
	return errors.Join(errs...)
}

// failing reports whether the last attempt to connect failed, and there is no connection.
func (e *Endpoint) failing() (failing bool) {
	for _, c := range e.connections {
		switch c.state() {
		case connectivity.Ready:
			return false
		case connectivity.TransientFailure:
			failing = true
		}
	}
	return failing
}
