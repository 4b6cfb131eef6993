package greptime_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/captures"
	"github.com/greptime-go/greptime/internal/wiretest"
)

// scribe is a server that writes down what it was asked. It answers SHOW DATABASES
// and everything that begins with SELECT as recorded, and the rest with two affected
// rows.
type scribe struct {
	*wiretest.Server
	mu       sync.Mutex
	requests []*greptimev1.GreptimeRequest
	metadata []metadata.MD
	fail     map[string]wiretest.Handler // by SQL text
}

func newScribe(t testing.TB, opts ...wiretest.Option) *scribe {
	s := &scribe{fail: map[string]wiretest.Handler{}}
	s.Server = wiretest.Start(t, s.handle, opts...)
	return s
}

func (s *scribe) handle(c *wiretest.Call) error {
	request, err := c.Ticket()
	if err != nil {
		return err
	}
	text := request.GetQuery().GetSql()
	s.mu.Lock()
	s.requests = append(s.requests, request)
	s.metadata = append(s.metadata, c.Metadata)
	fail := s.fail[text]
	s.mu.Unlock()
	switch {
	case fail != nil:
		return fail(c)
	case text == "SHOW DATABASES":
		return wiretest.Replay(captures.DoGetByName("show_databases"))(c)
	case strings.HasPrefix(text, "SELECT"):
		return wiretest.Replay(captures.DoGetByName("select_constants"))(c)
	default:
		return wiretest.Replay(captures.DoGetByName("insert_two_rows"))(c)
	}
}

func (s *scribe) last(t testing.TB) *greptimev1.GreptimeRequest {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.requests) == 0 {
		t.Fatal("no request")
	}
	return s.requests[len(s.requests)-1]
}

func (s *scribe) texts() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for _, r := range s.requests {
		list = append(list, r.GetQuery().GetSql())
	}
	return list
}

func oneConn(t *testing.T, db *sql.DB) *sql.Conn {
	t.Helper()
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func exec(t *testing.T, db interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
}, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func TestUseChangesTheSession(t *testing.T) {
	t.Parallel()
	s := newScribe(t)
	db := openServer(t, s.Server)
	db.SetMaxOpenConns(1)
	conn := oneConn(t, db)
	exec(t, conn, "USE information_schema")
	exec(t, conn, "INSERT INTO t VALUES (1)")
	if got := s.last(t).Header.Dbname; got != "information_schema" {
		t.Errorf("database %q", got)
	}
	exec(t, conn, "use PUBLIC;") // an unquoted name is lower-cased, as everywhere in SQL
	exec(t, conn, "INSERT INTO t VALUES (1)")
	if got := s.last(t).Header.Dbname; got != "public" {
		t.Errorf("database %q", got)
	}
	for _, text := range s.texts() {
		if strings.HasPrefix(strings.ToUpper(text), "USE") {
			t.Errorf("%q was sent", text)
		}
	}
	_, err := conn.ExecContext(t.Context(), "USE nowhere")
	if !errors.Is(err, greptime.DatabaseNotFound) || !strings.Contains(err.Error(), `"nowhere"`) {
		t.Errorf("error %v", err)
	}

	exec(t, conn, "USE information_schema")
	conn.Close()
	exec(t, db, "INSERT INTO t VALUES (1)") // the same connection, back from the pool
	if got := s.last(t).Header.Dbname; got != "public" {
		t.Errorf("the pool's connection is still in %q", got)
	}
}

func TestUseOfAUserWhoMayNotSeeTheDatabases(t *testing.T) {
	t.Parallel()
	s := newScribe(t)
	s.fail["SHOW DATABASES"] = wiretest.Replay(captures.DoGetByName("auth/doget_show_write_only"))
	conn := oneConn(t, openServer(t, s.Server))
	exec(t, conn, `USE "Other"`)
	exec(t, conn, "INSERT INTO t VALUES (1)")
	if got := s.last(t).Header.Dbname; got != "Other" {
		t.Errorf("database %q", got)
	}
}

func TestDatabaseWithADashIsSentWithItsCatalog(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"my-db": "greptime-my-db", "greptime-x": "greptime-greptime-x", "My_DB": "My_DB"} {
		s := newScribe(t)
		cfg, err := greptime.ParseDSN(s.DSN())
		if err != nil {
			t.Fatal(err)
		}
		cfg.Database = name
		connector, err := greptime.NewConnector(cfg)
		if err != nil {
			t.Fatal(err)
		}
		db := sql.OpenDB(connector)
		exec(t, db, "INSERT INTO t VALUES (1)")
		db.Close()
		if got := s.last(t).Header.Dbname; got != want {
			t.Errorf("%s is sent as %q, want %q", name, got, want)
		}
	}
}

