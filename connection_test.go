package greptime_test

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/test/bufconn"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

func TestTheEmptyDSNIsThatOfTheZeroConfig(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("greptime", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, ok := db.Driver().(greptime.Driver); !ok {
		t.Errorf("the driver is a %T", db.Driver())
	}
}

func TestDialerIsAskedForNamesThatItAloneKnows(t *testing.T) {
	t.Parallel()
	ca := wiretest.NewCA(t)
	caFile, _, _ := ca.Files()
	plain := newRecordingServer(t)
	encrypted := newRecordingServer(t, wiretest.TLS(ca.Server("database.behind.the.tunnel")))
	for _, test := range []struct {
		server   *recordingServer
		endpoint string
		change   func(*greptime.Config)
		asked    string
	}{
		{plain, "database.behind.the.tunnel:4001", nil, "database.behind.the.tunnel:4001"},
		{plain, "database_1", nil, "database_1:4001"},
		{plain, "[fe80::1%eth0]:7", nil, "[fe80::1%eth0]:7"},
		{plain, "unix:/run/a b", nil, "unix:/run/a b"},
		{encrypted, "database.behind.the.tunnel", func(c *greptime.Config) { c.TLSEnabled, c.TLSCA = true, caFile }, "database.behind.the.tunnel:4001"},
		{encrypted, "other", func(c *greptime.Config) {
			c.TLSEnabled, c.TLSCA, c.TLSServerName = true, caFile, "database.behind.the.tunnel"
		}, "other:4001"},
	} {
		var asked atomic.Value
		cfg := &greptime.Config{Endpoints: []string{test.endpoint}, Dialer: func(ctx context.Context, addr string) (net.Conn, error) {
			asked.Store(addr)
			return new(net.Dialer).DialContext(ctx, "tcp", test.server.Addr())
		}}
		if test.change != nil {
			test.change(cfg)
		}
		if err := openConfig(t, cfg).Ping(); err != nil {
			t.Errorf("%s: %v", test.endpoint, err)
		}
		if asked.Load() != test.asked {
			t.Errorf("%s: the dialer is asked for %v, want %s", test.endpoint, asked.Load(), test.asked)
		}
	}
}

func TestErrorOfTheDialerIsTold(t *testing.T) {
	t.Parallel()
	cfg := &greptime.Config{Endpoints: []string{"nowhere"}, Dialer: func(context.Context, string) (net.Conn, error) {
		return nil, errors.New("the tunnel has collapsed")
	}}
	wantError(t, openConfig(t, cfg).Ping(), codes.Unavailable, "the tunnel has collapsed", "nowhere:4001")
}

func TestDialerThatReturnsNothingIsAnError(t *testing.T) {
	t.Parallel()
	for _, tls := range []bool{false, true} {
		cfg := &greptime.Config{Endpoints: []string{"nowhere"}, TLSEnabled: tls, Dialer: func(context.Context, string) (net.Conn, error) {
			return nil, nil
		}}
		wantError(t, openConfig(t, cfg).Ping(), codes.Unavailable, "Config.Dialer returned neither", "nowhere:4001")
	}
}

func TestUnixSockets(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	path := filepath.Join(t.TempDir(), "greptime,%41.sock")
	for _, test := range []struct{ socket, endpoint string }{
		{path, "unix:" + path},
		{path + "2", "unix://" + path + "2"},
		{"@" + filepath.Base(t.TempDir()) + s.Addr(), ""},
	} {
		l, err := net.Listen("unix", test.socket)
		if err != nil {
			if strings.HasPrefix(test.socket, "@") {
				continue // abstract sockets are Linux's
			}
			t.Fatal(err)
		}
		forward(t, l, s.Addr())
		if test.endpoint == "" {
			test.endpoint = "unix:" + test.socket
		}
		cfg, err := greptime.ParseDSN((&greptime.Config{Endpoints: []string{test.endpoint}}).FormatDSN())
		if err != nil {
			t.Fatal(err)
		}
		if err := openConfig(t, cfg).Ping(); err != nil {
			t.Errorf("%s: %v", test.endpoint, err)
		}
	}
}

// forward passes on the connections that l accepts, until the end of the test.
func forward(t *testing.T, l net.Listener, addr string) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", addr)
			if err != nil {
				in.Close()
				continue
			}
			go func() { io.Copy(out, in); out.Close() }()
			go func() { io.Copy(in, out); in.Close() }()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
	})
}

func TestIPv6AddressWithAZoneConnects(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skip("this host has no IPv6:", err)
	}
	forward(t, l, s.Addr())
	_, port, _ := net.SplitHostPort(l.Addr().String())
	interfaces, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range interfaces {
		if i.Flags&net.FlagLoopback == 0 {
			continue
		}
		dsn := fmt.Sprintf("greptime://[::1%%25%s]:%s", i.Name, port)
		if err := pingError(t, dsn); err != nil {
			t.Errorf("%s: %v", dsn, err)
		}
		if got := s.metadata[len(s.metadata)-1].Get(":authority"); len(got) != 1 || got[0] != "[::1]:"+port {
			t.Errorf("%s: the authority is %q, want one without the zone", dsn, got)
		}
	}
}

