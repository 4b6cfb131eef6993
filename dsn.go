package greptime

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

const (
	dsnScheme = "greptime://"
	dsnForm   = "greptime://[user[:password]@]host[:port][,host[:port]…][/database][?key=value&…]"
)

// errDSNEscape is the error for every sign of an unescaped character. It quotes nothing, because
// where the password ends in such a DSN is unknown.
var errDSNEscape = errors.New("greptime: DSN: a user, password, database or value contains a character that must be percent-encoded: " +
	"write @ as %40, / as %2F, ? as %3F, # as %23, : as %3A, & as %26, % as %25 and a space as %20 (url.PathEscape does most of it); the form is " + dsnForm)

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
	rest, ok := strings.CutPrefix(dsn, dsnScheme)
	if !ok {
		return nil, errDSNScheme(dsn)
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	at := strings.IndexByte(rest, '@')
	if strings.LastIndexByte(rest, '@') != at || at > end || strings.ContainsFunc(rest, mustEscape) {
		return nil, errDSNEscape
	}

	c := NewConfig()
	if at >= 0 {
		if err := c.setUserinfo(rest[:at]); err != nil {
			return nil, err
		}
	}
	if err := c.setHosts(rest[at+1 : end]); err != nil {
		return nil, err
	}
	path, query, _ := strings.Cut(rest[end:], "?")
	if database := strings.TrimPrefix(path, "/"); database != "" {
		var err error
		if strings.Contains(database, "/") {
			return nil, fmt.Errorf("greptime: DSN: there is a second / in the database; write a / in its name as %%2F; the form is %s", dsnForm)
		}
		if c.Database, err = url.PathUnescape(database); err != nil {
			return nil, errDSNEscape
		}
	}
	if query != "" {
		if err := c.setParams(query); err != nil {
			return nil, fmt.Errorf("greptime: DSN %v: %w", c, err)
		}
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("greptime: DSN %v: %w", c, err)
	}
	return c, nil
}

func mustEscape(r rune) bool { return r <= ' ' || r == '#' || r == 0x7f }

func errDSNScheme(dsn string) error {
	for _, scheme := range []string{"mysql", "postgres", "postgresql", "http", "https", "grpc", "greptimedb"} {
		if strings.HasPrefix(dsn, scheme+"://") {
			return fmt.Errorf("greptime: DSN: the scheme is %s; it must be greptime, with GreptimeDB's gRPC port (4001 by default); the form is %s", scheme, dsnForm)
		}
	}
	return fmt.Errorf("greptime: DSN does not start with %s; the form is %s", dsnScheme, dsnForm)
}

func (c *Config) setUserinfo(text string) (err error) {
	user, password, _ := strings.Cut(text, ":")
	if user == "" {
		return fmt.Errorf("greptime: DSN: there is no user before the @; the form is %s", dsnForm)
	}
	if c.User, err = url.PathUnescape(user); err != nil {
		return errDSNEscape
	}
	if password, err = url.PathUnescape(password); err != nil {
		return errDSNEscape
	}
	c.Password = NewSecret(password)
	return nil
}

func (c *Config) setHosts(text string) error {
	c.Endpoints = nil
	for host := range strings.SplitSeq(text, ",") {
		unescaped, err := url.PathUnescape(host)
		if err != nil {
			return errDSNEscape
		}
		endpoint, err := parseEndpoint(unescaped)
		if err != nil {
			return fmt.Errorf("greptime: DSN: endpoint %d %w; the form is %s", len(c.Endpoints)+1, err, dsnForm)
		}
		c.Endpoints = append(c.Endpoints, endpoint)
	}
	return nil
}

func (c *Config) setParams(query string) error {
	seen := make(map[string]bool)
	for pair := range strings.SplitSeq(query, "&") {
		key, text, _ := strings.Cut(pair, "=")
		p := paramByKey(key)
		switch {
		case key == "":
			return errors.New("a key is missing; write key=value pairs after the ?, with & between them")
		case p == nil:
			return errUnknownKey(key)
		case seen[key]:
			return fmt.Errorf("duplicate key %s", key)
		case text == "":
			return fmt.Errorf("key %s has no value; write %s=… or omit the key", key, key)
		}
		seen[key] = true
		value, err := url.PathUnescape(text)
		if err != nil {
			return fmt.Errorf("%s: a %% is not followed by two hexadecimal digits; write %%25 for a percent sign", key)
		}
		if err := p.set(c, value); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	return nil
}

// errUnknownKey returns an error that names the most similar known key, or all known keys if none
// is similar.
func errUnknownKey(key string) error {
	const longest = 64
	if len(key) > longest {
		return errors.New("unknown key of more than 64 bytes; if a value contains & or =, write %26 or %3D")
	}
	nearest, distance := "", longest+1
	keys := make([]string, len(params))
	for i, p := range params {
		keys[i] = p.key
		if d := editDistance(key, p.key); d < distance {
			nearest, distance = p.key, d
		}
	}
	if distance <= max(2, len(key)/2) {
		return fmt.Errorf("unknown key %q; did you mean %s?", key, nearest)
	}
	return fmt.Errorf("unknown key %q; known keys are %s", key, strings.Join(keys, ", "))
}

// editDistance returns the number of bytes to insert, delete or replace to turn a into b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// FormatDSN returns the DSN that ParseDSN reads as c. It contains the password, and omits the keys
// that have their default. To hide the password, print the Config itself.
func (c *Config) FormatDSN() string { return c.formatDSN(escape(c.Password.Reveal(), "")) }

// formatDSN returns the DSN with the given text in place of the password.
func (c *Config) formatDSN(password string) string {
	c = c.withDefaults()
	var b strings.Builder
	b.WriteString(dsnScheme)
	if c.User != "" {
		b.WriteString(escape(c.User, ""))
		if password != "" {
			b.WriteString(":" + password)
		}
		b.WriteString("@")
	}
	for i, endpoint := range c.Endpoints {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString(escape(endpoint, "[]:"))
	}
	b.WriteString("/" + escape(c.Database, ""))
	separator := "?"
	for _, p := range params {
		value := p.get(c)
		if value == p.fallback {
			continue
		}
		b.WriteString(separator + p.key + "=" + escape(value, "/:,="))
		separator = "&"
	}
	return b.String()
}

// escape percent-encodes every byte that is neither unreserved in a URL nor in keep.
func escape(text, keep string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			strings.IndexByte("-._~", c) >= 0, strings.IndexByte(keep, c) >= 0:
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}
