package bulk

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// slowRows make batches of 430 kB: gRPC cannot send them ahead of what is read.
const slowRows = 20_000

// reads is a server that takes its time before it reads a batch. After so many it reads
// no more, and acknowledges no more.
func reads(batches int, wait time.Duration) wiretest.Handler {
	return func(call *wiretest.Call) error {
		c, err := begin(call)
		if err != nil {
			return err
		}
		for range batches {
			time.Sleep(wait)
			r, err := c.next()
			if err != nil {
				return nil
			}
			if err := c.ack(r.id, r.record.NumRows()); err != nil {
				return err
			}
		}
		<-c.Context().Done()
		return nil
	}
}

func TestServerThatReadsSlowlyGetsEverything(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := putServer(t, reads(1000, 5*time.Second), wiretest.InMemory())
		w := openMemoryWriter(t, s, Options{Streams: 2, InFlight: 4, Timeout: 10 * time.Second})
		b := w.NewBatch(slowRows)
		const batches = 20
		for i := range batches {
			if _, err := w.WriteAsync(t.Context(), fill(t, b, i*slowRows, slowRows)); err != nil {
				t.Fatal(err)
			}
		}
		if sum, err := w.Close(t.Context()); err != nil || sum.Acknowledged != batches || sum.Rows != batches*slowRows {
			t.Errorf("got %+v, %v; want %d batches acknowledged", sum, err, batches)
		}
	})
}

func TestServerThatStopsReadingIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := putServer(t, reads(3, 0), wiretest.InMemory())
		w := openMemoryWriter(t, s, Options{Streams: 1, InFlight: 4, Timeout: time.Second})
		b := w.NewBatch(slowRows)
		const batches = 8
		for i := range batches {
			if _, err := w.WriteAsync(short(t), fill(t, b, i*slowRows, slowRows)); err != nil {
				t.Fatal(err)
			}
		}
		sum, err := w.Close(short(t))
		var failed *WriteError
		if !errors.As(err, &failed) || !errors.Is(err, ErrTimeout) {
			t.Fatalf("Close: %+v, %v; want %v", sum, err, ErrTimeout)
		}
		// The stream that comes after the one that was given up reads three more.
		if sum.Acknowledged < 3 || sum.Acknowledged+sum.Failed != batches || int(sum.Failed) != len(failed.Failed) || int(sum.Ambiguous) != len(failed.AmbiguousIDs()) {
			t.Errorf("Close: %+v; failed %v, ambiguous %v; want 3 batches acknowledged or more, and the others reported", sum, failed.IDs(), failed.AmbiguousIDs())
		}
	})
}
