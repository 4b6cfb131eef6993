package greptime

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/grpc"
)

// Defaults of a Config. The port is the one GreptimeDB binds for gRPC, the message size the limit it
// sets for both directions.
const (
	defaultEndpoint       = "localhost:4001"
	defaultPort           = "4001"
	defaultDatabase       = "public"
	defaultTimeZone       = "UTC"
	defaultConnectTimeout = 5 * time.Second
	defaultKeepAlive      = 30 * time.Second
	defaultMaxMessageSize = 512 << 20
	leastMaxBatchBytes    = 1 << 30

	// minKeepAlive is what grpc-go raises shorter intervals to.
	minKeepAlive = 10 * time.Second
)

// keepAliveOff is the KeepAlive that ParseDSN returns for keepalive=0.
const keepAliveOff = -1

// Config says how to reach GreptimeDB and what a session on it starts with. The zero Config is
// usable: every field left at its zero value means the default named beside it.
//
// A Config is not changed by this package once it has been handed over: [NewConnector] works on a
// copy. Printing a Config with package fmt or log/slog hides the password, wherever the Config
// is in what is printed; FormatDSN does not.
type Config struct {
	// Endpoints are the servers, as host:port or [IPv6]:port; the port may be left out and is 4001
	// then. An IPv6 address may have a zone, as in [fe80::1%eth0]:4001. A Unix socket is unix:path,
	// such as unix:/run/greptime.sock, or unix:@name for an abstract one. Default localhost:4001.
	Endpoints []string

	// User and Password are sent with every request. Without a User no credentials are sent. A
	// password is set by [NewSecret].
	User     string
	Password Secret

	// Database is what sessions start in, as SHOW DATABASES lists it; default public. Its case
	// counts. A dash belongs to the name, and does not end that of a catalog: the catalog is always
	// greptime.
	Database string

	// TimeZone is an IANA name (Asia/Shanghai) or an offset (+08:00); default UTC. The server reads
	// times without a zone in it, and time.Time values of results are given in it.
	TimeZone string

	// Timeout limits a whole query, from the request to its last row, when the context has no
	// deadline. 0 means no limit.
	Timeout time.Duration

	// ConnectTimeout limits how long a request waits for a usable channel; default 5s.
	ConnectTimeout time.Duration

	// TLSEnabled switches TLS on, with the system's root certificates unless TLSCA names a file of
	// others. TLSCert and TLSKey are the files of a client certificate, both PEM. TLSServerName is
	// the name to verify in place of the endpoint's host.
	TLSEnabled    bool
	TLSCA         string
	TLSCert       string
	TLSKey        string
	TLSServerName string

	// TLS, if not nil, switches TLS on with this configuration, to which the files and the name above
	// are added. Not expressible in a DSN: FormatDSN writes tls=on for it.
	TLS *tls.Config

	// Compression is the gRPC compression of requests: none (default), gzip or zstd.
	Compression string

	// AcceptCompression is the gRPC compression that the server may use for responses: none
	// (default), gzip or zstd. Record batches are LZ4-compressed by the server in any case.
	AcceptCompression string

	// Balance says how channels are spread over several Endpoints: random (default), round_robin, or
	// ordered, which uses the first endpoint that can be reached.
	Balance string

	// Hints are sent with inserts and queries as metadata x-greptime-hints, for example
	// append_mode=true or ttl=7d. The server ignores keys that it does not know.
	Hints map[string]string

	// MaxMessageSize limits a gRPC message in either direction, in bytes; default 512 MiB, which is
	// also the server's default. A record batch may decompress to 1 GiB, or twice this if that is
	// more.
	MaxMessageSize int

	// KeepAlive is the interval of HTTP/2 pings, sent on idle connections too: at least 10s, default
	// 30s, negative = no pings.
	KeepAlive time.Duration

	// Insert says how Exec sends an INSERT … VALUES of placeholders and literals: auto (default) as a
	// native row insert, which is several times faster, where that surely stores the same as the text
	// would, and as text otherwise; sql always as text; native never as text: what cannot travel
	// natively is an error that says why.
	//
	// The driver reads the table's columns with the first INSERT of at least 16 rows, and with the
	// first that needs them: for NaN, infinities, and a Date under a TimeZone other than UTC, for
	// which there is no literal; for a time.Time in a DATE column and a []byte in a JSON column, which
	// the server refuses as text; and for values that the server might lose. GreptimeDB stores NULL
	// for a number that is too large for its DECIMAL and an infinity for one that is too large for its
	// FLOAT, and reports success. Where the columns are known, that is an error and nothing is sent.
	// Nothing is sent either while the server refuses to tell the columns. Integers of one digit do
	// not count as numbers here. The server's behavior holds with sql, in texts of several statements,
	// for Query, and in statements that are more than INSERT INTO … VALUES of placeholders and literals.
	Insert string

	// TimeTruncate, if not 0, cuts the time.Time arguments of statements to a multiple of it, towards
	// the past, as time.Time.Truncate does. With the unit of the columns, such as a millisecond,
	// comparisons are the same on all versions of GreptimeDB: up to 1.1.2 the server cuts an argument
	// with finer digits than the column, towards 1970, later it compares all digits.
	TimeTruncate time.Duration

	// MultiStatements lets one query text hold several statements, which are then run one by one.
	// Otherwise such a text is refused with ErrMultipleStatements.
	MultiStatements bool

	// Transactions is error (default), with which BeginTx returns ErrTransactions, and so do the
	// texts BEGIN, START TRANSACTION, COMMIT, ROLLBACK, SAVEPOINT and RELEASE; or ignore, with
	// which they succeed and do nothing.
	Transactions string

	// Dialer, if not nil, makes the network connections: through a tunnel, with socket options.
	// addr is an endpoint, as host:port or unix:path; the host is not resolved before. Proxies that
	// the environment names are not used then. Not expressible in a DSN.
	Dialer func(ctx context.Context, addr string) (net.Conn, error)

	// DialOptions are appended to the driver's own: interceptors, stats handlers. Names are resolved
	// before a dialer that is among them is asked; use Dialer instead. Not expressible in a DSN.
	DialOptions []grpc.DialOption

	// Logger receives warnings, such as a password that travels without TLS; nil means
	// slog.Default(). Not expressible in a DSN.
	Logger *slog.Logger

	// Credentials, if not nil, is asked for user and password before each request, from several
	// goroutines at once; it should cache. An error of it is that of the request, which is not sent;
	// insert.Writer and bulk.Writer ask again where they repeat requests. User and Password must be
	// empty then. Not expressible in a DSN.
	Credentials func(ctx context.Context) (user, password string, err error)
}

