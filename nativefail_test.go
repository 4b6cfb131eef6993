package greptime_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// A table that has changed is an InvalidArguments natively. Then the text decides.
func TestRefusedNativeInsertGoesAsText(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	db := openServer(t, s.Server)
	s.know(t, db)
	s.answerNative(refuse(codes.InvalidArgument, `Invalid request to region 1(1, 0), reason: unknown columns: ["host"]`, 1004))
	result, err := db.ExecContext(t.Context(), "INSERT INTO t (host, ts) VALUES ('a', ?)", 1)
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := result.RowsAffected(); n != 2 {
		t.Errorf("%d rows affected, the text's answer is 2", n)
	}
	if call := s.lastCall(t); call.sql != "INSERT INTO t (host, ts) VALUES ('a', 1)" {
		t.Errorf("the text is %s", call.sql)
	}
	if got := s.ways(); got != "native, text" {
		t.Errorf("went %s", got)
	}
	exec(t, db, "INSERT INTO t (host, ts) VALUES ('a', ?)", 1)
	if got := s.ways(); got != "text" {
		t.Errorf("with the columns forgotten it went %s", got)
	}

	s.answerText(wiretest.Replay(captures.DoGetByName("error_insert_unknown_column")))
	_, err = db.ExecContext(t.Context(), manyRows("INSERT INTO t (host, ts) VALUES ", "('a', 1)", 16))
	if want := captures.DoGetByName("error_insert_unknown_column").GRPCMessage; !errors.Is(err, greptime.InvalidArguments) || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, the text's is %s", err, want)
	}
	if got := s.ways(); got != "columns, native, regions, text" {
		t.Errorf("went %s", got)
	}

	// Without a literal, the native answer is the only one.
	_, err = db.ExecContext(t.Context(), "INSERT INTO t (ts, v) VALUES (1, ?)", math.NaN())
	if !errors.Is(err, greptime.InvalidArguments) || !strings.Contains(err.Error(), "unknown columns") {
		t.Errorf("error %v", err)
	}
	if got := s.ways(); got != "columns, native" {
		t.Errorf("went %s", got)
	}
}

// So it is for every recorded way in which a table may differ from what is known of
// it, and when the server says that it, or a column, is not there.
func TestNativeInsertIntoAnotherTableGoesAsText(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	answers := map[string]func(*wiretest.Call, *greptimev1.GreptimeRequest) error{
		"table not found":  refuse(codes.NotFound, "Table not found: greptime.public.t", 4001),
		"column not found": refuse(codes.NotFound, "Column not found", 4002),
	}
	for _, name := range []string{"hint_error_auto_create_false", "hint_auto_create_false_new_column", "error_type_differs", "error_int_width_differs",
		"error_time_unit_differs", "error_semantic_differs", "error_decimal_scale", "error_vector_dim", "error_not_null_column",
		"error_not_null_column_missing", "error_unknown_database", "error_json_text"} {
		recorded := captures.HandleByName(name)
		code, _ := recorded.ErrorCode()
		answers[name] = refuse(recorded.Code, recorded.GRPCMessage, code)
	}
	for name, answer := range answers {
		db := openServer(t, s.Server)
		s.know(t, db)
		s.answerNative(answer)
		exec(t, db, "INSERT INTO t (host, ts) VALUES ('a', 1)")
		if got := s.ways(); got != "native, text" {
			t.Errorf("%s: went %s", name, got)
		}
		s.answerNative(nil)
	}
}

func TestStaleColumnsAreReadAgainForNaN(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	db := openServer(t, s.Server)
	s.know(t, db)
	s.answerNative(func(c *wiretest.Call, _ *greptimev1.GreptimeRequest) error {
		s.answerNative(nil)
		return c.Fail(codes.InvalidArgument, "Invalid request to region 1(1, 0), reason: column v expect type Float32(Float32Type), given: FLOAT64(10)", 1004)
	})
	exec(t, db, "INSERT INTO t (ts, v) VALUES (1, ?)", math.NaN())
	if got := s.ways(); got != "native, columns, native" {
		t.Errorf("went %s", got)
	}
}