// A pool whose driver is wrapped by what does not pass Close on.
func TestConnectionsOfAWrappedPoolEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var open atomic.Int64
		cfg := memoryConfig(t, &open, grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Second, PermitWithoutStream: true}))
		connector, err := greptime.NewConnector(cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer connector.Close()
		want := func(n int64) {
			t.Helper()
			synctest.Wait()
			if got := open.Load(); got != n {
				t.Fatalf("%d connections are open, want %d", got, n)
			}
		}
		db := sql.OpenDB(struct{ driver.Connector }{connector})
		defer db.Close()
		exec(t, db, "INSERT INTO t VALUES (1)")
		time.Sleep(10 * time.Minute)
		want(1) // the pool has a connection that is idle
		db.SetMaxIdleConns(0)
		time.Sleep(61 * time.Second)
		want(0)
		exec(t, db, "INSERT INTO t VALUES (1)")
		want(1)
		db.Close()
		time.Sleep(61 * time.Second)
		want(0)
	})
}

// memoryConfig is the Config of a server in memory, for tests with synctest's time. It
// counts the connections that are open.
func memoryConfig(t *testing.T, open *atomic.Int64, opts ...grpc.ServerOption) *greptime.Config {
	l := bufconn.Listen(1 << 16)
	affected := captures.DoGetByName("insert_two_rows")
	gs := grpc.NewServer(append(opts, grpc.ForceServerCodecV2(wiretest.RawCodec{}), grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		var request []byte
		if err := stream.RecvMsg(&request); err != nil {
			return err
		}
		if bytes.Contains(request, []byte("sleep")) {
			<-stream.Context().Done()
		}
		for _, m := range affected.Messages {
			if err := stream.SendMsg(wiretest.EncodeFlightData(m)); err != nil {
				return err
			}
		}
		return nil
	}))...)
	served := make(chan error, 1)
	go func() { served <- gs.Serve(l) }()
	t.Cleanup(func() {
		gs.Stop()
		<-served
	})
	return &greptime.Config{Endpoints: []string{"memory"}, Insert: "sql", Dialer: func(ctx context.Context, _ string) (net.Conn, error) {
		conn, err := l.DialContext(ctx)
		if err == nil {
			open.Add(1)
			conn = &countedConn{Conn: conn, open: open}
		}
		return conn, err
	}}
}

func TestTooManyPingsNamesKeepalive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var open atomic.Int64 // gRPC's policy, where there is none: a ping every 5 minutes
		connector, err := greptime.NewConnector(memoryConfig(t, &open))
		if err != nil {
			t.Fatal(err)
		}
		defer connector.Close()
		db := sql.OpenDB(connector)
		defer db.Close()
		_, err = db.Exec("SELECT sleep(1000)")
		wantError(t, err, codes.Unavailable, "too_many_pings", "keepalive=0")
	})
}

type countedConn struct {
	net.Conn
	open   *atomic.Int64
	closed atomic.Bool
}

func (c *countedConn) Close() error {
	if !c.closed.Swap(true) {
		c.open.Add(-1)
	}
	return c.Conn.Close()
}

func TestTimeoutForWantOfAStreamNamesTheCause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const streams = 4
		scan := captures.DoGetByName("batches_scan_file")
		s := wiretest.Start(t, wiretest.Replay(scan, wiretest.Before(2, wiretest.Hang())), wiretest.GRPC(grpc.MaxConcurrentStreams(streams)), wiretest.InMemory())
		db := openInMemory(t, s)
		for range streams {
			rows, err := db.Query(scan.Request.SQL)
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
		}
		for name, call := range map[string]func(context.Context) error{
			"query": func(ctx context.Context) error { _, err := db.QueryContext(ctx, "SELECT 1"); return err },
			"write": func(ctx context.Context) error { _, err := db.ExecContext(ctx, "INSERT INTO t VALUES (1)"); return err },
			"native write": func(ctx context.Context) error {
				return greptime.Raw(t.Context(), db, func(c *greptime.Conn) error {
					table := insert.NewTable("t", insert.Time("ts", insert.Millisecond))
					table.Append(time.Now())
					_, err := insert.Write(ctx, c, table)
					return err
				})
			},
		} {
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			err := call(ctx)
			var e *greptime.Error
			if !errors.As(err, &e) || e.Ambiguous || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "no free stream: 4 calls were open") {
				t.Errorf("%s: error %v", name, err)
			}
		}
	})
}

