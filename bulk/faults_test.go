package bulk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

func TestRegionErrorFailsOneBatchAndTellsTheOthersAreNotProcessed(t *testing.T) {
	t.Parallel()
	s := putServer(t, func(call *wiretest.Call) error {
		c, err := begin(call)
		if err != nil {
			return err
		}
		var got []received
		for len(got) < 5 { // all are in flight before anything is answered
			r, err := c.next()
			if err != nil {
				return err
			}
			got = append(got, r)
		}
		for _, r := range got[:2] {
			if err := c.ack(r.id, 1); err != nil {
				return err
			}
		}
		return regionError(c, got[2])
	})
	w := openWriter(t, s.DSN(), Options{Streams: 1, Retry: insert.Retry{For: -1}})
	acked, failed := submit(t, w, 5)
	if !slices.Equal(acked, []int64{1, 2}) || !slices.Equal(failedIDs(failed), []int64{3, 4, 5}) || !slices.Equal(ambiguous(failed), []int64{3}) {
		t.Errorf("acknowledged %v, failed %v, ambiguous %v; want [1 2], [3 4 5] and [3]", acked, failedIDs(failed), ambiguous(failed))
	}
	text := (&WriteError{Table: "t", Failed: failed}).Error()
	for _, want := range []string{"3 batches failed: 3, 4, 5", "; rows of 3 may have been written, and no row of the others", "Execute gRPC request error", "DESC TABLE", "the server refused batch 3 before it"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q lacks %q", text, want)
		}
	}
	if text := failed[2].Err.Error(); strings.Contains(text, "outcome unknown") {
		t.Errorf("of a batch that was not processed: %s", text)
	}
	// The batches come back as they were.
	b, err := failed[1].Batch()
	if err != nil || b.Len() != 1 {
		t.Fatal(b, err)
	}
	if ts, err := b.Row(0).Time("ts"); err != nil || !ts.Equal(time.UnixMilli(3)) {
		t.Errorf("the time of the row is %v, %v; want 3ms after the epoch", ts, err)
	}
	// Nobody is told twice, and the next stream is another one.
	if err := w.Flush(short(t)); err != nil {
		t.Error(err)
	}
	sum, err := w.Close(short(t))
	if err != nil || sum.Acknowledged != 2 || sum.Failed != 3 || sum.Ambiguous != 1 || !slices.Equal(sum.AmbiguousIDs, []int64{3}) {
		t.Errorf("Close: %+v, %v; want 2 acknowledged, 3 failed, batch 3 ambiguous", sum, err)
	}
}

func TestErrorWithACodeIsNotAmbiguous(t *testing.T) {
	t.Parallel()
	s := putServer(t, script(map[int64]func(*putCall, received) error{1: func(c *putCall, _ received) error {
		return c.Fail(codes.InvalidArgument, "column cpu expects Float64", 1004)
	}}))
	w := openWriter(t, s.DSN(), Options{Streams: 1, InFlight: 1, Retry: insert.Retry{AtLeastOnce: true}})
	acked, failed := submit(t, w, 2)
	if !slices.Equal(acked, []int64{2}) || len(failed) != 1 || failed[0].Ambiguous || !errors.Is(failed[0].Err, greptime.InvalidArguments) {
		t.Errorf("acknowledged %v, failed %+v; want [2], and batch 1 with %v, not ambiguous", acked, failed, greptime.InvalidArguments)
	}
}

func TestServerEndsWithOKAndDoesNotAnswer(t *testing.T) {
	t.Parallel()
	s := putServer(t, script(map[int64]func(*putCall, received) error{2: func(*putCall, received) error { return nil }}))
	w := openWriter(t, s.DSN(), Options{Streams: 1, InFlight: 1})
	acked, failed := submit(t, w, 3)
	if !slices.Equal(acked, []int64{1, 3}) || !slices.Equal(ambiguous(failed), []int64{2}) || !errors.Is(failed[0].Err, ErrUnanswered) {
		t.Errorf("acknowledged %v, failed %+v; want [1 3], and batch 2 ambiguous with %v", acked, failed, ErrUnanswered)
	}
}