// A failed native insert is classified as the same statement by text is.
func TestNativeInsertFailsAsTextDoes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		answer wiretest.Handler
	}{
		{"refused", func(c *wiretest.Call) error { return c.Fail(codes.PermissionDenied, "no", 7006) }},
		{"busy", func(c *wiretest.Call) error { return c.Fail(codes.ResourceExhausted, "busy", 4009) }},
		{"limited", func(c *wiretest.Call) error { return c.Fail(codes.ResourceExhausted, "slow down", 6001) }},
		{"internal", func(c *wiretest.Call) error { return c.Fail(codes.Internal, "Internal error: 1003", 1003) }},
		{"panic", func(c *wiretest.Call) error { return c.Fail(codes.Internal, "panicked", 1002) }},
		{"unavailable", func(c *wiretest.Call) error { return c.Fail(codes.Unavailable, "", 0) }},
		{"unimplemented", func(c *wiretest.Call) error { return c.Fail(codes.Unimplemented, "", 0) }},
		{"reset", func(c *wiretest.Call) error { return wiretest.Reset(wiretest.ResetInternal)(c) }},
		{"dropped", func(c *wiretest.Call) error { return wiretest.Drop()(c) }},
		{"late", func(c *wiretest.Call) error { return wiretest.Hang()(c) }},
	} {
		run := func(t *testing.T) {
			s := newTableServer(t, wiretest.InMemory())
			var failures []*greptime.Error
			for _, mode := range []string{"sql", "auto", "native"} {
				db := openInMemory(t, s.Server, "insert="+mode)
				if mode != "sql" {
					s.know(t, db)
				}
				s.answerText(test.answer)
				s.answerNative(func(c *wiretest.Call, _ *greptimev1.GreptimeRequest) error { return test.answer(c) })
				ctx := t.Context()
				if test.name == "late" {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, 500*time.Millisecond)
					defer cancel()
				}
				_, err := db.ExecContext(ctx, "INSERT INTO t (host, ts) VALUES ('a', ?)", 1)
				var e *greptime.Error
				if !errors.As(err, &e) {
					t.Fatalf("insert=%s: %v", mode, err)
				}
				if test.name == "late" && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("insert=%s: %v", mode, err)
				}
				failures = append(failures, e)
				want := "native"
				if mode == "sql" {
					want = "text"
				}
				if got := s.ways(); got != want { // once
					t.Errorf("insert=%s went %s", mode, got)
				}
				s.answerText(nil)
				s.answerNative(nil)
			}
			text := failures[0]
			for _, native := range failures[1:] {
				if native.Ambiguous != text.Ambiguous || native.Retryable != text.Retryable || native.Code != text.Code || native.GRPC != text.GRPC {
					t.Errorf("natively %+v\nas text  %+v", native, text)
				}
			}
		}
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, run)
		})
	}
}

