package bulk

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/calltrace"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/traces"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// tracedWriter opens a writer with a tracer.
func tracedWriter(t *testing.T, s *wiretest.Server, opts Options) (*Writer, *traces.Recorder) {
	t.Helper()
	cfg := parseDSN(t, s.DSN())
	tracer := traces.New(t)
	cfg.Trace = tracer
	return newTestWriter(t, openConfig(t, cfg), opts), tracer
}

// A batch is one call, from the queue to its ack or failure, with all attempts.
func TestTraceOfBatches(t *testing.T) {
	t.Parallel()
	refused := func(c *putCall, _ received) error { return c.Fail(codes.InvalidArgument, "sesame is no number", 1004) }
	for _, test := range []struct {
		name     string
		handler  wiretest.Handler
		attempts []int // by batch
		fails    []error
	}{
		{"acknowledged", acknowledgeAll(func(received) {}), []int{1, 1, 1}, []error{nil, nil, nil}},
		{"refused", script(map[int64]func(*putCall, received) error{2: refused}), []int{1, 1, 1}, []error{nil, greptime.InvalidArguments, nil}},
		{"unanswered", script(map[int64]func(*putCall, received) error{2: func(*putCall, received) error { return nil }}), []int{1, 1, 1}, []error{nil, ErrUnanswered, nil}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := putServer(t, test.handler)
			w, tracer := tracedWriter(t, s, Options{Streams: 1, InFlight: 1})
			submit(t, w, len(test.fails))
			sum, err := w.Close(short(t))
			if err != nil {
				t.Fatal(err)
			}
			calls := tracer.Take()
			if len(calls) != len(test.fails) || tracer.Running() != 0 || sum.Acknowledged+sum.Failed != int64(len(calls)) {
				t.Fatalf("%d calls have ended and %d are running: %v", len(calls), tracer.Running(), calls)
			}
			for i, got := range calls {
				wantRows := int64(1)
				if test.fails[i] != nil {
					wantRows = 0
				}
				if got.Kind != calltrace.BulkBatch || !slices.Equal(got.Tables, []string{w.Table()}) || got.Call.Rows != 1 || got.Database != "public" {
					t.Errorf("call %d is %+v, want a batch of one row", i, got.Call)
				}
				if got.Outcome.Rows != wantRows || got.Attempts != test.attempts[i] || got.Endpoint != s.Addr() || got.Bytes == 0 || !errors.Is(got.Err, test.fails[i]) {
					t.Errorf("the outcome of call %d is %+v, want %d attempts, %d rows, the error %v", i, got.Outcome, test.attempts[i], wantRows, test.fails[i])
				}
				if test.fails[i] == ErrUnanswered && got.Err.Error() != ErrUnanswered.Error() {
					t.Errorf("the error of call %d is %q, want the text of ErrUnanswered", i, got.Err)
				}
			}
			if leaks := traces.Leaks(calls, "sesame"); len(leaks) > 0 {
				t.Errorf("the trace has %q", leaks)
			}
		})
	}
}

func TestTraceOfBatchThatIsSentAgain(t *testing.T) {
	t.Parallel()
	var failed atomic.Bool
	s := putServer(t, script(map[int64]func(*putCall, received) error{1: func(c *putCall, r received) error {
		if !failed.Swap(true) {
			return c.Fail(codes.ResourceExhausted, "busy", int(greptime.RegionBusy))
		}
		return c.ack(r.id, 1)
	}}))
	w, tracer := tracedWriter(t, s, Options{Streams: 1, InFlight: 1, Retry: insert.Retry{MinBackoff: time.Millisecond, AtLeastOnce: true}})
	if _, err := w.Write(short(t), fill(t, w.NewBatch(1), 0, 1)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Close(short(t)); err != nil {
		t.Fatal(err)
	}
	if got := tracer.One(); got.Attempts != 2 || got.Err != nil || got.Outcome.Rows != 1 {
		t.Errorf("the outcome is %+v, want 2 attempts and 1 row", got.Outcome)
	}
}

// caller is a tracer that calls the writer, which must not be locked meanwhile.
type caller struct {
	*traces.Recorder
	writer *Writer
}

func (c *caller) End(ctx context.Context, call calltrace.Call, outcome calltrace.Outcome) {
	c.writer.Progress()
	c.Recorder.End(ctx, call, outcome)
}

// What Close gives up has ended for the tracer, too, and a tracer never runs under the lock.
func TestTraceOfBatchesGivenUp(t *testing.T) {
	t.Parallel()
	s := putServer(t, func(c *wiretest.Call) error { return wiretest.Hang()(c) })
	cfg := parseDSN(t, s.DSN())
	tracer := &caller{Recorder: traces.New(t)}
	cfg.Trace = tracer
	w := newTestWriter(t, openConfig(t, cfg), Options{Streams: 1, InFlight: 1})
	tracer.writer = w
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	b := w.NewBatch(1)
	p, err := w.WriteAsync(t.Context(), fill(t, b, 0, 1))
	if err != nil {
		t.Fatal(err)
	}
	if sum, err := w.Close(ctx); err == nil || sum.Failed != 1 {
		t.Fatalf("Close returned %+v, %v", sum, err)
	}
	if _, err := p.Wait(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	<-w.ender.done // Close did not wait, because its context had ended
	if got := tracer.One(); !errors.Is(got.Err, context.DeadlineExceeded) {
		t.Errorf("the outcome is %+v, want that Close gave up", got.Outcome)
	}
	// A batch that is not taken ends at once.
	if _, err := w.WriteAsync(t.Context(), fill(t, b, 0, 1)); !errors.Is(err, ErrClosed) || tracer.Running() != 0 {
		t.Errorf("after Close: %v, %d calls are running", err, tracer.Running())
	}
}
