package greptime_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"math"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/calltrace"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/traces"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// openTraced opens a pool with a tracer. change may change the Config.
func openTraced(t *testing.T, s *wiretest.Server, change func(*greptime.Config)) (*sql.DB, *traces.Recorder) {
	t.Helper()
	cfg, err := greptime.ParseDSN(s.DSN())
	if err != nil {
		t.Fatal(err)
	}
	tracer := traces.New(t)
	cfg.Trace = tracer
	if change != nil {
		change(cfg)
	}
	return openConfig(t, cfg), tracer
}

// batchesOf returns the messages of a result of batches with a row count each.
func batchesOf(t *testing.T, rows ...int) []captures.Message {
	t.Helper()
	schema := arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int64}}, nil)
	var batches []arrow.RecordBatch
	for _, n := range rows {
		b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
		for i := range n {
			b.Field(0).(*array.Int64Builder).Append(int64(i))
		}
		batches = append(batches, b.NewRecordBatch())
		b.Release()
	}
	t.Cleanup(func() {
		for _, b := range batches {
			b.Release()
		}
	})
	return resultMessages(t, schema, batches...)
}

func sizeOf(messages []captures.Message) (n int64) {
	for _, m := range messages {
		n += int64(len(m.Header) + len(m.AppMetadata) + len(m.Body))
	}
	return n
}

