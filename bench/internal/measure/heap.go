package measure

import (
	"runtime/metrics"
	"time"
)

// heapInterval is how often the heap is looked at.
const heapInterval = 20 * time.Millisecond

// watchHeap begins to watch how large the heap is, live and dead objects, until it is
// told to stop; then it tells the sizes in bytes, in equal distances.
func watchHeap() (stop func() []int64) {
	end, sizes := make(chan struct{}), make(chan []int64)
	go func() {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		var seen []int64
		tick := time.NewTicker(heapInterval)
		defer tick.Stop()
		for {
			metrics.Read(sample)
			seen = append(seen, int64(sample[0].Value.Uint64()))
			select {
			case <-tick.C:
			case <-end:
				sizes <- seen
				return
			}
		}
	}()
	return func() []int64 {
		close(end)
		return <-sizes
	}
}
