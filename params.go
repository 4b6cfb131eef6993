package greptime

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Values of the keys that accept one of a few words.
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
			_, err := parseTimeZone(c.TimeZone)
			return err
		},
	},
	{
		key: "timeout", values: "duration, `none`", fallback: "none",
		meaning: "limit for a whole query if its context has no deadline",
		get:     func(c *Config) string { return durationOrNone(c.Timeout) },
		set:     func(c *Config, value string) error { return setDurationOrNone(&c.Timeout, value) },
		check:   func(c *Config) error { return checkNotNegative(c.Timeout) },
	},
	{
		key: "connect_timeout", values: "duration", fallback: "5s",
		meaning: "how long a request waits for a usable channel",
		get:     func(c *Config) string { return c.ConnectTimeout.String() },
		set:     func(c *Config, value string) error { return setDuration(&c.ConnectTimeout, value) },
		check:   func(c *Config) error { return checkNotNegative(c.ConnectTimeout) },
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
		set:   func(c *Config, value string) error { return setBool(&c.TLSEnabled, value, "off", "on") },
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
		get:     func(c *Config) string { return formatHints(c.Hints) },
		set: func(c *Config, value string) (err error) {
			c.Hints, err = parseHints(value)
			return err
		},
		check: func(c *Config) error { return checkHints(c.Hints) },
	},
	{
		key: "max_message_size", values: "bytes, `64KiB`, `512MiB`", fallback: "512MiB",
		meaning: "limit of a gRPC message, sent or received",
		get:     func(c *Config) string { return formatSize(c.MaxMessageSize) },
		set: func(c *Config, value string) (err error) {
			c.MaxMessageSize, err = parseSize(value)
			return err
		},
		check: func(c *Config) error {
			if c.MaxMessageSize < 0 || c.MaxMessageSize > math.MaxInt32 {
				return errSizeRange
			}
			return nil
		},
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
		set: func(c *Config, value string) error {
			if value == "0" {
				c.KeepAlive = keepAliveOff
				return nil
			}
			return setDuration(&c.KeepAlive, value)
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
		get:     func(c *Config) string { return durationOrNone(c.TimeTruncate) },
		set:     func(c *Config, value string) error { return setDurationOrNone(&c.TimeTruncate, value) },
		check:   func(c *Config) error { return checkNotNegative(c.TimeTruncate) },
	},
	{
		key: "multi_statements", values: "`false`, `true`", fallback: "false",
		meaning: "allow several statements in one text, which run one by one",
		get:     func(c *Config) string { return strconv.FormatBool(c.MultiStatements) },
		set:     func(c *Config, value string) error { return setBool(&c.MultiStatements, value, "false", "true") },
	},
	wordParam("transactions", "GreptimeDB has no transactions: with `error`, `BeginTx`, `BEGIN`, `COMMIT` and so on return an error; with `ignore` they do nothing",
		func(c *Config) *string { return &c.Transactions },
		transactionsError, transactionsIgnore),
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
			if value := *field(c); value != "" && !slices.Contains(words, value) {
				return errNotOneOf(value, words...)
			}
			return nil
		},
	}
}

func errNotOneOf(value string, words ...string) error {
	return fmt.Errorf("%q is not one of %s", value, strings.Join(words, ", "))
}

func setBool(field *bool, value, no, yes string) error {
	if value != no && value != yes {
		return errNotOneOf(value, no, yes)
	}
	*field = value == yes
	return nil
}

func setDuration(field *time.Duration, value string) error {
	d, err := time.ParseDuration(value)
	if err != nil || d <= 0 {
		return fmt.Errorf("%q is not a positive duration; write it like 500ms, 30s or 2m", value)
	}
	*field = d
	return nil
}

// setDurationOrNone reads a duration, or none, which is 0.
func setDurationOrNone(field *time.Duration, value string) error {
	if value == "none" {
		*field = 0
		return nil
	}
	return setDuration(field, value)
}

func durationOrNone(d time.Duration) string {
	if d == 0 {
		return "none"
	}
	return d.String()
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

// parseHints reads k=v,k2=v2. It leaves the check of keys and values to checkHints.
func parseHints(text string) (map[string]string, error) {
	hints := make(map[string]string)
	for pair := range strings.SplitSeq(text, ",") {
		key, value, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, fmt.Errorf("%q is not key=value; write hints=key=value,key2=value2", pair)
		}
		if _, twice := hints[key]; twice {
			return nil, fmt.Errorf("duplicate hint %q", key)
		}
		hints[key] = value
	}
	return hints, nil
}

// formatHints returns the text that parseHints reads, in the order of the keys. It is also the
// value of the x-greptime-hints header.
func formatHints(hints map[string]string) string {
	pairs := make([]string, 0, len(hints))
	for _, key := range slices.Sorted(maps.Keys(hints)) {
		pairs = append(pairs, key+"="+hints[key])
	}
	return strings.Join(pairs, ",")
}

// checkHints refuses hints that the server would read differently: it splits the header at commas
// and each pair at its first '=', and trims both parts. A header value must be printable ASCII.
func checkHints(hints map[string]string) error {
	for _, key := range slices.Sorted(maps.Keys(hints)) {
		value := hints[key]
		switch {
		case !isHintText(key) || strings.Contains(key, "="):
			return fmt.Errorf("hint key %q: a key must not be empty, must be printable ASCII without ',' or '=', and must not begin or end with a space", key)
		case !isHintText(value):
			return fmt.Errorf("hint %s: value %q: a value must not be empty, must be printable ASCII without ',', and must not begin or end with a space", key, value)
		}
	}
	return nil
}

func isHintText(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' || text[i] == ',' {
			return false
		}
	}
	return text != "" && strings.Trim(text, " ") == text
}

var sizeUnits = []struct {
	suffix string
	bytes  int
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}

var errSizeRange = errors.New("a message size must be at least 1 byte and less than 2GiB")

func parseSize(text string) (int, error) {
	digits, unit := text, 1
	for _, u := range sizeUnits {
		if number, ok := strings.CutSuffix(text, u.suffix); ok {
			digits, unit = number, u.bytes
		}
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	if errors.Is(err, strconv.ErrSyntax) {
		return 0, fmt.Errorf("%q is not a size; write bytes, or a whole number of KiB, MiB or GiB, like 64MiB", text)
	}
	if err != nil || n == 0 || n > uint64(math.MaxInt32/unit) {
		return 0, errSizeRange
	}
	return int(n) * unit, nil
}

func formatSize(size int) string {
	for _, unit := range sizeUnits {
		if size%unit.bytes == 0 {
			return strconv.Itoa(size/unit.bytes) + unit.suffix
		}
	}
	return strconv.Itoa(size)
}