func TestRowsThatCloseCutsOffSayThatItIsClosed(t *testing.T) {
	t.Parallel()
	scan := captures.DoGetByName("batches_scan_file")
	s := wiretest.Start(t, wiretest.Replay(scan, wiretest.Before(3, wiretest.Hang())))
	db := openServer(t, s)
	rows, err := db.Query(scan.Request.SQL)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if !rows.Next() {
		t.Fatal(rows.Err())
	}
	db.Close()
	for rows.Next() {
	}
	if err := rows.Err(); !errors.Is(err, greptime.ErrClosed) || err.Error() != greptime.ErrClosed.Error() || errors.Is(err, greptime.Cancelled) {
		t.Errorf("error %v, want %v", err, greptime.ErrClosed)
	}
}

func TestWriteThatCloseCutsOffIsAmbiguous(t *testing.T) {
	t.Parallel()
	s := wiretest.Start(t, wiretest.Replay(captures.DoGetByName("insert_two_rows"), wiretest.Before(0, wiretest.Hang())))
	db := openServer(t, s)
	result := make(chan error, 1)
	go func() {
		_, err := db.Exec("INSERT INTO t VALUES (1)")
		result <- err
	}()
	s.WaitFor("the write", func() bool { return s.OpenStreams() == 1 })
	db.Close()
	var e *greptime.Error
	if err := <-result; !errors.As(err, &e) || !e.Ambiguous || !errors.Is(err, greptime.ErrClosed) || !strings.HasPrefix(err.Error(), greptime.ErrClosed.Error()+"; outcome unknown") {
		t.Errorf("error %v", err)
	}
}

// answerWith is a server that speaks first, reads a little, and hangs up.
func answerWith(t *testing.T, greeting string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			io.WriteString(c, greeting)
			c.Read(make([]byte, 16))
			c.Close()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
	})
	return l.Addr().String()
}

// httpServer answers everything with 404, by HTTP/1 and, as GreptimeDB's does, HTTP/2
// without TLS.
func httpServer(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.NotFoundHandler(), Protocols: new(http.Protocols)}
	s.Protocols.SetHTTP1(true)
	s.Protocols.SetUnencryptedHTTP2(true)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Serve(l)
	}()
	t.Cleanup(func() {
		s.Close()
		<-done
	})
	return l.Addr().String()
}

func TestPortOfAnotherProtocolIsNamed(t *testing.T) {
	t.Parallel()
	mysql := answerWith(t, "\x5f\x00\x00\x00\x0a8.4.2-GreptimeDB\x00\x08\x00\x00\x00"+strings.Repeat("x", 80))
	for _, test := range []struct{ name, addr, port, protocol string }{
		{"HTTP", httpServer(t), "4000", "HTTP"},
		{"MySQL", mysql, "4002", "MySQL"},
		{"PostgreSQL", answerWith(t, ""), "4003", "PostgreSQL"},
		{"PostgreSQL with an answer", answerWith(t, "E\x00\x00\x00\x17SFATAL\x00C08P01\x00"), "4003", "PostgreSQL"},
	} {
		dial := func(ctx context.Context, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", test.addr)
		}
		for _, port := range []string{test.port, "7777"} { // what is seen is a matter of time
			want := fmt.Sprintf("%s is GreptimeDB's default port for %s; the driver needs the gRPC port, which is 4001 by default", port, test.protocol)
			if port == "7777" {
				want = "4000 for HTTP, 4001 for gRPC, 4002 for MySQL and 4003 for PostgreSQL"
			}
			err := openConfig(t, &greptime.Config{Endpoints: []string{"db:" + port}, Dialer: dial}).Ping()
			var e *greptime.Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s at %s: error %v, want one that says %q", test.name, port, err, want)
			}
		}
	}
}

// What answered before is not the wrong port: the server has ended, or something before it
// still takes connections.
func TestServerThatHasDiedIsNotTakenForAnotherPort(t *testing.T) {
	t.Parallel()
	s := startPing(t)
	var gone atomic.Bool
	hangUp := answerWith(t, "")
	db := openConfig(t, &greptime.Config{Endpoints: []string{"db"}, Dialer: func(ctx context.Context, _ string) (net.Conn, error) {
		if gone.Load() {
			return new(net.Dialer).DialContext(ctx, "tcp", hangUp)
		}
		return new(net.Dialer).DialContext(ctx, "tcp", s.Addr())
	}})
	if err := db.Ping(); err != nil {
		t.Fatal(err)
	}
	gone.Store(true)
	s.Stop()
	var err error
	for range 20 {
		if err = db.Ping(); err == nil {
			t.Fatal("a server that is gone answers")
		}
		var e *greptime.Error
		_, err := db.Exec("INSERT INTO t VALUES (1)")
		if errors.As(err, &e) && e.Ambiguous {
			t.Errorf("a write without a server is ambiguous: %v", err)
		}
	}
	wantError(t, err, codes.Unavailable, "GreptimeDB has answered there before")
	if strings.Contains(err.Error(), "tls=on") || strings.Contains(err.Error(), "4000") {
		t.Errorf("the error blames the port: %v", err)
	}
}
