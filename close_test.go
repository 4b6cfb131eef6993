package greptime_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/stats"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// callEnds notes how calls ended, as what watches calls does.
type callEnds struct {
	mu   sync.Mutex
	ends []error
}

func (*callEnds) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (*callEnds) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (*callEnds) HandleConn(context.Context, stats.ConnStats)                       {}
func (e *callEnds) HandleRPC(_ context.Context, s stats.RPCStats) {
	if end, ok := s.(*stats.End); ok {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.ends = append(e.ends, end.Error)
	}
}

// take returns how calls ended since the last take.
func (e *callEnds) take() []error {
	e.mu.Lock()
	defer e.mu.Unlock()
	ends := e.ends
	e.ends = nil
	return ends
}

// openWatched opens a server and notes how its calls end.
func openWatched(t *testing.T, s *wiretest.Server) (*sql.DB, *callEnds) {
	t.Helper()
	cfg, err := greptime.ParseDSN(s.DSN("multi_statements=true"))
	if err != nil {
		t.Fatal(err)
	}
	var ends callEnds
	cfg.DialOptions = append(cfg.DialOptions, grpc.WithStatsHandler(&ends))
	connector, err := greptime.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { db.Close() })
	return db, &ends
}

func TestRowsThatAreClosedEarlyEndTheirCallProperly(t *testing.T) {
	t.Parallel()
	exchange := captures.DoGetByName("select_constants")
	db, ends := openWatched(t, wiretest.Start(t, wiretest.Replay(exchange)))
	row := make([]any, len(exchange.Fields))
	for i := range row {
		row[i] = new(any)
	}
	for what, run := range map[string]func() error{
		"QueryRow": func() error { return db.QueryRow("SELECT 1").Scan(row...) },
		"Close before Next": func() error {
			rows, err := db.Query("SELECT 1")
			if err != nil {
				return err
			}
			return errors.Join(rows.Close(), rows.Err())
		},
		"NextResultSet before Next": func() error {
			rows, err := db.Query("SELECT 1; SELECT 2")
			if err != nil {
				return err
			}
			if !rows.NextResultSet() {
				t.Error("no second result")
			}
			return errors.Join(rows.Close(), rows.Err())
		},
	} {
		if err := run(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		got := ends.take()
		if len(got) == 0 {
			t.Errorf("%s: no call has ended", what)
		}
		for _, err := range got {
			if err != nil {
				t.Errorf("%s: the call ended in %v", what, err)
			}
		}
	}
}

func TestErrorsBehindTheRowsThatWereReadAreReturned(t *testing.T) {
	t.Parallel()
	exchange := captures.DoGetByName("select_constants")
	metrics := len(exchange.Messages) - 1
	row := make([]any, len(exchange.Fields))
	for i := range row {
		row[i] = new(any)
	}
	for what, test := range map[string]struct {
		step wiretest.Step
		want error
	}{
		"a status instead of the metrics": {wiretest.Before(metrics, wiretest.Fail(codes.Internal, "a region has gone", 3001)), greptime.EngineExecuteQuery},
		"a status behind the metrics":     {wiretest.BeforeStatus(wiretest.Fail(codes.Internal, "a region has gone", 3001)), greptime.EngineExecuteQuery},
		"OK without the metrics":          {wiretest.Before(metrics, wiretest.Truncate()), greptime.ErrTruncated},
	} {
		whole, cut := wiretest.Replay(exchange), wiretest.Replay(exchange, test.step)
		db := openServer(t, wiretest.Start(t, func(c *wiretest.Call) error {
			request, err := c.Ticket()
			if err != nil {
				return err
			}
			if request.GetQuery().GetSql() == "SELECT 1" { // the driver asks whether there are metrics
				return whole(c)
			}
			return cut(c)
		}), "multi_statements=true")
		if err := db.QueryRow("SELECT 2").Scan(row...); !errors.Is(err, test.want) {
			t.Errorf("%s: QueryRow: %v", what, err)
		}
		rows, err := db.Query("SELECT 2")
		if err != nil {
			t.Fatal(err)
		}
		if err := rows.Close(); !errors.Is(err, test.want) || !errors.Is(rows.Err(), test.want) {
			t.Errorf("%s: Close: %v, Err: %v", what, err, rows.Err())
		}
		if rows, err = db.Query("SELECT 2; SELECT 1"); err != nil {
			t.Fatal(err)
		}
		if rows.NextResultSet() || !errors.Is(rows.Err(), test.want) || !strings.Contains(rows.Err().Error(), "statement 1 of 2") {
			t.Errorf("%s: NextResultSet: %v", what, rows.Err())
		}
		if err := rows.Close(); err != nil {
			t.Errorf("%s: Close after the error: %v", what, err)
		}
	}
}

// What is much, or does not come, is cancelled, and no error for whoever wants no more.
func TestWhatIsLeftIsCancelledIfItIsMuch(t *testing.T) {
	t.Parallel()
	exchange := captures.DoGetByName("batches_scan_file")
	messages := exchange.Messages
	endless := func(c *wiretest.Call) error {
		for _, m := range messages[:2] {
			if err := c.Send(wiretest.EncodeFlightData(m)); err != nil {
				return err
			}
		}
		for {
			if err := c.Send(wiretest.EncodeFlightData(messages[1])); err != nil {
				return err
			}
		}
	}
	for what, test := range map[string]struct {
		handler wiretest.Handler
		wait    time.Duration
	}{
		"a server that stops":         {wiretest.Replay(exchange, wiretest.Before(3, wiretest.Hang())), 100 * time.Millisecond},
		"a server that does not stop": {endless, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := wiretest.Start(t, test.handler, wiretest.InMemory())
			rows, err := openInMemory(t, s).Query(exchange.Request.SQL)
			if err != nil {
				t.Fatal(err)
			}
			if !rows.Next() {
				t.Fatal(rows.Err())
			}
			start := time.Now()
			if err := errors.Join(rows.Close(), rows.Err()); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			if waited := time.Since(start); waited != test.wait {
				t.Errorf("%s: closed after %v, want %v", what, waited, test.wait)
			}
			s.WaitFor("the end of the call", func() bool { return s.OpenStreams() == 0 })
		})
	}
}

func TestRowsWhoseContextHasEndedCloseAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		exchange := captures.DoGetByName("batches_scan_file")
		s := wiretest.Start(t, wiretest.Replay(exchange, wiretest.Before(3, wiretest.Hang())), wiretest.InMemory())
		err := greptime.Raw(t.Context(), openInMemory(t, s), func(c *greptime.Conn) error {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			rows, err := c.QueryContext(ctx, exchange.Request.SQL, nil)
			if err != nil {
				return err
			}
			cancel()
			cancelled := time.Now()
			if err := rows.Close(); err != nil {
				t.Error(err)
			}
			checkPrompt(t, cancelled)
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		s.WaitFor("the end of the call", func() bool { return s.OpenStreams() == 0 })
	})
}

// The runtime ends the process if a timer or a channel that was created in a bubble of
// testing/synctest is used outside of it, so what the driver keeps for reuse must stay there.
func TestQueriesInAndOutsideOfBubbles(t *testing.T) {
	t.Parallel()
	exchange := captures.DoGetByName("select_constants")
	row := make([]any, len(exchange.Fields))
	for i := range row {
		row[i] = new(any)
	}
	query := func(t *testing.T, db *sql.DB) {
		t.Helper()
		for range 50 {
			if err := db.QueryRow("SELECT 1").Scan(row...); err != nil {
				t.Error(err)
			}
		}
	}
	for range 2 {
		synctest.Test(t, func(t *testing.T) {
			query(t, openInMemory(t, wiretest.Start(t, wiretest.Replay(exchange), wiretest.InMemory())))
		})
	}
	query(t, openServer(t, wiretest.Start(t, wiretest.Replay(exchange))))
}
