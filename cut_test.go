package greptime_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// streams are the recordings that have messages. Where the request is none of the
// driver's, one of the same kind stands in: the scripted server does not mind.
func streams() []captures.DoGet {
	var list []captures.DoGet
	for _, exchange := range slices.Concat(captures.DoGets(), captures.AuthDoGets()) {
		if len(exchange.Messages) == 0 {
			continue
		}
		if _, isExempt := exempt[exchange.Base]; isExempt {
			exchange.Request = captures.DoGetRequest{SQL: "SHOW TABLES"}
			if len(exchange.Messages) > 1 && exchange.Messages[len(exchange.Messages)-1].Kind == "NONE" {
				exchange.Request.SQL = "SELECT 1"
			}
		}
		list = append(list, exchange)
	}
	return list
}

// readAll runs a query and reads its answer to the end.
func readAll(ctx context.Context, db *sql.DB, exchange *captures.DoGet) error {
	if exchange.Request.Prom != nil {
		return greptime.Raw(ctx, db, func(c *greptime.Conn) error {
			now := time.Now()
			rd, err := c.PromQL(ctx, greptime.PromRange{Query: "up", Start: now, End: now, Step: time.Second})
			if err != nil {
				return err
			}
			defer rd.Release()
			for rd.Next() {
			}
			return rd.Err()
		})
	}
	rows, err := db.QueryContext(ctx, exchange.Request.SQL)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}

// cutError checks that a result that was cut ended in an error of the driver.
func cutError(err error) error {
	var e *greptime.Error
	switch {
	case err == nil:
		return errors.New("no error: a short result looks complete")
	case !errors.As(err, &e):
		return fmt.Errorf("not a *greptime.Error: %T %w", err, err)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("noticed by the deadline only: %w", err)
	}
	return nil
}

func TestStreamCutAfterAnyMessageIsAnError(t *testing.T) {
	t.Parallel()
	cuts := map[string]func() wiretest.Action{
		"connection broken": wiretest.Drop,
		"stream reset":      func() wiretest.Action { return wiretest.Reset(wiretest.ResetInternal) },
		"status":            func() wiretest.Action { return wiretest.Fail(codes.Unknown, "Execute gRPC request error", 0) },
	}
	for _, exchange := range streams() {
		t.Run(exchange.Name, func(t *testing.T) {
			t.Parallel()
			var step atomic.Pointer[wiretest.Step]
			s := wiretest.Start(t, func(c *wiretest.Call) error {
				return wiretest.Replay(exchange, *step.Load())(c)
			})
			db := openServer(t, s)
			for name, action := range cuts {
				for k := range len(exchange.Messages) + 1 {
					cut := wiretest.Before(k, action())
					step.Store(&cut)
					if err := cutError(readAll(t.Context(), db, &exchange)); err != nil {
						t.Errorf("%s before message %d of %d: %v", name, k, len(exchange.Messages), err)
					}
				}
			}
		})
	}
}

// The one thing that a producer's panic leaves on the wire is that the metrics
// message is missing.
func TestOKWithoutTheMetricsOfThisEndpointIsTruncated(t *testing.T) {
	t.Parallel()
	tested := 0
	for _, exchange := range streams() {
		last := exchange.Messages[len(exchange.Messages)-1]
		if last.Kind != "NONE" || len(exchange.Messages) == 1 || exchange.Code != codes.OK {
			continue // affected rows, or a kind of statement that has no metrics
		}
		tested++
		t.Run(exchange.Name, func(t *testing.T) {
			t.Parallel()
			var step atomic.Pointer[wiretest.Step]
			s := wiretest.Start(t, func(c *wiretest.Call) error {
				if cut := step.Load(); cut != nil {
					return wiretest.Replay(exchange, *cut)(c)
				}
				return wiretest.Replay(exchange)(c)
			})
			db := openServer(t, s)
			if err := readAll(t.Context(), db, &exchange); err != nil {
				t.Fatal(err)
			}
			for k := range exchange.Messages {
				if k > 0 && exchange.Messages[k-1].Kind == "NONE" {
					continue // EXPLAIN ANALYZE VERBOSE has metrics after every batch, too
				}
				cut := wiretest.Before(k, wiretest.Truncate())
				step.Store(&cut)
				err := readAll(t.Context(), db, &exchange)
				if k > 0 && !errors.Is(err, greptime.ErrTruncated) || err == nil {
					t.Errorf("OK after %d of %d messages: %v", k, len(exchange.Messages), err)
				}
			}
		})
	}
	if tested < 150 {
		t.Errorf("only %d recordings end with metrics", tested)
	}
}

