package greptime

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/greptime-go/greptime/internal/dsn"
)

// param is one key of the DSN. The registry of them, params, feeds the parser, the formatter, the
// checks of Config and the table in the README.
type param struct {
	key      string
	values   string // the values that it accepts, for readers
	fallback string // the default as written in a DSN; "" if there is none
	meaning  string

	// get returns the field as set reads it. The defaults of the Config are set.
	get func(c *Config) string
	// set reads a value that is not empty.
	set func(c *Config, value string) error
	// check returns an error for a value that cannot work. It is nil if every value can. It also gets
	// Configs that do not come from a DSN, and zero values, which stand for the default.
	check func(c *Config) error
}

var params = []param{
	{
		key: "timezone", values: "IANA name, `+08:00`", fallback: defaultTimeZone,
		meaning: "zone of times without a zone in SQL text, and of `time.Time` values in results",
		get:     func(c *Config) string { return c.TimeZone },
		set:     func(c *Config, value string) error { c.TimeZone = value; return nil },
		check: func(c *Config) error {
			_, err := dsn.ParseTimeZone(c.TimeZone)
			return err
		},
	},
	{
		key: "timeout", values: "duration, `none`", fallback: "none",
		meaning: "limit for a whole statement, insert or delete if its context has no deadline; a write that exceeds it may have been written; bulk loads have `bulk.Options.Timeout`",
		get:     func(c *Config) string { return dsn.FormatDurationOrNone(c.Timeout) },
		set: func(c *Config, value string) (err error) {
			c.Timeout, err = dsn.ParseDurationOrNone(value)
			return err
		},
		check: func(c *Config) error { return checkNotNegative(c.Timeout) },
	},
	{
		key: "connect_timeout", values: "duration", fallback: "5s",
		meaning: "how long a request waits for a usable channel to an endpoint",
		get:     func(c *Config) string { return c.ConnectTimeout.String() },
		set: func(c *Config, value string) (err error) {
			c.ConnectTimeout, err = dsn.ParseDuration(value)
			return err
		},
		check: func(c *Config) error { return checkNotNegative(c.ConnectTimeout) },
	},
	{
		key: "tls", values: "`off`, `on`", fallback: "off",
		meaning: "TLS, verified with the system's root certificates or `tls_ca`",
		get: func(c *Config) string {
			if c.TLSEnabled || c.TLS != nil {
				return "on"
			}
			return "off"
		},
		set: func(c *Config, value string) (err error) {
			c.TLSEnabled, err = dsn.ParseBool(value, "off", "on")
			return err
		},
		check: checkTLS,
	},
	textParam("tls_ca", "file", "root certificates in PEM, in place of the system's",
		func(c *Config) *string { return &c.TLSCA }),
	textParam("tls_cert", "file", "client certificate in PEM; needs `tls_key`",
		func(c *Config) *string { return &c.TLSCert }),
	textParam("tls_key", "file", "key of the client certificate, in PEM",
		func(c *Config) *string { return &c.TLSKey }),
	textParam("tls_server_name", "name", "name to verify in the server's certificate, in place of the host",
		func(c *Config) *string { return &c.TLSServerName }),
	wordParam("compression", "gRPC compression of requests",
		func(c *Config) *string { return &c.Compression },
		compressionNone, compressionGzip, compressionZstd),
	wordParam("accept_compression", "gRPC compression of responses, on top of the LZ4 of record batches",
		func(c *Config) *string { return &c.AcceptCompression },
		compressionNone, compressionGzip, compressionZstd),
	wordParam("balance", "how to choose among several endpoints; `ordered` prefers the first",
		func(c *Config) *string { return &c.Balance },
		balanceRandom, balanceRoundRobin, balanceOrdered),
	{
		key: "connections", values: "1 … 1000", fallback: "1",
		meaning: "HTTP/2 connections to each endpoint, opened as concurrent calls need them; more than one helps against a proxy's limit of streams, and on machines with many cores",
		get:     func(c *Config) string { return strconv.Itoa(c.Connections) },
		set: func(c *Config, value string) error {
			n, err := strconv.Atoi(value)
			if err != nil || n == 0 {
				return fmt.Errorf("%q is not a number of connections; write 1 to %d", value, maxConnections)
			}
			c.Connections = n
			return nil
		},
		check: func(c *Config) error {
			if c.Connections < 0 || c.Connections > maxConnections {
				return fmt.Errorf("%d is not a number of connections; it must be from 1 to %d", c.Connections, maxConnections)
			}
			return nil
		},
	},
	{
		key: "hints", values: "`k=v,k2=v2`",
		meaning: "hints for inserts and queries, such as `append_mode=true,ttl=7d`; bulk loads do not send them",
		get:     func(c *Config) string { return dsn.FormatHints(c.Hints) },
		set: func(c *Config, value string) (err error) {
			c.Hints, err = dsn.ParseHints(value)
			return err
		},
		check: func(c *Config) error { return dsn.CheckHints(c.Hints) },
	},
	{
		key: "max_message_size", values: "bytes, `64KiB`, `512MiB`", fallback: "512MiB",
		meaning: "limit of a gRPC message, sent or received",
		get:     func(c *Config) string { return dsn.FormatSize(c.MaxMessageSize) },
		set: func(c *Config, value string) (err error) {
			c.MaxMessageSize, err = dsn.ParseSize(value)
			return err
		},
		check: func(c *Config) error { return dsn.CheckSize(c.MaxMessageSize) },
	},
	{
		key: "keepalive", values: "duration ≥ 10s, `0`", fallback: "30s",
		meaning: "interval of HTTP/2 pings, also on idle connections; `0` means no pings",
		get: func(c *Config) string {
			if c.KeepAlive < 0 {
				return "0"
			}
			return c.KeepAlive.String()
		},
		set: func(c *Config, value string) (err error) {
			if value == "0" {
				c.KeepAlive = keepAliveOff
				return nil
			}
			c.KeepAlive, err = dsn.ParseDuration(value)
			return err
		},
		check: func(c *Config) error {
			if c.KeepAlive > 0 && c.KeepAlive < minKeepAlive {
				return fmt.Errorf("%v is too short; the minimum is %v", c.KeepAlive, minKeepAlive)
			}
			return nil
		},
	},
	wordParam("insert", "how `INSERT … VALUES` travels: `auto` natively where that stores the same, else as text; `sql` as text; `native` natively, or it is an error",
		func(c *Config) *string { return &c.Insert },
		insertAuto, insertSQL, insertNative),
	{
		key: "time_truncate", values: "duration, `none`", fallback: "none",
		meaning: "cut `time.Time` arguments to a multiple of this, towards the past; `1ms` makes comparisons with TIMESTAMP(3) the same on all versions",
		get:     func(c *Config) string { return dsn.FormatDurationOrNone(c.TimeTruncate) },
		set: func(c *Config, value string) (err error) {
			c.TimeTruncate, err = dsn.ParseDurationOrNone(value)
			return err
		},
		check: func(c *Config) error { return checkNotNegative(c.TimeTruncate) },
	},
	{
		key: "multi_statements", values: "`false`, `true`", fallback: "false",
		meaning: "allow several statements in one text, which run one by one",
		get:     func(c *Config) string { return strconv.FormatBool(c.MultiStatements) },
		set: func(c *Config, value string) (err error) {
			c.MultiStatements, err = dsn.ParseBool(value, "false", "true")
			return err
		},
	},
	wordParam("transactions", "GreptimeDB has no transactions: with `error`, `BeginTx`, `BEGIN`, `COMMIT` and so on return an error; with `ignore` they do nothing, but a Rollback after a write, an isolation level, a write in a read-only transaction, and a second transaction of a connection while one is open are errors",
		func(c *Config) *string { return &c.Transactions },
		transactionsError, transactionsIgnore),
}

