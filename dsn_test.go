package greptime

import (
	"crypto/tls"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestParseDSN(t *testing.T) {
	t.Parallel()
	tests := []struct {
		dsn  string
		want func(*Config) // changes to NewConfig()
		// canonical is what FormatDSN writes; "" if that is dsn.
		canonical string
	}{
		{"greptime://localhost", func(*Config) {}, "greptime://localhost:4001/public"},
		{"greptime://localhost/", func(*Config) {}, "greptime://localhost:4001/public"},
		{"greptime://localhost?", func(*Config) {}, "greptime://localhost:4001/public"},
		{"greptime://localhost:4001/public", func(*Config) {}, ""},
		{"greptime://h:04001/db", func(c *Config) { c.Endpoints, c.Database = []string{"h:4001"}, "db" }, "greptime://h:4001/db"},
		{"greptime://[::1]:4001,h2:5,[2001:DB8::1]", func(c *Config) {
			c.Endpoints = []string{"[::1]:4001", "h2:5", "[2001:db8::1]:4001"}
		}, "greptime://[::1]:4001,h2:5,[2001:db8::1]:4001/public"},
		{"greptime://[fe80::1%25eth0]:4001/public", func(c *Config) { c.Endpoints = []string{"[fe80::1%eth0]:4001"} }, ""},
		{"greptime://unix:%2Frun%2Fgreptime.sock/public", func(c *Config) { c.Endpoints = []string{"unix:/run/greptime.sock"} }, ""},
		{"greptime://unix:%2F%2F%2Frun%2Fa%2Cb%20c,h:1/db", func(c *Config) {
			c.Endpoints, c.Database = []string{"unix:/run/a,b c", "h:1"}, "db"
		}, "greptime://unix:%2Frun%2Fa%2Cb%20c,h:1/db"},
		{"greptime://u:p@unix:%40greptime/public", func(c *Config) {
			c.User, c.Password, c.Endpoints = "u", NewSecret("p"), []string{"unix:@greptime"}
		}, ""},
		{"greptime://unix:4001/public", func(c *Config) { c.Endpoints = []string{"unix:4001"} }, ""},
		{"greptime://my_host-1.example.com:4001/public", func(c *Config) { c.Endpoints = []string{"my_host-1.example.com:4001"} }, ""},
		{"greptime://alice@localhost:4001/public", func(c *Config) { c.User = "alice" }, ""},
		{"greptime://alice:@localhost:4001/public", func(c *Config) { c.User = "alice" }, "greptime://alice@localhost:4001/public"},
		{"greptime://alice:secret@localhost:4001/public", func(c *Config) { c.User, c.Password = "alice", NewSecret("secret") }, ""},
		{"greptime://a%40b:p%40%2F%3F%23%3A%25%20%26+%2B@localhost:4001/public", func(c *Config) {
			c.User, c.Password = "a@b", NewSecret("p@/?#:% &++")
		}, "greptime://a%40b:p%40%2F%3F%23%3A%25%20%26%2B%2B@localhost:4001/public"},
		{"greptime://alice:a:b@localhost:4001/public", func(c *Config) { c.User, c.Password = "alice", NewSecret("a:b") }, "greptime://alice:a%3Ab@localhost:4001/public"},
		{"greptime://älice:ß@localhost:4001/Größe", func(c *Config) {
			c.User, c.Password, c.Database = "älice", NewSecret("ß"), "Größe"
		}, "greptime://%C3%A4lice:%C3%9F@localhost:4001/Gr%C3%B6%C3%9Fe"},
		{"greptime://localhost:4001/My-Db.x", func(c *Config) { c.Database = "My-Db.x" }, ""},
		{"greptime://localhost:4001/a%2Fb", func(c *Config) { c.Database = "a/b" }, ""},
		{"greptime://localhost:4001/public?timezone=Asia/Shanghai", func(c *Config) { c.TimeZone = "Asia/Shanghai" }, ""},
		{"greptime://localhost:4001/public?timezone=+08:00", func(c *Config) { c.TimeZone = "+08:00" }, "greptime://localhost:4001/public?timezone=%2B08:00"},
		{"greptime://localhost:4001/public?timezone=-3:30", func(c *Config) { c.TimeZone = "-3:30" }, ""},
		{"greptime://localhost:4001/public?timezone=UTC", func(*Config) {}, "greptime://localhost:4001/public"},
		{"greptime://localhost:4001/public?timeout=90s&connect_timeout=500ms", func(c *Config) {
			c.Timeout, c.ConnectTimeout = 90*time.Second, 500*time.Millisecond
		}, "greptime://localhost:4001/public?timeout=1m30s&connect_timeout=500ms"},
		{"greptime://localhost:4001/public?timeout=none", func(*Config) {}, "greptime://localhost:4001/public"},
		{"greptime://localhost:4001/public?tls=on", func(c *Config) { c.TLSEnabled = true }, ""},
		{"greptime://localhost:4001/public?tls=off", func(*Config) {}, "greptime://localhost:4001/public"},
		{"greptime://localhost:4001/public?tls_ca=/etc/ca.pem&tls=on&tls_key=k%26.pem&tls_cert=c.pem&tls_server_name=db", func(c *Config) {
			c.TLSEnabled, c.TLSCA, c.TLSCert, c.TLSKey, c.TLSServerName = true, "/etc/ca.pem", "c.pem", "k&.pem", "db"
		}, "greptime://localhost:4001/public?tls=on&tls_ca=/etc/ca.pem&tls_cert=c.pem&tls_key=k%26.pem&tls_server_name=db"},
		{"greptime://localhost:4001/public?compression=gzip&accept_compression=zstd&balance=round_robin", func(c *Config) {
			c.Compression, c.AcceptCompression, c.Balance = "gzip", "zstd", "round_robin"
		}, ""},
		{"greptime://localhost:4001/public?hints=ttl=7d,append_mode=true,comment=a%20b=c", func(c *Config) {
			c.Hints = map[string]string{"append_mode": "true", "ttl": "7d", "comment": "a b=c"}
		}, "greptime://localhost:4001/public?hints=append_mode=true,comment=a%20b=c,ttl=7d"},
		{"greptime://localhost:4001/public?max_message_size=64KiB", func(c *Config) { c.MaxMessageSize = 64 << 10 }, ""},
		{"greptime://localhost:4001/public?max_message_size=1048577", func(c *Config) { c.MaxMessageSize = 1<<20 + 1 }, ""},
		{"greptime://localhost:4001/public?connections=4", func(c *Config) { c.Connections = 4 }, ""},
		{"greptime://localhost:4001/public?connections=1", func(c *Config) {}, "greptime://localhost:4001/public"},
		{"greptime://localhost:4001/public?keepalive=0", func(c *Config) { c.KeepAlive = -1 }, ""},
		{"greptime://localhost:4001/public?keepalive=10s", func(c *Config) { c.KeepAlive = 10 * time.Second }, ""},
		{"greptime://localhost:4001/public?time_truncate=1ms", func(c *Config) { c.TimeTruncate = time.Millisecond }, ""},
		{"greptime://localhost:4001/public?time_truncate=none", func(c *Config) {}, "greptime://localhost:4001/public"},
		{"greptime://localhost:4001/public?insert=native", func(c *Config) { c.Insert = "native" }, ""},
		{"greptime://localhost:4001/public?multi_statements=true&transactions=ignore", func(c *Config) {
			c.MultiStatements, c.Transactions = true, "ignore"
		}, ""},
	}
	for _, test := range tests {
		want := NewConfig()
		test.want(want)
		got, err := ParseDSN(test.dsn)
		if err != nil {
			t.Errorf("%s: %v", test.dsn, err)
			continue
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s is read as\n%s, want\n%s", test.dsn, got.FormatDSN(), want.FormatDSN())
		}
		canonical := test.canonical
		if canonical == "" {
			canonical = test.dsn
		}
		if formatted := got.FormatDSN(); formatted != canonical {
			t.Errorf("%s is written as %s, want %s", test.dsn, formatted, canonical)
		}
		checkFixedPoint(t, got)
	}
}

func checkFixedPoint(t *testing.T, c *Config) {
	t.Helper()
	again, err := ParseDSN(c.FormatDSN())
	if err != nil {
		t.Fatalf("%s, written by FormatDSN: %v", c.FormatDSN(), err)
	}
	if !reflect.DeepEqual(again, c) {
		t.Errorf("%#v\nis written as %s and read as\n%#v", c, c.FormatDSN(), again)
	}
}

func TestParseDSNSaysWhatToWriteInstead(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	const escapes = "write @ as %40, / as %2F, ? as %3F, # as %23"
	tests := []struct{ dsn, want string }{
		{"", "the form is greptime://[user"},
		{"localhost:4001", "does not start with greptime://"},
		{"Greptime://localhost", "does not start with greptime://"},
		{"mysql://root:hunter2@localhost:4002/db", "the scheme is mysql"},
		{"root:hunter2@tcp(localhost:4002)/db", "does not start with greptime://"},
		{"hunter2://localhost", "does not start with greptime://"},

		{"greptime://", "endpoint 1 is empty"},
		{"greptime:///public", "endpoint 1 is empty"},
		{"greptime://alice:hunter2@", "endpoint 1 is empty"},
		{"greptime://a,,b", "endpoint 2 is empty"},
		{"greptime://a,a:4001", "endpoint 2 is the same"},
		{"greptime://:4001", "endpoint 1 is not host:port"},
		{"greptime://h:", "no valid port"},
		{"greptime://unix:/run/greptime.sock", "endpoint 1 is not a Unix socket; write unix: and its path"},
		{"greptime://unix:%40", "endpoint 1 is not a Unix socket"},
		{"greptime://unix:%2F%2Fhost%2Frun", "endpoint 1 is not a Unix socket"},
		{"greptime://unix:%2Frun%0A", "endpoint 1 is not a Unix socket"},
		{"greptime://h:0", "no valid port"},
		{"greptime://h:65536", "no valid port"},
		{"greptime://h:+1", "no valid port"},
		{"greptime://alice:hunter2", "no valid port"},
		{"greptime://alice:hunter2/public", "no valid port"},
		{"greptime://::1:4001", "IPv6 address is written in brackets"},
		{"greptime://[::1", "IPv6 address is written in brackets"},
		{"greptime://[::1]4001", "IPv6 address is written in brackets"},
		{"greptime://[127.0.0.1]:4001", "IPv6 address is written in brackets"},
		{"greptime://[fe80::1%25a%2Cb]", "IPv6 address is written in brackets"},
		{"greptime://höst", "not host:port"},
		{"greptime://tcp(localhost)", "not host:port"},

		{"greptime://@localhost", "no user before the @"},
		{"greptime://:hunter2@localhost", "no user before the @"},
		{"greptime://a%3Ab:hunter2@localhost", "colon"},
		{"greptime://alice:%ff@localhost", "UTF-8"},
		{"greptime://alice:hunter2@x@localhost", escapes},
		{"greptime://alice:x@hunter2@localhost", escapes},
		{"greptime://alice:hunter2/x@localhost", escapes},
		{"greptime://alice:x/hunter2@localhost/db", escapes},
		{"greptime://alice:1/hunter2@localhost/db", escapes},
		{"greptime://alice:1?timezone=hunter2@localhost/db", escapes},
		{"greptime://alice:hunter2?x@localhost/db", escapes},
		{"greptime://alice:x#hunter2@localhost/db", escapes},
		{"greptime://alice:1#hunter2", escapes},
		{"greptime://alice:x hunter2@localhost/db", escapes},
		{"greptime://alice:hunter2\n@localhost/db", escapes},
		{"greptime://alice:hunter2@localhost/db\n", escapes},
		{"greptime://alice:%hunter2@localhost/db", escapes},
		{"greptime://alice:hunter2%@localhost/db", escapes},
		{"greptime://%zz:hunter2@localhost/db", escapes},
		{"greptime://alice:hunter2@loc%zzlhost/db", escapes},
		{"greptime://alice:hunter2@localhost/d%b", escapes},
		{"greptime://alice:hunter2@localhost/db?hints=a=b@c", escapes},

		{"greptime://alice:hunter2@localhost/a/b", "write a / in its name as %2F"},
		{"greptime://alice:hunter2@localhost/db/", "write a / in its name as %2F"},
		{"greptime://alice:hunter2@localhost/%ff", "database name is not valid UTF-8"},

		{"greptime://alice:hunter2@localhost/db?=on", "a key is missing"},
		{"greptime://alice:hunter2@localhost/db?tls=on&", "a key is missing"},
		{"greptime://alice:hunter2@localhost/db?timezon=UTC", `unknown key "timezon"; did you mean timezone?`},
		{"greptime://alice:hunter2@localhost/db?TimeZone=UTC", "did you mean timezone?"},
		{"greptime://alice:hunter2@localhost/db?time_out=1s", "did you mean timeout?"},
		{"greptime://alice:hunter2@localhost/db?maxMessageSize=1", "did you mean max_message_size?"},
		{"greptime://alice:hunter2@localhost/db?zzzz=1", "known keys are timezone, timeout,"},
		{"greptime://localhost/db?password=hunter2", "known keys are timezone, timeout,"},
		{"greptime://localhost/db?" + strings.Repeat("k", 100), "more than 64 bytes"},
		{"greptime://alice:hunter2@localhost/db?tls=on&tls=on", "duplicate key tls"},
		{"greptime://alice:hunter2@localhost/db?tls", "key tls has no value"},
		{"greptime://alice:hunter2@localhost/db?timezone=", "key timezone has no value"},
		{"greptime://alice:hunter2@localhost/db?timezone=%zz", "timezone: a % is not followed by two hexadecimal digits"},
		{"greptime://alice:hunter2@localhost/db?timezone=Local", "does not know the time zone"},
		{"greptime://alice:hunter2@localhost/db?timeout=5", `timeout: "5" is not a positive duration; write it like`},
		{"greptime://alice:hunter2@localhost/db?timeout=-5s", "not a positive duration"},
		{"greptime://alice:hunter2@localhost/db?connect_timeout=0s", "not a positive duration"},
		{"greptime://alice:hunter2@localhost/db?keepalive=5s", "keepalive: 5s is too short; the minimum is 10s"},
		{"greptime://alice:hunter2@localhost/db?keepalive=off", "not a positive duration"},
		{"greptime://alice:hunter2@localhost/db?connections=0", `connections: "0" is not a number of connections; write 1 to 1000`},
		{"greptime://alice:hunter2@localhost/db?connections=many", `"many" is not a number of connections`},
		{"greptime://alice:hunter2@localhost/db?connections=-1", "must be from 1 to 1000"},
		{"greptime://alice:hunter2@localhost/db?connections=1001", "must be from 1 to 1000"},
		{"greptime://alice:hunter2@localhost/db?tls=true", `"true" is not one of off, on`},
		{"greptime://alice:hunter2@localhost/db?tls_ca=f", "without tls=on"},
		{"greptime://alice:hunter2@localhost/db?multi_statements=yes", "not one of false, true"},
		{"greptime://alice:hunter2@localhost/db?compression=lz4", "not one of none, gzip, zstd"},
		{"greptime://alice:hunter2@localhost/db?max_message_size=1GB", "not a size"},
		{"greptime://alice:hunter2@localhost/db?hints=ttl", `"ttl" is not key=value`},
		{"greptime://alice:hunter2@localhost/db?hints=a=b,a=c", `duplicate hint "a"`},
		{"greptime://alice:hunter2@localhost/db?hints=a=", "hint a"},
	}
	for _, test := range tests {
		c, err := ParseDSN(test.dsn)
		if err == nil {
			t.Errorf("%s is read as %v, want an error with %q", test.dsn, c, test.want)
			continue
		}
		if text := err.Error(); !strings.Contains(text, test.want) || !strings.HasPrefix(text, "greptime: DSN") || strings.Contains(text, secret) {
			t.Errorf("%s: error is %q, want one with %q and without the password", test.dsn, text, test.want)
		}
	}
}

func TestErrorsOfKeysShowTheDSNWithoutThePassword(t *testing.T) {
	t.Parallel()
	_, err := ParseDSN("greptime://alice:hunter2@db1/metrics?tls=maybe")
	if err == nil || !strings.HasPrefix(err.Error(), "greptime: DSN greptime://alice:***@db1:4001/metrics: tls: ") {
		t.Errorf("error is %v", err)
	}
}

func TestFormatDSNKeepsTLSOfACallersOwnConfig(t *testing.T) {
	t.Parallel()
	c := &Config{TLS: &tls.Config{InsecureSkipVerify: true}}
	if got, want := c.FormatDSN(), "greptime://localhost:4001/public?tls=on"; got != want {
		t.Errorf("DSN is %s, want %s", got, want)
	}
}

func TestFormatDSNIsReadAsTheSameConfig(t *testing.T) {
	t.Parallel()
	for _, c := range []*Config{
		{},
		{Endpoints: []string{"h1", "[::1]", "[fe80::2%en0]:7"}},
		{User: "ü/?#@%&= +", Password: NewSecret(" :@/?#[]%&=+\x00\x7f\"'\\"), Database: "a/b?c=d&e#f@g%h i+j"},
		{Timeout: time.Hour + time.Nanosecond, TimeTruncate: time.Microsecond, KeepAlive: -5, Connections: 17, MaxMessageSize: 3 << 10},
		{Hints: map[string]string{"k&": "a=b&c@d#e/f?g h+i%"}},
		{TLSEnabled: true, TLSCA: "/a b/ü&@.pem", TLSServerName: "*"},
	} {
		full := c.withDefaults()
		full.KeepAlive = max(full.KeepAlive, keepAliveOff)
		checkFixedPoint(t, full)
		if c.FormatDSN() != full.FormatDSN() {
			t.Errorf("%s is written as %s with its defaults filled in", c.FormatDSN(), full.FormatDSN())
		}
	}
}

func FuzzParseDSN(f *testing.F) {
	for _, dsn := range []string{
		"greptime://localhost",
		"greptime://alice:p%40ss@h1:1,[::1]:2,[fe80::1%25eth0]/db?timezone=+08:00&timeout=1s",
		"greptime://h/db?tls=on&tls_ca=a&tls_cert=b&tls_key=c&tls_server_name=d",
		"greptime://h?compression=gzip&accept_compression=zstd&balance=ordered&hints=a=b,c=d",
		"greptime://h?connections=3&max_message_size=64KiB&keepalive=0&multi_statements=true&transactions=ignore",
	} {
		f.Add(dsn)
	}
	f.Fuzz(func(t *testing.T, dsn string) {
		c, err := ParseDSN(dsn)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "greptime: DSN") {
				t.Errorf("error %q does not say that it is about a DSN", err)
			}
			return
		}
		if err := c.validate(); err != nil {
			t.Errorf("%q was read, and is not valid: %v", dsn, err)
		}
		checkFixedPoint(t, c)
	})
}

// FuzzParseDSNHidesThePassword puts a password that is known between texts that are not.
func FuzzParseDSNHidesThePassword(f *testing.F) {
	f.Add("alice", "", "", "localhost")
	f.Add("alice", "a@", "/b", "localhost/db?tls=on")
	f.Add("a%3Ab", "%", "#", "localhost/db?nothing=x")
	f.Add("h/db?timezone=", "1/", "?tls=", "h/db")
	f.Fuzz(func(t *testing.T, user, before, after, rest string) {
		const secret = "Hunter2Hunter2"
		c, err := ParseDSN("greptime://" + user + ":" + before + secret + after + "@" + rest)
		shown := fmt.Sprint(err)
		if err == nil {
			if !strings.Contains(c.Password.Reveal(), secret) {
				t.Fatalf("%q is not in the password %q", secret, c.Password.Reveal())
			}
			shown = fmt.Sprintf("%v %+v %#v %v", c, c, *c, c.LogValue())
		}
		for err := err; err != nil; err = errors.Unwrap(err) {
			shown += err.Error()
		}
		if strings.Contains(shown, secret) {
			t.Errorf("the password is shown: %s", shown)
		}
	})
}