func TestNativeInsertGoesToAnEndpointThatIsUp(t *testing.T) {
	t.Parallel()
	up, down := newTableServer(t), newTableServer(t)
	down.Stop()
	dsn := "greptime://" + down.Addr() + "," + up.Addr() + "/public?balance=ordered"
	db, err := sql.Open("greptime", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	exec(t, db, manyRows("INSERT INTO t (host, ts) VALUES ", "('a', 1)", 16))
	if got := up.ways(); got != "columns, native" {
		t.Errorf("went %s", got)
	}
}

// That the server is down is found out by reading the columns; nothing was written.
func TestServerDownIsNotAmbiguous(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	db := openServer(t, s.Server, "connect_timeout=1s")
	s.Stop()
	_, err := db.ExecContext(t.Context(), manyRows("INSERT INTO t (host, ts) VALUES ", "('a', 1)", 16))
	var e *greptime.Error
	if !errors.As(err, &e) || e.Ambiguous {
		t.Errorf("error %+v", err)
	}
}

func TestCancelledNativeInsert(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	db := openServer(t, s.Server)
	s.know(t, db)
	ctx, cancel := context.WithCancel(t.Context())
	s.answerNative(func(c *wiretest.Call, _ *greptimev1.GreptimeRequest) error {
		cancel()
		return wiretest.Hang()(c)
	})
	_, err := db.ExecContext(ctx, "INSERT INTO t (host, ts) VALUES ('a', 1)")
	var e *greptime.Error
	if !errors.Is(err, context.Canceled) || !errors.As(err, &e) || !e.Ambiguous {
		t.Errorf("error %v", err)
	}
	if got := s.ways(); got != "native" {
		t.Errorf("went %s", got)
	}
}

func TestConfigTimeoutLimitsNativeInserts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newTableServer(t, wiretest.InMemory())
		db := openInMemory(t, s.Server, "timeout=2s")
		s.know(t, db)
		s.answerNative(func(c *wiretest.Call, _ *greptimev1.GreptimeRequest) error { return wiretest.Hang()(c) })
		if _, err := db.ExecContext(t.Context(), "INSERT INTO t (host, ts) VALUES ('a', 1)"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
	})
}

func TestTransactionsKnowOfNativeInserts(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	db := openServer(t, s.Server, "transactions=ignore")
	s.know(t, db)
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	exec(t, tx, "INSERT INTO t (host, ts) VALUES ('a', 1)")
	if got := s.ways(); got != "native" {
		t.Errorf("went %s", got)
	}
	if err := tx.Rollback(); !errors.Is(err, greptime.ErrTransactions) {
		t.Errorf("a Rollback after a write: %v", err)
	}
	tx, err = db.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), "INSERT INTO t (host, ts) VALUES ('a', 1)"); !errors.Is(err, greptime.ErrTransactions) {
		t.Errorf("a write in a read-only transaction: %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
	if got := s.ways(); got != "" {
		t.Errorf("went %s", got)
	}
}

// Goroutines insert while the table keeps changing: every row arrives, on one way or
// the other.
func TestNativeInsertsOfManyGoroutines(t *testing.T) {
	t.Parallel()
	s := newTableServer(t)
	db := openServer(t, s.Server)
	var mu sync.Mutex
	arrived := map[int64]int{}
	refusals := 0
	s.answerNative(func(c *wiretest.Call, r *greptimev1.GreptimeRequest) error {
		rows := r.GetRowInserts().Inserts[0].Rows.Rows
		mu.Lock()
		defer mu.Unlock()
		if c.N%7 == 0 {
			refusals++
			return c.Fail(codes.InvalidArgument, "Invalid request to region 1(1, 0), reason: missing column host", 1004)
		}
		for _, row := range rows {
			arrived[row.Values[1].GetI64Value()]++
		}
		return c.Respond(uint32(len(rows)))
	})
	s.answerText(func(c *wiretest.Call) error {
		text, err := c.SQL()
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		_, values, _ := strings.Cut(text, "VALUES ")
		for pair := range strings.SplitSeq(values, "), (") {
			var ts, n int64
			if _, err := fmt.Sscanf(strings.Trim(pair, "()"), "%d, %d", &ts, &n); err != nil {
				return err
			}
			arrived[n]++
		}
		return wiretest.Replay(captures.DoGetByName("insert_two_rows"))(c)
	})
	const goroutines, inserts, rows = 8, 20, 17
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for i := range inserts {
				args := make([]any, 0, 2*rows)
				for r := range rows {
					args = append(args, r, (g*inserts+i)*rows+r)
				}
				if _, err := db.ExecContext(t.Context(), manyRows("INSERT INTO t (ts, n) VALUES ", "(?, ?)", rows), args...); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	mu.Lock()
	defer mu.Unlock()
	if len(arrived) != goroutines*inserts*rows || refusals == 0 {
		t.Errorf("%d rows arrived, with %d refusals", len(arrived), refusals)
	}
	for n, times := range arrived {
		if times != 1 {
			t.Errorf("row %d arrived %d times", n, times)
		}
	}
}
