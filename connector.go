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

// Open makes a connection with channels of its own, which end with it. It is
// there for the interface: database/sql calls OpenConnector.
func (Driver) Open(dsn string) (driver.Conn, error) {
	c, err := open(dsn)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// OpenConnector parses the DSN; see ParseDSN. The empty DSN is that of the zero Config:
// wrappers open a driver with it, to look at its type.
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

// Connector owns the gRPC channels, one per endpoint, and makes connections that
// share them: a connection costs nothing but its session's state. It is safe for
// concurrent use.
//
// Pass it to sql.OpenDB; sql.DB.Close closes it. A wrapper of the driver may not pass
// Close on. So the network connections also end by themselves when for one minute
// the Connector has had no open Conn and no call; the next call opens them again.
type Connector struct {
	cfg      *Config
	loc      *time.Location
	channels *transport.Channels
	header   *savedHeader  // of the requests of a new connection; nil if it changes from one to the next
	hints    metadata.MD   // of the calls, which do not change it
	tables   catalog.Cache // for native inserts
	lastText atomic.Pointer[sqltext.Script]
	versions versionCache

	nativeHints metadata.MD // of the calls of native inserts
}

// savedHeader is an encoded request header. It has the password: behind a pointer, which
// package fmt does not follow, it does not get into what is printed of a Connector.
type savedHeader struct{ encoded []byte }

// Format writes the configuration without its password, whatever the verb.
func (c *Connector) Format(state fmt.State, verb rune) { c.cfg.Format(state, verb) }

// NewConnector checks the configuration and prepares the channels. It makes no
// connection and reads, of the network, nothing; files named by TLSCA, TLSCert
// and TLSKey are read now. cfg is copied.
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
				log.Warn("greptime: the password travels unencrypted; write tls=on where the server has TLS", "endpoint", endpoint)
			}
		}
	}
	channels, err := transport.New(transport.Options{
		Endpoints:         cfg.Endpoints,
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

// Connect makes a connection. Nothing is sent: the first statement, or Ping,
// finds out whether the server can be reached and the credentials hold.
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

// Close ends the channels. Calls still open fail with ErrClosed.
func (c *Connector) Close() error { return c.channels.Close() }

// Connect opens a connection without database/sql, and checks it with a Ping.
// The connection has channels of its own, which its Close ends.
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

// tlsConfig is what the channels use: nil for plaintext. The files are added to a
// copy of cfg.TLS.
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

// isLoopback reports whether what is sent to the endpoint stays on this host.
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
