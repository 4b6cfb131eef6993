package greptime_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"testing"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"github.com/apache/arrow-go/v18/arrow"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// openServer opens a pool on a scripted server; both end with the test.
func openServer(t testing.TB, s *wiretest.Server, params ...string) *sql.DB {
	t.Helper()
	db, err := sql.Open("greptime", s.DSN(params...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// openInMemory is openServer for a server in memory.
func openInMemory(t testing.TB, s *wiretest.Server, params ...string) *sql.DB {
	t.Helper()
	cfg, err := greptime.ParseDSN(s.DSN(params...))
	if err != nil {
		t.Fatal(err)
	}
	cfg.Dialer = s.Dial
	return openConfig(t, cfg)
}

// recordingServer is a server that records its requests. It answers SHOW DATABASES and
// everything that begins with SELECT as recorded, and the rest with two affected rows.
type recordingServer struct {
	*wiretest.Server
	mu       sync.Mutex
	requests []*greptimev1.GreptimeRequest
	metadata []metadata.MD
	fail     map[string]wiretest.Handler // by SQL text
}

func newRecordingServer(t testing.TB, opts ...wiretest.Option) *recordingServer {
	s := &recordingServer{fail: map[string]wiretest.Handler{}}
	s.Server = wiretest.Start(t, s.handle, opts...)
	return s
}

func (s *recordingServer) handle(c *wiretest.Call) error {
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

// last returns the last request.
func (s *recordingServer) last(t testing.TB) *greptimev1.GreptimeRequest {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.requests) == 0 {
		t.Fatal("no request")
	}
	return s.requests[len(s.requests)-1]
}

// texts returns the SQL of all requests.
func (s *recordingServer) texts() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for _, r := range s.requests {
		list = append(list, r.GetQuery().GetSql())
	}
	return list
}

// oneConn returns a connection of the pool, which is returned at the end of the test.
func oneConn(t *testing.T, db *sql.DB) *sql.Conn {
	t.Helper()
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// exec executes a statement that must succeed.
func exec(t *testing.T, db interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
}, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// wantError checks that err is unavailability, or another code, and has all parts
// in its text.
func wantError(t *testing.T, err error, code codes.Code, parts ...string) {
	t.Helper()
	var e *greptime.Error
	if !errors.As(err, &e) || e.GRPC != code {
		t.Errorf("error %v, want a *greptime.Error with gRPC %v", err, code)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not say %q: %v", part, err)
		}
	}
}

// startPing starts a server that answers every query with a constant.
func startPing(t *testing.T, opts ...wiretest.Option) *wiretest.Server {
	return wiretest.Start(t, wiretest.Replay(captures.DoGetByName("select_constants")), opts...)
}

// openConfig opens a pool by a Config.
func openConfig(t testing.TB, cfg *greptime.Config) *sql.DB {
	t.Helper()
	connector, err := greptime.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { db.Close() })
	return db
}

// manyRows returns an INSERT: its beginning, and n rows of the same text.
func manyRows(insert, row string, n int) string {
	return insert + strings.TrimSuffix(strings.Repeat(row+", ", n), ", ")
}

// refuse returns the handler of a native request that answers with an error.
func refuse(code codes.Code, message string, errCode int) func(*wiretest.Call, *greptimev1.GreptimeRequest) error {
	return func(c *wiretest.Call, _ *greptimev1.GreptimeRequest) error { return c.Fail(code, message, errCode) }
}

// resultMessages returns the messages of a query's result with these batches, with
// metrics at the end as GreptimeDB sends them.
func resultMessages(t testing.TB, schema *arrow.Schema, batches ...arrow.RecordBatch) []captures.Message {
	t.Helper()
	messages := []captures.Message{wiretest.SchemaMessage(schema)}
	for _, batch := range batches {
		message, err := wiretest.BatchMessage(batch)
		if err != nil {
			t.Fatal(err)
		}
		messages = append(messages, message)
	}
	return append(messages, wiretest.MetricsMessage())
}