func TestTraceOfStatements(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	result := batchesOf(t, 2, 0, 3)
	s.fail["SELECT n FROM t WHERE h = 'sesame'"] = wiretest.Flight(result)
	s.fail["SELECT broken"] = func(c *wiretest.Call) error { return c.Fail(codes.InvalidArgument, "no column broken", 3000) }
	for _, test := range []struct {
		name string
		run  func(context.Context, *greptime.Conn) error
		want []calltrace.Call
		rows []int64
		fail error
	}{
		{"a query with an argument", func(ctx context.Context, c *greptime.Conn) error {
			rd, err := c.QueryArrow(ctx, "SELECT n FROM t WHERE h = ?", "sesame")
			if err != nil {
				return err
			}
			defer rd.Release()
			for rd.Next() {
			}
			return rd.Err()
		}, []calltrace.Call{{Text: "SELECT n FROM t WHERE h = ?", Args: 1}}, []int64{5}, nil},
		{"Exec", func(ctx context.Context, c *greptime.Conn) error {
			_, err := c.Exec(ctx, "INSERT INTO t SELECT :a, :b", sql.Named("a", "sesame"), sql.Named("b", 2))
			return err
		}, []calltrace.Call{{Text: "INSERT INTO t SELECT :a, :b", Args: 2}}, []int64{2}, nil},
		{"an INSERT of values", func(ctx context.Context, c *greptime.Conn) error {
			_, err := c.Exec(ctx, "INSERT INTO t (a) VALUES (?), (?)", 1, 2)
			return err
		}, []calltrace.Call{{Text: "INSERT INTO t (a) VALUES (?), (?)", Args: 2}}, []int64{2}, nil},
		{"several statements", func(ctx context.Context, c *greptime.Conn) error {
			_, err := c.Exec(ctx, "SET time_zone = '+08:00'; DELETE FROM t WHERE a = ?; INSERT INTO u SELECT ?", "sesame", 3)
			return err
		}, []calltrace.Call{
			{Text: "SET time_zone = '+08:00'", Args: 2}, {Text: "DELETE FROM t WHERE a = ?", Args: 2}, {Text: "INSERT INTO u SELECT ?", Args: 2},
		}, []int64{0, 2, 2}, nil},
		{"USE", func(ctx context.Context, c *greptime.Conn) error {
			_, err := c.Exec(ctx, "USE public")
			return err
		}, []calltrace.Call{{Text: "USE public"}}, []int64{0}, nil},
		{"PromQL", func(ctx context.Context, c *greptime.Conn) error {
			rd, err := c.PromQL(ctx, greptime.PromInstant{Query: "up"})
			if err == nil {
				rd.Release()
			}
			return err
		}, []calltrace.Call{{Kind: calltrace.PromQL, Text: "up"}}, []int64{2}, nil},
		{"a refused statement", func(ctx context.Context, c *greptime.Conn) error {
			_, err := c.QueryArrow(ctx, "SELECT broken")
			return err
		}, []calltrace.Call{{Text: "SELECT broken"}}, []int64{0}, greptime.PlanQuery},
		{"Ping", func(ctx context.Context, c *greptime.Conn) error { return c.Ping(ctx) }, nil, nil, nil},
		{"what is not sent", func(ctx context.Context, c *greptime.Conn) error {
			_, err := c.QueryArrow(ctx, "SELECT ?", time.Second)
			if err == nil {
				return errors.New("there is no error")
			}
			return nil
		}, nil, nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			db, tracer := openTraced(t, s.Server, func(c *greptime.Config) { c.MultiStatements = true })
			err := greptime.Raw(t.Context(), db, func(c *greptime.Conn) error { return test.run(t.Context(), c) })
			if !errors.Is(err, test.fail) {
				t.Fatalf("the error is %v, want %v", err, test.fail)
			}
			calls := tracer.Take()
			if len(calls) != len(test.want) || tracer.Running() != 0 {
				t.Fatalf("%d calls have ended and %d are running, want %d that have ended: %+v", len(calls), tracer.Running(), len(test.want), calls)
			}
			for i, got := range calls {
				want := test.want[i]
				want.Database = "public"
				if want.Kind == "" {
					want.Kind = calltrace.Statement
				}
				if got.Text != want.Text || got.Kind != want.Kind || got.Args != want.Args || got.Database != "public" || got.BoundText != "" || got.Call.Rows != 0 {
					t.Errorf("call %d is %+v, want %+v", i, got.Call, want)
				}
				isLocal := strings.HasPrefix(got.Text, "USE") || strings.HasPrefix(got.Text, "SET")
				if wantEndpoint := !isLocal; (got.Endpoint == s.Addr()) != wantEndpoint {
					t.Errorf("the endpoint of call %d is %q", i, got.Endpoint)
				}
				if got.Outcome.Rows != test.rows[i] && test.name != "PromQL" || got.Attempts != 1 || got.Native {
					t.Errorf("the outcome of call %d is %+v, want %d rows, 1 attempt", i, got.Outcome, test.rows[i])
				}
				if !errors.Is(got.Err, test.fail) {
					t.Errorf("the error of call %d is %v, want %v", i, got.Err, test.fail)
				}
				if (got.Bytes > 0) != (!isLocal && test.fail == nil) {
					t.Errorf("call %d has %d bytes", i, got.Bytes)
				}
				if test.name == "a query with an argument" && got.Bytes != sizeOf(result) {
					t.Errorf("%d bytes, want the %d of the messages", got.Bytes, sizeOf(result))
				}
			}
			if leaks := traces.Leaks(calls, "sesame"); len(leaks) > 0 {
				t.Errorf("the trace has %q", leaks)
			}
		})
	}
}

