package insert_test

import (
	"context"
	"testing"
	"time"

	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/race"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// swallow is a server that says yes without looking.
func swallow(c *wiretest.Call) error {
	if _, err := c.Recv(); err != nil {
		return err
	}
	return c.Respond(1)
}

// bufferedRow appends a row of ten columns.
func bufferedRow(ctx context.Context, table *insert.WriterTable, i int) error {
	return table.Append(ctx, "host-1", "eu", float64(i)*0.7, 1.5+float64(i), float32(i), int64(i)*1000, int32(i)*3000, i%2 == 0, "note", moment)
}

// From Append to the answer, that of gRPC and of the server in this process included.
func TestWriterAllocatesNextToNothing(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	s := wiretest.Start(t, swallow)
	w := buffered(t, s.DSN(), insert.WriterOptions{FlushInterval: time.Hour})
	table := w.Table("wide", wide(t).Schema())
	const rows = 10_000
	fill := func() {
		for i := range rows {
			if err := bufferedRow(t.Context(), table, i); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	fill()
	if allocs := testing.AllocsPerRun(5, fill) / rows; allocs > 0.2 {
		t.Errorf("%v allocations a row, the budget is 0.2", allocs)
	}
}

func BenchmarkWriter(b *testing.B) {
	s := wiretest.Start(b, swallow)
	w := buffered(b, s.DSN(), insert.WriterOptions{})
	table := w.Table("wide", wide(b).Schema())
	ctx := b.Context()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			if err := bufferedRow(ctx, table, i); err != nil {
				b.Error(err)
				return
			}
		}
	})
	if err := w.Close(ctx); err != nil {
		b.Fatal(err)
	}
}