func TestSetTimeZoneChangesHeaderAndLocation(t *testing.T) {
	t.Parallel()
	exchange := captures.DoGetByName("type_timestamp_millisecond")
	s := newScribe(t)
	s.fail["SELECT ts"] = wiretest.Replay(exchange)
	conn := oneConn(t, openServer(t, s.Server, "timezone=Europe/Berlin"))
	read := func() time.Time {
		t.Helper()
		var ts time.Time
		var rest [2]any
		columns := []any{&ts, &rest[0], &rest[1]}
		if err := conn.QueryRowContext(t.Context(), "SELECT ts").Scan(columns[:len(exchange.Fields)]...); err != nil {
			t.Fatal(err)
		}
		return ts
	}
	instant := time.Date(2024, 2, 29, 12, 34, 56, 123e6, time.UTC)
	if ts := read(); !ts.Equal(instant) || ts.Location().String() != "Europe/Berlin" || s.last(t).Header.Timezone != "Europe/Berlin" {
		t.Errorf("%v, header %q", ts, s.last(t).Header.Timezone)
	}
	for _, statement := range []string{"SET time_zone = 'Asia/Shanghai'", "SET TIME ZONE '+08:00'", "SET time_zone = ?"} {
		if strings.Contains(statement, "?") {
			exec(t, conn, "SET time_zone = 'UTC'")
			exec(t, conn, statement, "+08:00")
		} else {
			exec(t, conn, statement)
		}
		ts := read()
		if _, offset := ts.Zone(); !ts.Equal(instant) || offset != 8*3600 {
			t.Errorf("after %s: %v", statement, ts)
		}
	}
	if got := s.last(t).Header.Timezone; got != "+08:00" {
		t.Errorf("header %q", got)
	}
	if _, err := conn.ExecContext(t.Context(), "SET time_zone = 'Mars/Olympus'"); err == nil || !strings.Contains(err.Error(), "Mars/Olympus") {
		t.Errorf("error %v", err)
	}
	exec(t, conn, "SET client_encoding = 'UTF8'") // the server's business
	if got := s.last(t).GetQuery().GetSql(); got != "SET client_encoding = 'UTF8'" {
		t.Errorf("sent %q", got)
	}
}

func TestSeveralStatements(t *testing.T) {
	t.Parallel()
	s := newScribe(t)
	db := openServer(t, s.Server)
	if _, err := db.Exec("INSERT INTO a VALUES (1); INSERT INTO b VALUES (2)"); !errors.Is(err, greptime.ErrMultipleStatements) {
		t.Errorf("error %v", err)
	}
	if _, err := db.Query("SELECT 1; SELECT 2"); !errors.Is(err, greptime.ErrMultipleStatements) {
		t.Errorf("error %v", err)
	}
	if n := s.Calls(""); n != 0 {
		t.Errorf("%d requests of refused texts", n)
	}

	multi := openServer(t, s.Server, "multi_statements=true")
	result, err := multi.Exec("INSERT INTO a VALUES (?); ; INSERT INTO b VALUES (?) -- ;", 1, "x;y")
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := result.RowsAffected(); n != 4 {
		t.Errorf("%d affected rows, want those of both", n)
	}
	if got := s.texts(); !slices.Equal(got, []string{"INSERT INTO a VALUES (1)", "INSERT INTO b VALUES ('x;y')"}) {
		t.Errorf("sent %q", got)
	}

	rows, err := multi.Query("INSERT INTO a VALUES (1); SELECT 1; INSERT INTO b VALUES (2); SELECT 2; INSERT INTO c VALUES (3)")
	if err != nil {
		t.Fatal(err)
	}
	sets := 0
	for {
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
		}
		if len(columns) > 0 {
			sets++
		}
		if !rows.NextResultSet() {
			break
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		t.Fatal(err)
	}
	texts := s.texts()
	if sets != 2 || texts[len(texts)-1] != "INSERT INTO c VALUES (3)" {
		t.Errorf("%d result sets, sent %q", sets, texts)
	}

	// Rows that are closed early: what was not reached is not run, and that is said
	// of what writes.
	before := s.Calls("")
	if rows, err = multi.Query("SELECT 1; SELECT 2"); err != nil {
		t.Fatal(err)
	}
	if err := rows.Close(); err != nil {
		t.Errorf("only a read was left: %v", err)
	}
	var n int
	err = multi.QueryRow("SELECT 1; INSERT INTO a VALUES (1)").Scan(&n)
	if err == nil {
		t.Error("a write that was not run is not said")
	}
	if got := s.Calls("") - before; got != 2 {
		t.Errorf("%d requests, want those of the first statements", got)
	}

	s.fail["INSERT INTO bad VALUES (1)"] = wiretest.Replay(captures.DoGetByName("error_missing_table_insert"))
	_, err = multi.Exec("INSERT INTO a VALUES (1); INSERT INTO bad VALUES (1); INSERT INTO c VALUES (1)")
	if !errors.Is(err, greptime.TableNotFound) || !strings.Contains(err.Error(), "statement 2 of 3") {
		t.Errorf("error %v", err)
	}
}

