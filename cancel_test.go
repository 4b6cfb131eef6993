package greptime_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// checkPrompt checks that a call returned as soon as its context ended. The call must run in a
// bubble of testing/synctest, where time passes only while every goroutine waits, however slow
// the machine is: a call that waits for anything but its context is late.
func checkPrompt(t *testing.T, ended time.Time) {
	t.Helper()
	if late := time.Since(ended); late != 0 {
		t.Errorf("returned %v after the context had ended", late)
	}
}

// Whatever waits for the server, or for a connection to it, ends with its context.
func TestCancelOfEveryCall(t *testing.T) {
	t.Parallel()
	exchange := captures.DoGetByName("select_constants")
	calls := map[string]func(context.Context, *greptime.Conn) error{
		"Ping": func(ctx context.Context, c *greptime.Conn) error { return c.Ping(ctx) },
		"Exec": func(ctx context.Context, c *greptime.Conn) error {
			_, err := c.Exec(ctx, "INSERT INTO t VALUES (1)")
			return err
		},
		"USE": func(ctx context.Context, c *greptime.Conn) error { return c.Use(ctx, "other") },
		"QueryArrow": func(ctx context.Context, c *greptime.Conn) error {
			_, err := c.QueryArrow(ctx, "SELECT 1")
			return err
		},
		"PromQL": func(ctx context.Context, c *greptime.Conn) error {
			_, err := c.PromQL(ctx, greptime.PromRange{Query: "up", Start: time.Now(), End: time.Now(), Step: time.Second})
			return err
		},
	}
	for server, plan := range map[string]wiretest.Plan{"that is silent": {}, "that does not connect": {Do: wiretest.Mute}} {
		for name, call := range calls {
			t.Run(name+" at a server "+server, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := wiretest.Start(t, wiretest.Replay(exchange, wiretest.Before(0, wiretest.Hang())),
						wiretest.InMemory(), wiretest.Faults(func(int) wiretest.Plan { return plan }))
					db := openInMemory(t, s, "connect_timeout=60s")
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					end := time.Now().Add(time.Second)
					time.AfterFunc(time.Second, cancel)
					err := greptime.Raw(t.Context(), db, func(c *greptime.Conn) error { return call(ctx, c) })
					checkPrompt(t, end)
					if !errors.Is(err, context.Canceled) {
						t.Errorf("error %v", err)
					}
				})
			})
		}
	}
}

func TestCancelInsideQuery(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		exchange := captures.DoGetByName("select_every_type")
		s := wiretest.Start(t, wiretest.Replay(exchange, wiretest.Before(0, wiretest.Hang())), wiretest.InMemory())
		db := openInMemory(t, s)
		ctx, cancel := context.WithCancel(t.Context())
		cancelled := make(chan time.Time, 1)
		go func() {
			s.WaitFor("the query", func() bool { return s.OpenStreams() == 1 })
			cancelled <- time.Now()
			cancel()
		}()
		_, err := db.QueryContext(ctx, exchange.Request.SQL)
		checkPrompt(t, <-cancelled)
		if !errors.Is(err, context.Canceled) || !errors.Is(err, ctx.Err()) {
			t.Errorf("error %v", err)
		}
		s.WaitFor("the server to notice", func() bool { return s.OpenStreams() == 0 })
	})
}

func TestCancelBetweenRows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		exchange := captures.DoGetByName("batches_scan_file")
		s := wiretest.Start(t, wiretest.Replay(exchange, wiretest.Before(5, wiretest.Hang())), wiretest.InMemory())
		db := openInMemory(t, s)
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
	})
}

func TestCancelInsideNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		exchange := captures.DoGetByName("batches_scan_file")
		s := wiretest.Start(t, wiretest.Replay(exchange, wiretest.Before(3, wiretest.Hang())), wiretest.InMemory())
		db := openInMemory(t, s)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		rows, err := db.QueryContext(ctx, exchange.Request.SQL)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		end := time.Now().Add(time.Second)
		time.AfterFunc(time.Second, cancel)
		for rows.Next() {
		}
		checkPrompt(t, end)
		if err := rows.Err(); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
}

func TestDeadlineInsideNextOfARecordReader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		exchange := captures.DoGetByName("batches_scan_file")
		s := wiretest.Start(t, wiretest.Replay(exchange, wiretest.Before(3, wiretest.Hang())), wiretest.InMemory())
		db := openInMemory(t, s)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		err := greptime.Raw(t.Context(), db, func(c *greptime.Conn) error {
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
	})
}

func TestTimeoutOfTheDSNLimitsTheWholeQuery(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		exchange := captures.DoGetByName("batches_scan_file")
		s := wiretest.Start(t, wiretest.Replay(exchange, wiretest.Before(3, wiretest.Hang())), wiretest.InMemory())
		db := openInMemory(t, s, "timeout=150ms")
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
		if d := time.Since(start); d != 150*time.Millisecond {
			t.Errorf("ended after %v, want 150ms", d)
		}
	})
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
	synctest.Test(t, func(t *testing.T) {
		exchange := captures.DoGetByName("batches_scan_file")
		s := wiretest.Start(t, wiretest.Replay(exchange, wiretest.Before(3, wiretest.Hang())), wiretest.InMemory())
		db := openInMemory(t, s)
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
	})
}
