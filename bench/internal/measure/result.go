package measure

import (
	"fmt"
	"math"
	"slices"
)

// Sample is one measurement of a scenario.
type Sample struct {
	Units           int64 `json:"units"`
	WallNanoseconds int64 `json:"wall_ns"`
	CPUNanoseconds  int64 `json:"cpu_ns"`
	Allocations     int64 `json:"allocations"`
	AllocatedBytes  int64 `json:"allocated_bytes"`
	SentBytes       int64 `json:"sent_bytes,omitempty"`
	P50Nanoseconds  int64 `json:"p50_ns,omitempty"`
	P99Nanoseconds  int64 `json:"p99_ns,omitempty"`
	Connections     int64 `json:"connections,omitempty"`
	// HeapBytes is the size of the heap while it ran, in equal distances of time.
	HeapBytes []int64 `json:"heap_bytes,omitempty"`
}

// Metric is a figure of a sample.
type Metric func(Sample) float64

// The metrics: for each unit, but the latencies, which are of an operation.
var (
	CPU         Metric = func(s Sample) float64 { return float64(s.CPUNanoseconds) / float64(s.Units) }
	Wall        Metric = func(s Sample) float64 { return float64(s.WallNanoseconds) / float64(s.Units) }
	PerSecond   Metric = func(s Sample) float64 { return float64(s.Units) / float64(s.WallNanoseconds) * 1e9 }
	Allocations Metric = func(s Sample) float64 { return float64(s.Allocations) / float64(s.Units) }
	Bytes       Metric = func(s Sample) float64 { return float64(s.AllocatedBytes) / float64(s.Units) }
	Sent        Metric = func(s Sample) float64 { return float64(s.SentBytes) / float64(s.Units) }
	P50         Metric = func(s Sample) float64 { return float64(s.P50Nanoseconds) }
	P99         Metric = func(s Sample) float64 { return float64(s.P99Nanoseconds) }
	Connections Metric = func(s Sample) float64 { return float64(s.Connections) }
)

// PeakHeap returns the largest heap of the sample, in bytes.
func PeakHeap(s Sample) float64 {
	if len(s.HeapBytes) == 0 {
		return math.NaN()
	}
	return float64(slices.Max(s.HeapBytes))
}

// HeapGrowth returns by how many bytes the largest heap of the sample's last quarter exceeds
// that of its first.
func HeapGrowth(s Sample) float64 {
	quarter := (len(s.HeapBytes) + 3) / 4
	if quarter == 0 {
		return math.NaN()
	}
	return float64(slices.Max(s.HeapBytes[len(s.HeapBytes)-quarter:]) - slices.Max(s.HeapBytes[:quarter]))
}

// RealServer begins the names of groups that are measured on a real GreptimeDB.
const RealServer = "GreptimeDB, "

// Result is what was measured of a scenario: a sample a round.
type Result struct {
	Group             string   `json:"group"`
	Name              string   `json:"name"`
	Unit              string   `json:"unit"`
	UnitsPerOperation int      `json:"units_per_operation"`
	Samples           []Sample `json:"samples"`
}

// Median returns the median of a metric over the rounds.
func (r *Result) Median(m Metric) float64 {
	values := make([]float64, len(r.Samples))
	for i, s := range r.Samples {
		values[i] = m(s)
	}
	return median(values)
}

// Ratio returns the median of the rounds' ratios of a metric, this result's to the sum of the
// others'.
func (r *Result) Ratio(m Metric, others ...*Result) float64 {
	rounds := len(r.Samples)
	for _, o := range others {
		rounds = min(rounds, len(o.Samples))
	}
	values := make([]float64, rounds)
	for i := range values {
		sum := 0.0
		for _, o := range others {
			sum += m(o.Samples[i])
		}
		values[i] = m(r.Samples[i]) / sum
	}
	return median(values)
}

// Spread returns how far the middle half of the rounds lies apart, as a part of the median.
func (r *Result) Spread(m Metric) float64 {
	values := make([]float64, len(r.Samples))
	for i, s := range r.Samples {
		values[i] = m(s)
	}
	slices.Sort(values)
	n := len(values)
	return (values[n-1-n/4] - values[n/4]) / median(values)
}

func median(values []float64) float64 {
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

func (r *Result) String() string {
	return fmt.Sprintf("%s/%s: %.4g ns CPU, %.4g ns, %.4g allocations, %.4g B a %s (± %.0f %%)",
		r.Group, r.Name, r.Median(CPU), r.Median(Wall), r.Median(Allocations), r.Median(Bytes), r.Unit, 50*r.Spread(CPU))
}
