package insert_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/calltrace"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/traces"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// traced opens a connection with a tracer. change may change the Config.
func traced(t *testing.T, s *wiretest.Server, change func(*greptime.Config)) (*greptime.Conn, *traces.Recorder) {
	t.Helper()
	cfg := parseDSN(t, s.DSN())
	tracer := traces.New(t)
	cfg.Trace = tracer
	if change != nil {
		change(cfg)
	}
	return connWith(t, cfg), tracer
}

// wantCall checks a call of five rows.
func wantCall(t *testing.T, got traces.Call, kind calltrace.Kind, tables ...string) {
	t.Helper()
	if got.Kind != kind || got.Call.Rows != 5 || got.Database != "public" || !slices.Equal(got.Tables, tables) || got.Text != "" || got.Args != 0 {
		t.Errorf("the call is %+v, want %s of 5 rows, tables %q", got.Call, kind, tables)
	}
}

func TestTraceOfWriteAndDelete(t *testing.T) {
	t.Parallel()
	var r requests
	s := wiretest.Start(t, r.accept)
	conn, tracer := traced(t, s, nil)
	numbers := func(n, m int64) *insert.Table { return metersTable(t, n, m) }
	empty := insert.NewTable("empty", insert.Time("ts", insert.Millisecond))
	for _, test := range []struct {
		kind calltrace.Kind
		call func(context.Context, greptime.Pool, ...*insert.Table) (int64, error)
	}{{calltrace.Insert, insert.Write}, {calltrace.Delete, insert.Delete}} {
		a, b := numbers(0, 2), numbers(2, 5)
		n, err := test.call(t.Context(), conn, a, empty, b)
		if err != nil {
			t.Fatal(err)
		}
		got := tracer.One()
		wantCall(t, got, test.kind, a.Name())
		if got.Outcome.Rows != n || got.Endpoint != s.Addr() || got.Bytes == 0 || got.Attempts != 1 || got.Err != nil {
			t.Errorf("the outcome is %+v, want %d rows at %s", got.Outcome, n, s.Addr())
		}
	}
	// Several requests are one call.
	conn, tracer = traced(t, s, func(c *greptime.Config) { c.MaxMessageSize = 4096 })
	many := numbers(0, 500)
	before := len(r.all())
	if n, err := insert.Write(t.Context(), conn, many); err != nil {
		t.Fatal(err)
	} else if got := tracer.One(); got.Outcome.Rows != n || got.Bytes < 4096 || len(r.all())-before < 2 {
		t.Errorf("the outcome is %+v of %d requests, want %d rows of several requests", got.Outcome, len(r.all())-before, n)
	}
	// What is not sent is not a call.
	for _, tables := range [][]*insert.Table{nil, {nil}, {empty}} {
		if _, err := insert.Write(t.Context(), conn, tables...); err == nil || len(tracer.Take()) > 0 || tracer.Running() > 0 {
			t.Errorf("Write of %v returned %v, want an error and no call", tables, err)
		}
	}
}

// secretTable returns a table of five rows with a value.
func secretTable(t *testing.T) *insert.Table {
	t.Helper()
	table := insert.NewTable("secrets", insert.Tag("k", insert.String), insert.Time("ts", insert.Millisecond))
	for i := range 5 {
		if err := table.Append("sesame", time.UnixMilli(int64(i))); err != nil {
			t.Fatal(err)
		}
	}
	return table
}

func TestTraceOfFailedInsertHasNoValues(t *testing.T) {
	t.Parallel()
	s := wiretest.Start(t, func(c *wiretest.Call) error {
		return c.Fail(codes.InvalidArgument, "Invalid sql value: sesame", 1004)
	})
	for _, shows := range []bool{false, true} {
		conn, tracer := traced(t, s, func(c *greptime.Config) {
			c.User, c.Password, c.TraceArguments, c.Logger = "u", greptime.NewSecret("hunter2"), shows, slog.New(slog.DiscardHandler)
		})
		_, err := insert.Write(t.Context(), conn, secretTable(t))
		got := tracer.One()
		wantCall(t, got, calltrace.Insert, "secrets")
		if !errors.Is(err, greptime.InvalidArguments) || !errors.Is(got.Err, greptime.InvalidArguments) || got.Endpoint != s.Addr() || got.Outcome.Rows != 0 {
			t.Errorf("the outcome is %+v, want the error %v", got.Outcome, err)
		}
		leaks := traces.Leaks([]traces.Call{got}, "hunter2", "sesame")
		if shows && !slices.Equal(leaks, []string{"sesame"}) || !shows && len(leaks) > 0 {
			t.Errorf("TraceArguments %v: the trace has %q", shows, leaks)
		}
	}
}

