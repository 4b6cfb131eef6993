package greptime

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/metadata"

	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/sqltext"
	"github.com/greptime-go/greptime/internal/transport"
)

var (
	_ driver.Driver        = Driver{}
	_ driver.DriverContext = Driver{}
	_ driver.Connector     = (*Connector)(nil)
	_ io.Closer            = (*Connector)(nil)
)

// Driver is the database/sql driver. Package driver registers it as "greptime".
type Driver struct{}

// Open opens a connection with channels of its own, which its Close closes. It only
// implements driver.Driver: database/sql calls OpenConnector.
func (Driver) Open(dsn string) (driver.Conn, error) {
	c, err := open(dsn)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// OpenConnector parses the DSN (see ParseDSN) and returns a Connector for it. The empty
// DSN stands for the zero Config, because wrappers open a driver with it to learn its type.
func (Driver) OpenConnector(dsn string) (driver.Connector, error) {
	c, err := newConnector(dsn)
	if err != nil {
		return nil, err
	}
	return c, nil
}

func newConnector(dsn string) (*Connector, error) {
	if dsn == "" {
		return NewConnector(nil)
	}
	cfg, err := ParseDSN(dsn)
	if err != nil {
		return nil, err
	}
	return NewConnector(cfg)
}

// Connector owns the gRPC channels, one per endpoint, and opens connections that share
// them. A connection holds only the state of its session. A Connector is safe for
// concurrent use.
//
// Pass it to sql.OpenDB; sql.DB.Close closes it. A wrapper of the driver may not forward
// Close. The network connections therefore also close when for one minute the Connector
// has had no open Conn and no call; the next call opens them again.
type Connector struct {
	cfg      *Config
	loc      *time.Location
	channels *transport.Channels
	header   *savedHeader  // of a new connection's requests; nil if it differs between requests
	hints    metadata.MD   // of the calls, which do not change it
	tables   catalog.Cache // for native inserts
	lastText atomic.Pointer[sqltext.Script]
	versions versionCache

	nativeHints metadata.MD // of the calls of native inserts
}

// savedHeader is an encoded request header. It contains the password. The Connector holds
// it by a pointer, which package fmt does not follow, so that it is never printed.
type savedHeader struct{ encoded []byte }

// Format writes the configuration without its password, whatever the verb.
func (c *Connector) Format(state fmt.State, verb rune) { c.cfg.Format(state, verb) }

// NewConnector checks the configuration and returns a Connector for it. It does not use
// the network. It reads the files that TLSCA, TLSCert and TLSKey name, and copies cfg.
func NewConnector(cfg *Config) (*Connector, error) {
	if cfg == nil {
		cfg = NewConfig()
	}
	cfg = cfg.Clone().withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	loc, err := cfg.location()
	if err != nil {
		return nil, err
	}
	tlsConfig, err := cfg.tlsConfig()
	if err != nil {
		return nil, err
	}
	log := cfg.Logger
	if log == nil {
		log = slog.Default()
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
	c := &Connector{cfg: cfg, loc: loc, channels: channels}
	c.hints, c.nativeHints = c.callHints(nil), c.callHints(nativeHints)
	if cfg.Credentials == nil {
		header, err := c.newConn().encodedHeader(context.Background(), c.session())
		if err != nil {
			return nil, errors.Join(err, channels.Close())
		}
		c.header = &savedHeader{header}
	}
	return c, nil
}

// Connect opens a connection. It sends nothing: the first statement, or Ping, shows
// whether the server can be reached and accepts the credentials.
func (c *Connector) Connect(ctx context.Context) (driver.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if c.channels.Closed() {
		return nil, ErrClosed
	}
	return c.heldConn(), nil
}

// Driver returns the Driver.
func (c *Connector) Driver() driver.Driver { return Driver{} }

// Close closes the channels. Calls that are still open fail with ErrClosed.
func (c *Connector) Close() error { return c.channels.Close() }

// Connect opens a connection without database/sql and checks it with a Ping. The
// connection has channels of its own, which its Close closes.
func Connect(ctx context.Context, dsn string) (*Conn, error) {
	c, err := open(dsn)
	if err != nil {
		return nil, err
	}
	if err := c.Ping(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func open(dsn string) (*Conn, error) {
	connector, err := newConnector(dsn)
	if err != nil {
		return nil, err
	}
	c := connector.heldConn()
	c.ownsConnector = true
	return c, nil
}

// tlsConfig returns the TLS configuration of the channels, or nil for plaintext. It adds
// the files to a copy of c.TLS.
func (c *Config) tlsConfig() (*tls.Config, error) {
	if c.TLS == nil && !c.TLSEnabled {
		return nil, nil
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.TLS != nil {
		t = c.TLS.Clone()
	}
	if c.TLSServerName != "" {
		t.ServerName = c.TLSServerName
	}
	if c.TLSCA != "" {
		pem, err := os.ReadFile(c.TLSCA)
		if err != nil {
			return nil, fmt.Errorf("greptime: tls_ca: %w", err)
		}
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("greptime: tls_ca: %s has no PEM certificate", c.TLSCA)
		}
	}
	if c.TLSCert != "" {
		pair, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
		if err != nil {
			return nil, fmt.Errorf("greptime: tls_cert, tls_key: %w", err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	return t, nil
}

// isLoopback reports whether data sent to the endpoint stays on this host.
func isLoopback(endpoint string) bool {
	if strings.HasPrefix(endpoint, unixEndpoint) {
		return true
	}
	host, _, err := net.SplitHostPort(endpoint)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}