// paramKeys returns all keys, in the order of the registry.
func paramKeys() []string {
	keys := make([]string, len(params))
	for i, p := range params {
		keys[i] = p.key
	}
	return keys
}

// paramByKey returns the param of a key, or nil for an unknown key.
func paramByKey(key string) *param {
	for i := range params {
		if params[i].key == key {
			return &params[i]
		}
	}
	return nil
}

// textParam returns the param of a key that accepts any text and is empty by default.
func textParam(key, values, meaning string, field func(*Config) *string) param {
	return param{
		key: key, values: values, meaning: meaning,
		get: func(c *Config) string { return *field(c) },
		set: func(c *Config, value string) error { *field(c) = value; return nil },
	}
}

// wordParam returns the param of a key that accepts one of words. The first is the default.
func wordParam(key, meaning string, field func(*Config) *string, words ...string) param {
	return param{
		key: key, values: "`" + strings.Join(words, "`, `") + "`", fallback: words[0], meaning: meaning,
		get: func(c *Config) string { return *field(c) },
		set: func(c *Config, value string) error { *field(c) = value; return nil },
		check: func(c *Config) error {
			if *field(c) == "" {
				return nil
			}
			return dsn.CheckWord(*field(c), words...)
		},
	}
}

func checkNotNegative(d time.Duration) error {
	if d < 0 {
		return fmt.Errorf("%v is negative", d)
	}
	return nil
}

func checkTLS(c *Config) error {
	files := c.TLSCA != "" || c.TLSCert != "" || c.TLSKey != "" || c.TLSServerName != ""
	switch {
	case files && !c.TLSEnabled && c.TLS == nil:
		return errors.New("tls_ca, tls_cert, tls_key and tls_server_name have no effect without tls=on")
	case (c.TLSCert == "") != (c.TLSKey == ""):
		return errors.New("tls_cert and tls_key belong together; set both or neither")
	}
	return nil
}

// validate reports the first thing in c that cannot work, and what to write instead.
func (c *Config) validate() error {
	if err := c.check(); err != nil {
		return fmt.Errorf("greptime: config: %w", err)
	}
	return nil
}

// check does what validate does, without the prefix. No message quotes an endpoint, user or
// password: in a DSN with an unescaped character, part of the password may be in any of them.
func (c *Config) check() error {
	seen := make(map[string]bool, len(c.Endpoints))
	for i, text := range c.Endpoints {
		endpoint, err := dsn.ParseEndpoint(text)
		if err != nil {
			return fmt.Errorf("endpoint %d %w", i+1, err)
		}
		if seen[endpoint] {
			return fmt.Errorf("endpoint %d is the same as an earlier one; name each server once", i+1)
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

// checkUser returns an error if a user and password cannot be sent.
func checkUser(user, password string) error {
	switch {
	case user == "" && password != "":
		return errors.New("there is a password but no user; write user:password@ before the host")
	case strings.ContainsRune(user, ':'):
		// Bulk loads send user and password as HTTP Basic credentials, where the first colon ends
		// the user.
		return errors.New("the user name contains a colon, which GreptimeDB's authentication does not support")
	case !utf8.ValidString(user) || !utf8.ValidString(password):
		return errors.New("user or password is not valid UTF-8")
	}
	return nil
}