// So it is when nothing is known of the endpoint yet: a query of the driver's own
// finds out. An endpoint that sends no metrics is asked once.
func TestOKWithoutMetricsFromANewEndpoint(t *testing.T) {
	t.Parallel()
	exchange := captures.DoGetByName("batches_scan_file")
	for _, sendsMetrics := range []bool{true, false} {
		s := newRecordingServer(t)
		s.fail[exchange.Request.SQL] = wiretest.Replay(exchange, wiretest.Before(len(exchange.Messages)-1, wiretest.Truncate()))
		if !sendsMetrics {
			constant := captures.DoGetByName("select_constants")
			s.fail["SELECT 1"] = wiretest.Replay(constant, wiretest.Before(len(constant.Messages)-1, wiretest.Truncate()))
		}
		db := openServer(t, s.Server)
		for range 3 {
			if err := readAll(t.Context(), db, &exchange); errors.Is(err, greptime.ErrTruncated) != sendsMetrics {
				t.Errorf("metrics %v: %v", sendsMetrics, err)
			}
		}
		if n := s.Calls(""); n != 4 {
			t.Errorf("metrics %v: %d calls, want three and one to find out", sendsMetrics, n)
		}
	}
}

// The statement that was cut short may have written something, if it is not a query.
func TestTruncatedAnswersOfWritesAreAmbiguous(t *testing.T) {
	t.Parallel()
	exchange := captures.DoGetByName("select_constants")
	cut := wiretest.Replay(exchange, wiretest.Before(len(exchange.Messages)-1, wiretest.Truncate()))
	refuse := func(c *wiretest.Call) error { return c.Fail(codes.Internal, "as the test wants it", 1003) }
	for text, writes := range map[string]bool{
		"SELECT flush_table('t')":                       true,
		"EXPLAIN ANALYZE INSERT INTO t SELECT * FROM u": true,
		"EXPLAIN ANALYZE SELECT * FROM u":               false,
		"SELECT 'x'":                                    false,
	} {
		for what, probe := range map[string]wiretest.Handler{"truncated": nil, "nobody knows": refuse} {
			s := newRecordingServer(t)
			s.fail[text], s.fail["SELECT 1"] = cut, probe
			db := openServer(t, s.Server)
			_, execErr := db.Exec(text)
			rows, queryErr := db.Query(text)
			if queryErr == nil {
				for rows.Next() {
				}
				queryErr = rows.Err()
				rows.Close()
			}
			for _, err := range []error{execErr, queryErr} {
				var e *greptime.Error
				if !errors.As(err, &e) || e.Ambiguous != writes || e.SafeToRetry() == writes || probe == nil && !errors.Is(err, greptime.ErrTruncated) {
					t.Errorf("%s, %s: %v", text, what, err)
				}
			}
		}
	}
}

func TestStreamCutAtAnyByteIsAnError(t *testing.T) {
	t.Parallel()
	for _, exchange := range streams() {
		t.Run(exchange.Name, func(t *testing.T) {
			t.Parallel()
			var plan atomic.Pointer[wiretest.Plan]
			plan.Store(&wiretest.Plan{})
			s := wiretest.Start(t, wiretest.Replay(exchange), wiretest.Faults(func(int) wiretest.Plan { return *plan.Load() }))
			if err := readOnce(t, s, &exchange); (err == nil) != (exchange.Code == codes.OK) {
				t.Fatal(err)
			}
			end := s.Traffic()[0].Statuses[0] // the position behind the status
			for i, at := range cutPositions(end) {
				fault := wiretest.Break
				if i%2 == 1 {
					fault = wiretest.Close
				}
				plan.Store(&wiretest.Plan{Do: fault, At: at})
				if err := cutError(readOnce(t, s, &exchange)); err != nil {
					t.Errorf("%v of %d: %v", *plan.Load(), end, err)
				}
			}
		})
	}
}

// cutPositions are 50 positions before end, all of them with -long.
func cutPositions(end int64) []int64 {
	var list []int64
	if *long || end <= 50 {
		for at := range end {
			list = append(list, at)
		}
		return list
	}
	for i := range int64(50) {
		list = append(list, i*(end-1)/49)
	}
	return slices.Compact(list)
}

// readOnce reads the recording over a connection of its own.
func readOnce(t *testing.T, s *wiretest.Server, exchange *captures.DoGet) error {
	db, err := sql.Open("greptime", s.DSN())
	if err != nil {
		return err
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return readAll(ctx, db, exchange)
}

func TestErrorInMidStreamKeepsTheRowsBefore(t *testing.T) {
	t.Parallel()
	exchange := captures.DoGetByName("error_stream_after_batches")
	db := openServer(t, wiretest.Start(t, wiretest.Replay(exchange)))
	rows, err := db.Query(exchange.Request.SQL)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		n++
	}
	if n != 8192 {
		t.Errorf("%d rows before the error, want 8192", n)
	}
	if err := rows.Err(); !errors.Is(err, greptime.EngineExecuteQuery) || !strings.Contains(err.Error(), "Cannot cast string 'bad'") {
		t.Errorf("error %v", err)
	}
}
