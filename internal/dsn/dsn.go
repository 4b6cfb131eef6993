// Package dsn has the forms of a data source name and of the values in it, as text: it splits
// and writes DSNs, and reads and writes endpoints, time zones, durations, sizes and hints. It
// knows neither the keys nor what they set; the caller hands them in.
//
// The errors are those that users see. They say what to write instead.
package dsn

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

const (
	scheme = "greptime://"
	form   = "greptime://[user[:password]@]host[:port][,host[:port]…][/database][?key=value&…]"
)

// errEscape is the error for every sign of an unescaped character. It quotes nothing, because
// where the password ends in such a DSN is unknown.
var errEscape = errors.New("greptime: DSN: a user, password, database or value contains a character that must be percent-encoded: " +
	"write @ as %40, / as %2F, ? as %3F, # as %23, : as %3A, & as %26, % as %25 and a space as %20 (url.PathEscape does most of it); the form is " + form)

// DSN is a data source name in its parts, unescaped but for Params. Do not print one: it holds the
// password.
type DSN struct {
	User      string
	Password  string
	Endpoints []string // at least one, each with its port
	Database  string   // "" if the text names none
	Params    string   // key=value&key=value, for EachParam
}

// Parse splits a DSN. It does not look into Params. Errors do not quote the text, because in a DSN
// with an unescaped character where the password ends is unknown.
func Parse(text string) (DSN, error) {
	rest, ok := strings.CutPrefix(text, scheme)
	if !ok {
		return DSN{}, errScheme(text)
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	at := strings.IndexByte(rest, '@')
	if strings.LastIndexByte(rest, '@') != at || at > end || strings.ContainsFunc(rest, mustEscape) {
		return DSN{}, errEscape
	}
	var d DSN
	if at >= 0 {
		if err := d.setUserinfo(rest[:at]); err != nil {
			return DSN{}, err
		}
	}
	if err := d.setHosts(rest[at+1 : end]); err != nil {
		return DSN{}, err
	}
	path, params, _ := strings.Cut(rest[end:], "?")
	if err := d.setDatabase(strings.TrimPrefix(path, "/")); err != nil {
		return DSN{}, err
	}
	d.Params = params
	return d, nil
}

// mustEscape reports whether r must not stand anywhere in a DSN unescaped.
func mustEscape(r rune) bool { return r <= ' ' || r == '#' || r == 0x7f }

// errScheme returns the error for a text that does not begin with scheme.
func errScheme(text string) error {
	for _, other := range []string{"mysql", "postgres", "postgresql", "http", "https", "grpc", "greptimedb"} {
		if strings.HasPrefix(text, other+"://") {
			return fmt.Errorf("greptime: DSN: the scheme is %s; it must be greptime, with GreptimeDB's gRPC port (4001 by default); the form is %s", other, form)
		}
	}
	return fmt.Errorf("greptime: DSN does not start with %s; the form is %s", scheme, form)
}

func (d *DSN) setUserinfo(text string) (err error) {
	user, password, _ := strings.Cut(text, ":")
	if user == "" {
		return fmt.Errorf("greptime: DSN: there is no user before the @; the form is %s", form)
	}
	if d.User, err = url.PathUnescape(user); err != nil {
		return errEscape
	}
	if d.Password, err = url.PathUnescape(password); err != nil {
		return errEscape
	}
	return nil
}

func (d *DSN) setHosts(text string) error {
	for host := range strings.SplitSeq(text, ",") {
		unescaped, err := url.PathUnescape(host)
		if err != nil {
			return errEscape
		}
		endpoint, err := ParseEndpoint(unescaped)
		if err != nil {
			return fmt.Errorf("greptime: DSN: endpoint %d %w; the form is %s", len(d.Endpoints)+1, err, form)
		}
		d.Endpoints = append(d.Endpoints, endpoint)
	}
	return nil
}

func (d *DSN) setDatabase(text string) (err error) {
	if strings.Contains(text, "/") {
		return fmt.Errorf("greptime: DSN: there is a second / in the database; write a / in its name as %%2F; the form is %s", form)
	}
	if d.Database, err = url.PathUnescape(text); err != nil {
		return errEscape
	}
	return nil
}

// Text returns the DSN that Parse reads as d. It contains the password.
func (d DSN) Text() string { return d.text(escape(d.Password, "")) }

// Redacted returns what Text does, with the password replaced by ***.
func (d DSN) Redacted() string {
	if d.Password == "" {
		return d.text("")
	}
	return d.text("***")
}

// text returns the DSN with the given text in place of the password.
func (d DSN) text(password string) string {
	var b strings.Builder
	b.WriteString(scheme)
	if d.User != "" {
		b.WriteString(escape(d.User, ""))
		if password != "" {
			b.WriteString(":" + password)
		}
		b.WriteString("@")
	}
	for i, endpoint := range d.Endpoints {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString(escape(endpoint, "[]:"))
	}
	b.WriteString("/" + escape(d.Database, ""))
	if d.Params != "" {
		b.WriteString("?" + d.Params)
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
