package greptime

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/greptime-go/greptime/flightdecode"
	internalsession "github.com/greptime-go/greptime/internal/session"
)

func TestZeroConfigMeansTheDefaults(t *testing.T) {
	t.Parallel()
	var zero Config
	if err := zero.validate(); err != nil {
		t.Fatal(err)
	}
	want := &Config{
		Endpoints:         []string{"localhost:4001"},
		Database:          "public",
		TimeZone:          "UTC",
		ConnectTimeout:    5 * time.Second,
		Compression:       "none",
		AcceptCompression: "none",
		Balance:           "random",
		Connections:       1,
		MaxMessageSize:    512 << 20,
		KeepAlive:         30 * time.Second,
		Insert:            "auto",
		Transactions:      "error",
	}
	if got := zero.withDefaults(); !reflect.DeepEqual(got, want) {
		t.Errorf("zero Config with defaults is %#v, want %#v", got, want)
	}
	if got := NewConfig(); !reflect.DeepEqual(got, want) {
		t.Errorf("NewConfig is %#v, want %#v", got, want)
	}
	if !reflect.DeepEqual(zero, Config{}) {
		t.Error("filling in the defaults changed the Config itself")
	}
}

func TestDefaultsKeepWhatIsSetAndAddPorts(t *testing.T) {
	t.Parallel()
	c := (&Config{Endpoints: []string{"h1", "[::1]", "h2:5"}, KeepAlive: keepAliveOff, Balance: "ordered"}).withDefaults()
	if want := []string{"h1:4001", "[::1]:4001", "h2:5"}; !reflect.DeepEqual(c.Endpoints, want) {
		t.Errorf("endpoints are %q, want %q", c.Endpoints, want)
	}
	if c.KeepAlive != keepAliveOff || c.Balance != "ordered" {
		t.Errorf("KeepAlive %v and Balance %q were replaced", c.KeepAlive, c.Balance)
	}
}

func TestCloneSharesNothingThatChanges(t *testing.T) {
	t.Parallel()
	c := &Config{
		Endpoints:   []string{"a:1"},
		Hints:       map[string]string{"k": "v"},
		TLS:         &tls.Config{ServerName: "a"},
		DialOptions: []grpc.DialOption{nil},
	}
	clone := c.Clone()
	clone.Endpoints[0] = "b:1"
	clone.Hints["k"] = "w"
	clone.TLS.ServerName = "b"
	clone.DialOptions[0] = grpc.WithDisableRetry()
	if c.Endpoints[0] != "a:1" || c.Hints["k"] != "v" || c.TLS.ServerName != "a" || c.DialOptions[0] != nil {
		t.Errorf("the clone's changes are seen in the original: %v", c)
	}
}

func TestPrintingAConfigHidesThePassword(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t/pass"
	c := NewConfig()
	c.User, c.Password = "alice", NewSecret(secret)
	if !strings.Contains(c.FormatDSN(), url.PathEscape(secret)) {
		t.Errorf("FormatDSN %q lacks the password", c.FormatDSN())
	}

	printed := map[string]string{"String": c.String(), "GoString": c.GoString()}
	type holder struct {
		Pointer *Config
		Value   Config
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t", "%10v"} {
		printed["pointer "+verb] = fmt.Sprintf(verb, c)
		printed["value "+verb] = fmt.Sprintf(verb, *c)
		printed["in a struct "+verb] = fmt.Sprintf(verb, holder{c, *c})
	}
	var text, json bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("m", "pointer", c, "value", *c)
	slog.New(slog.NewJSONHandler(&json, nil)).Info("m", "pointer", c, "value", *c)
	printed["slog text"], printed["slog JSON"] = text.String(), json.String()

	for how, got := range printed {
		if strings.Contains(got, "s3cr3t") {
			t.Errorf("%s shows the password: %s", how, got)
		}
		if !strings.Contains(got, "alice:***@localhost:4001/public") && !strings.Contains(how, "struct") {
			t.Errorf("%s does not show the DSN: %s", how, got)
		}
	}
}