func TestTransactionsAreRefusedOrIgnored(t *testing.T) {
	t.Parallel()
	s := newScribe(t)
	if _, err := openServer(t, s.Server).Begin(); !errors.Is(err, greptime.ErrTransactions) {
		t.Errorf("error %v", err)
	}
	db := openServer(t, s.Server, "transactions=ignore")
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	exec(t, tx, "INSERT INTO t VALUES (1)")
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}
	if tx, err = db.Begin(); err != nil {
		t.Fatal(err)
	}
	if err := tx.QueryRow("SELECT 1").Err(); err != nil {
		t.Error(err)
	}
	if err := tx.Rollback(); err != nil {
		t.Errorf("nothing was written, but: %v", err)
	}
	if tx, err = db.Begin(); err != nil {
		t.Fatal(err)
	}
	exec(t, tx, "INSERT INTO t VALUES (1)")
	if err := tx.Rollback(); !errors.Is(err, greptime.ErrTransactions) {
		t.Errorf("a rollback that cannot be: %v", err)
	}
	if tx, err = db.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true}); err != nil {
		t.Fatal(err)
	}
	if err := tx.QueryRow("SELECT 1").Err(); err != nil {
		t.Error(err)
	}
	if _, err := tx.Exec("INSERT INTO t VALUES (1)"); !errors.Is(err, greptime.ErrTransactions) {
		t.Errorf("a write in a read-only transaction: %v", err)
	}
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}
	if _, err := db.BeginTx(t.Context(), &sql.TxOptions{Isolation: sql.LevelSerializable}); !errors.Is(err, greptime.ErrTransactions) {
		t.Errorf("an isolation level: %v", err)
	}
}

