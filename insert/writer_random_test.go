package insert_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// Random programs and faults against a model: every row that was taken is stored, or
// was given back with a true word on whether it may have been stored. -long has more
// seeds; -run 'WriterLosesNothingSilently/seed_17$' has one. The same seed draws the
// same faults, but goroutines take turns as they like.
func TestWriterLosesNothingSilently(t *testing.T) {
	t.Parallel()
	runs := uint64(60)
	if *long {
		runs = 3000
	}
	seeds := make(chan uint64)
	go func() {
		defer close(seeds)
		for n := range runs {
			seeds <- n
		}
	}()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for n := range seeds {
				// Its own subtest, so that its servers end with it.
				t.Run(fmt.Sprint("seed ", n), func(t *testing.T) { newSchedule(t, n).run() })
			}
		})
	}
	wg.Wait()
}

// schedule is one run of the random test.
type schedule struct {
	t     *testing.T
	store *store
	opts  insert.WriterOptions

	mu        sync.Mutex
	rand      *rand.Rand // of everything but the writer's own jitter
	taken     map[meter]bool
	givenBack map[meter]bool // whether ambiguous
	twice     []meter        // given back more than once

	// Held for reading between a request's arrival and its being carried out, so that
	// no request is carried out that the client has seen fail before.
	connection sync.RWMutex
}

func newSchedule(t *testing.T, seed uint64) *schedule {
	s := &schedule{
		t:         t,
		rand:      rand.New(rand.NewPCG(seed, 0)),
		taken:     map[meter]bool{},
		givenBack: map[meter]bool{},
	}
	s.opts = insert.WriterOptions{
		FlushRows:     1 + s.below(60),
		FlushBytes:    1 + s.below(4000),
		FlushInterval: s.milliseconds(1, 20),
		MaxBytes:      500 + int64(s.below(10_000)),
		InFlight:      1 + s.below(3),
		Timeout:       s.milliseconds(50, 100),
		Retry: insert.Retry{
			For:         s.milliseconds(-1, 300),
			MinBackoff:  s.milliseconds(1, 5),
			MaxBackoff:  s.milliseconds(1, 20),
			AtLeastOnce: s.chance(0.5),
		},
	}
	if s.chance(0.7) {
		s.opts.OnError = s.onError
	}
	return s
}

// chance, below and milliseconds draw the next number.
func (s *schedule) chance(p float64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rand.Float64() < p
}

func (s *schedule) below(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rand.IntN(n)
}

func (s *schedule) milliseconds(from, to int) time.Duration {
	return time.Duration(from+s.below(to-from)) * time.Millisecond
}

func (s *schedule) run() {
	// In memory, because another server could get the port while this one is down.
	s.store = startStore(s.t, s.fault, wiretest.InMemory())
	w, err := insert.NewWriter(connInMemory(s.t, s.store.Server, "connect_timeout=1s"), s.opts)
	if err != nil {
		s.t.Fatal(err)
	}
	producing, stop := context.WithCancel(s.t.Context())
	var producers, others sync.WaitGroup
	for i := range 4 {
		producers.Go(func() { s.produce(w, i) })
	}
	others.Go(func() { s.restart(producing) })
	others.Go(func() {
		for producing.Err() == nil {
			if got := w.Stats(); got.PendingBytes > s.opts.MaxBytes {
				s.t.Errorf("%d bytes in a buffer of %d", got.PendingBytes, s.opts.MaxBytes)
			}
			time.Sleep(time.Millisecond)
		}
	})
	if s.chance(0.5) {
		producers.Wait() // otherwise Close comes in the midst
	} else {
		time.Sleep(s.milliseconds(1, 50))
	}
	s.close(w)
	producers.Wait()
	stop()
	others.Wait()
	s.close(w) // once more, which does nothing
	s.store.Stop()
	s.check(w.Stats())
}

func (s *schedule) close(w *insert.Writer) {
	ctx, cancel := context.WithTimeout(s.t.Context(), s.milliseconds(0, 400))
	defer cancel()
	s.take(w.Close(ctx))
}

// produce appends rows of series of its own, in the order of their numbers.
func (s *schedule) produce(w *insert.Writer, i int) {
	tables := []string{"r0", "r1"}
	other, err := insert.NewSchema(insert.Time("ts", insert.Millisecond), insert.Field("n", insert.Int64), insert.Tag("device", insert.String))
	if err != nil {
		s.t.Error(err)
		return
	}
	for n := int64(0); n < 150; n++ {
		ctx, cancel := context.WithTimeout(s.t.Context(), s.milliseconds(0, 100))
		name, device := tables[s.below(len(tables))], fmt.Sprintf("%d-%d", i, s.below(3))
		var rows []meter
		switch s.below(12) {
		case 0: // another form of the table
			rows = []meter{{name, device, n}}
			err = w.Table(name, other).Append(ctx, time.UnixMilli(n), n, device)
		case 1: // several rows at once
			table := meters.NewTable(name)
			for range 1 + s.below(30) {
				rows = append(rows, meter{name, device, n})
				if err := table.Append(device, n, time.UnixMilli(n)); err != nil {
					s.t.Error(err)
				}
				n++
			}
			err = w.Write(ctx, table)
			table.Reset()
		default:
			rows = []meter{{name, device, n}}
			err = w.Table(name, meters).Append(ctx, device, n, time.UnixMilli(n))
		}
		switch {
		case err == nil:
			s.mu.Lock()
			for _, r := range rows {
				s.taken[r] = true
			}
			s.mu.Unlock()
		case errors.Is(err, insert.ErrFull):
			s.take(w.Flush(s.t.Context()))
		case !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, insert.ErrClosed):
			s.t.Errorf("appending: %v, want the end of its context, or %v", err, insert.ErrClosed)
		}
		if s.chance(0.02) {
			s.take(w.Flush(ctx))
		}
		cancel()
	}
}