func TestTraceOfStream(t *testing.T) {
	t.Parallel()
	var r requests
	s := wiretest.Start(t, r.accept)
	conn, tracer := traced(t, s, nil)
	stream, err := insert.NewStream(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	table := metersTable(t, 0, 5)
	if err := stream.Send(t.Context(), table); err != nil {
		t.Fatal(err)
	}
	sent := tracer.One()
	wantCall(t, sent, calltrace.StreamInsert, table.Name())
	if sent.Outcome.Rows != 0 || sent.Bytes == 0 || sent.Endpoint != s.Addr() || sent.Err != nil {
		t.Errorf("the outcome of Send is %+v, want success without rows", sent.Outcome)
	}
	if err := stream.Delete(t.Context(), table); err != nil {
		t.Fatal(err)
	}
	wantCall(t, tracer.One(), calltrace.StreamDelete, table.Name())
	n, err := stream.CloseAndRecv(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := tracer.One(); got.Kind != calltrace.StreamEnd || got.Call.Rows != 10 || got.Outcome.Rows != n || got.Endpoint != s.Addr() || got.Err != nil {
		t.Errorf("the end of the stream is %+v, want 10 rows sent and %d accepted", got, n)
	}
}

func TestTraceOfStreamThatFails(t *testing.T) {
	t.Parallel()
	s := wiretest.Start(t, func(c *wiretest.Call) error {
		for {
			if _, err := c.Recv(); err != nil {
				return c.Fail(codes.InvalidArgument, "Invalid sql value: sesame", 1004)
			}
		}
	})
	conn, tracer := traced(t, s, nil)
	stream, err := insert.NewStream(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if err := stream.Send(t.Context(), secretTable(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.CloseAndRecv(t.Context()); !errors.Is(err, greptime.InvalidArguments) {
		t.Fatal(err)
	}
	calls := tracer.Take()
	if len(calls) != 2 || !errors.Is(calls[1].Err, greptime.InvalidArguments) || len(traces.Leaks(calls, "sesame")) > 0 {
		t.Errorf("the calls are %v, want two, the second with the code of the error and without values", calls)
	}
}

// The attempts to send a request of the buffered writer are one call.
func TestTraceOfBufferedRequest(t *testing.T) {
	t.Parallel()
	limited := func(c *wiretest.Call) error {
		return c.Fail(codes.ResourceExhausted, "slow down", int(greptime.RateLimited))
	}
	refused := func(c *wiretest.Call) error { return c.Fail(codes.InvalidArgument, "Invalid sql value: 3", 1004) }
	for _, test := range []struct {
		name     string
		faults   []func(*wiretest.Call) error
		attempts int
		fail     error
	}{
		{"acknowledged", nil, 1, nil},
		{"repeated", []func(*wiretest.Call) error{limited, limited}, 3, nil},
		{"refused", []func(*wiretest.Call) error{limited, refused}, 2, greptime.InvalidArguments},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := startStore(t, failures(test.faults...))
			var seen []int
			conn, tracer := traced(t, s.Server, func(c *greptime.Config) {
				c.DialOptions = []grpc.DialOption{grpc.WithUnaryInterceptor(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
					seen = append(seen, traces.Number(ctx))
					return invoker(ctx, method, req, reply, cc, opts...)
				})}
			})
			w := bufferedOn(t, conn, insert.WriterOptions{Retry: insert.Retry{MinBackoff: time.Millisecond}})
			appendNumbers(t, w.Table("r", meters), 0, 5)
			if err := w.Close(t.Context()); (err == nil) != (test.fail == nil) {
				t.Fatal(err)
			}
			got := tracer.One()
			wantCall(t, got, calltrace.BufferedInsert, "r")
			wantRows := int64(5)
			if test.fail != nil {
				wantRows = 0
			}
			if got.Attempts != test.attempts || !errors.Is(got.Err, test.fail) || got.Outcome.Rows != wantRows || got.Endpoint != s.Addr() || got.Bytes == 0 {
				t.Errorf("the outcome is %+v, want %d attempts, %d rows, the error %v", got.Outcome, test.attempts, wantRows, test.fail)
			}
			if want := slices.Repeat([]int{1}, test.attempts); !slices.Equal(seen, want) {
				t.Errorf("the calls of gRPC have the contexts of calls %v, want %v", seen, want)
			}
			if leaks := traces.Leaks([]traces.Call{got}, "Invalid sql value"); len(leaks) > 0 {
				t.Errorf("the trace has %q", leaks)
			}
		})
	}
}

// When Close gives up, the call ends with an error, also if nothing was sent.
func TestTraceOfBufferedRequestGivenUp(t *testing.T) {
	t.Parallel()
	hang := func(c *wiretest.Call) error { return wiretest.Hang()(c) }
	s := startStore(t, failures(hang))
	conn, tracer := traced(t, s.Server, nil)
	w := bufferedOn(t, conn, insert.WriterOptions{})
	appendNumbers(t, w.Table("r", meters), 0, 5)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := w.Close(ctx); err == nil {
		t.Fatal("no error")
	}
	if got := tracer.One(); !errors.Is(got.Err, context.DeadlineExceeded) || got.Attempts > 1 {
		t.Errorf("the outcome is %+v, want that Close gave up", got.Outcome)
	}
}