// The end of a query is when its rows are read or closed.
func TestTraceEndsWithTheRows(t *testing.T) {
	t.Parallel()
	large := batchesOf(t, 2, 100_000, 5) // more than Close reads
	small := batchesOf(t, 2, 3)
	failing := batchesOf(t, 2, 3)[:2]
	s := wiretest.Start(t, func(c *wiretest.Call) error {
		text, err := c.SQL()
		if err != nil {
			return err
		}
		switch text {
		case "SELECT large":
			return c.SendFlight(large...)
		case "SELECT small":
			return c.SendFlight(small...)
		case "SELECT failing":
			if err := c.SendFlight(failing...); err != nil {
				return err
			}
			return c.Fail(codes.Internal, "the disk is gone", 3001)
		case "SELECT hanging":
			if err := c.SendFlight(failing...); err != nil {
				return err
			}
			return wiretest.Hang()(c)
		}
		return errors.New(text)
	})
	for _, test := range []struct {
		name, query string
		read        int // rows, before Close; -1: to the end
		cancel      bool
		timeout     time.Duration
		rows        int64
		fail        error
	}{
		{"read to the end", "SELECT small", -1, false, 0, 5, nil},
		{"closed at once", "SELECT large", 0, false, 0, 0, nil},
		{"closed early, much left", "SELECT large", 1, false, 0, 2, nil},
		{"closed early, little left", "SELECT small", 1, false, 0, 2, nil},
		{"closed early, under Config.Timeout", "SELECT small", 1, false, time.Minute, 2, nil},
		{"failed behind the first batch", "SELECT failing", -1, false, 0, 2, greptime.EngineExecuteQuery},
		{"closed before a failure", "SELECT failing", 1, false, 0, 2, greptime.EngineExecuteQuery},
		{"closed before a failure, under Config.Timeout", "SELECT failing", 1, false, time.Minute, 2, greptime.EngineExecuteQuery},
		{"cancelled", "SELECT hanging", 2, true, 0, 2, context.Canceled},
		{"cancelled, large", "SELECT large", 1, true, 0, 2, context.Canceled},
		{"timed out", "SELECT hanging", -1, false, 500 * time.Millisecond, 2, context.DeadlineExceeded},
		{"left hanging", "SELECT hanging", 2, false, 0, 2, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			db, tracer := openTraced(t, s, func(c *greptime.Config) { c.Timeout = test.timeout })
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			rows, err := db.QueryContext(ctx, test.query)
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i != test.read && rows.Next(); i++ {
				var n int64
				if err := rows.Scan(&n); err != nil {
					t.Error(err)
				}
			}
			if test.read >= 0 && tracer.Running() != 1 {
				t.Error("the call has ended before its rows were closed")
			}
			if test.cancel {
				cancel()
			}
			closeErr := rows.Close()
			if test.read > 0 && test.fail == greptime.EngineExecuteQuery && !errors.Is(closeErr, test.fail) {
				t.Errorf("Close returned %v, want %v", closeErr, test.fail)
			}
			if err := db.Close(); err != nil { // waits for what database/sql does after a cancellation
				t.Error(err)
			}
			got := tracer.One()
			if got.Outcome.Rows != test.rows || !errors.Is(got.Err, test.fail) || got.Endpoint != s.Addr() {
				t.Errorf("the outcome is %+v, want %d rows from %s and the error %v", got.Outcome, test.rows, s.Addr(), test.fail)
			}
			if test.fail == context.Canceled && !errors.Is(got.Err, greptime.Cancelled) {
				t.Errorf("the error %v is not Cancelled", got.Err)
			}
		})
	}
}

// What fails in the driver ends the call with an error, too.
func TestTraceOfResultThatCannotBeRead(t *testing.T) {
	t.Parallel()
	schema := arrow.NewSchema([]arrow.Field{{Name: "d", Type: arrow.FixedWidthTypes.Float16}}, nil)
	s := wiretest.Start(t, wiretest.Flight(resultMessages(t, schema)))
	db, tracer := openTraced(t, s, nil)
	_, err := db.QueryContext(t.Context(), "SELECT d")
	if err == nil {
		t.Fatal("the driver reads the type halffloat; use another one")
	}
	if got := tracer.One(); got.Err == nil || got.Err.Error() != err.Error() {
		t.Errorf("the error is %v, want %v", got.Err, err)
	}
}