func TestPreparedStatements(t *testing.T) {
	t.Parallel()
	s := newScribe(t)
	db := openServer(t, s.Server)
	stmt, err := db.Prepare("INSERT INTO t VALUES (?, ?)")
	if err != nil {
		t.Fatal(err)
	}
	defer stmt.Close()
	if n := s.Calls(""); n != 0 {
		t.Errorf("preparing sent %d requests", n)
	}
	for i := range 3 {
		if _, err := stmt.Exec(i, fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.last(t).GetQuery().GetSql(); got != "INSERT INTO t VALUES (2, '2')" {
		t.Errorf("sent %q", got)
	}
	if _, err := stmt.Exec(1); err == nil {
		t.Error("one argument for two placeholders")
	}
	named, err := db.Prepare("SELECT :a, :b, :a")
	if err != nil {
		t.Fatal(err)
	}
	defer named.Close()
	rows, err := named.Query(sql.Named("b", 2), sql.Named("a", 1))
	if err != nil {
		t.Fatal(err)
	}
	rows.Close()
	if got := s.last(t).GetQuery().GetSql(); got != "SELECT 1, 2, 1" {
		t.Errorf("sent %q", got)
	}
	for _, bad := range []string{"SELECT ?, $1", "SELECT 'abc"} {
		if stmt, err := db.Prepare(bad); err == nil {
			stmt.Close()
			t.Errorf("%s: no error", bad)
		}
	}
}

func TestHeaderAndMetadata(t *testing.T) {
	t.Parallel()
	s := newScribe(t)
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
	s := newScribe(t)
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
		s := newScribe(t, wiretest.Compress("gzip", "zstd"), wiretest.GRPC(grpc.StatsHandler(seen)))
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
	s := newScribe(t)
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

func TestPoolOfConnectionsSharesOneChannel(t *testing.T) {
	t.Parallel()
	s := newScribe(t)
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

func TestConnIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	s := newScribe(t)
	c, err := greptime.Connect(t.Context(), s.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for range 20 {
				if _, err := c.Exec(t.Context(), "INSERT INTO t VALUES (?)", i); err != nil {
					t.Error(err)
				}
				rd, err := c.QueryArrow(t.Context(), "SELECT ?", i)
				if err != nil {
					t.Error(err)
					return
				}
				for rd.Next() {
				}
				if err := rd.Err(); err != nil {
					t.Error(err)
				}
				rd.Release()
				if err := c.SetTimeZone("Asia/Tokyo"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}

// wrappedConn is what tracing and metrics packages put around a connection.
type wrappedConn struct{ driver.Conn }

func (w wrappedConn) Raw() driver.Conn { return w.Conn }

type wrappingConnector struct{ *greptime.Connector }

func (w wrappingConnector) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := w.Connector.Connect(ctx)
	return wrappedConn{c}, err
}

func TestRawUnwrapsConnections(t *testing.T) {
	t.Parallel()
	s := newScribe(t)
	cfg, err := greptime.ParseDSN(s.DSN())
	if err != nil {
		t.Fatal(err)
	}
	connector, err := greptime.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(wrappingConnector{connector})
	defer db.Close()
	if err := greptime.Raw(t.Context(), db, func(c *greptime.Conn) error { return c.Ping(t.Context()) }); err != nil {
		t.Error(err)
	}
	failure := errors.New("of the function")
	if err := greptime.Raw(t.Context(), db, func(*greptime.Conn) error { return failure }); !errors.Is(err, failure) {
		t.Errorf("error %v", err)
	}
}

func TestQueryWithoutRows(t *testing.T) {
	t.Parallel()
	db := openServer(t, newScribe(t).Server)
	rows, err := db.Query("INSERT INTO t VALUES (1)")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if columns, err := rows.Columns(); err != nil || len(columns) != 0 || rows.Next() || rows.Err() != nil {
		t.Errorf("columns %v, %v, %v", columns, err, rows.Err())
	}
	result, err := db.Exec("SELECT 1")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := result.RowsAffected(); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := result.LastInsertId(); err == nil {
		t.Error("LastInsertId works")
	}
}

func TestPromQLIsChecked(t *testing.T) {
	t.Parallel()
	c, err := greptime.Connect(t.Context(), startPing(t).DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	now := time.Now()
	for name, q := range map[string]greptime.PromRange{
		"Query":    {Start: now, End: now, Step: time.Second},
		"Start":    {Query: "up", End: now, Step: time.Second},
		"before":   {Query: "up", Start: now, End: now.Add(-1), Step: time.Second},
		"Step":     {Query: "up", Start: now, End: now},
		"Lookback": {Query: "up", Start: now, End: now, Step: time.Second, Lookback: time.Microsecond},
	} {
		if _, err := c.PromQL(t.Context(), q); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSyntaxErrorsAreTheServers(t *testing.T) {
	t.Parallel()
	exchange := captures.DoGetByName("error_unterminated")
	db := openServer(t, wiretest.Start(t, wiretest.Replay(exchange)))
	if _, err := db.Query(exchange.Request.SQL); !errors.Is(err, greptime.InvalidSyntax) {
		t.Errorf("error %v", err)
	}
	if _, err := db.Query("SELECT 'abc, ?", 1); err == nil || !strings.Contains(err.Error(), "cannot bind") {
		t.Errorf("error %v", err)
	}
	var e *greptime.Error
	if _, err := db.Query(exchange.Request.SQL); !errors.As(err, &e) || e.GRPC != codes.InvalidArgument {
		t.Errorf("error %v", err)
	}
}

// A DATE's text is read in the header's zone, so what SET time_zone says counts for
// the statements after it, also within one text.
func TestDateAfterSetTimeZoneInOneText(t *testing.T) {
	t.Parallel()
	s := newScribe(t)
	conn := oneConn(t, openServer(t, s.Server, "multi_statements=true"))
	date := greptime.Date{Year: 2024, Month: 1, Day: 1}
	_, err := conn.ExecContext(t.Context(), "SET time_zone = 'Asia/Shanghai'; INSERT INTO t (d) VALUES (?)", date)
	if err == nil || !strings.Contains(err.Error(), "timezone") || s.Calls("") != 0 {
		t.Errorf("error %v after %d requests", err, s.Calls(""))
	}
	exec(t, conn, "SET time_zone = 'Etc/UTC'")
	exec(t, conn, "INSERT INTO t (d) VALUES (?)", date)
}

func TestShowDatabasesThatIsNoList(t *testing.T) {
	t.Parallel()
	for _, exchange := range []string{"use_database", "type_signed"} {
		s := newScribe(t)
		s.fail["SHOW DATABASES"] = wiretest.Replay(captures.DoGetByName(exchange))
		if _, err := oneConn(t, openServer(t, s.Server)).ExecContext(t.Context(), "USE other"); err == nil {
			t.Errorf("%s: no error", exchange)
		}
	}
}

func TestWritesWhoseOutcomeIsUnknown(t *testing.T) {
	t.Parallel()
	for code, unknown := range map[greptime.Code]bool{
		0: true, greptime.Unknown: true, greptime.Unexpected: true, greptime.Internal: true, greptime.External: true,
		greptime.Cancelled: true, greptime.DeadlineExceeded: true, greptime.EngineExecuteQuery: true, greptime.RegionBusy: true,
		greptime.RegionNotReady: true, greptime.StorageUnavailable: true, 12345: true,
		greptime.InvalidSyntax: false, greptime.TableNotFound: false, greptime.InvalidArguments: false,
		greptime.PermissionDenied: false, greptime.PlanQuery: false, greptime.Unsupported: false, greptime.RateLimited: false,
	} {
		s := newScribe(t)
		fail := func(c *wiretest.Call) error { return c.Fail(codes.Internal, "failed", int(code)) }
		s.fail["INSERT INTO t VALUES (1)"], s.fail["SELECT 1"] = fail, fail
		db := openServer(t, s.Server)
		var e *greptime.Error
		if _, err := db.Exec("INSERT INTO t VALUES (1)"); !errors.As(err, &e) || e.Ambiguous != unknown {
			t.Errorf("%v: %v", code, err)
		}
		if _, err := db.Exec("SELECT 1"); !errors.As(err, &e) || e.Ambiguous {
			t.Errorf("a read, %v: %v", code, err)
		}
	}
}

func TestScanMistakesAreErrors(t *testing.T) {
	t.Parallel()
	s := newScribe(t)
	s.fail["SELECT empty"] = wiretest.Replay(captures.DoGetByName("select_limit_0"))
	s.fail["SELECT text"] = wiretest.Replay(captures.DoGetByName("select_version"))
	s.fail["SELECT number"] = wiretest.Replay(captures.DoGetByName("dictionary_of_int"))
	db := openServer(t, s.Server, "multi_statements=true")
	for query, dest := range map[string][]any{
		"SELECT text":   {(*string)(nil)},
		"SELECT number": {(*int64)(nil)},
		"SELECT empty":  nil,
	} {
		rows, err := db.Query(query + "; SELECT 1")
		if err != nil {
			t.Fatal(err)
		}
		if rows.Next() {
			if err := rows.Scan(dest...); err == nil {
				t.Errorf("%s: a nil destination is no error", query)
			}
			for rows.Next() {
			}
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		past := make([]any, len(columns))
		for i := range past {
			past[i] = new(any)
		}
		if err := rows.Scan(past...); err == nil && !mayScanPastTheEnd {
			t.Errorf("%s: Scan past the end is no error", query)
		}
		rows.Close()
	}
}