var (
	_ fmt.Formatter  = Config{}
	_ fmt.Stringer   = Config{}
	_ fmt.GoStringer = Config{}
	_ slog.LogValuer = Config{}
)

// NewConfig returns a Config with all defaults filled in.
func NewConfig() *Config { return new(Config).withDefaults() }

// Clone returns a copy that shares nothing that can be changed with c, except what Dialer,
// DialOptions, Logger and Credentials refer to.
func (c *Config) Clone() *Config {
	clone := *c
	clone.Endpoints = slices.Clone(c.Endpoints)
	clone.Hints = maps.Clone(c.Hints)
	clone.DialOptions = slices.Clone(c.DialOptions)
	clone.TLS = c.TLS.Clone()
	return &clone
}

// withDefaults returns a copy of c in which every unset field has its default and every endpoint
// its port. Endpoints that are not valid stay as they are; validate tells.
func (c *Config) withDefaults() *Config {
	c = c.Clone()
	if len(c.Endpoints) == 0 {
		c.Endpoints = []string{defaultEndpoint}
	}
	for i, text := range c.Endpoints {
		if endpoint, err := parseEndpoint(text); err == nil {
			c.Endpoints[i] = endpoint
		}
	}
	c.Database = cmp.Or(c.Database, defaultDatabase)
	c.TimeZone = cmp.Or(c.TimeZone, defaultTimeZone)
	c.ConnectTimeout = cmp.Or(c.ConnectTimeout, defaultConnectTimeout)
	c.Compression = cmp.Or(c.Compression, compressionNone)
	c.AcceptCompression = cmp.Or(c.AcceptCompression, compressionNone)
	c.Balance = cmp.Or(c.Balance, balanceRandom)
	c.MaxMessageSize = cmp.Or(c.MaxMessageSize, defaultMaxMessageSize)
	c.KeepAlive = cmp.Or(c.KeepAlive, defaultKeepAlive)
	c.Insert = cmp.Or(c.Insert, insertAuto)
	c.Transactions = cmp.Or(c.Transactions, transactionsError)
	return c
}