// What does not depend on the rows is an error of the call, as it is for Query.
func TestTraceOfResultThatCannotBeCollected(t *testing.T) {
	t.Parallel()
	type other struct{ Other int64 }
	isUnread := arrow.NewSchema([]arrow.Field{{Name: "d", Type: arrow.FixedWidthTypes.Float16}}, nil)
	isRead := arrow.NewSchema([]arrow.Field{{Name: "d", Type: arrow.PrimitiveTypes.Int64}}, nil)
	for name, test := range map[string]struct {
		answer wiretest.Handler
		read   func(ctx context.Context, db *sql.DB, args ...any) error
	}{
		"a type that is not read":   {wiretest.Flight(resultMessages(t, isUnread)), collectError[float64]},
		"a type that does not fit":  {wiretest.Flight(resultMessages(t, isRead)), collectError[time.Time]},
		"fields without a column":   {wiretest.Flight(resultMessages(t, isRead)), collectError[other]},
		"no rows, but a row count":  {wiretest.Replay(captures.DoGetByName("insert_two_rows")), collectError[int64]},
		"One of a type not read":    {wiretest.Flight(resultMessages(t, isUnread)), oneError[float64]},
		"One of unmatched fields":   {wiretest.Flight(resultMessages(t, isRead)), oneError[other]},
		"Each of a type not read":   {wiretest.Flight(resultMessages(t, isUnread)), eachError[float64]},
		"Each of unmatched fields":  {wiretest.Flight(resultMessages(t, isRead)), eachError[other]},
		"Each of a map of one type": {wiretest.Flight(resultMessages(t, isRead)), eachError[map[string]int]},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, tracer := openTraced(t, wiretest.Start(t, test.answer), nil)
			err := test.read(t.Context(), db)
			if err == nil {
				t.Fatal("the result is read; use another one")
			}
			if got := tracer.One(); got.Err == nil || got.Err.Error() != err.Error() {
				t.Errorf("the error is %v, want %v", got.Err, err)
			}
			err = test.read(t.Context(), db, "sesame")
			got := tracer.One()
			if err == nil || got.Err == nil {
				t.Errorf("with an argument: the error is %v, want one that stands for %v", got.Err, err)
			}
			if leaks := traces.Leaks([]traces.Call{got}, "sesame", err.Error()); len(leaks) > 0 {
				t.Errorf("the trace has %q: a column may be named by a value", leaks)
			}
		})
	}
}

func collectError[T any](ctx context.Context, db *sql.DB, args ...any) error {
	_, err := greptime.Collect[T](ctx, db, queryOf(args), args...)
	return err
}

func oneError[T any](ctx context.Context, db *sql.DB, args ...any) error {
	_, err := greptime.One[T](ctx, db, queryOf(args), args...)
	return err
}

func eachError[T any](ctx context.Context, db *sql.DB, args ...any) (err error) {
	for _, err = range greptime.Each[T](ctx, db, queryOf(args), args...) {
	}
	return err
}

// queryOf returns a query with a placeholder for each argument.
func queryOf(args []any) string { return "SELECT d" + strings.Repeat(", ?", len(args)) }

