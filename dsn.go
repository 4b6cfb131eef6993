package greptime

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"strconv"

	"github.com/greptime-go/greptime/internal/dsn"
)

var (
	_ fmt.Formatter  = Config{}
	_ fmt.Stringer   = Config{}
	_ fmt.GoStringer = Config{}
	_ slog.LogValuer = Config{}
)

// ParseDSN parses a data source name:
//
//	greptime://[user[:password]@]host[:port][,host[:port]…][/database][?key=value&…]
//
// The default port is 4001, the default database public. Write an IPv6 address in brackets, and a
// Unix socket as unix:%2Fpath in place of host and port. In the user, password, database and values
// you may percent-encode every character but letters, digits and -._~, and you must encode
// @ / ? # & % and spaces; + stands for itself. The README lists the keys, which set the fields of
// [Config]. Each may occur once.
//
// Errors say what to write instead and never contain the password.
func ParseDSN(dsn string) (*Config, error) {
	c := NewConfig()
	if err := c.setDSN(dsn); err != nil {
		return nil, err
	}
	return c, nil
}

// setDSN sets the fields that a DSN names. Only errors about keys and values show the DSN, without
// the password.
func (c *Config) setDSN(text string) error {
	d, err := dsn.Parse(text)
	if err != nil {
		return err
	}
	c.User, c.Password, c.Endpoints = d.User, NewSecret(d.Password), d.Endpoints
	c.Database = cmp.Or(d.Database, c.Database)
	err = dsn.EachParam(d.Params, paramKeys(), func(key, value string) error { return paramByKey(key).set(c, value) })
	if err == nil {
		err = c.check()
	}
	if err != nil {
		return fmt.Errorf("greptime: DSN %v: %w", c, err)
	}
	return nil
}

// FormatDSN returns the DSN that ParseDSN reads as c. It contains the password, and omits the keys
// that have their default. To hide the password, print the Config itself.
func (c *Config) FormatDSN() string { return c.parts().Text() }

// parts returns the DSN of c. Params are those that do not have their default.
func (c *Config) parts() dsn.DSN {
	c = c.withDefaults()
	d := dsn.DSN{User: c.User, Password: c.Password.Reveal(), Endpoints: c.Endpoints, Database: c.Database}
	for _, p := range params {
		if value := p.get(c); value != p.fallback {
			d.Params = dsn.AppendParam(d.Params, p.key, value)
		}
	}
	return d
}

// String returns what FormatDSN returns, with the password replaced by ***.
func (c Config) String() string {
	return c.parts().Redacted()
}

// GoString returns the Config without the password, as String does, for %#v.
func (c Config) GoString() string { return "greptime.Config(" + strconv.Quote(c.String()) + ")" }

// Format writes String for every verb and flag, and GoString for %#v. (Verbs that do not use
// String, such as %d, would print the fields.)
func (c Config) Format(state fmt.State, verb rune) {
	if verb == 'v' && state.Flag('#') {
		io.WriteString(state, c.GoString())
		return
	}
	io.WriteString(state, c.String())
}

// LogValue returns String for log/slog.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }
