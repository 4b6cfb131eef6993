package greptime

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	"github.com/greptime-go/greptime/calltrace"
	"github.com/greptime-go/greptime/internal/dsn"
)

// Defaults of a Config. The port is the one GreptimeDB binds for gRPC, the message size the limit it
// sets for both directions.
const (
	defaultEndpoint       = "localhost:4001"
	defaultDatabase       = "public"
	defaultTimeZone       = "UTC"
	defaultConnectTimeout = 5 * time.Second
	defaultKeepAlive      = 30 * time.Second
	defaultMaxMessageSize = 512 << 20
	leastMaxBatchBytes    = 1 << 30

	// minKeepAlive is the interval to which grpc-go raises shorter ones.
	minKeepAlive = 10 * time.Second

	// maxConnections is far more than any machine needs.
	maxConnections = 1000
)

// Values of the fields that accept one of a few words.
const (
	compressionNone = "none"
	compressionGzip = "gzip"
	compressionZstd = "zstd"

	balanceRandom     = "random"
	balanceRoundRobin = "round_robin"
	balanceOrdered    = "ordered"

	insertAuto   = "auto"
	insertSQL    = "sql"
	insertNative = "native"

	transactionsError  = "error"
	transactionsIgnore = "ignore"
)

// keepAliveOff is the KeepAlive that ParseDSN returns for keepalive=0.
const keepAliveOff = -1

