package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// sample is the state of the process at a time.
type sample struct {
	at         time.Duration // since the beginning
	heap       float64       // MiB after a collection
	goroutines float64
	files      float64 // open file descriptors; 0 where the system does not say
	latencies  map[string]latency
}

// latency is the latencies of an operation since the sample before.
type latency struct {
	calls    int
	p50, p99 time.Duration
}

func (l *load) sample(at time.Duration) sample {
	runtime.GC()
	runtime.GC() // the first moves what pools hold aside, the second frees it
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	s := sample{at: at, heap: float64(m.HeapAlloc) / (1 << 20), goroutines: float64(runtime.NumGoroutine()), latencies: map[string]latency{}}
	if entries, err := os.ReadDir("/proc/self/fd"); err == nil {
		s.files = float64(len(entries) - 1) // but for the one that reads the directory
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for name, took := range l.latencies {
		slices.Sort(took)
		s.latencies[name] = latency{len(took), percentile(took, 50), percentile(took, 99)}
	}
	clear(l.latencies)
	return s
}

// percentile returns the p-th percentile of sorted values, of which there is at least one.
func percentile[T any](sorted []T, p int) T { return sorted[(len(sorted)-1)*p/100] }

// growth returns by how much a value has grown from the middle third of the samples to the
// last one, by their medians. The first third warms up.
func growth(samples []sample, value func(sample) float64) float64 {
	n := len(samples)
	return median(samples[2*n/3:], value) - median(samples[n/3:2*n/3], value)
}

// median returns the median of a value, or 0 without samples.
func median[T cmp.Ordered](samples []sample, value func(sample) T) T {
	values := make([]T, len(samples))
	for i, s := range samples {
		values[i] = value(s)
	}
	if len(values) == 0 {
		var zero T
		return zero
	}
	slices.Sort(values)
	return percentile(values, 50)
}

func heap(s sample) float64       { return s.heap }
func goroutines(s sample) float64 { return s.goroutines }
func files(s sample) float64      { return s.files }

// names returns the operations of all samples.
func names(samples []sample) []string {
	all := map[string]bool{}
	for _, s := range samples {
		for name := range s.latencies {
			all[name] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// report returns the samples in a few lines.
func report(samples []sample) string {
	var b strings.Builder
	if len(samples) == 0 {
		return "no samples\n"
	}
	fmt.Fprintf(&b, "%v, %d samples\n", samples[len(samples)-1].at.Round(time.Second), len(samples))
	for _, v := range []struct {
		name string
		of   func(sample) float64
	}{{"heap, MiB", heap}, {"goroutines", goroutines}, {"open files", files}} {
		fmt.Fprintf(&b, "%-36s median %.1f, %+.1f from the middle third to the last\n", v.name, median(samples, v.of), growth(samples, v.of))
	}
	for _, name := range names(samples) {
		calls := 0
		var with []sample // calls
		for _, s := range samples {
			if n := s.latencies[name].calls; n > 0 {
				calls += n
				with = append(with, s)
			}
		}
		fmt.Fprintf(&b, "%-36s %d calls, p50 %v, p99 %v\n", name, calls,
			median(with, func(s sample) time.Duration { return s.latencies[name].p50 }).Round(10*time.Microsecond),
			median(with, func(s sample) time.Duration { return s.latencies[name].p99 }).Round(10*time.Microsecond))
	}
	return b.String()
}
