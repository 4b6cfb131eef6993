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

	"github.com/apache/arrow-go/v18/arrow/array"
	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

func TestWriteReportsTheAck(t *testing.T) {
	t.Parallel()
	var got received
	s := putServer(t, acknowledgeAll(func(r received) { got = r }))
	w := openWriter(t, s.DSN(), Options{Streams: 1})
	b := fill(t, w.NewBatch(3), 100, 3)
	ack, err := w.Write(short(t), b)
	if err != nil {
		t.Fatal(err)
	}
	if want := (Ack{ID: 1, Rows: 3, Elapsed: 1500 * time.Microsecond}); ack != want {
		t.Errorf("ack %+v, want %+v", ack, want)
	}
	if b.Len() != 0 {
		t.Errorf("the batch has %d rows after it was written, want none", b.Len())
	}
	if ts := got.record.Column(2).(*array.Timestamp); ts.Value(2) != 102 {
		t.Errorf("the server got the time %d, want 102", ts.Value(2))
	}
	sum, err := w.Close(short(t))
	if err != nil || sum.Acknowledged != 1 || sum.Rows != 3 || sum.Failed != 0 {
		t.Errorf("summary %+v, %v; want 1 batch of 3 rows", sum, err)
	}
	if _, err := w.Write(short(t), fill(t, b, 0, 1)); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v, want %v", err, ErrClosed)
	}
	if again, err := w.Close(short(t)); err != nil || again.Acknowledged != 1 {
		t.Errorf("second Close: %+v, %v; want the first one's summary", again, err)
	}
}

func TestManyGoroutinesShareTheStreams(t *testing.T) {
	t.Parallel()
	var ids seen
	s := putServer(t, acknowledgeAll(ids.add))
	w := openWriter(t, s.DSN(), Options{Streams: 3, InFlight: 4, Compression: LZ4})
	const goroutines, batches, rows = 8, 40, 10
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			b := w.NewBatch(rows)
			for i := range batches {
				fill(t, b, (g*batches+i)*rows, rows)
				if _, err := w.WriteAsync(t.Context(), b); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if err := w.Flush(short(t)); err != nil {
		t.Fatal(err)
	}
	sum, err := w.Close(short(t))
	if err != nil || sum.Acknowledged != goroutines*batches || sum.Rows != goroutines*batches*rows {
		t.Errorf("summary %+v, %v; want %d batches of %d rows", sum, err, goroutines*batches, rows)
	}
	got := ids.sorted()
	if len(slices.Compact(slices.Clone(got))) != goroutines*batches || len(got) != goroutines*batches || got[0] != 1 || got[len(got)-1] != goroutines*batches {
		t.Errorf("the server got %d batches, ids %d to %d; want each batch once", len(got), got[0], got[len(got)-1])
	}
	if n := s.Calls(wiretest.MethodDoPut); n > 3 {
		t.Errorf("%d streams were opened, want at most 3", n)
	}
}

func TestNeverMoreInFlightThanAllowed(t *testing.T) {
	t.Parallel()
	for _, inFlight := range []int{1, 5, MaxInFlight} {
		t.Run(fmt.Sprint(inFlight), func(t *testing.T) {
			t.Parallel()
			release := make(chan struct{})
			var atOnce atomic.Int64
			s := putServer(t, func(call *wiretest.Call) error {
				c, err := begin(call)
				if err != nil {
					return err
				}
				got := make(chan received, 100)
				go func() {
					defer close(got)
					for {
						r, err := c.next()
						if err != nil {
							return
						}
						atOnce.Add(1)
						got <- r
					}
				}()
				select {
				case <-release:
				case <-c.Context().Done():
				}
				for r := range got {
					atOnce.Add(-1)
					if err := c.ack(r.id, r.record.NumRows()); err != nil {
						return err
					}
				}
				return nil
			})
			w := openWriter(t, s.DSN(), Options{Streams: 1, InFlight: inFlight})
			for i := range inFlight {
				if _, err := w.WriteAsync(short(t), fill(t, w.NewBatch(1), i, 1)); err != nil {
					t.Fatal(err)
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			b := fill(t, w.NewBatch(1), 99, 1)
			if _, err := w.WriteAsync(ctx, b); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("one more: %v, want %v", err, context.DeadlineExceeded)
			}
			if b.Len() != 1 {
				t.Error("the batch that was not taken has lost its row")
			}
			if n := atOnce.Load(); n > int64(inFlight) {
				t.Errorf("%d in flight, want at most %d", n, inFlight)
			}
			close(release)
			if sum, err := w.Close(short(t)); err != nil || sum.Acknowledged != int64(inFlight) {
				t.Errorf("Close: %+v, %v; want %d batches acknowledged", sum, err, inFlight)
			}
		})
	}
}

func TestBytesInFlightAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := putServer(t, func(call *wiretest.Call) error {
			c, err := begin(call)
			if err != nil {
				return err
			}
			select {
			case <-release:
			case <-c.Context().Done():
			}
			for {
				r, err := c.next()
				if err != nil {
					return nil
				}
				if err := c.ack(r.id, r.record.NumRows()); err != nil {
					return err
				}
			}
		}, wiretest.InMemory())
		w := openMemoryWriter(t, s, Options{Streams: 1, InFlight: 30, MaxBytes: 50 << 10})
		b := fill(t, w.NewBatch(1000), 0, 1000) // some 21 kB
		taken := 0
		for range 10 {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			_, err := w.WriteAsync(ctx, b)
			cancel()
			if err != nil {
				break
			}
			taken++
			fill(t, b, 1000*taken, 1000)
		}
		if taken != 2 {
			t.Errorf("%d batches were taken, want 2", taken)
		}
		close(release)
		// A batch beyond the bound goes alone.
		large := fill(t, w.NewBatch(0), 0, 10_000)
		if ack, err := w.Write(short(t), large); err != nil || ack.Rows != 10_000 {
			t.Errorf("Write: %+v, %v; want 10000 rows", ack, err)
		}
	})
}

