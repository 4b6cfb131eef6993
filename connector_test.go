package greptime_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/bulk"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

func TestHeaderAndMetadata(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	cfg, err := greptime.ParseDSN(strings.Replace(s.DSN("hints=ttl%3D7d,append_mode%3Dtrue"), "://", "://alice:secret@", 1))
	if err != nil {
		t.Fatal(err)
	}
	intercepted := 0
	cfg.DialOptions = []grpc.DialOption{grpc.WithStreamInterceptor(func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		intercepted++
		return streamer(ctx, desc, cc, method, opts...)
	})}
	connector, err := greptime.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	ctx := metadata.AppendToOutgoingContext(t.Context(), "traceparent", "00-trace")
	if _, err := db.ExecContext(ctx, "INSERT INTO t VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	header := s.last(t).Header
	if basic := header.GetAuthorization().GetBasic(); basic.GetUsername() != "alice" || basic.GetPassword() != "secret" {
		t.Errorf("authorization %v", header.Authorization)
	}
	if header.Dbname != "public" || header.Timezone != "UTC" {
		t.Errorf("header %v", header)
	}
	md := s.metadata[0]
	if got := md.Get("x-greptime-hints"); !slices.Equal(got, []string{"append_mode=true,ttl=7d"}) {
		t.Errorf("hints %q", got)
	}
	if got := md.Get("traceparent"); !slices.Equal(got, []string{"00-trace"}) {
		t.Errorf("the caller's metadata: %q", got)
	}
	for key, values := range md {
		if strings.Contains(strings.Join(values, ""), "secret") {
			t.Errorf("the password is in the metadata %s", key)
		}
	}
	if intercepted != 1 {
		t.Errorf("the interceptor ran %d times", intercepted)
	}
}

func TestCredentialsThatChange(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	cfg, err := greptime.ParseDSN(s.DSN())
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	broken := errors.New("the vault is sealed")
	cfg.Credentials = func(context.Context) (string, string, error) {
		if n++; n == 3 {
			return "", "", broken
		}
		return "user", fmt.Sprintf("password-%d", n), nil
	}
	connector, err := greptime.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	for i := 1; i <= 2; i++ {
		exec(t, db, "INSERT INTO t VALUES (1)")
		if got := s.last(t).Header.GetAuthorization().GetBasic().GetPassword(); got != fmt.Sprintf("password-%d", i) {
			t.Errorf("password %q", got)
		}
	}
	if _, err := db.Exec("INSERT INTO t VALUES (1)"); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

// database/sql repeats a call whose error is driver.ErrBadConn, which a function of the user may
// have from another database. The statements that have run must not run again.
func TestCredentialsThatFailDoNotRepeatAScript(t *testing.T) {
	t.Parallel()
	const script = "INSERT INTO t VALUES (1); INSERT INTO t VALUES (2); SELECT 1"
	vault := &fs.PathError{Op: "read", Path: "password", Err: driver.ErrBadConn}
	for what, run := range map[string]func(*sql.DB) error{
		"Exec": func(db *sql.DB) error { _, err := db.Exec(script); return err },
		"Query": func(db *sql.DB) error {
			rows, err := db.Query(script)
			if err == nil {
				err = errors.Join(rows.Err(), rows.Close())
			}
			return err
		},
		"prepared": func(db *sql.DB) error {
			stmt, err := db.Prepare(script)
			if err != nil {
				return err
			}
			defer stmt.Close()
			_, err = stmt.Exec()
			return err
		},
	} {
		s := newRecordingServer(t)
		cfg, err := greptime.ParseDSN(s.DSN("multi_statements=true"))
		if err != nil {
			t.Fatal(err)
		}
		calls := 0
		cfg.Credentials = func(context.Context) (string, string, error) {
			if calls++; calls%2 == 0 {
				return "", "", fmt.Errorf("the vault: %w", vault)
			}
			return "user", "password", nil
		}
		err = run(openConfig(t, cfg))
		if got := s.texts(); !slices.Equal(got, []string{"INSERT INTO t VALUES (1)"}) {
			t.Errorf("%s: ran %q", what, got)
		}
		var path *fs.PathError
		var e *greptime.Error
		if errors.Is(err, driver.ErrBadConn) || !errors.Is(err, vault) || !errors.As(err, &path) || !errors.As(err, &e) || !e.Ambiguous {
			t.Errorf("%s: %v", what, err)
		}
		if err == nil || !strings.Contains(err.Error(), "Config.Credentials: the vault: read password: driver: bad connection") {
			t.Errorf("%s: the text is %v", what, err)
		}
	}
}

func TestCredentialsThatCannotBeSentAreRefused(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	for _, test := range []struct{ user, password, want string }{
		{"al:ice", "sesame99", "the user name contains a colon"},
		{"", "sesame99", "there is a password but no user"},
		{"alice\xff", "sesame99", "user or password is not valid UTF-8"},
		{"alice", "sesame99\xff", "user or password is not valid UTF-8"},
	} {
		cfg, err := greptime.ParseDSN(s.DSN())
		if err != nil {
			t.Fatal(err)
		}
		cfg.Credentials = func(context.Context) (string, string, error) { return test.user, test.password, nil }
		db := openConfig(t, cfg)
		table := insert.NewTable("t", insert.Time("ts", insert.Millisecond))
		if err := table.Append(time.Now()); err != nil {
			t.Fatal(err)
		}
		_, writeErr := insert.Write(t.Context(), db, table)
		_, bulkErr := bulk.NewWriter(t.Context(), db, "t", bulk.Options{})
		for _, err := range []error{db.Ping(), writeErr, bulkErr} {
			if err == nil || !strings.Contains(err.Error(), "Config.Credentials: "+test.want) || strings.Contains(err.Error(), "sesame99") {
				t.Errorf("%q: error %v, want one that says %q", test.user, err, test.want)
			}
		}
	}
	if n := s.Calls(""); n != 0 {
		t.Errorf("%d calls were made", n)
	}
}

// encodings is a stats handler that notes how requests are compressed.
type encodings struct {
	mu   sync.Mutex
	last string
}

func (*encodings) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (*encodings) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (*encodings) HandleConn(context.Context, stats.ConnStats)                       {}

func (e *encodings) HandleRPC(_ context.Context, s stats.RPCStats) {
	if header, ok := s.(*stats.InHeader); ok {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.last = header.Compression
	}
}

func (e *encodings) request() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.last
}

func TestCompressionOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ params, encoding, accept string }{
		{"", "", ""},
		{"compression=gzip", "gzip", ""},
		{"compression=zstd", "zstd", ""},
		{"accept_compression=gzip", "", "gzip"},
		{"accept_compression=zstd", "", "zstd"},
		{"compression=zstd&accept_compression=gzip", "zstd", "gzip"},
	} {
		seen := &encodings{}
		s := newRecordingServer(t, wiretest.Compress("gzip", "zstd"), wiretest.GRPC(grpc.StatsHandler(seen)))
		db := openServer(t, s.Server, strings.Split(test.params, "&")...)
		for range 3 { // pooled compressors are used again
			if err := db.Ping(); err != nil {
				t.Fatalf("%q: %v", test.params, err)
			}
		}
		md := s.metadata[0]
		accepted := strings.Join(md.Get("grpc-accept-encoding"), ",")
		for _, name := range []string{"gzip", "zstd"} {
			if strings.Contains(accepted, name) != (name == test.accept) {
				t.Errorf("%q: accepts %q", test.params, accepted)
			}
		}
		if got := seen.request(); got != test.encoding {
			t.Errorf("%q: requests are encoded as %q", test.params, got)
		}
	}
}

func TestPasswordOverPlaintextIsLogged(t *testing.T) {
	t.Parallel()
	for dsn, warned := range map[string]bool{
		"greptime://u:secret@db.example:4001":        true,
		"greptime://u:secret@db.example:4001?tls=on": false,
		"greptime://db.example:4001":                 false,
		"greptime://u:secret@localhost:4001":         false,
		"greptime://u:secret@[::1]:4001":             false,
		"greptime://u:secret@127.9.9.9":              false,
	} {
		cfg, err := greptime.ParseDSN(dsn)
		if err != nil {
			t.Fatal(err)
		}
		log := &logRecorder{}
		cfg.Logger = newLogger(log)
		connector, err := greptime.NewConnector(cfg)
		if err != nil {
			t.Fatal(err)
		}
		connector.Close()
		if got := log.text(); strings.Contains(got, "unencrypted") != warned || strings.Contains(got, "secret") {
			t.Errorf("%s: log %q", dsn, got)
		}
	}
}

func TestConnectorCloseIsFinal(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	cfg, err := greptime.ParseDSN(s.DSN())
	if err != nil {
		t.Fatal(err)
	}
	connector, err := greptime.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := connector.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := conn.(*greptime.Conn)
	if err := c.Ping(t.Context()); err != nil || !c.IsValid() {
		t.Fatal(err)
	}
	if err := errors.Join(connector.Close(), connector.Close()); err != nil {
		t.Error(err)
	}
	if c.IsValid() {
		t.Error("valid after Close")
	}
	if err := c.ResetSession(t.Context()); !errors.Is(err, driver.ErrBadConn) {
		t.Errorf("ResetSession: %v", err)
	}
	if err := c.Ping(t.Context()); !errors.Is(err, greptime.ErrClosed) {
		t.Errorf("Ping: %v", err)
	}
	if _, err := connector.Connect(t.Context()); !errors.Is(err, greptime.ErrClosed) {
		t.Errorf("Connect: %v", err)
	}
	s.WaitFor("the connection to end", func() bool { return s.OpenConnections() == 0 })
}

// Results that are open at the same time are spread over as many network connections as the DSN
// asks for. Fewer are opened if fewer are needed.
func TestConnectionsAreThoseOfTheDSN(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		params          []string
		open, wantConns int
	}{
		{nil, 8, 1},
		{[]string{"connections=1"}, 8, 1},
		{[]string{"connections=4"}, 2, 2},
		{[]string{"connections=4"}, 8, 4},
		{[]string{"connections=4", "balance=round_robin"}, 16, 4},
	} {
		release := make(chan struct{})
		s := wiretest.Start(t, wiretest.Replay(captures.DoGetByName("insert_two_rows"), wiretest.Before(0, func(*wiretest.Call) error {
			<-release
			return nil
		})))
		db := openServer(t, s, test.params...)
		results := make(chan error, test.open)
		for range test.open {
			go func() {
				_, err := db.ExecContext(t.Context(), "DELETE FROM t")
				results <- err
			}()
		}
		s.WaitFor("the statements", func() bool { return s.OpenStreams() == test.open })
		if n := s.OpenConnections(); n != test.wantConns {
			t.Errorf("%v: %d network connections for %d statements, want %d", test.params, n, test.open, test.wantConns)
		}
		close(release)
		for range test.open {
			if err := <-results; err != nil {
				t.Errorf("%v: %v", test.params, err)
			}
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		s.WaitFor("the connections to end", func() bool { return s.OpenConnections() == 0 })
	}
}

func TestPoolOfConnectionsSharesOneChannel(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	db := openServer(t, s.Server)
	var all []*sql.Conn
	for range 20 {
		c, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
		if err := c.PingContext(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.Accepted(); n != 1 {
		t.Errorf("%d network connections for 20 of the pool", n)
	}
	for _, c := range all {
		c.Close()
	}
}