func TestLostAckIsReportedWhenALaterOneComes(t *testing.T) {
	t.Parallel()
	s := putServer(t, script(map[int64]func(*putCall, received) error{2: func(*putCall, received) error { return errContinue }}))
	w := openWriter(t, s.DSN(), Options{Streams: 1})
	acked, failed := submit(t, w, 3)
	if !slices.Equal(acked, []int64{1, 3}) || !slices.Equal(ambiguous(failed), []int64{2}) || !errors.Is(failed[0].Err, ErrAckLost) {
		t.Errorf("acknowledged %v, failed %+v; want [1 3], and batch 2 ambiguous with %v", acked, failed, ErrAckLost)
	}
	if n := s.Calls(wiretest.MethodDoPut); n != 1 {
		t.Errorf("%d streams, want 1", n)
	}
}

func TestTimeoutGivesTheStreamUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := putServer(t, script(map[int64]func(*putCall, received) error{2: func(c *putCall, _ received) error {
			<-c.Context().Done()
			return nil
		}}), wiretest.InMemory())
		w := openMemoryWriter(t, s, Options{Streams: 1, InFlight: 1, Timeout: 2 * time.Second})
		acked, failed := submit(t, w, 3)
		if !slices.Equal(acked, []int64{1, 3}) || !slices.Equal(ambiguous(failed), []int64{2}) || !errors.Is(failed[0].Err, ErrTimeout) {
			t.Errorf("acknowledged %v, failed %+v; want [1 3], and batch 2 ambiguous with %v", acked, failed, ErrTimeout)
		}
	})
}

func TestSlowAcksAreNotATimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := putServer(t, func(call *wiretest.Call) error {
			c, err := begin(call)
			if err != nil {
				return err
			}
			for {
				r, err := c.next()
				if err != nil {
					return nil
				}
				time.Sleep(599 * time.Millisecond)
				if err := c.ack(r.id, 1); err != nil {
					return err
				}
			}
		}, wiretest.InMemory())
		w := openMemoryWriter(t, s, Options{Streams: 1, InFlight: 10, Timeout: 600 * time.Millisecond})
		if acked, failed := submit(t, w, 15); len(acked) != 15 {
			t.Errorf("acknowledged %v, failed %+v, want all acknowledged", acked, failed)
		}
	})
}

func TestStreamReset(t *testing.T) {
	t.Parallel()
	s := putServer(t, script(map[int64]func(*putCall, received) error{2: func(c *putCall, _ received) error { return c.Reset(wiretest.ResetInternal) }}))
	w := openWriter(t, s.DSN(), Options{Streams: 1, InFlight: 1})
	acked, failed := submit(t, w, 3)
	if !slices.Equal(acked, []int64{1, 3}) || !slices.Equal(ambiguous(failed), []int64{2}) {
		t.Errorf("acknowledged %v, failed %+v; want [1 3], and batch 2 ambiguous", acked, failed)
	}
}

func TestConnectionBreaksUnderAllStreams(t *testing.T) {
	t.Parallel()
	var once atomic.Bool
	s := putServer(t, script(map[int64]func(*putCall, received) error{4: func(c *putCall, r received) error {
		if once.Swap(true) {
			_ = c.ack(r.id, 1)
			return errContinue
		}
		return c.Drop()
	}}))
	w := openWriter(t, s.DSN(), Options{Streams: 3, InFlight: 2, Retry: insert.Retry{MinBackoff: time.Millisecond, AtLeastOnce: true}})
	if acked, failed := submit(t, w, 12); len(acked) != 12 {
		t.Errorf("acknowledged %v, failed %+v; want all 12", acked, failed)
	}
}

func TestSentAgainAfterAFailure(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	var ids seen
	s := putServer(t, func(call *wiretest.Call) error {
		c, err := begin(call)
		if err != nil {
			return err
		}
		n := calls.Add(1)
		for {
			r, err := c.next()
			if err != nil {
				return nil
			}
			ids.add(r)
			if n <= 2 && r.id == 3 {
				return regionError(c, r)
			}
			if err := c.ack(r.id, 1); err != nil {
				return err
			}
		}
	})
	w := openWriter(t, s.DSN(), Options{Streams: 1, InFlight: 4, Retry: insert.Retry{MinBackoff: time.Millisecond, AtLeastOnce: true}})
	acked, failed := submit(t, w, 6)
	if len(acked) != 6 {
		t.Errorf("acknowledged %v, failed %+v; want all 6", acked, failed)
	}
	if got := slices.Compact(ids.sorted()); !slices.Equal(got, []int64{1, 2, 3, 4, 5, 6}) {
		t.Errorf("the server got %v, want 1 to 6", got)
	}
}

