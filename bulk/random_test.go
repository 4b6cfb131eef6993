package bulk

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"
	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

var seed = flag.Uint64("seed", 0, "run the schedule of faults of this seed only")

// TestRandomSchedulesAgainstAModel has a server misbehave at random in every way that
// GreptimeDB or the network between can, and holds what the writer reports to what the
// server did.
func TestRandomSchedulesAgainstAModel(t *testing.T) {
	t.Parallel()
	if *seed != 0 {
		runSchedule(t, *seed)
		return
	}
	runs := uint64(100)
	if *long {
		runs = 10_000
	}
	var next uint64
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for !t.Failed() {
				mu.Lock()
				next++
				n := next
				mu.Unlock()
				if n > runs {
					return
				}
				runSchedule(t, n)
			}
		})
	}
	wg.Wait()
}

// model is what the server did.
type model struct {
	mu      sync.Mutex
	rng     *rand.Rand
	faults  float64       // probability of one at a batch
	applied map[int64]int // how often each batch was written, by its first time
}

func (m *model) apply(r received) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.applied[firstTime(r)]++
}

// firstTime tells the batch, whatever its id.
func firstTime(r received) int64 { return int64(r.record.Column(2).(*array.Timestamp).Value(0)) }

// choose draws the next fault; 0 is none.
func (m *model) choose(faults int) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rng.Float64() >= m.faults {
		return 0
	}
	return 1 + m.rng.IntN(faults)
}

func (m *model) put(call *wiretest.Call) error {
	switch m.choose(30) {
	case 1:
		return call.Fail(codes.Unavailable, "not now", 0)
	case 2:
		return call.Drop()
	case 3:
		return call.Reset(wiretest.ResetRefused)
	}
	c, err := begin(call)
	if err != nil {
		return err
	}
	lost := false // the ack before
	for {
		r, err := c.next()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		fault := m.choose(11)
		if lost && (fault == 1 || fault == 2 || fault == 7) {
			// GreptimeDB loses acks when more than 32 are due, which the writer does not let
			// happen. So an error means the first batch without an ack.
			fault = 0
		}
		switch fault {
		case 1: // refused, nothing written
			return c.Fail(codes.InvalidArgument, "no", 1004)
		case 2: // as 1.0.2 refuses
			return regionError(c, r)
		case 3: // the task panics
			return nil
		case 4: // nothing is answered any more
			<-c.Context().Done()
			return nil
		case 5:
			return c.Reset(wiretest.ResetInternal)
		case 6:
			return c.Drop()
		}
		m.apply(r)
		switch fault {
		case 7: // written in part, and the ack is an error
			return regionError(c, r)
		case 8: // written, then the connection breaks
			return c.Drop()
		case 9: // the ack is lost
			lost = true
			continue
		case 10:
			time.Sleep(time.Millisecond)
		case 11:
			return c.Fail(codes.Unavailable, "shutting down", 0)
		}
		lost = false
		if err := c.ack(r.id, r.record.NumRows()); err != nil {
			return err
		}
	}
}

// outcomeOf is what was reported of the batch with that first time.
type outcomeOf struct {
	acked, ambiguous bool
	times            int
}

