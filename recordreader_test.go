package greptime_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"

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

func TestAllReadsEveryBatch(t *testing.T) {
	t.Parallel()
	exchange := captures.DoGetByName("batches_scan_file")
	read := func(t *testing.T, f func(*greptime.RecordReader), steps ...wiretest.Step) {
		t.Helper()
		err := greptime.Raw(t.Context(), openServer(t, wiretest.Start(t, wiretest.Replay(exchange, steps...))), func(c *greptime.Conn) error {
			rd, err := c.QueryArrow(t.Context(), exchange.Request.SQL)
			if err != nil {
				return err
			}
			defer rd.Release()
			f(rd)
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	t.Run("to the end", func(t *testing.T) {
		t.Parallel()
		read(t, func(rd *greptime.RecordReader) {
			var rows []int
			for batch, err := range rd.All() {
				if err != nil {
					t.Fatal(err)
				}
				rows = append(rows, int(batch.NumRows()))
			}
			if !slices.Equal(rows, exchange.RowsPerBatch) {
				t.Errorf("batches of %v rows, recorded %v", rows, exchange.RowsPerBatch)
			}
			for batch, err := range rd.All() {
				t.Errorf("after the end: %v, %v", batch, err)
			}
		})
	})
	t.Run("in two parts", func(t *testing.T) {
		t.Parallel()
		read(t, func(rd *greptime.RecordReader) {
			n := 0
			for range rd.All() {
				n++
				break
			}
			for range rd.All() {
				n++
			}
			if n != len(exchange.RowsPerBatch) {
				t.Errorf("%d batches, recorded %d", n, len(exchange.RowsPerBatch))
			}
		})
	})
	t.Run("to an error", func(t *testing.T) {
		t.Parallel()
		read(t, func(rd *greptime.RecordReader) {
			batches, errs := 0, 0
			for batch, err := range rd.All() {
				switch {
				case err == nil:
					batches++
				case batch != nil || err != rd.Err():
					t.Errorf("%v, %v; the reader's error is %v", batch, err, rd.Err())
				default:
					errs++
				}
			}
			if batches == 0 || errs != 1 {
				t.Errorf("%d batches and %d errors", batches, errs)
			}
		}, wiretest.Before(3, wiretest.Fail(codes.Internal, "broken", 0)))
	})
}

// A result that was released too early must not look like one without rows.
func TestReadingAReleasedReaderIsAnError(t *testing.T) {
	t.Parallel()
	db := openServer(t, startRows(t, 3))
	for name, read := range map[string]func(*greptime.RecordReader) error{
		"Next":          func(rd *greptime.RecordReader) error { rd.Next(); return rd.Err() },
		"CollectReader": func(rd *greptime.RecordReader) error { _, err := greptime.CollectReader[metric](rd); return err },
		"EachReader":    func(rd *greptime.RecordReader) error { _, err := count(greptime.EachReader[metric](rd)); return err },
		"Matrix":        func(rd *greptime.RecordReader) error { _, err := greptime.Matrix(rd, "cpu", "mem", "n"); return err },
		"All": func(rd *greptime.RecordReader) (err error) {
			for _, err = range rd.All() {
			}
			return err
		},
	} {
		err := greptime.Raw(t.Context(), db, func(c *greptime.Conn) error {
			rd, err := c.QueryArrow(t.Context(), metricsQuery)
			if err != nil {
				return err
			}
			if rd.Next() {
				rd.Release()
			}
			if err := rd.Err(); err != nil {
				t.Errorf("%s: Release itself left the error %v", name, err)
			}
			return read(rd)
		})
		if err == nil || !strings.Contains(err.Error(), "released before it was read") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestACountThatWasReleasedIsNoError(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	conn, err := greptime.Connect(t.Context(), s.DSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	rd, err := conn.QueryArrow(t.Context(), "INSERT INTO t VALUES (1)")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := rd.AffectedRows(); !ok {
		t.Fatal("the answer is no count")
	}
	rd.Release()
	if rd.Next() || rd.Err() != nil {
		t.Errorf("after Release: %v", rd.Err())
	}
}