func TestValidateNamesTheFault(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"empty endpoint", func(c *Config) { c.Endpoints = []string{"a:1", ""} }, "endpoint 2 is empty"},
		{"endpoint twice", func(c *Config) { c.Endpoints = []string{"a", "a:4001"} }, "endpoint 2 is the same"},
		{"URL as endpoint", func(c *Config) { c.Endpoints = []string{"http://a"} }, "endpoint 1 has no valid port"},
		{"password without user", func(c *Config) { c.Password = NewSecret("p") }, "no user"},
		{"colon in user", func(c *Config) { c.User = "a:b" }, "colon"},
		{"user not UTF-8", func(c *Config) { c.User = "\xff" }, "UTF-8"},
		{"password not UTF-8", func(c *Config) { c.User, c.Password = "u", NewSecret("\xff") }, "UTF-8"},
		{"user and Credentials", func(c *Config) {
			c.User = "u"
			c.Credentials = func(context.Context) (string, string, error) { return "", "", nil }
		}, "set one of them"},
		{"database not UTF-8", func(c *Config) { c.Database = "\xff" }, "database name"},
		{"time zone", func(c *Config) { c.TimeZone = "Mars/Olympus" }, "timezone: unknown time zone"},
		{"timeout", func(c *Config) { c.Timeout = -1 }, "timeout: -1ns is negative"},
		{"connect timeout", func(c *Config) { c.ConnectTimeout = -1 }, "connect_timeout: -1ns is negative"},
		{"TLS files without TLS", func(c *Config) { c.TLSCA = "f" }, "without tls=on"},
		{"server name without TLS", func(c *Config) { c.TLSServerName = "n" }, "without tls=on"},
		{"certificate without key", func(c *Config) { c.TLSEnabled, c.TLSCert = true, "f" }, "belong together"},
		{"key without certificate", func(c *Config) { c.TLSEnabled, c.TLSKey = true, "f" }, "belong together"},
		{"compression", func(c *Config) { c.Compression = "lz4" }, `compression: "lz4" is not one of none, gzip, zstd`},
		{"accepted compression", func(c *Config) { c.AcceptCompression = "on" }, "accept_compression"},
		{"balance", func(c *Config) { c.Balance = "first" }, "random, round_robin, ordered"},
		{"negative connections", func(c *Config) { c.Connections = -1 }, "connections: -1 is not a number of connections; it must be from 1 to 1000"},
		{"too many connections", func(c *Config) { c.Connections = 1001 }, "connections: 1001"},
		{"insert", func(c *Config) { c.Insert = "bulk" }, "auto, sql, native"},
		{"time_truncate", func(c *Config) { c.TimeTruncate = -time.Second }, "is negative"},
		{"transactions", func(c *Config) { c.Transactions = "on" }, "error, ignore"},
		{"negative size", func(c *Config) { c.MaxMessageSize = -1 }, "max_message_size"},
		{"short keepalive", func(c *Config) { c.KeepAlive = time.Second }, "the minimum is 10s"},
		{"empty hint key", func(c *Config) { c.Hints = map[string]string{"": "v"} }, "hint key"},
		{"empty hint value", func(c *Config) { c.Hints = map[string]string{"k": ""} }, "hint k"},
		{"comma in hint key", func(c *Config) { c.Hints = map[string]string{"a,b": "v"} }, "hint key"},
		{"equals sign in hint key", func(c *Config) { c.Hints = map[string]string{"a=b": "v"} }, "hint key"},
		{"comma in hint value", func(c *Config) { c.Hints = map[string]string{"k": "a,b"} }, "hint k"},
		{"newline in hint value", func(c *Config) { c.Hints = map[string]string{"k": "a\nb"} }, "hint k"},
		{"umlaut in hint value", func(c *Config) { c.Hints = map[string]string{"k": "ä"} }, "hint k"},
		{"space at the end of a hint", func(c *Config) { c.Hints = map[string]string{"k": "a "} }, "hint k"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, c := range []*Config{{}, NewConfig()} {
				test.change(c)
				err := c.validate()
				if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "greptime: config: ") {
					t.Errorf("error is %v, want one with %q", err, test.want)
				}
			}
		})
	}
}

func TestValidateTakesWhatWorks(t *testing.T) {
	t.Parallel()
	for _, c := range []*Config{
		{User: "u"},
		{User: "u", Password: NewSecret("p:@/#")},
		{Credentials: func(context.Context) (string, string, error) { return "", "", nil }},
		{TLSEnabled: true, TLSCA: "ca", TLSCert: "c", TLSKey: "k", TLSServerName: "n"},
		{TLS: new(tls.Config), TLSCA: "ca"},
		{Hints: map[string]string{"ttl": "7 days", "k": "a=b"}},
		{KeepAlive: minKeepAlive},
		{KeepAlive: -time.Hour},
		{MaxMessageSize: 1<<31 - 1},
		{Connections: 1000},
		{Database: "my-db.x"},
	} {
		if err := c.validate(); err != nil {
			t.Errorf("%v: %v", c, err)
		}
	}
}

// A record batch may decompress to more than a message has; a small limit of messages
// does not limit it further.
func TestARecordBatchMayTakeTwiceAMessage(t *testing.T) {
	t.Parallel()
	for size, want := range map[int]int64{1 << 20: 1 << 30, 512 << 20: 1 << 30, 1 << 30: 2 << 30} {
		if got := (&Config{MaxMessageSize: size}).maxBatchBytes(); got != want {
			t.Errorf("%d bytes: %d, want %d", size, got, want)
		}
	}
	err := callError(t.Context(), fmt.Errorf("message 1: %w", flightdecode.ErrTooLarge), internalsession.Write{Kind: internalsession.ReadStatement})
	if !errors.Is(err, flightdecode.ErrTooLarge) || !strings.Contains(err.Error(), "twice max_message_size") {
		t.Errorf("%v", err)
	}
}

func TestConfigLocationIsThatOfTheTimeZone(t *testing.T) {
	t.Parallel()
	location, err := (&Config{TimeZone: "+08:00"}).location()
	if err != nil || location.String() != "+08:00" {
		t.Errorf("location is %v, error %v", location, err)
	}
	if _, err := (&Config{TimeZone: "+8"}).location(); err == nil || !strings.HasPrefix(err.Error(), "greptime: timezone: ") {
		t.Errorf("error of a bad zone is %v", err)
	}
}