func TestWhatWasNotSentIsSentAgainByDefault(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var ids seen
		s := putServer(t, acknowledgeAll(ids.add), wiretest.InMemory())
		w := openMemoryWriter(t, s, Options{Streams: 2, Retry: insert.Retry{MinBackoff: time.Millisecond}})
		s.Stop()
		var pending []*Pending
		for i := range 6 {
			p, err := w.WriteAsync(short(t), fill(t, w.NewBatch(1), i, 1))
			if err != nil {
				t.Fatal(err)
			}
			pending = append(pending, p)
		}
		time.Sleep(time.Second)
		if w.failing() == 0 {
			t.Fatal("no batch has failed after 1s without a server, want some")
		}
		s.Restart()
		for _, p := range pending {
			if _, err := p.Wait(short(t)); err != nil {
				t.Error(err)
			}
		}
		if got := ids.sorted(); !slices.Equal(got, []int64{1, 2, 3, 4, 5, 6}) {
			t.Errorf("the server got %v, want each batch once", got)
		}
	})
}

// Of a stream that ends, what may have been written fails, and what was not processed is
// sent again, in its order.
func TestBatchesBehindARefusedOneAreSentAgainByDefault(t *testing.T) {
	t.Parallel()
	var ids seen
	s := putServer(t, func(call *wiretest.Call) error {
		c, err := begin(call)
		if err != nil {
			return err
		}
		for {
			r, err := c.next()
			if err != nil {
				return nil
			}
			ids.add(r)
			if r.id == 2 {
				return regionError(c, r)
			}
			if err := c.ack(r.id, 1); err != nil {
				return err
			}
		}
	})
	w := openWriter(t, s.DSN(), Options{Streams: 1, InFlight: 6})
	acked, failed := submit(t, w, 6)
	if !slices.Equal(acked, []int64{1, 3, 4, 5, 6}) || !slices.Equal(ambiguous(failed), []int64{2}) {
		t.Errorf("acknowledged %v, failed %+v; want [1 3 4 5 6], and batch 2 ambiguous", acked, failed)
	}
	if got := ids.sorted(); !slices.Equal(got, []int64{1, 2, 3, 4, 5, 6}) {
		t.Errorf("the server processed %v, want each batch once", got)
	}
}

// Config.Credentials is asked again for as long as batches are sent again.
func TestSentAgainAfterCredentialsFailed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		failures int
		tryFor   time.Duration
		works    bool
	}{{2, 0, true}, {1000, 50 * time.Millisecond, false}, {1, -1, false}} {
		s := putServer(t, script(nil))
		cfg := parseDSN(t, s.DSN())
		sealed := errors.New("the vault is sealed")
		var failures atomic.Int64
		cfg.Credentials = func(context.Context) (string, string, error) {
			if failures.Add(-1) >= 0 {
				return "", "", sealed
			}
			return "user", "password", nil
		}
		w := newTestWriter(t, openConfig(t, cfg), Options{Streams: 1, Retry: insert.Retry{For: test.tryFor, MinBackoff: time.Millisecond}})
		failures.Store(int64(test.failures))
		_, err := w.Write(short(t), fill(t, w.NewBatch(1), 0, 1))
		var failed *WriteError
		if test.works != (err == nil) || err != nil && (!errors.Is(err, sealed) || !errors.As(err, &failed) || failed.Failed[0].Ambiguous) {
			t.Errorf("%d failures, For %v: %v; want success %t, or a failure that is not ambiguous", test.failures, test.tryFor, err, test.works)
		}
		if _, err := w.Close(short(t)); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
}

func TestAtLeastOnceGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := putServer(t, script(map[int64]func(*putCall, received) error{2: regionError}), wiretest.InMemory())
		w := openMemoryWriter(t, s, Options{Streams: 1, InFlight: 4, Retry: insert.Retry{For: 5 * time.Second, AtLeastOnce: true}})
		acked, failed := submit(t, w, 4)
		if !slices.Equal(acked, []int64{1, 3, 4}) || !slices.Equal(ambiguous(failed), []int64{2}) {
			t.Errorf("acknowledged %v, failed %+v; want [1 3 4], and batch 2 ambiguous", acked, failed)
		}
		if n := s.Calls(wiretest.MethodDoPut); n < 4 {
			t.Errorf("%d streams, want the first, more for batch 2, and one for what is left", n)
		}
	})
}

func TestEndpointThatDiesIsLeftOutAndComesBack(t *testing.T) {
	t.Parallel()
	var first, second atomic.Int64
	count := func(n *atomic.Int64) wiretest.Handler {
		return acknowledgeAll(func(received) { n.Add(1) })
	}
	a, b := putServer(t, count(&first)), putServer(t, count(&second))
	dsn := fmt.Sprintf("greptime://%s,%s/public?balance=ordered", a.Addr(), b.Addr())
	w := openWriter(t, dsn, Options{Streams: 4, InFlight: 1, Retry: insert.Retry{MinBackoff: time.Millisecond, AtLeastOnce: true}})
	submit(t, w, 40)
	if first.Load() == 0 || second.Load() == 0 {
		t.Fatalf("%d and %d batches: not spread", first.Load(), second.Load())
	}
	b.Stop()
	if acked, failed := submit(t, w, 40); len(acked) != 40 {
		t.Fatalf("with one endpoint: %+v, want all 40 acknowledged", failed)
	}
	b.Restart()
	before := second.Load()
	deadline := time.Now().Add(8 * time.Second)
	for second.Load() == before && time.Now().Before(deadline) {
		submit(t, w, 8)
	}
	if second.Load() == before {
		t.Error("the endpoint that came back is not used")
	}
}

func TestNoEndpointIsAnErrorAtOnceWithoutRetry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := putServer(t, acknowledgeAll(nil), wiretest.InMemory())
		w := openMemoryWriter(t, s, Options{Streams: 2, Retry: insert.Retry{For: -1}})
		s.Stop()
		acked, failed := submit(t, w, 3)
		if len(acked) != 0 || len(failed) != 3 || len(ambiguous(failed)) != 0 {
			t.Errorf("acknowledged %v, failed %+v, want 3 failed, none ambiguous", acked, failed)
		}
		s.Restart()
		time.Sleep(8 * time.Second)
		if acked, failed = submit(t, w, 1); len(acked) != 1 {
			t.Errorf("8s after the server came back: failed %+v, want the batch acknowledged", failed)
		}
	})
}

func TestCloseReturnsWithinItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := putServer(t, func(call *wiretest.Call) error {
			if _, err := begin(call); err != nil {
				return err
			}
			<-call.Context().Done() // reads nothing, and acknowledges nothing
			return nil
		}, wiretest.InMemory())
		w := openMemoryWriter(t, s, Options{Streams: 2, InFlight: 3})
		for i := range 6 {
			if _, err := w.WriteAsync(short(t), fill(t, w.NewBatch(0), i, 20_000)); err != nil {
				t.Fatal(err)
			}
		}
		// One waits for room meanwhile.
		waiting := make(chan error, 1)
		go func() {
			_, err := w.WriteAsync(context.Background(), fill(t, w.NewBatch(0), 0, 1))
			waiting <- err
		}()
		synctest.Wait()
		if !w.hasSent() {
			t.Fatal("no batch is sent, want some in flight")
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		start := time.Now()
		sum, err := w.Close(ctx)
		if took := time.Since(start); took != 30*time.Second {
			t.Errorf("Close took %v, want as long as its context, 30s", took)
		}
		var failed *WriteError
		if !errors.As(err, &failed) || len(failed.Failed) != 6 || !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("Close: %v, want 6 failed batches and %v", err, context.DeadlineExceeded)
		}
		if sum.Failed != 6 || sum.Acknowledged != 0 || sum.Ambiguous != int64(len(failed.AmbiguousIDs())) || sum.Ambiguous == 0 {
			t.Errorf("%+v; ambiguous %v; want 6 failed, of which those are ambiguous", sum, failed.AmbiguousIDs())
		}
		if err := <-waiting; !errors.Is(err, ErrClosed) {
			t.Errorf("the one that waited: %v, want %v", err, ErrClosed)
		}
	})
}

