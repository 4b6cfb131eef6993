package bulk

import (
	"fmt"
	"hash/maphash"
	"math"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/greptime-go/greptime/internal/test/race"
)

const loadColumns = 12

var loadSeed = maphash.MakeSeed()

// sums are checksums of columns, which do not depend on the order of rows.
type sums struct {
	rows    atomic.Int64
	columns [loadColumns]atomic.Uint64
}

func mix(v uint64) uint64 {
	v ^= v >> 33
	v *= 0xff51afd7ed558ccd
	return v ^ v>>33
}

// loadRow appends row i, some of it NULL, and adds it to the checksums.
func loadRow(b *Batch, i int, names []string, sum *[loadColumns]uint64) error {
	values := make([]any, 0, loadColumns)
	text := func(c, n int, isNull bool) {
		if isNull {
			values = append(values, nil)
			sum[c] += mix(1)
			return
		}
		name := names[n%len(names)]
		values = append(values, name)
		sum[c] += maphash.String(loadSeed, name)
	}
	text(0, i%5, false)
	text(1, i%1000, false)
	text(2, i/7, i%3 == 0)
	text(3, i/11, i%100 == 0)
	for c := 4; c < 9; c++ {
		v := float64(i%997) * 0.5 * float64(c)
		values = append(values, v)
		sum[c] += mix(math.Float64bits(v))
	}
	values = append(values, -i)
	sum[9] += mix(uint64(int64(-i)))
	if i%13 == 0 {
		values = append(values, nil)
		sum[10] += mix(1)
	} else {
		values = append(values, i%2 == 0)
		sum[10] += mix(uint64(i%2) + 2)
	}
	at := 1_700_000_000_000 + int64(i)
	sum[11] += mix(uint64(at))
	return b.Append(append(values, time.UnixMilli(at))...)
}

// see adds what the server received.
func (s *sums) see(r received) {
	for c := range loadColumns {
		var sum uint64
		a := r.record.Column(c)
		for i := range a.Len() {
			sum += hashValue(a, i)
		}
		s.columns[c].Add(sum)
	}
	s.rows.Add(r.record.NumRows())
	r.record.Release()
}

func hashValue(a arrow.Array, i int) uint64 {
	if a.IsNull(i) {
		return mix(1)
	}
	switch a := a.(type) {
	case *array.String:
		return maphash.String(loadSeed, a.Value(i))
	case *array.Float64:
		return mix(math.Float64bits(a.Value(i)))
	case *array.Int64:
		return mix(uint64(a.Value(i)))
	case *array.Boolean:
		if a.Value(i) {
			return mix(2)
		}
		return mix(3)
	case *array.Timestamp:
		return mix(uint64(a.Value(i)))
	}
	return 0
}

func TestEverythingArrivesOnceAndUnchanged(t *testing.T) {
	rows := 200_000
	switch {
	case *long:
		rows = 10_000_000
	case race.Enabled:
		rows = 20_000
	}
	for _, streams := range []int{1, 4, 8} {
		for _, codec := range []Compression{None, LZ4, ZSTD} {
			if codec != None && streams != 4 {
				continue
			}
			t.Run(fmt.Sprintf("%d streams, %v", streams, codec), func(t *testing.T) { loadAll(t, rows, streams, codec) })
		}
	}
}

func loadAll(t *testing.T, rows, streams int, codec Compression) {
	const perBatch, goroutines, maxBytes = 5_000, 4, 4 << 20
	var got sums
	var memory memoryWatch
	var w *Writer
	s := putServer(t, acknowledgeAll(func(r received) {
		got.see(r)
		memory.see(t, w)
	}))
	w = openWriter(t, s.DSN(), Options{Schema: loadSchema(t), Streams: streams, InFlight: 8, MaxBytes: maxBytes, Compression: codec})
	names := make([]string, 1000)
	for i := range names {
		names[i] = "name-" + strconv.Itoa(i)
	}
	var want [loadColumns]uint64
	var mu sync.Mutex
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			var sum [loadColumns]uint64
			b := w.NewBatch(perBatch)
			for i := g; i < rows; i += goroutines {
				if err := loadRow(b, i, names, &sum); err != nil {
					t.Error(err)
					return
				}
				if b.Len() == perBatch {
					if _, err := w.WriteAsync(t.Context(), b); err != nil {
						t.Error(err)
						return
					}
					memory.see(t, w)
				}
				if g == 0 && i%(rows/10) < goroutines {
					memory.mark(i * 100 / rows)
				}
			}
			if _, err := w.Write(t.Context(), b); err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			for c := range want {
				want[c] += sum[c]
			}
		})
	}
	wg.Wait()
	if err := w.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	sum, err := w.Close(short(t))
	if err != nil || sum.Rows != int64(rows) || got.rows.Load() != int64(rows) {
		t.Errorf("%+v, %v; the server has %d rows of %d; want all", sum, err, got.rows.Load(), rows)
	}
	for c := range want {
		if got.columns[c].Load() != want[c] {
			t.Errorf("column %d: checksum %x, want %x", c, got.columns[c].Load(), want[c])
		}
	}
	memory.check(t, maxBytes)
}

// memoryWatch looks at the memory of a load.
type memoryWatch struct {
	early, late uint64 // the most that was alive after 20 to 30 % of the load, and after 80 %
}

// see looks at what the writer keeps: what it accounts for, and the memory that this is.
// It is called whenever a batch was written or has arrived.
func (*memoryWatch) see(t *testing.T, w *Writer) {
	accounted := w.memory.Held()
	w.mu.Lock()
	kept := 0
	for _, p := range w.unsettled {
		kept += p.message.Size()
	}
	w.mu.Unlock()
	if most := w.opts.MaxBytes; accounted > most || int64(kept) > most {
		t.Errorf("%d bytes are accounted for and %d kept for batches without an ack, with MaxBytes %d", accounted, kept, most)
	}
}

// mark looks at what is alive when so many percent of the rows are written. That is the
// test's server, too.
func (m *memoryWatch) mark(percent int) {
	var now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&now)
	switch {
	case percent < 20:
	case percent < 40:
		m.early = max(m.early, now.HeapAlloc)
	case percent >= 80:
		m.late = max(m.late, now.HeapAlloc)
	}
}

// check fails the test if there was more alive at the end than at the beginning. What is
// in flight may differ, and a little more.
func (m *memoryWatch) check(t *testing.T, maxBytes uint64) {
	if m.early == 0 || m.late == 0 || m.late > m.early+maxBytes+2<<20 {
		t.Errorf("%d bytes were alive after 20 %% of the load, %d bytes after 80 %%; want hardly more", m.early, m.late)
	}
}

func TestMemoryStaysFlatWithoutGarbage(t *testing.T) {
	// What a load leaves behind must not grow with it.
	s := putServer(t, acknowledgeAll(func(r received) { r.record.Release() }))
	w := openWriter(t, s.DSN(), Options{Streams: 2})
	b := w.NewBatch(100)
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	load := func(n int) {
		for i := range n {
			if _, err := w.WriteAsync(t.Context(), fill(t, b, i*100, 100)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	load(200)
	before := heap()
	load(2000)
	if after := heap(); after > before+1<<20 {
		t.Errorf("%d bytes before, %d bytes after 2,000 batches; want at most 1 MiB more", before, after)
	}
}