func runSchedule(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 17))
	m := &model{rng: rand.New(rand.NewPCG(seed, 18)), faults: []float64{0, 0.02, 0.1, 0.4}[rng.IntN(4)], applied: map[int64]int{}}
	opts := Options{
		Schema:      testSchema(t),
		Streams:     1 + rng.IntN(4),
		InFlight:    1 + rng.IntN(MaxInFlight),
		MaxBytes:    int64(1000 + rng.IntN(20_000)),
		Compression: Compression(rng.IntN(3)),
		Timeout:     40 * time.Millisecond,
	}
	opts.Retry = insert.Retry{
		For:         time.Duration(rng.IntN(20)-2)*time.Millisecond + 1, // negative in one of ten
		MinBackoff:  time.Millisecond,
		MaxBackoff:  3 * time.Millisecond,
		AtLeastOnce: rng.IntN(2) == 0,
	}
	s := putServer(t, m.put)
	w := openWriter(t, s.DSN(), opts)
	goroutines, batches := 1+rng.IntN(3), 1+rng.IntN(15)

	var mu sync.Mutex
	reported := map[int64]outcomeOf{}
	report := func(first int64, o outcomeOf) {
		mu.Lock()
		defer mu.Unlock()
		o.times = reported[first].times + 1
		reported[first] = o
	}
	reportError := func(e *WriteError) {
		for i := range e.Failed {
			f := &e.Failed[i]
			b, err := f.Batch()
			if err != nil {
				t.Errorf("seed %d: %v", seed, err)
				continue
			}
			ts, err := b.Row(0).Time("ts")
			if err != nil {
				t.Errorf("seed %d: %v", seed, err)
			}
			report(ts.UnixMilli(), outcomeOf{ambiguous: f.Ambiguous})
		}
	}
	submitted := int64(0)
	var written, settled sync.WaitGroup
	for g := range goroutines {
		size := 1 + rng.IntN(60)
		written.Go(func() {
			b := w.NewBatch(size)
			for i := 0; i < batches; {
				first := int64((g*batches + i + 1) * 1000)
				fill(t, b, int(first), size)
				p, err := w.WriteAsync(t.Context(), b)
				var e *WriteError
				switch {
				case errors.As(err, &e): // failures that had piled up
					reportError(e)
					b.Reset()
					continue
				case err != nil:
					t.Errorf("seed %d: %v", seed, err)
					return
				}
				i++
				mu.Lock()
				submitted++
				mu.Unlock()
				settled.Go(func() {
					<-p.Done()
					if p.err == nil {
						report(first, outcomeOf{acked: true})
					} // otherwise Close tells, or a WriteAsync before
				})
			}
		})
	}
	written.Wait()
	if rng.IntN(3) == 0 {
		var e *WriteError
		if errors.As(w.Flush(t.Context()), &e) {
			reportError(e)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), []time.Duration{0, 5 * time.Millisecond, 10 * time.Second}[rng.IntN(3)])
	defer cancel()
	sum, err := w.Close(ctx)
	settled.Wait()
	var e *WriteError
	if errors.As(err, &e) {
		reportError(e)
	} else if err != nil {
		t.Errorf("seed %d: Close: %v", seed, err)
	}
	s.Stop()
	checkSchedule(t, seed, w, m, reported, submitted, sum, opts.Retry.AtLeastOnce)
}

func checkSchedule(t *testing.T, seed uint64, w *Writer, m *model, reported map[int64]outcomeOf, submitted int64, sum Summary, atLeastOnce bool) {
	fail := func(format string, args ...any) {
		t.Errorf("seed %d: %s", seed, fmt.Sprintf(format, args...))
	}
	if int64(len(reported)) != submitted || sum.Acknowledged+sum.Failed != submitted {
		fail("%d batches submitted, %d reported, %d acknowledged, %d failed", submitted, len(reported), sum.Acknowledged, sum.Failed)
	}
	var acked, ambiguous int64
	for first, o := range reported {
		n := m.applied[first]
		switch {
		case o.times != 1:
			fail("batch %d was reported %d times", first, o.times)
		case o.acked && n == 0:
			fail("batch %d is acknowledged, but was never written", first)
		case !o.acked && !o.ambiguous && n > 0:
			fail("batch %d was written %d times, but reported as surely not", first, n)
		case !atLeastOnce && n > 1:
			fail("batch %d was written %d times", first, n)
		}
		if o.acked {
			acked++
		}
		if o.ambiguous {
			ambiguous++
		}
	}
	if acked != sum.Acknowledged || ambiguous != sum.Ambiguous || int64(len(sum.AmbiguousIDs)) != ambiguous {
		fail("%d acknowledged and %d ambiguous, but the summary is %+v", acked, ambiguous, sum)
	}
	if len(w.slots) != 0 || w.memory.Held() != 0 || len(w.unsettled) != 0 || len(w.queue) != 0 || len(w.streams) != 0 {
		fail("left behind: %d items, %d bytes, %d unsettled, %d queued, %d streams", len(w.slots), w.memory.Held(), len(w.unsettled), len(w.queue), len(w.streams))
	}
}
