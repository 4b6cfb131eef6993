package greptime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/metadata"

	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/dsn"
	"github.com/greptime-go/greptime/internal/sqlinsert"
	"github.com/greptime-go/greptime/internal/sqltext"
	"github.com/greptime-go/greptime/internal/tracing"
	"github.com/greptime-go/greptime/internal/transport"
)

// client is what the sessions of a Connector share. It is safe for concurrent use.
type client struct {
	cfg         *Config
	loc         *time.Location
	channels    *transport.Channels
	header      *savedHeader  // of a new session's requests; nil if it differs between requests
	hints       metadata.MD   // of the calls, which do not change it
	nativeHints metadata.MD   // of the calls of native inserts
	tables      catalog.Cache // for native inserts
	lastText    atomic.Pointer[parsedText]
	closeTimers sync.Pool       // of *closeTimer
	tracer      *tracing.Tracer // nil without Config.Trace
}

// savedHeader is an encoded request header. It contains the password. The client holds
// it by a pointer, which package fmt does not follow, so that it is never printed.
type savedHeader struct{ encoded []byte }

// newClient returns a client for a configuration, of which it keeps a copy.
func newClient(cfg *Config) (*client, error) {
	cfg = cfg.Clone().withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	loc, err := cfg.location()
	if err != nil {
		return nil, err
	}
	log := cfg.Logger
	if log == nil {
		log = slog.Default()
	}
	tlsConfig, err := cfg.tlsSource(log)
	if err != nil {
		return nil, err
	}
	if tlsConfig == nil && (!cfg.Password.IsZero() || cfg.Credentials != nil) {
		for _, endpoint := range cfg.Endpoints {
			if !isLoopback(endpoint) {
				log.Warn("greptime: the password travels unencrypted; set tls=on if the server has TLS", "endpoint", endpoint)
			}
		}
	}
	channels, err := transport.New(transport.Options{
		Endpoints:         cfg.Endpoints,
		Connections:       cfg.Connections,
		TLS:               tlsConfig,
		ConnectTimeout:    cfg.ConnectTimeout,
		KeepAlive:         max(cfg.KeepAlive, 0),
		MaxMessageSize:    cfg.MaxMessageSize,
		Compression:       cfg.Compression,
		AcceptCompression: cfg.AcceptCompression,
		Balance:           transport.Balance(cfg.Balance),
		Dialer:            cfg.Dialer,
		DialOptions:       cfg.DialOptions,
		Logger:            log,
	})
	if err != nil {
		return nil, fmt.Errorf("greptime: %w", err)
	}
	c := &client{cfg: cfg, loc: loc, channels: channels, tracer: newTracer(cfg)}
	c.hints, c.nativeHints = c.callHints(), c.callHints(nativeHints)
	if cfg.Credentials == nil {
		header, err := c.session().encodedHeader(context.Background())
		if err != nil {
			return nil, errors.Join(err, channels.Close())
		}
		c.header = &savedHeader{header}
	}
	return c, nil
}

// callHints returns the metadata of a call with the DSN's hints and more; later ones take
// precedence. It returns nil if there are no hints.
func (c *client) callHints(more ...map[string]string) metadata.MD {
	all := maps.Clone(c.cfg.Hints)
	for _, hints := range more {
		if all == nil {
			all = make(map[string]string, len(hints))
		}
		maps.Copy(all, hints)
	}
	if len(all) == 0 {
		return nil
	}
	return metadata.Pairs("x-greptime-hints", dsn.FormatHints(all))
}

// nativeHints keep the server from creating the table and from adding columns to it, as it
// does by default for native inserts.
var nativeHints = map[string]string{"auto_create_table": "false"}

// limit returns ctx limited by Config.Timeout if it has no deadline.
func (c *client) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if timeout := c.cfg.Timeout; timeout > 0 {
		if _, ok := ctx.Deadline(); !ok {
			return context.WithTimeout(ctx, timeout)
		}
	}
	return ctx, func() {}
}

// parsedText is a lexed text.
type parsedText struct {
	*sqltext.Script
	memo *sqlinsert.Memo // nil if the text is not kept for another execution
}

// maxKeptText is the longest text, in bytes, that parse keeps.
const maxKeptText = 256 << 10

// parse lexes a text. It keeps the last text with arguments, because programs that insert in
// batches repeat the same text, and lexing it takes longer than all the rest.
func (c *client) parse(query string, args int) (parsedText, error) {
	if last := c.lastText.Load(); last != nil && last.Text == query {
		return *last, nil
	}
	script, err := sqltext.Parse(query)
	text := parsedText{Script: script}
	if err == nil && args > 0 && len(query) <= maxKeptText {
		text.memo = &sqlinsert.Memo{}
		c.lastText.Store(&text)
	}
	return text, err
}

// isLoopback reports whether data sent to the endpoint stays on this host.
func isLoopback(endpoint string) bool {
	if strings.HasPrefix(endpoint, dsn.UnixPrefix) {
		return true
	}
	host, _, err := net.SplitHostPort(endpoint)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}