// validate reports the first thing in c that cannot work, and what to write instead.
func (c *Config) validate() error {
	if err := c.check(); err != nil {
		return fmt.Errorf("greptime: config: %w", err)
	}
	return nil
}

// check is validate without the prefix. No message repeats what an endpoint, user or password says:
// in a DSN with an unescaped character, part of the password may have ended up there.
func (c *Config) check() error {
	seen := make(map[string]bool, len(c.Endpoints))
	for i, text := range c.Endpoints {
		endpoint, err := parseEndpoint(text)
		if err != nil {
			return fmt.Errorf("endpoint %d %w", i+1, err)
		}
		if seen[endpoint] {
			return fmt.Errorf("endpoint %d is the same as one before; name each server once", i+1)
		}
		seen[endpoint] = true
	}
	if err := c.checkCredentials(); err != nil {
		return err
	}
	if !utf8.ValidString(c.Database) {
		return errors.New("the database name is not valid UTF-8")
	}
	for i := range params {
		p := &params[i]
		if p.check == nil {
			continue
		}
		if err := p.check(c); err != nil {
			return fmt.Errorf("%s: %w", p.key, err)
		}
	}
	return nil
}

func (c *Config) checkCredentials() error {
	if c.Credentials != nil && (c.User != "" || !c.Password.IsZero()) {
		return errors.New("both Credentials and User or Password are set; set one of them")
	}
	return checkUser(c.User, c.Password.Reveal())
}

// checkUser returns why a user and a password cannot be sent.
func checkUser(user, password string) error {
	switch {
	case user == "" && password != "":
		return errors.New("there is a password but no user; write user:password@ before the host")
	case strings.ContainsRune(user, ':'):
		// Bulk loads send user and password as HTTP Basic credentials, where the first colon ends
		// the user.
		return errors.New("the user name has a colon, which GreptimeDB's authentication cannot carry")
	case !utf8.ValidString(user) || !utf8.ValidString(password):
		return errors.New("user or password is not valid UTF-8")
	}
	return nil
}

// location is the time.Location of TimeZone.
func (c *Config) location() (*time.Location, error) {
	location, err := parseTimeZone(c.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("greptime: timezone: %w", err)
	}
	return location, nil
}

// String is FormatDSN with the password replaced by ***.
func (c Config) String() string {
	return c.formatDSN(c.Password.String())
}

// GoString shows the Config as String does, so that %#v does not print the password.
func (c Config) GoString() string { return "greptime.Config(" + strconv.Quote(c.String()) + ")" }

// Format prints String for every verb and flag, and GoString for %#v. (The verbs that a Stringer
// does not cover, such as %d, would print the fields.)
func (c Config) Format(state fmt.State, verb rune) {
	if verb == 'v' && state.Flag('#') {
		io.WriteString(state, c.GoString())
		return
	}
	io.WriteString(state, c.String())
}

// LogValue makes log/slog record String.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// maxBatchBytes is how much memory one record batch of an answer may take.
func (c *Config) maxBatchBytes() int64 {
	return max(leastMaxBatchBytes, 2*int64(c.MaxMessageSize))
}
