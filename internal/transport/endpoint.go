package transport

import (
	"context"
	"fmt"
	"net"
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
	cc             *grpc.ClientConn
	connectTimeout time.Duration
	metrics        atomic.Int32
}

// Addr is the address as configured, host:port.
func (e *Endpoint) Addr() string { return e.addr }

// Metrics says whether a server ends the results of queries with a message of
// metrics, so that a result that ends without one is cut short.
type Metrics int32

// What is known of a server.
const (
	MetricsUnknown Metrics = iota
	SendsMetrics
	NoMetrics
)

// Metrics is what SetMetrics said last.
func (e *Endpoint) Metrics() Metrics { return Metrics(e.metrics.Load()) }

// SetMetrics records what was seen of the server.
func (e *Endpoint) SetMetrics(m Metrics) {
	if e.Metrics() != m { // every query says so, on all cores
		e.metrics.Store(int32(m))
	}
}

// Reconnection: quick at first, and never so slow that a server that came back
// is left out for long.
var reconnect = backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second}

// keepAliveTimeout is how long a ping may go unanswered before the connection is
// given up.
const keepAliveTimeout = 10 * time.Second

// HTTP/2 windows: how many bytes a server may send ahead of what is read here. grpc-go
// would begin with 64 KiB and measure, at the price of a ping and a window update for
// next to every message: a fifth of the CPU of a scan whose batches come one by one, a
// tenth of SELECT 1. The window of a stream is what a result that nobody reads may take
// of memory, and what a round trip can carry: 40 MB/s where one takes 100 ms. That of a
// connection is only for what is on its way; grpc-go does not hold streams up by it.
const (
	streamWindow     = 4 << 20
	connectionWindow = 16 << 20
)

// writeBufferSize is how much gRPC writes to the system at a time. A batch of a
// thousand rows takes 50 to 100 kB; in one or two pieces instead of gRPC's 32 kB each, a
// bulk load takes a tenth less CPU.
const writeBufferSize = 128 << 10

// newEndpoint makes the channel. callOpts are for all of its calls: as options of each
// call they would be collected anew every time.
func newEndpoint(addr string, o Options, callOpts []grpc.CallOption) (*Endpoint, error) {
	creds := insecure.NewCredentials()
	if o.TLS != nil {
		creds = credentials.NewTLS(o.TLS.Clone())
	}
	opts := []grpc.DialOption{
		grpc.WithTransportCredentials(creds),
		// A DNS record must not be able to switch on retries: whether a write may
		// be repeated is decided here.
		grpc.WithDisableServiceConfig(),
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
			// Load balancers drop connections that are idle, so those are pinged, too.
			PermitWithoutStream: true,
		}))
	}
	opts = append(append(opts, o.DialOptions...), grpc.WithDefaultCallOptions(callOpts...))
	cc, err := grpc.NewClient(target(addr), opts...)
	if err != nil {
		return nil, fmt.Errorf("endpoint %s: %w", addr, err)
	}
	return &Endpoint{addr: addr, cc: cc, connectTimeout: o.ConnectTimeout}, nil
}

// target spares literal addresses the resolver.
func target(addr string) string {
	if host, _, err := net.SplitHostPort(addr); err == nil && net.ParseIP(host) != nil {
		return "passthrough:///" + addr
	}
	return "dns:///" + addr
}

func (e *Endpoint) failing() bool { return e.cc.GetState() == connectivity.TransientFailure }

// ready waits until a connection stands or an attempt has failed, at most the
// connect timeout. After a failed attempt it returns nil: the call itself then
// fails at once and tells the cause, which the state alone does not.
func (e *Endpoint) ready(ctx context.Context) error {
	state := e.cc.GetState()
	if state == connectivity.Ready {
		return nil
	}
	waiting, cancel := context.WithTimeout(ctx, e.connectTimeout)
	defer cancel()
	for {
		switch state {
		case connectivity.Ready, connectivity.TransientFailure, connectivity.Shutdown:
			return nil
		case connectivity.Idle:
			e.cc.Connect()
		}
		if !e.cc.WaitForStateChange(waiting, state) {
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("while waiting for a connection: %w", err)
			}
			return status.Errorf(codes.Unavailable, "no connection within connect_timeout (%v): the host does not answer", e.connectTimeout)
		}
		state = e.cc.GetState()
	}
}