func TestClosedConnectorFailsWhatIsOpen(t *testing.T) {
	t.Parallel()
	reached := make(chan struct{})
	var once sync.Once
	s := putServer(t, script(map[int64]func(*putCall, received) error{1: func(c *putCall, _ received) error {
		once.Do(func() { close(reached) })
		<-c.Context().Done()
		return nil
	}}))
	conn, connector := openConnector(t, parseDSN(t, s.DSN()))
	w := newTestWriter(t, conn, Options{Streams: 1, Retry: insert.Retry{AtLeastOnce: true}})
	p, err := w.WriteAsync(short(t), fill(t, w.NewBatch(1), 0, 1))
	if err != nil {
		t.Fatal(err)
	}
	<-reached
	if err := connector.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = p.Wait(short(t))
	var failed *WriteError
	if !errors.As(err, &failed) || !failed.Failed[0].Ambiguous || !errors.Is(err, greptime.ErrClosed) {
		t.Errorf("Wait: %v, want an ambiguous failure with %v", err, greptime.ErrClosed)
	}
	if _, err := w.WriteAsync(short(t), fill(t, w.NewBatch(1), 0, 1)); !errors.Is(err, greptime.ErrClosed) {
		t.Errorf("afterwards: %v, want %v", err, greptime.ErrClosed)
	}
	if sum, err := w.Close(short(t)); err != nil || sum.Failed != 1 {
		t.Errorf("Close: %+v, %v; want 1 batch failed", sum, err)
	}
}

func TestFlushAndCloseTellWhatNobodyWaitedFor(t *testing.T) {
	t.Parallel()
	s := putServer(t, script(map[int64]func(*putCall, received) error{2: regionError, 5: regionError}))
	w := openWriter(t, s.DSN(), Options{Streams: 1, InFlight: 1})
	write := func(n int) {
		for i := range n {
			if _, err := w.WriteAsync(short(t), fill(t, w.NewBatch(1), i, 1)); err != nil {
				t.Fatal(err)
			}
		}
	}
	write(3)
	var failed *WriteError
	if err := w.Flush(short(t)); !errors.As(err, &failed) || !slices.Equal(failed.IDs(), []int64{2}) {
		t.Errorf("Flush: %v, want batch 2", err)
	}
	if err := w.Flush(short(t)); err != nil {
		t.Errorf("second Flush: %v, want no error", err)
	}
	write(3)
	sum, err := w.Close(short(t))
	if !errors.As(err, &failed) || !slices.Equal(failed.IDs(), []int64{5}) {
		t.Errorf("Close: %v, want batch 5", err)
	}
	if sum.Acknowledged != 4 || sum.Failed != 2 {
		t.Errorf("%+v, want 4 acknowledged, 2 failed", sum)
	}
}

func TestFailuresThatPileUpAreReturned(t *testing.T) {
	t.Parallel()
	s := putServer(t, func(call *wiretest.Call) error {
		c, err := begin(call)
		if err != nil {
			return err
		}
		r, err := c.next()
		if err != nil {
			return nil
		}
		return regionError(c, r)
	})
	w := openWriter(t, s.DSN(), Options{Streams: 1, InFlight: 2})
	submitted, told := 0, 0
	for range 200 {
		b := fill(t, w.NewBatch(1), 0, 1)
		_, err := w.WriteAsync(short(t), b)
		var failed *WriteError
		switch {
		case err == nil:
			submitted++
		case errors.As(err, &failed):
			told += len(failed.Failed)
			if b.Len() != 1 {
				t.Fatal("the batch was taken")
			}
		default:
			t.Fatal(err)
		}
	}
	if told == 0 {
		t.Error("never told")
	}
	_, err := w.Close(short(t))
	var failed *WriteError
	if errors.As(err, &failed) {
		told += len(failed.Failed)
	}
	if told != submitted {
		t.Errorf("%d submitted, %d reported", submitted, told)
	}
}