// Errors of single rows may show values, which a tracer does not get.
func TestTraceOfARowThatCannotBeRead(t *testing.T) {
	t.Parallel()
	schema := arrow.NewSchema([]arrow.Field{{Name: "d", Type: arrow.BinaryTypes.String}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	b.Field(0).(*array.StringBuilder).Append("sesame")
	batch := b.NewRecordBatch()
	defer batch.Release()
	s := wiretest.Start(t, wiretest.Flight(resultMessages(t, schema, batch)))
	db, tracer := openTraced(t, s, nil)
	for name, read := range map[string]func(context.Context, *sql.DB, ...any) error{
		"Collect": collectError[int64], "One": oneError[int64], "Each": eachError[int64],
	} {
		if err := read(t.Context(), db); err == nil {
			t.Errorf("%s: text is read as a number", name)
		}
		if got := tracer.One(); got.Err != nil || got.Outcome.Rows != 1 {
			t.Errorf("%s: the outcome is %+v, want one row and no error", name, got.Outcome)
		}
	}
}

// A reader of the caller's own can be read in another way after an error.
func TestReaderIsReadAgainAfterAnErrorOfTheType(t *testing.T) {
	t.Parallel()
	schema := arrow.NewSchema([]arrow.Field{{Name: "d", Type: arrow.PrimitiveTypes.Int64}}, nil)
	s := wiretest.Start(t, wiretest.Flight(resultMessages(t, schema)))
	db, tracer := openTraced(t, s, nil)
	err := greptime.Raw(t.Context(), db, func(conn *greptime.Conn) error {
		rd, err := conn.QueryArrow(t.Context(), "SELECT d")
		if err != nil {
			return err
		}
		defer rd.Release()
		if _, err := greptime.CollectReader[time.Time](rd); err == nil {
			t.Error("a BIGINT is read as a time")
		}
		_, err = greptime.CollectReader[int64](rd)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if got := tracer.One(); got.Err != nil {
		t.Errorf("the error is %v, want none", got.Err)
	}
}

func TestTraceOfNativeInsert(t *testing.T) {
	t.Parallel()
	const query = "INSERT INTO t (host, ts, v) VALUES (?, ?, ?)"
	refuseColumns := refuse(codes.InvalidArgument, "Column v expect type: Float64, actual: String", 1004)
	for _, test := range []struct {
		name   string
		v      any
		answer func(*wiretest.Call, *greptimev1.GreptimeRequest) error
		native bool
		fail   error
	}{
		{"rows", math.NaN(), nil, true, nil},
		{"text", nil, nil, false, nil},
		{"refused rows", math.NaN(), refuse(codes.ResourceExhausted, "sesame is too much", 6001), true, greptime.RateLimited},
		{"columns that are out of date", math.NaN(), refuseColumns, true, greptime.InvalidArguments},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newTableServer(t)
			if test.answer != nil {
				s.answerNative(test.answer)
			}
			db, tracer := openTraced(t, s.Server, nil)
			_, err := db.ExecContext(t.Context(), query, "sesame", time.UnixMilli(1), test.v)
			if !errors.Is(err, test.fail) {
				t.Fatal(err)
			}
			got := tracer.One()
			if got.Kind != calltrace.Statement || got.Text != query || got.Args != 3 || got.Native != test.native || got.Endpoint != s.Addr() || got.Bytes == 0 {
				t.Errorf("the call is %+v, want one INSERT, native %v", got, test.native)
			}
			if !errors.Is(got.Err, test.fail) || (got.Err == nil) != (got.Outcome.Rows > 0) {
				t.Errorf("the outcome is %+v, want the error %v", got.Outcome, test.fail)
			}
			if leaks := traces.Leaks([]traces.Call{got}, "sesame"); len(leaks) > 0 {
				t.Errorf("the trace has %q: %v", leaks, got)
			}
		})
	}
}

// Only TraceArguments shows values, and nothing shows the password.
func TestTraceOfValues(t *testing.T) {
	t.Parallel()
	const query, bound = "SELECT n FROM t WHERE h = ?", "SELECT n FROM t WHERE h = 'sesame'"
	s := newRecordingServer(t)
	s.fail[bound] = func(c *wiretest.Call) error {
		return c.Fail(codes.InvalidArgument, "cannot cast 'sesame' to a number", 3000)
	}
	for _, shows := range []bool{false, true} {
		db, tracer := openTraced(t, s.Server, func(c *greptime.Config) {
			c.User, c.Password, c.TraceArguments = "u", greptime.NewSecret("hunter2"), shows
			c.Logger = slog.New(slog.DiscardHandler)
		})
		_, err := db.QueryContext(t.Context(), query, "sesame")
		if !errors.Is(err, greptime.PlanQuery) {
			t.Fatal(err)
		}
		exec(t, db, "INSERT INTO t (h) VALUES (?)", "open sesame")
		_, err = db.ExecContext(t.Context(), "INSERT INTO t (h, n) VALUES (?, 1e400)", "very sesame")
		calls := tracer.Take()
		if leaks := traces.Leaks(calls, "hunter2"); len(leaks) > 0 {
			t.Errorf("the trace has %q", leaks)
		}
		if len(calls) != 3 {
			t.Fatalf("%d calls, want 3 (%v): %+v", len(calls), err, calls)
		}
		got, insert := calls[0], calls[1]
		var e *greptime.Error
		if !errors.Is(got.Err, greptime.PlanQuery) || !errors.As(got.Err, &e) || e.Code != greptime.PlanQuery || e.Endpoint != s.Addr() || e.Ambiguous {
			t.Errorf("the error is %v, want the code, endpoint and proof of the original", got.Err)
		}
		if shows {
			if got.Text != query || got.BoundText != bound || !strings.Contains(got.Err.Error(), "'sesame'") || insert.BoundText != "INSERT INTO t (h) VALUES ('open sesame')" {
				t.Errorf("with TraceArguments the calls are %+v", calls)
			}
			continue
		}
		if leaks := traces.Leaks(calls, "sesame"); len(leaks) > 0 || e.Message == "" || e.GRPCStatus().Message() != e.Message {
			t.Errorf("the trace has %q: %v", leaks, calls)
		}
	}
}

// Errors of the connection keep their text, which has no values.
func TestTraceShowsErrorsOfTheConnection(t *testing.T) {
	t.Parallel()
	s := wiretest.Start(t, wiretest.Replay(captures.DoGetByName("select_constants")))
	s.Stop()
	db, tracer := openTraced(t, s, nil)
	if _, err := db.QueryContext(t.Context(), "SELECT ?", 1); err == nil {
		t.Fatal("no error")
	}
	if got := tracer.One(); got.Endpoint != s.Addr() || !strings.Contains(got.Err.Error(), "connection refused") || !strings.Contains(got.Err.Error(), "check that GreptimeDB runs there") {
		t.Errorf("the outcome is %+v, want the error of the connection", got.Outcome)
	}
}

// Several endpoints that are tried are one call, at the endpoint that answered.
func TestTraceOfFailover(t *testing.T) {
	t.Parallel()
	gone := wiretest.Start(t, wiretest.Replay(captures.DoGetByName("select_constants")))
	gone.Stop()
	s := newTableServer(t)
	for _, query := range []string{"SELECT 1", "INSERT INTO t (host, ts, v) VALUES ('a', 1, ?)"} {
		db, tracer := openTraced(t, s.Server, func(c *greptime.Config) {
			c.Endpoints, c.Balance, c.Logger = []string{gone.Addr(), s.Addr()}, "ordered", slog.New(slog.DiscardHandler)
		})
		var err error
		if strings.HasPrefix(query, "SELECT") {
			var rows *sql.Rows
			if rows, err = db.QueryContext(t.Context(), query); err == nil {
				err = rows.Close()
			}
		} else {
			_, err = db.ExecContext(t.Context(), query, math.NaN())
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := tracer.One(); got.Endpoint != s.Addr() || got.Err != nil {
			t.Errorf("%s: the outcome is %+v, want success at %s", query, got.Outcome, s.Addr())
		}
	}
}

// The calls of gRPC, and the dialer, get the context that the tracer returned.
func TestTraceContextReachesGRPC(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	var numbers []int
	db, _ := openTraced(t, s.Server, func(c *greptime.Config) {
		c.DialOptions = []grpc.DialOption{grpc.WithStreamInterceptor(func(ctx context.Context, d *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
			numbers = append(numbers, traces.Number(ctx))
			return streamer(ctx, d, cc, method, opts...)
		})}
	})
	exec(t, db, "DELETE FROM t")
	exec(t, db, "INSERT INTO t (a) VALUES (1)")
	if !slices.Equal(numbers, []int{1, 2}) {
		t.Errorf("the calls of gRPC have the contexts %v, want those of calls 1 and 2", numbers)
	}
}

func TestLogTracer(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == "duration" || a.Key == "bytes" {
			return slog.Attr{}
		}
		if a.Key == "endpoint" {
			if _, _, err := net.SplitHostPort(a.Value.String()); err == nil {
				return slog.String("endpoint", "host:port")
			}
		}
		return a
	}}))
	s := newRecordingServer(t)
	s.fail["SELECT broken"] = func(c *wiretest.Call) error { return c.Fail(codes.InvalidArgument, "no column broken", 3000) }
	db, _ := openTraced(t, s.Server, func(c *greptime.Config) { c.Trace = calltrace.Log(logger) })
	exec(t, db, "DELETE FROM t WHERE h = ?", "sesame")
	if _, err := db.QueryContext(t.Context(), "SELECT broken"); err == nil {
		t.Fatal("no error")
	}
	got := strings.ReplaceAll(out.String(), s.Addr(), "host:port")
	const want = `level=INFO msg="greptime: statement" database=public text="DELETE FROM t WHERE h = ?" args=1 endpoint=host:port rows=2
level=WARN msg="greptime: statement" database=public text="SELECT broken" endpoint=host:port rows=0 error="greptime: no column broken (PlanQuery 3000, host:port)"
`
	if got != want {
		t.Errorf("the log is\n%swant\n%s", got, want)
	}
}
