package greptime_test

import (
	"sync"
	"testing"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

func TestReferencesOfARecordReaderAreCountedOnAllGoroutines(t *testing.T) {
	t.Parallel()
	exchange := captures.DoGetByName("batches_scan_file")
	s := wiretest.Start(t, wiretest.Replay(exchange, wiretest.Before(3, wiretest.Hang())))
	err := greptime.Raw(t.Context(), openServer(t, s), func(c *greptime.Conn) error {
		rd, err := c.QueryArrow(t.Context(), exchange.Request.SQL)
		if err != nil {
			return err
		}
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				for range 5000 {
					rd.Retain()
					rd.Release()
				}
			})
		}
		group.Wait()
		if !rd.Next() {
			t.Errorf("the call has ended although a reference is left: %v", rd.Err())
		}
		rd.Release()
		if rd.Next() {
			t.Error("a batch after the last Release")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	s.WaitFor("the end of the call", func() bool { return s.OpenStreams() == 0 })
}