func TestAckOfAnUnknownBatchEndsTheStream(t *testing.T) {
	t.Parallel()
	s := putServer(t, script(map[int64]func(*putCall, received) error{1: func(c *putCall, _ received) error {
		if err := c.ack(99, 1); err != nil {
			return err
		}
		return errContinue
	}}))
	w := openWriter(t, s.DSN(), Options{Streams: 1, InFlight: 1})
	_, failed := submit(t, w, 1)
	if len(ambiguous(failed)) != 1 || !strings.Contains(failed[0].Err.Error(), "acknowledged batch 99") {
		t.Errorf("failed %+v, want the batch ambiguous, and that batch 99 was acknowledged", failed)
	}
}

func TestAnswersThatAreNotUnderstood(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{"", "{}", "nonsense", `{"request_id":"1"}`, `{"request_id":1,"affected_rows":1e99}`, `{"request_id":1,"affected_rows":-1}`, `{"request_id":1,"affected_rows":9223372036854775807}`} {
		s := putServer(t, script(map[int64]func(*putCall, received) error{1: func(c *putCall, _ received) error {
			if err := c.SendPutResult(answer); err != nil {
				return err
			}
			return errContinue
		}}))
		w := openWriter(t, s.DSN(), Options{Streams: 1, InFlight: 1})
		if _, failed := submit(t, w, 1); len(ambiguous(failed)) != 1 {
			t.Errorf("%q: %+v, want the batch ambiguous", answer, failed)
		}
	}
}

func TestServerThatNeverBegins(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := putServer(t, func(c *wiretest.Call) error {
			<-c.Context().Done()
			return nil
		}, wiretest.InMemory())
		w := openMemoryWriter(t, s, Options{Streams: 1, Timeout: 5 * time.Second})
		acked, failed := submit(t, w, 1)
		if len(acked) != 0 || len(ambiguous(failed)) != 0 {
			t.Errorf("acknowledged %v, failed %+v, want the batch failed, and not ambiguous", acked, failed)
		}
	})
}

// TestRowsBehindAReturnedRecordBatch: the bits of validity behind the rows of an Arrow
// array may be anything, and a batch that is handed back can grow.
func TestRowsBehindAReturnedRecordBatch(t *testing.T) {
	t.Parallel()
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "host", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "cpu", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
		{Name: "ts", Type: &arrow.TimestampType{Unit: arrow.Millisecond}},
	}, nil)
	builder := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer builder.Release()
	builder.Field(0).(*array.StringBuilder).AppendValues([]string{"a", "b", "c"}, nil)
	builder.Field(1).(*array.Float64Builder).AppendValues([]float64{1, 2, 3}, []bool{true, false, true})
	builder.Field(2).(*array.TimestampBuilder).AppendValues([]arrow.Timestamp{1, 2, 3}, nil)
	record := builder.NewRecordBatch()
	defer record.Release()
	for _, codec := range []Compression{None, LZ4, ZSTD} {
		s := putServer(t, script(map[int64]func(*putCall, received) error{1: func(c *putCall, _ received) error {
			return c.Fail(codes.InvalidArgument, "no", 1004)
		}}))
		w := openWriter(t, s.DSN(), Options{Streams: 1, Compression: codec})
		p, err := w.WriteRecord(short(t), record)
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Wait(short(t))
		var failure *WriteError
		if !errors.As(err, &failure) || len(failure.Failed) != 1 {
			t.Fatalf("%v: %v, want a WriteError of one batch", codec, err)
		}
		b, err := failure.Failed[0].Batch()
		if err != nil {
			t.Fatal(err)
		}
		fill(t, b, 4, 9)
		for row := range b.Len() {
			if cpu, err := b.Row(row).Float64("cpu"); (err != nil) != (row == 1) || row > 2 && cpu != float64(row-3) {
				t.Errorf("%v: row %d: %v, %v; want NULL in row 1, and the row's number less 3 behind row 2", codec, row, cpu, err)
			}
		}
	}
}
