package greptime_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"database/sql"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// sniffer is a Dialer that keeps what the driver sends.
type sniffer struct {
	mu   sync.Mutex
	sent bytes.Buffer
}

type sniffedConn struct {
	net.Conn
	s *sniffer
}

func (c sniffedConn) Write(b []byte) (int, error) {
	c.s.mu.Lock()
	c.s.sent.Write(b)
	c.s.mu.Unlock()
	return c.Conn.Write(b)
}

func (s *sniffer) dial(ctx context.Context, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	return sniffedConn{conn, s}, err
}

// TestServersThatTLSRefuses tries servers to which nothing may be sent but a handshake: the
// error names the remedy, and neither the password nor HTTP/2 goes over the wire in the clear.
func TestServersThatTLSRefuses(t *testing.T) {
	t.Parallel()
	ca, other := wiretest.NewCA(t), wiretest.NewCA(t)
	caFile, _, _ := ca.Files()
	_, otherCert, otherKey := other.Files()
	old := ca.Server()
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	now := time.Now()
	for name, test := range map[string]struct {
		server *tls.Config // nil for plaintext
		params []string
		own    *tls.Config // Config.TLS
		want   []string
	}{
		"expired":               {server: ca.ServerBetween(now.Add(-2*time.Hour), now.Add(-time.Hour)), want: []string{"has expired or is not yet valid", "renew the server's certificate"}},
		"not yet valid":         {server: ca.ServerBetween(now.Add(time.Hour), now.Add(2*time.Hour)), want: []string{"has expired or is not yet valid", "clock"}},
		"another host":          {server: ca.Server("greptime.example"), want: []string{"tls_server_name"}},
		"another address":       {server: ca.Server("192.0.2.1"), want: []string{"tls_server_name"}},
		"unknown authority":     {server: other.Server(), want: []string{"unknown authority", "tls_ca"}},
		"no client certificate": {server: ca.MutualServer(), want: []string{"tls_cert"}},
		"client certificate of an unknown authority": {server: ca.MutualServer(), params: []string{"tls_cert=" + otherCert, "tls_key=" + otherKey},
			want: []string{"tls_cert"}},
		"TLS 1.1": {server: old, want: []string{"TLS 1.2 or later"}},
		"TLS 1.1 and a configuration without a version": {server: old, own: &tls.Config{}, want: []string{"TLS 1.2 or later"}},
		"plaintext": {want: []string{"first record does not look like a TLS handshake", "tls=off"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var opts []wiretest.Option
			if test.server != nil {
				opts = append(opts, wiretest.TLS(test.server))
			}
			s := wiretest.Start(t, wiretest.Replay(captures.DoGetByName("select_constants")), opts...)
			cfg, err := greptime.ParseDSN(strings.Replace(s.DSN(append(test.params, "tls=on", "tls_ca="+caFile)...), "://", "://ann:sesame99@", 1))
			if err != nil {
				t.Fatal(err)
			}
			var wire sniffer
			cfg.Dialer, cfg.TLS = wire.dial, test.own
			for range 2 { // the second attempt must not be another one
				wantError(t, openConfig(t, cfg).Ping(), codes.Unavailable, append(test.want, s.Addr())...)
			}
			if n := s.Calls(""); n != 0 {
				t.Errorf("%d calls were made", n)
			}
			for _, clear := range []string{"sesame99", "PRI * HTTP/2.0"} {
				if bytes.Contains(wire.sent.Bytes(), []byte(clear)) {
					t.Errorf("%q was sent in the clear", clear)
				}
			}
		})
	}
}

// TestHandshakeThatTrickles has servers that begin a handshake, of TLS or of HTTP/2, and send a byte
// of it now and then: the connection is given up after connect_timeout.
func TestHandshakeThatTrickles(t *testing.T) {
	t.Parallel()
	for param, begin := range map[string]string{
		"tls=on":  "\x16\x03\x03\x3f\xff\x02\x00\x3f\xf0\x03\x03", // a record with a ServerHello
		"tls=off": "\x00\x00\x06\x04\x00\x00\x00\x00\x00",         // a frame of SETTINGS
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				go func() {
					defer conn.Close()
					for i := 0; err == nil; i++ {
						var next byte
						if i < len(begin) {
							next = begin[i]
						}
						_, err = conn.Write([]byte{next})
						time.Sleep(100 * time.Millisecond) // all of the settings take longer than connect_timeout
					}
				}()
			}
		}()
		cfg, err := greptime.ParseDSN("greptime://" + l.Addr().String() + "/?connect_timeout=300ms&" + param)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		wantError(t, openConfig(t, cfg).PingContext(ctx), codes.Unavailable, l.Addr().String(), "connect_timeout")
		if err := ctx.Err(); err != nil {
			t.Errorf("%s: %v", param, err)
		}
	}
}

// TestCertificatesAreRenewedWhileTheProgramRuns replaces the files that the DSN names: new
// connections use the new ones, and files that are only half there leave the old ones in use.
func TestCertificatesAreRenewedWhileTheProgramRuns(t *testing.T) {
	t.Parallel()
	first, second := wiretest.NewCA(t), wiretest.NewCA(t)
	dir := t.TempDir()
	caFile, certFile, keyFile := first.FilesIn(dir)
	var mu sync.Mutex
	current := first.MutualServer()
	server := &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		mu.Lock()
		defer mu.Unlock()
		return current, nil
	}}
	s := wiretest.Start(t, wiretest.Replay(captures.DoGetByName("select_constants")), wiretest.TLS(server))
	cfg, err := greptime.ParseDSN(s.DSN("tls=on", "tls_ca="+caFile, "tls_cert="+certFile, "tls_key="+keyFile))
	if err != nil {
		t.Fatal(err)
	}
	log := &logRecorder{}
	cfg.Logger = newLogger(log)
	db := openConfig(t, cfg)
	ping := func(when string) error {
		t.Helper()
		s.BreakConnections()
		s.WaitFor("the connections to end", func() bool { return s.OpenConnections() == 0 })
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := db.PingContext(ctx)
		for err != nil && ctx.Err() == nil && !strings.Contains(err.Error(), "certificate") { // the broken connection's own end
			err = db.PingContext(ctx)
		}
		return err
	}
	if err := ping("first"); err != nil {
		t.Fatal(err)
	}

	mu.Lock()
	current = second.MutualServer()
	mu.Unlock()
	if err := ping("before the renewal"); err == nil {
		t.Fatal("the server of another authority is trusted")
	}
	second.FilesIn(dir)
	connectWhenRetried(t, db)

	for _, file := range []string{keyFile, certFile, caFile} {
		whole, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, whole[:len(whole)/2], 0o600); err != nil {
			t.Fatal(err)
		}
		if err := ping("half a file"); err != nil {
			t.Errorf("with half of %s: %v", file, err)
		}
		if err := os.WriteFile(file, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if text := log.text(); !strings.Contains(text, "what was read before") || strings.Contains(text, "PRIVATE") {
		t.Errorf("log %q", text)
	}
}

// connectWhenRetried pings until the pause after a failed attempt to connect is over.
func connectWhenRetried(t *testing.T, db *sql.DB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		err := db.PingContext(ctx)
		if err == nil {
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("after the renewal: %v", err)
		}
	}
}
