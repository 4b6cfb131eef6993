package greptime_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/captures"
	"github.com/greptime-go/greptime/internal/wiretest"
)

// promptly is how soon after its context a call must have returned. The race
// detector and a busy machine get some grace on top.
const promptly = 50 * time.Millisecond

func checkPrompt(t *testing.T, cancelled time.Time) {
	t.Helper()
	if late := time.Since(cancelled); late > promptly && !raceEnabled {
		t.Errorf("returned %v after the context had ended", late)
	}
}

func TestCancelInsideQuery(t *testing.T) {
	t.Parallel()
	exchange := captures.DoGetByName("select_every_type")
	s := wiretest.Start(t, wiretest.Replay(exchange, wiretest.Before(0, wiretest.Hang())))
	db := openServer(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	var cancelled time.Time
	go func() {
		s.WaitFor("the query", func() bool { return s.OpenStreams() == 1 })
		cancelled = time.Now()
		cancel()
	}()
	_, err := db.QueryContext(ctx, exchange.Request.SQL)
	if !errors.Is(err, context.Canceled) || !errors.Is(err, ctx.Err()) {
		t.Errorf("error %v", err)
	}
	checkPrompt(t, cancelled)
	s.WaitFor("the server to notice", func() bool { return s.OpenStreams() == 0 })
}

func TestCancelBetweenRows(t *testing.T) {
	t.Parallel()
	exchange := captures.DoGetByName("batches_scan_file")
	s := wiretest.Start(t, wiretest.Replay(exchange, wiretest.Before(5, wiretest.Hang())))
	db := openServer(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	rows, err := db.QueryContext(ctx, exchange.Request.SQL)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if !rows.Next() {
		t.Fatal(rows.Err())
	}
	cancel()
	cancelled := time.Now()
	for rows.Next() {
	}
	checkPrompt(t, cancelled)
	if err := rows.Err(); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	s.WaitFor("the server to notice", func() bool { return s.OpenStreams() == 0 })
}

func TestCancelInsideNext(t *testing.T) {
	t.Parallel()
	exchange := captures.DoGetByName("batches_scan_file")
	s := wiretest.Start(t, wiretest.Replay(exchange, wiretest.Before(3, wiretest.Hang())))
	db := openServer(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	rows, err := db.QueryContext(ctx, exchange.Request.SQL)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	cancelled := make(chan time.Time, 1)
	time.AfterFunc(100*time.Millisecond, func() {
		cancelled <- time.Now()
		cancel()
	})
	for rows.Next() {
	}
	checkPrompt(t, <-cancelled)
	if err := rows.Err(); !errors.Is(err, ctx.Err()) {
		t.Errorf("error %v", err)
	}
}

func TestDeadlineInsideNextOfARecordReader(t *testing.T) {
	t.Parallel()
	exchange := captures.DoGetByName("batches_scan_file")
	s := wiretest.Start(t, wiretest.Replay(exchange, wiretest.Before(3, wiretest.Hang())))
	c, err := greptime.Connect(t.Context(), startPing(t).DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	db := openServer(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err = greptime.Raw(t.Context(), db, func(c *greptime.Conn) error {
		rd, err := c.QueryArrow(ctx, exchange.Request.SQL)
		if err != nil {
			return err
		}
		defer rd.Release()
		for rd.Next() {
		}
		return rd.Err()
	})
	if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, greptime.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}

// startPing starts a server that answers every query with a constant.
func startPing(t *testing.T) *wiretest.Server {
	return wiretest.Start(t, wiretest.Replay(captures.DoGetByName("select_constants")))
}

func TestTimeoutOfTheDSNLimitsTheWholeQuery(t *testing.T) {
	t.Parallel()
	exchange := captures.DoGetByName("batches_scan_file")
	s := wiretest.Start(t, wiretest.Replay(exchange, wiretest.Before(3, wiretest.Hang())))
	db := openServer(t, s, "timeout=150ms")
	start := time.Now()
	rows, err := db.Query(exchange.Request.SQL)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
	}
	if err := rows.Err(); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if d := time.Since(start); d < 100*time.Millisecond || d > 5*time.Second {
		t.Errorf("ended after %v", d)
	}
}

// The server answers Cancelled, "Timeout expired", when it sees the deadline pass
// before the client does.
func TestServersOwnTimeoutIsTheDeadline(t *testing.T) {
	t.Parallel()
	s := wiretest.Start(t, func(c *wiretest.Call) error { return c.Fail(codes.Canceled, "Timeout expired", 0) })
	db := openServer(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	_, err := db.ExecContext(ctx, "INSERT INTO t VALUES (1)")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	var e *greptime.Error
	if !errors.As(err, &e) || !e.Ambiguous {
		t.Errorf("the outcome of the write is not said to be unknown: %v", err)
	}
}

func TestClosingThePoolEndsWhatIsOpen(t *testing.T) {
	t.Parallel()
	exchange := captures.DoGetByName("batches_scan_file")
	s := wiretest.Start(t, wiretest.Replay(exchange, wiretest.Before(3, wiretest.Hang())))
	db := openServer(t, s)
	err := greptime.Raw(t.Context(), db, func(c *greptime.Conn) error {
		rd, err := c.QueryArrow(t.Context(), exchange.Request.SQL)
		if err != nil {
			return err
		}
		defer rd.Release()
		time.AfterFunc(50*time.Millisecond, func() { db.Close() })
		for rd.Next() {
		}
		if !errors.Is(rd.Err(), greptime.ErrClosed) {
			t.Errorf("error %v", rd.Err())
		}
		if _, err := c.QueryArrow(t.Context(), "SELECT 1"); !errors.Is(err, greptime.ErrClosed) {
			t.Errorf("a query afterwards: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