func TestBatchWithoutRowsIsNotSent(t *testing.T) {
	t.Parallel()
	s := putServer(t, acknowledgeAll(nil))
	w := openWriter(t, s.DSN(), Options{})
	ack, err := w.Write(short(t), w.NewBatch(10))
	if err != nil || ack != (Ack{}) {
		t.Errorf("Write: %+v, %v; want no error and the zero Ack", ack, err)
	}
	if _, err := w.Close(short(t)); err != nil {
		t.Error(err)
	}
	if n := s.Calls(wiretest.MethodDoPut); n != 0 {
		t.Errorf("%d streams were opened for nothing, want none", n)
	}
}

func TestOptionsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := putServer(t, acknowledgeAll(nil))
	conn := openConn(t, s.DSN())
	for text, o := range map[string]Options{
		"InFlight is 32":      {InFlight: 32},
		"InFlight is -1":      {InFlight: -1},
		"Streams is -1":       {Streams: -1},
		"MaxBytes":            {MaxBytes: -1},
		"Compression(9)":      {Compression: 9},
		"MinBackoff or Max":   {Retry: insert.Retry{MaxBackoff: -1}},
		"ProgressInterval is": {Progress: func(Progress) {}, ProgressInterval: -1},
		"may not read its co": {},
	} {
		if _, err := NewWriter(t.Context(), conn, "t", o); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%+v: %v, want %q", o, err, text)
		}
	}
}