// take notes the rows of an error of Flush or Close.
func (s *schedule) take(err error) {
	var e *insert.WriteError
	switch {
	case err == nil:
	case errors.As(err, &e):
		for _, u := range e.Failed {
			s.onError(u)
		}
	case !errors.Is(err, context.DeadlineExceeded):
		s.t.Errorf("Flush or Close: %v, want %v", err, context.DeadlineExceeded)
	}
}

func (s *schedule) onError(u insert.FailedRows) {
	rows := metersIn(s.t, u.Table)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range rows {
		if _, twice := s.givenBack[r]; twice {
			s.twice = append(s.twice, r)
		}
		s.givenBack[r] = u.Ambiguous
	}
}

// restart stops the server and starts it again, a few times.
func (s *schedule) restart(ctx context.Context) {
	for range s.below(3) {
		select {
		case <-time.After(s.milliseconds(1, 60)):
		case <-ctx.Done():
			return
		}
		s.store.Stop()
		time.Sleep(s.milliseconds(0, 100))
		s.store.Restart()
	}
}

// fault is what happens to a request.
func (s *schedule) fault(c *wiretest.Call, rows []meter) (bool, error) {
	kind := s.below(30)
	if kind == 0 {
		return true, wiretest.Hang()(c)
	}
	if kind < 6 {
		if err := wiretest.Delay(s.milliseconds(1, 15))(c); err != nil {
			return true, err
		}
	}
	s.connection.RLock()
	held := true
	defer func() {
		if held {
			s.connection.RUnlock()
		}
	}()
	if err := c.Context().Err(); err != nil {
		return true, err
	}
	if s.chance(0.5) && (kind == 6 || kind == 7 || kind == 8 || kind == 9) {
		s.store.add(rows) // carried out although it fails
	}
	switch kind {
	case 6:
		return true, c.Fail(codes.ResourceExhausted, "busy", int(greptime.RegionBusy))
	case 7:
		return true, c.Fail(codes.Internal, "an error", int(greptime.Internal))
	case 8:
		return true, c.Fail(codes.Unavailable, "a proxy", 0)
	case 9:
		s.connection.RUnlock()
		held = false
		s.connection.Lock() // all others that have arrived are carried out
		defer s.connection.Unlock()
		err := wiretest.Drop()(c)
		<-c.Context().Done()
		return true, err
	case 10, 11, 12:
		return true, c.Fail(codes.ResourceExhausted, "slowly", int(greptime.RateLimited))
	case 13:
		return true, c.Fail(codes.InvalidArgument, "no", int(greptime.InvalidArguments))
	}
	s.store.add(rows)
	return true, c.Respond(uint32(len(rows)))
}

// check compares what was stored, what was given back and what the writer says.
func (s *schedule) check(stats insert.WriterStats) {
	t := s.t
	s.mu.Lock()
	defer s.mu.Unlock()
	stored := map[meter]int{}
	before := map[string][]meter{} // the last request for a table
	newest := map[meter]int64{}    // of each series
	for _, request := range s.store.stored() {
		table := request[0].table
		repeated := slices.Equal(request, before[table])
		if repeated && !s.opts.Retry.AtLeastOnce {
			t.Errorf("a request was sent again: %v", request)
		}
		for _, r := range request {
			stored[r]++
			series := meter{r.table, r.device, 0}
			if last, ok := newest[series]; ok && r.n <= last && !repeated {
				t.Errorf("%v was stored after number %d of its series", r, last)
			}
			newest[series] = r.n
		}
		before[table] = request
	}
	var acknowledged, ambiguousRows int64
	for r := range s.taken {
		ambiguous, failed := s.givenBack[r]
		switch {
		case !failed && stored[r] == 0:
			t.Errorf("%v is lost", r)
		case failed && !ambiguous && stored[r] > 0:
			t.Errorf("%v is stored, but was given back as not written", r)
		case stored[r] > 1 && !s.opts.Retry.AtLeastOnce:
			t.Errorf("%v is stored %d times", r, stored[r])
		case !failed:
			acknowledged++
		}
		if ambiguous {
			ambiguousRows++
		}
	}
	for _, r := range s.twice {
		t.Errorf("%v was given back twice", r)
	}
	for _, rows := range []map[meter]int{stored, counts(s.givenBack)} {
		for r := range rows {
			if !s.taken[r] {
				t.Errorf("%v was refused, and is there all the same", r)
			}
		}
	}
	want := insert.WriterStats{Acknowledged: acknowledged, Failed: int64(len(s.givenBack)), Ambiguous: ambiguousRows, Retries: stats.Retries}
	if stats != want {
		t.Errorf("stats %+v, want %+v", stats, want)
	}
	if t.Failed() {
		t.Logf("options: %+v", s.opts)
	}
}

func counts(rows map[meter]bool) map[meter]int {
	n := make(map[meter]int, len(rows))
	for r := range maps.Keys(rows) {
		n[r]++
	}
	return n
}