// Config describes how to reach GreptimeDB and the state in which a session starts. The zero Config
// is usable: a field with its zero value stands for the default that its comment names.
//
// [NewConnector] works on a copy of the Config and does not change it. Packages fmt and log/slog
// hide the password of a Config, at any depth within the value that they print. FormatDSN does
// not hide it.
type Config struct {
	// Endpoints lists the servers as host:port or [IPv6]:port; default localhost:4001. You may omit
	// the port, which is 4001 then. An IPv6 address may have a zone, as in [fe80::1%eth0]:4001. A
	// Unix socket is unix:path, such as unix:/run/greptime.sock, or unix:@name for an abstract one.
	Endpoints []string

	// User and Password are sent with every request. Without a User no credentials are sent. Use
	// [NewSecret] to set the Password.
	User     string
	Password Secret

	// Database is the database in which sessions start, as SHOW DATABASES lists it; default public.
	// Its name is case-sensitive. A dash is part of the name and does not separate a catalog from it:
	// the catalog is always greptime.
	Database string

	// TimeZone is an IANA name (Asia/Shanghai) or an offset (+08:00); default UTC. The server reads
	// times without a zone in it, and time.Time values of results have it as their Location.
	TimeZone string

	// Timeout limits a whole statement, from the request to its last row, and the inserts and
	// deletes of package insert, if the context has no deadline. A write that exceeds it may have been
	// written. 0 means no limit. Bulk loads have a limit of their own, Options.Timeout.
	Timeout time.Duration

	// ConnectTimeout limits how long a request waits for a usable channel to an endpoint; default
	// 5s. With several endpoints it may wait so long for each.
	ConnectTimeout time.Duration

	// TLSEnabled turns TLS on. The server's certificate is verified with the system's root
	// certificates, or with those in the PEM file TLSCA. TLSCert and TLSKey name the PEM files of a
	// client certificate and its key. TLSServerName is the name to verify in place of the endpoint's
	// host. Each new connection reads the files again, so you can renew them while the program
	// runs, best by renaming new files to the old names; if they cannot be read then, the
	// connection uses what was read before, and Logger gets a warning. Connections that are open
	// remain open.
	TLSEnabled    bool
	TLSCA         string
	TLSCert       string
	TLSKey        string
	TLSServerName string

	// TLS, if not nil, turns TLS on with this configuration, to which the files and the name above
	// are added. A DSN cannot express it: FormatDSN writes tls=on for it.
	TLS *tls.Config

	// Compression is the gRPC compression of requests: none (default), gzip or zstd.
	Compression string

	// AcceptCompression is the gRPC compression that the server may use for responses: none
	// (default), gzip or zstd. It does not affect the LZ4 compression of record batches, which the
	// server's configuration decides.
	AcceptCompression string

	// Balance chooses among several Endpoints: random (default), round_robin, or ordered, which uses
	// the first endpoint that can be reached.
	Balance string

	// Connections is the number of HTTP/2 connections to each endpoint, from 1 (default) to 1000. A
	// call takes the connection with the fewest running calls, and another connection is opened only
	// when each open one has a running call. One connection suffices up to some hundred concurrent
	// calls. Set more if a proxy limits the streams of a connection, if one core is busy with the
	// connection of a machine with many, or if many large results arrive at once.
	Connections int

	// Hints are sent with inserts and queries in the metadata x-greptime-hints, for example
	// append_mode=true or ttl=7d. The server ignores keys that it does not know.
	Hints map[string]string

	// MaxMessageSize limits a gRPC message in either direction, in bytes; default 512 MiB, which is
	// also the server's default. A record batch may decompress to 1 GiB, or to twice MaxMessageSize
	// if that is more.
	MaxMessageSize int

	// KeepAlive is the interval of HTTP/2 pings, which idle connections send, too: at least 10s;
	// default 30s. A negative KeepAlive means no pings.
	KeepAlive time.Duration

	// Insert chooses how Exec sends an INSERT … VALUES of placeholders and literals. With auto
	// (default) it is a native row insert, which is several times faster, where that certainly stores
	// the same as the text would, and text otherwise. With sql it is always text. With native it is
	// never text: an INSERT that cannot travel natively is an error that gives the reason.
	//
	// The driver reads the table's columns with the first INSERT of at least 16 rows, and with the
	// first that needs them: for NaN, infinities, and a Date under a TimeZone other than UTC, which
	// have no literal; for a time.Time in a DATE column and a []byte in a JSON column, which
	// the server refuses as text; and for values that the server might lose. GreptimeDB stores NULL
	// for a number that is too large for its DECIMAL and an infinity for one that is too large for its
	// FLOAT, or within JSON for a float64, and reports success. The driver returns an error instead,
	// and sends nothing. Nor does it send such a value while the server cannot describe the columns.
	// Integers of one digit do not count as numbers here. The server's behavior remains if the user
	// may not read the table, with sql, in texts of several statements, for Query, and in statements
	// that are more than INSERT INTO t (…) VALUES of placeholders and literals.
	Insert string

	// TimeTruncate, if not 0, cuts the time.Time arguments of statements to a multiple of it, towards
	// the past, as time.Time.Truncate does. Set it to the unit of the columns, such as a millisecond,
	// to make comparisons the same on all versions of GreptimeDB: up to 1.1.2 the server cuts an
	// argument with finer digits than the column, towards 1970; later versions compare all digits.
	TimeTruncate time.Duration

	// MultiStatements lets one query text contain several statements, which the driver runs one by
	// one. Without it such a text is refused with ErrMultipleStatements.
	MultiStatements bool

	// Transactions is error (default) or ignore. With error, BeginTx and the texts BEGIN, START
	// TRANSACTION, COMMIT, ROLLBACK, SAVEPOINT and RELEASE return ErrTransactions. With ignore, they
	// succeed and do nothing; see Conn.BeginTx for the exceptions.
	Transactions string

	// Dialer, if not nil, opens the network connections, for example through a tunnel or with socket
	// options. addr is an endpoint as host:port or unix:path, with the host not yet resolved. Proxies
	// that the environment names are not used then. A DSN cannot express it.
	Dialer func(ctx context.Context, addr string) (net.Conn, error)

	// DialOptions are appended to the driver's own, for example interceptors and stats handlers. A
	// dialer among them gets names that are already resolved; use Dialer instead. A DSN cannot
	// express them.
	DialOptions []grpc.DialOption

	// Logger receives warnings, such as that a password travels without TLS; nil means
	// slog.Default(). A DSN cannot express it.
	Logger *slog.Logger

	// Trace, if not nil, is told of each call before and after it: statements, inserts, requests
	// of writers, and bulk batches. Package calltrace says what a call is, and has a tracer that
	// writes to a slog.Logger. A DSN cannot express it.
	Trace calltrace.Tracer

	// TraceArguments lets Trace see the values of arguments and rows: the text of statements with
	// their arguments in place, and errors with the server's message, which may repeat values. A
	// DSN cannot express it.
	TraceArguments bool

	// Credentials, if not nil, returns user and password for each request. It is called before each
	// request, from several goroutines at once, so it should cache. If it returns an error, the
	// request fails with that error and is not sent; insert.Writer and bulk.Writer call it again
	// when they repeat requests. User and Password must be empty then. A DSN cannot express it.
	Credentials func(ctx context.Context) (user, password string, err error)
}

// NewConfig returns a Config with all defaults set.
func NewConfig() *Config { return new(Config).withDefaults() }

// Clone returns a copy of c. The two share nothing that can be changed, except what Dialer,
// DialOptions, Logger, Trace, Credentials and the fields of TLS refer to.
func (c *Config) Clone() *Config {
	clone := *c
	clone.Endpoints = slices.Clone(c.Endpoints)
	clone.Hints = maps.Clone(c.Hints)
	clone.DialOptions = slices.Clone(c.DialOptions)
	clone.TLS = c.TLS.Clone()
	return &clone
}

