package greptime_test

import (
	"database/sql"
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

func TestSafeToRetryIsWhatDidNothing(t *testing.T) {
	t.Parallel()
	const refused = "greptime://127.0.0.1:1" // a port that the system gives to nobody
	fail := func(code codes.Code, errCode int) string {
		s := wiretest.Start(t, func(c *wiretest.Call) error {
			if _, err := c.Recv(); err != nil {
				return err
			}
			return c.Fail(code, "as the test wants it", errCode)
		})
		return s.DSN()
	}
	const read, write = "SELECT 1", "INSERT INTO t (host, ts) VALUES ('a', 1)"
	for what, test := range map[string]struct {
		dsn, query string
		want       bool
	}{
		"write, connection refused":  {refused, write, true},
		"write, rate limited":        {fail(codes.ResourceExhausted, 6001), write, true},
		"write, no permission":       {fail(codes.PermissionDenied, 7006), write, true},
		"write, internal error":      {fail(codes.Internal, 1003), write, false},
		"write, sent and no answer":  {fail(codes.Unavailable, 0), write, false},
		"read, sent and no answer":   {fail(codes.Unavailable, 0), read, true},
		"read, connection refused":   {refused, read, true},
		"read, internal error":       {fail(codes.Internal, 1003), read, true},
		"admin, sent and no answer":  {fail(codes.Unavailable, 0), "SELECT flush_table('t')", false},
		"INSERT … SELECT, cancelled": {fail(codes.Canceled, 1005), "INSERT INTO t SELECT * FROM u", false},
	} {
		db, err := sql.Open("greptime", test.dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		_, err = db.ExecContext(t.Context(), test.query)
		var e *greptime.Error
		if !errors.As(err, &e) || e.SafeToRetry() != test.want {
			t.Errorf("%s: safe to retry is not %v: %v", what, test.want, err)
		}
	}
}

func TestTheRetryLoopOfTheREADME(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("example_retry_test.go")
	if err != nil {
		t.Fatal(err)
	}
	if _, loop, ok := strings.Cut(string(source), "is in the README, too.\n"); !ok || !strings.Contains(string(readme), "```go\n"+loop+"```\n") {
		t.Error("the README has another loop than the example")
	}
	for what, test := range map[string]struct {
		first wiretest.Action
		calls int
		want  error
	}{
		"rate limited":      {wiretest.Fail(codes.ResourceExhausted, "slowly", 6001), 2, nil},
		"sent, no answer":   {wiretest.Fail(codes.Unavailable, "gone", 0), 1, greptime.Code(0)},
		"not to be helped":  {wiretest.Fail(codes.InvalidArgument, "no", 2000), 1, greptime.InvalidSyntax},
		"nothing to repeat": {func(*wiretest.Call) error { return nil }, 1, nil},
	} {
		exchange := captures.DoGetByName("insert_two_rows")
		var calls atomic.Int32
		s := wiretest.Start(t, func(c *wiretest.Call) error {
			if calls.Add(1) > 1 {
				return wiretest.Replay(exchange)(c)
			}
			return wiretest.Replay(exchange, wiretest.Before(0, test.first))(c)
		})
		err := execWithRetry(t.Context(), openServer(t, s), "INSERT INTO t (host, ts) VALUES ('a', 1)")
		if !errors.Is(err, test.want) || s.Calls("") != test.calls {
			t.Errorf("%s: %v after %d calls", what, err, s.Calls(""))
		}
	}
}