func TestCredentialsAndDatabaseGoWithTheCall(t *testing.T) {
	t.Parallel()
	var auth, database []string
	s := putServer(t, func(c *wiretest.Call) error {
		auth, database = c.Metadata.Get("x-greptime-auth"), c.Metadata.Get("x-greptime-db-name")
		return acknowledgeAll(nil)(c)
	})
	w := openWriter(t, "greptime://alice:s%3Acret@"+s.Addr()+"/my-db", Options{})
	if w.Verified() {
		t.Error("Verified although the user may not read")
	}
	if _, err := w.Write(short(t), fill(t, w.NewBatch(1), 0, 1)); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(auth, []string{"Basic YWxpY2U6czpjcmV0"}) || !slices.Equal(database, []string{"greptime-my-db"}) {
		t.Errorf("x-greptime-auth %q, x-greptime-db-name %q; want Basic of alice:s:cret, and greptime-my-db", auth, database)
	}
}

func TestDatabaseThatMetadataCannotName(t *testing.T) {
	t.Parallel()
	s := putServer(t, acknowledgeAll(nil))
	_, err := NewWriter(t.Context(), openConn(t, "greptime://"+s.Addr()+"/%C3%A9t%C3%A9"), "t", Options{})
	if err == nil || !strings.Contains(err.Error(), `database "été"`) || !strings.Contains(err.Error(), "package insert") {
		t.Errorf("NewWriter: %v, want an error that names the database and package insert", err)
	}
}

func TestWrongPasswordIsTheBatchesError(t *testing.T) {
	t.Parallel()
	s := putServer(t, func(c *wiretest.Call) error { return c.Fail(codes.Unauthenticated, "auth failed", 0) })
	w := openWriter(t, s.DSN(), Options{Retry: insert.Retry{AtLeastOnce: true}})
	_, err := w.Write(short(t), fill(t, w.NewBatch(1), 0, 1))
	var failed *WriteError
	var server *greptime.Error
	if !errors.As(err, &failed) || !errors.As(err, &server) || server.GRPC != codes.Unauthenticated || failed.Failed[0].Ambiguous {
		t.Fatalf("Write: %v, want Unauthenticated, not ambiguous", err)
	}
	if n := s.Calls(wiretest.MethodDoPut); n != 1 {
		t.Errorf("tried %d times, want once", n)
	}
}

