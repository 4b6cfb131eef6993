package greptime

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
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

// Connector owns the gRPC channels, Config.Connections per endpoint, and opens connections that
// share them. A connection holds only the state of its session. A Connector is safe for
// concurrent use.
//
// Pass it to sql.OpenDB; sql.DB.Close closes it. A wrapper of the driver may not forward
// Close. The network connections therefore also close when for one minute the Connector
// has had no open Conn and no call; the next call opens them again.
type Connector struct {
	client *client // a pointer, which package fmt does not follow
}

// Format writes the configuration without its password, whatever the verb.
func (c *Connector) Format(state fmt.State, verb rune) { c.client.cfg.Format(state, verb) }

// NewConnector checks the configuration and returns a Connector for it. It does not use
// the network. It reads the files that TLSCA, TLSCert and TLSKey name, to see whether they
// are usable, and copies cfg.
func NewConnector(cfg *Config) (*Connector, error) {
	if cfg == nil {
		cfg = NewConfig()
	}
	c, err := newClient(cfg)
	if err != nil {
		return nil, err
	}
	return &Connector{c}, nil
}

// Connect opens a connection. It sends nothing: the first statement, or Ping, shows
// whether the server can be reached and accepts the credentials.
func (c *Connector) Connect(ctx context.Context) (driver.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if c.client.channels.Closed() {
		return nil, ErrClosed
	}
	return newConn(c.client), nil
}

// Driver returns the Driver.
func (c *Connector) Driver() driver.Driver { return Driver{} }

// Close closes the channels. Calls that are still open fail with ErrClosed.
func (c *Connector) Close() error { return c.client.channels.Close() }

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
	c := newConn(connector.client)
	c.ownsChannels = true
	return c, nil
}
