package bulk

import (
	"strconv"
	"testing"
	"time"

	"github.com/greptime-go/greptime/bulk/internal/recordbatch"
	"github.com/greptime-go/greptime/internal/test/race"
)

// benchRow are the columns of the reference loads: 4 string tags, 5 doubles and a time
// in milliseconds, with two columns more.
func benchBatch(b testing.TB, batch *Batch, names []string, rows int) {
	var sum [loadColumns]uint64
	for i := range rows {
		if err := loadRow(batch, i, names, &sum); err != nil {
			b.Fatal(err)
		}
	}
}

func benchNames() []string {
	names := make([]string, 1000)
	for i := range names {
		names[i] = "name-" + strconv.Itoa(i)
	}
	return names
}

func BenchmarkAppend(b *testing.B) {
	batch, err := NewBatch(loadSchema(b), 1000)
	if err != nil {
		b.Fatal(err)
	}
	host, at := "host-17", time.UnixMilli(1_700_000_000_000)
	b.ReportAllocs()
	for range b.N {
		if batch.Len() == 1000 {
			batch.Reset()
		}
		if err := batch.Append("eu", host, "r1", "linux", 1.5, 2.5, 3.5, 4.5, 5.5, 7, true, at); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	for _, codec := range []Compression{None, LZ4, ZSTD} {
		b.Run(codec.String(), func(b *testing.B) {
			batch, err := NewBatch(loadSchema(b), 1000)
			if err != nil {
				b.Fatal(err)
			}
			benchBatch(b, batch, benchNames(), 1000)
			e, m := recordbatch.NewEncoder(codec.codec()), &recordbatch.Message{}
			metadata := appendRequestID(nil, 1)
			b.ReportAllocs()
			for range b.N {
				if err := e.Encode(m, metadata, batch.rows, batch.columns); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(m.Size())/1000, "bytes/row")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/row")
		})
	}
}

func BenchmarkWrite(b *testing.B) {
	s := putServer(b, acknowledgeAll(func(r received) { r.record.Release() }))
	w := openWriter(b, s.DSN(), Options{Schema: loadSchema(b), Streams: 2})
	batch, names := w.NewBatch(1000), benchNames()
	b.ReportAllocs()
	for range b.N {
		benchBatch(b, batch, names, 1000)
		if _, err := w.WriteAsync(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Flush(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/row")
}

func TestAppendingAndEncodingAllocateNothingPerRow(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	batch, err := NewBatch(loadSchema(t), 1000)
	if err != nil {
		t.Fatal(err)
	}
	e, m := recordbatch.NewEncoder(recordbatch.None), &recordbatch.Message{}
	metadata := appendRequestID(nil, 1)
	host, at := "host-17", time.UnixMilli(1_700_000_000_000)
	perBatch := testing.AllocsPerRun(10, func() {
		batch.Reset()
		for i := range 1000 {
			if err := batch.Append("eu", host, nil, "linux", float64(i), 2.5, 3.5, 4.5, 5.5, i, true, at); err != nil {
				t.Fatal(err)
			}
		}
		if err := e.Encode(m, metadata, batch.rows, batch.columns); err != nil {
			t.Fatal(err)
		}
	})
	if perBatch > 5 {
		t.Errorf("%v allocations for 1,000 rows; want at most 5", perBatch)
	}
}
