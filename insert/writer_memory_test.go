package insert_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

func TestWriterBlocksWhenMemoryIsShort(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := startStore(t, func(c *wiretest.Call, _ []meter) (bool, error) {
			return false, wiretest.Block(release)(c)
		}, wiretest.InMemory())
		const limit = 2000
		// Neither rows nor bytes nor time make it send, only that memory is short.
		w := bufferedInMemory(t, s, insert.WriterOptions{MaxBytes: limit, FlushInterval: time.Hour})
		table := w.Table("r", meters)
		taken := int64(0)
		for {
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			err := table.Append(ctx, "a", taken, time.UnixMilli(taken))
			cancel()
			if err != nil {
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Fatal(err)
				}
				break
			}
			taken++
		}
		if got := w.Stats(); got.PendingBytes > limit || got.PendingBytes < limit-100 || got.Pending != int(taken) {
			t.Fatalf("stats when full: %+v after %d rows, want all of them pending, in %d bytes or up to 100 fewer", got, taken, limit)
		}
		// Many wait now, and all get through.
		var wg sync.WaitGroup
		for i := range int64(50) {
			wg.Go(func() {
				if err := table.Append(t.Context(), fmt.Sprint(i), taken+i, time.UnixMilli(i)); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if n := w.Waiting(); n != 50 {
			t.Fatalf("%d calls wait, want 50", n)
		}
		close(release)
		wg.Wait()
		if err := w.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := s.numbers()
		slices.Sort(got)
		if !slices.Equal(got, count(0, taken+50)) {
			t.Fatalf("%d rows stored, want %d", len(got), taken+50)
		}
	})
}

// Room is given in the order in which it was asked for, and who gives up does not hold
// up the others.
func TestWriterWaitersTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := startStore(t, func(c *wiretest.Call, _ []meter) (bool, error) {
			return false, wiretest.Block(release)(c)
		}, wiretest.InMemory())
		w := bufferedInMemory(t, s, insert.WriterOptions{MaxBytes: 3500, FlushInterval: time.Hour})
		if err := w.Write(t.Context(), metersTable(t, 0, 100)); err != nil {
			t.Fatal(err)
		}
		if used := w.Stats().PendingBytes; used < 2300 || used > 3400 {
			t.Fatalf("%d bytes are in use, which is not what the test is about", used)
		}
		write := func(ctx context.Context, table *insert.Table) <-chan error {
			done := make(chan error, 1)
			go func() { done <- w.Write(ctx, table) }()
			synctest.Wait()
			return done
		}
		ctx, cancel := context.WithCancel(t.Context())
		impatient := write(ctx, metersTable(t, 100, 200))
		small := write(t.Context(), metersTable(t, 200, 201)) // for which there is room, but not its turn
		if n := w.Waiting(); n != 2 {
			t.Fatalf("%d calls wait, want 2: it is not the turn of the small one", n)
		}
		cancel()
		if err := <-impatient; !errors.Is(err, context.Canceled) {
			t.Fatalf("who gave up: %v, want %v", err, context.Canceled)
		}
		if err := <-small; err != nil {
			t.Fatal(err)
		}

		// The rows of the first of two who wait are not held back while the second waits.
		first, second := write(t.Context(), metersTable(t, 300, 350)), write(t.Context(), metersTable(t, 400, 520))
		close(release)
		for _, done := range []<-chan error{first, second} {
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := slices.Concat(count(0, 100), count(200, 201), count(300, 350), count(400, 520))
		if got := s.numbers(); !slices.Equal(got, want) {
			t.Errorf("stored %v, want %v", got, want)
		}
	})
}

func TestWriterRefusesWhatNeverFits(t *testing.T) {
	t.Parallel()
	s := startStore(t, func(c *wiretest.Call, _ []meter) (bool, error) {
		return true, c.Fail(codes.InvalidArgument, "no", int(greptime.InvalidArguments))
	})
	w := buffered(t, s.DSN(), insert.WriterOptions{MaxBytes: 1000})
	table := w.Table("r", meters)
	if err := table.Append(t.Context(), strings.Repeat("a", 1000), 1, time.Now()); !errors.Is(err, insert.ErrFull) {
		t.Fatalf("a row larger than MaxBytes: %v, want %v", err, insert.ErrFull)
	}
	// Without OnError the rows that failed stay, until there is no room for others.
	var err error
	n := 0
	for ; err == nil; n++ {
		err = table.Append(t.Context(), "a", n, time.Now())
	}
	if !errors.Is(err, insert.ErrFull) {
		t.Fatalf("when rows that failed fill it: %v, want %v", err, insert.ErrFull)
	}
	rows := 0
	for _, u := range undelivered(t, w.Flush(t.Context())) {
		rows += u.Table.Len()
	}
	if rows != n-1 {
		t.Errorf("Flush gave %d rows back, want %d", rows, n-1)
	}
	if got := w.Stats(); got.PendingBytes != 0 {
		t.Errorf("stats after Flush: %+v, want nothing pending", got)
	}
	appendNumbers(t, table, 0, 1)
	undelivered(t, w.Close(t.Context()))
}