func TestWriterOutlivesItsConnection(t *testing.T) {
	t.Parallel()
	s := putServer(t, acknowledgeAll(nil))
	conn := openConn(t, s.DSN())
	ctx, cancel := context.WithCancel(t.Context())
	w, err := NewWriter(ctx, conn, "t", Options{Schema: testSchema(t)})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(short(t), fill(t, w.NewBatch(1), 0, 1)); err != nil {
		t.Error(err)
	}
	if _, err := w.Close(short(t)); err != nil {
		t.Error(err)
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	s := putServer(t, acknowledgeAll(nil))
	var calls []Progress
	w := openWriter(t, s.DSN(), Options{Progress: func(p Progress) { calls = append(calls, p) }, ProgressInterval: time.Millisecond})
	for i := range 5 {
		if _, err := w.Write(short(t), fill(t, w.NewBatch(1), i, 2)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Close(short(t)); err != nil {
		t.Fatal(err)
	}
	last := calls[len(calls)-1]
	if last.Acknowledged != 5 || last.Rows != 10 || last.Pending != 0 || last.Bytes == 0 || last.Elapsed <= 0 {
		t.Errorf("last %+v, want 5 batches of 10 rows in all, none pending", last)
	}
}

func TestSlowProgressDoesNotHoldUpTheLoad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := putServer(t, acknowledgeAll(nil), wiretest.InMemory())
		block := make(chan struct{})
		defer close(block)
		w := openMemoryWriter(t, s, Options{Progress: func(Progress) { <-block }, ProgressInterval: time.Millisecond})
		for i := range 50 {
			if _, err := w.Write(short(t), fill(t, w.NewBatch(1), i, 1)); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if sum, err := w.Close(ctx); err != nil || sum.Acknowledged != 50 {
			t.Errorf("Close: %+v, %v; want 50 batches", sum, err)
		}
	})
}

func TestBatchBeyondTheMessageLimit(t *testing.T) {
	t.Parallel()
	s := putServer(t, acknowledgeAll(nil))
	w := openWriter(t, s.DSN("max_message_size=100000"), Options{})
	b := fill(t, w.NewBatch(0), 0, 10_000)
	if _, err := w.WriteAsync(short(t), b); err == nil || !strings.Contains(err.Error(), "write fewer rows at a time") {
		t.Fatalf("WriteAsync: %v, want an error that advises fewer rows", err)
	}
	if b.Len() != 10_000 {
		t.Error("the batch lost its rows")
	}
	b.Reset()
	if _, err := w.Write(short(t), fill(t, b, 0, 1000)); err != nil {
		t.Error(err)
	}
	if sum, err := w.Close(short(t)); err != nil || sum.Acknowledged != 1 || sum.Failed != 0 {
		t.Errorf("Close: %+v, %v; want 1 batch, none failed", sum, err)
	}
}

func TestKeepLast(t *testing.T) {
	t.Parallel()
	var got received
	s := putServer(t, acknowledgeAll(func(r received) { got = r }))
	w := openWriter(t, s.DSN(), Options{KeepLast: true})
	b := w.NewBatch(5)
	for i, key := range []any{"a", "b", nil, "a", nil, "a"} {
		ts := time.UnixMilli(7)
		if i == 5 {
			ts = time.UnixMilli(8)
		}
		if err := b.Append(key, float64(i), ts); err != nil {
			t.Fatal(err)
		}
	}
	ack, err := w.Write(short(t), b)
	if err != nil || ack.Rows != 4 {
		t.Fatalf("Write: %+v, %v; want 4 rows", ack, err)
	}
	if text := fmt.Sprint(got.record.Column(0), got.record.Column(1)); text != `["b" "a" (null) "a"] [1 3 4 5]` {
		t.Errorf("got %s, want the last row of each key", text)
	}
}

func TestBatchesWithoutAWriter(t *testing.T) {
	t.Parallel()
	var got received
	s := putServer(t, acknowledgeAll(func(r received) { got = r }))
	w := openWriter(t, s.DSN(), Options{})
	w.table.Columns[1].Nullable = false // as if the server had said so
	for name, columns := range map[string][]insert.Column{
		"same":        {insert.Tag("host", insert.String), insert.Field("cpu", insert.Float64), insert.Time("ts", insert.Millisecond)},
		"other order": {insert.Time("ts", insert.Millisecond), insert.Tag("host", insert.String), insert.Field("cpu", insert.Float64)},
		"other type":  {insert.Tag("host", insert.String), insert.Field("cpu", insert.Float32), insert.Time("ts", insert.Millisecond)},
		"more":        {insert.Tag("host", insert.String), insert.Field("cpu", insert.Float64), insert.Time("ts", insert.Millisecond), insert.Field("n", insert.Int8)},
		"less":        {insert.Tag("host", insert.String), insert.Time("ts", insert.Millisecond)},
	} {
		schema, err := insert.NewSchema(columns...)
		if err != nil {
			t.Fatal(err)
		}
		b, err := NewBatch(schema, 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.NewRow().Set("ts", 5).Set("host", "a").End(); err != nil {
			t.Fatal(err)
		}
		fits := name == "same" || name == "other order"
		var value *insert.ValueError
		if _, err := w.WriteAsync(short(t), b); err == nil || errors.As(err, &value) != fits {
			t.Errorf("%s, with a NULL: %v; want an error, a ValueError: %t", name, err, fits)
		}
		if !fits {
			continue
		}
		b.Reset()
		if err := b.NewRow().Set("ts", 5).Set("host", "a").Set("cpu", 1.5).End(); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(short(t), b); err != nil {
			t.Error(err)
		} else if text := fmt.Sprint(got.record.Column(0), got.record.Column(1)); text != `["a"] [1.5]` {
			t.Errorf("%s: %s, want [\"a\"] [1.5]", name, text)
		}
	}
}