// withDefaults returns a copy of c in which every unset field has its default and every endpoint
// its port. Endpoints that are not valid stay as they are; validate reports them.
func (c *Config) withDefaults() *Config {
	c = c.Clone()
	if len(c.Endpoints) == 0 {
		c.Endpoints = []string{defaultEndpoint}
	}
	for i, text := range c.Endpoints {
		if endpoint, err := dsn.ParseEndpoint(text); err == nil {
			c.Endpoints[i] = endpoint
		}
	}
	c.Database = cmp.Or(c.Database, defaultDatabase)
	c.TimeZone = cmp.Or(c.TimeZone, defaultTimeZone)
	c.ConnectTimeout = cmp.Or(c.ConnectTimeout, defaultConnectTimeout)
	c.Compression = cmp.Or(c.Compression, compressionNone)
	c.AcceptCompression = cmp.Or(c.AcceptCompression, compressionNone)
	c.Balance = cmp.Or(c.Balance, balanceRandom)
	c.Connections = cmp.Or(c.Connections, 1)
	c.MaxMessageSize = cmp.Or(c.MaxMessageSize, defaultMaxMessageSize)
	c.KeepAlive = cmp.Or(c.KeepAlive, defaultKeepAlive)
	c.Insert = cmp.Or(c.Insert, insertAuto)
	c.Transactions = cmp.Or(c.Transactions, transactionsError)
	return c
}

// location returns the time.Location of TimeZone.
func (c *Config) location() (*time.Location, error) {
	location, err := dsn.ParseTimeZone(c.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("greptime: timezone: %w", err)
	}
	return location, nil
}

// maxBatchBytes returns the number of bytes that one record batch of an answer may take.
func (c *Config) maxBatchBytes() int64 {
	return max(leastMaxBatchBytes, 2*int64(c.MaxMessageSize))
}

// Secret is a text that is not printed, such as a Config's password. Packages fmt and
// log/slog and encoders write *** in its place, even if the Secret is deep within another
// value and its methods are not called. The zero Secret holds no text.
type Secret struct {
	text *string // package fmt does not follow pointers within a value
}

var (
	_ fmt.Formatter            = Secret{}
	_ fmt.Stringer             = Secret{}
	_ fmt.GoStringer           = Secret{}
	_ slog.LogValuer           = Secret{}
	_ encoding.TextMarshaler   = Secret{}
	_ encoding.TextUnmarshaler = (*Secret)(nil)
)

// NewSecret returns a Secret that holds text.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{&text}
}

// Reveal returns the text.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero reports whether s holds no text.
func (s Secret) IsZero() bool { return s.text == nil }

// String returns ***, or nothing for the zero Secret.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return "***"
}

// GoString returns String's text as Go syntax, so that %#v does not print the secret.
func (s Secret) GoString() string { return fmt.Sprintf("greptime.Secret(%q)", s.String()) }

// Format writes String for every verb and flag, and GoString for %#v.
func (s Secret) Format(state fmt.State, verb rune) {
	if verb == 'v' && state.Flag('#') {
		io.WriteString(state, s.GoString())
		return
	}
	io.WriteString(state, s.String())
}

// LogValue returns String for log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText returns String, for encoders such as encoding/json.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText sets the text, for decoders of configuration files.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}

// tlsSource returns a function that returns the TLS configuration of the next connection, or
// nil for plaintext. If the Config names files, the function reads them each time, so that
// certificates can be renewed while the program runs. If they cannot be read then, as when
// they are just being replaced, it logs why and returns what it read before.
func (c *Config) tlsSource(log *slog.Logger) (func() *tls.Config, error) {
	first, err := c.tlsConfig()
	if first == nil {
		return nil, err
	}
	if c.TLSCA == "" && c.TLSCert == "" {
		return func() *tls.Config { return first }, nil
	}
	c = c.withAbsoluteFiles()
	var last atomic.Pointer[tls.Config]
	last.Store(first)
	return func() *tls.Config {
		next, err := c.tlsConfig()
		if err != nil {
			log.Warn("greptime: the files for TLS cannot be read; a new connection uses what was read before", "error", err)
			return last.Load()
		}
		last.Store(next)
		return next
	}, nil
}

// withAbsoluteFiles returns a copy of c whose files for TLS are found from other folders, too.
func (c *Config) withAbsoluteFiles() *Config {
	from := *c
	for _, name := range []*string{&from.TLSCA, &from.TLSCert, &from.TLSKey} {
		if *name == "" {
			continue
		}
		if path, err := filepath.Abs(*name); err == nil {
			*name = path
		}
	}
	return &from
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
