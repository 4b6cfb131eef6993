// Package measure runs scenarios and says what they cost the process that runs them:
// its CPU time (user and system, the garbage collector's share included), time,
// allocations and latencies.
//
// The scenarios of a group are measured in turn, round after round, so that whatever
// else the machine is doing meets all of them. What is compared are the values of the
// same round, and of these the median counts.
package measure

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// Scenario is something to be measured.
type Scenario struct {
	Group string // scenarios of one group are compared with each other
	Name  string
	Unit  string // what it costs are given for: a row, a call
	// Point says that it is one of many of a curve. Its neighbours confirm it, so it is
	// measured in half of the rounds, by half as long samples.
	Point bool
	// Setup prepares everything that is not to be measured.
	Setup func(context.Context) (*Operation, error)
}

// Count returns the name of a point of a curve: 1 row, 10 rows. Plots read the number.
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// ID returns the name of the scenario among all.
func (s *Scenario) ID() string { return s.Group + "/" + s.Name }

// Operation is the work of a scenario.
type Operation struct {
	Units int // of one Do
	// Do does the work once.
	Do func(context.Context) error
	// Run does it n times, by several goroutines perhaps; by default it calls Do.
	Run func(ctx context.Context, n int) error
	// Latency says that the time of every single Do counts. Run is not used then.
	Latency bool
	// AtOnce, with Latency, is the number of goroutines that call Do; 0 means one.
	AtOnce int
	// Connections, if there, returns the number of open network connections.
	Connections func() int64
	// Sent, if there, is how many bytes have gone out so far.
	Sent func() int64
	// Heap says that the heap is to be watched meanwhile.
	Heap bool
	// Close frees what Setup made.
	Close func() error
}

// Options say how long to measure.
type Options struct {
	Rounds int           // how many samples of each scenario
	Time   time.Duration // that a sample takes, about
	Only   *regexp.Regexp
	Log    io.Writer
}

// of is how often and how long a scenario is measured.
func (o Options) of(s *Scenario) (rounds int, about time.Duration) {
	if s.Point {
		return (o.Rounds + 1) / 2, o.Time / 2
	}
	return o.Rounds, o.Time
}

// Run measures all scenarios whose ID Only matches.
func Run(ctx context.Context, scenarios []Scenario, o Options) ([]Result, error) {
	var results []Result
	for len(scenarios) > 0 {
		group := scenarios[0].Group
		n := slices.IndexFunc(scenarios, func(s Scenario) bool { return s.Group != group })
		if n < 0 {
			n = len(scenarios)
		}
		r, err := runGroup(ctx, scenarios[:n], o)
		if err != nil {
			return nil, err
		}
		results = append(results, r...)
		scenarios = scenarios[n:]
	}
	return results, nil
}

// running is a scenario that is set up.
type running struct {
	op     *Operation
	rounds int
	n      int // operations of a sample
	result Result
}

func runGroup(ctx context.Context, scenarios []Scenario, o Options) (results []Result, err error) {
	var group []*running
	defer func() {
		for _, r := range group {
			if r.op.Close != nil {
				err = errors.Join(err, r.op.Close())
			}
		}
	}()
	for _, s := range scenarios {
		if o.Only != nil && !o.Only.MatchString(s.ID()) {
			continue
		}
		op, err := s.Setup(ctx)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.ID(), err)
		}
		rounds, about := o.of(&s)
		r := &running{op: op, rounds: rounds, result: Result{Group: s.Group, Name: s.Name, Unit: s.Unit, UnitsPerOperation: op.Units}}
		group = append(group, r)
		if r.n, err = calibrate(ctx, op, about); err != nil {
			return nil, fmt.Errorf("%s: %w", s.ID(), err)
		}
	}
	for round := range o.Rounds {
		order := slices.Clone(group)
		if round%2 == 1 { // nobody always runs after the same neighbour
			slices.Reverse(order)
		}
		for _, r := range order {
			if round >= r.rounds {
				continue
			}
			s, err := sample(ctx, r.op, r.n)
			if err != nil {
				return nil, fmt.Errorf("%s/%s: %w", r.result.Group, r.result.Name, err)
			}
			r.result.Samples = append(r.result.Samples, s)
		}
	}
	for _, r := range group {
		fmt.Fprintln(o.Log, r.result.String())
		results = append(results, r.result)
	}
	return results, nil
}

// calibrate is how many operations take about that time; finding out warms up.
func calibrate(ctx context.Context, op *Operation, about time.Duration) (int, error) {
	for n := max(1, op.AtOnce); ; {
		s, err := sample(ctx, op, n)
		if err != nil {
			return 0, err
		}
		took := time.Duration(s.WallNanoseconds)
		if took >= about/2 {
			return max(1, op.AtOnce, int(float64(n)*float64(about)/float64(took))), nil
		}
		// Towards the aim, but not by leaps: the first operations are slow.
		n = max(n+1, min(10*n, int(float64(n)*float64(about)/float64(max(took, 1)))))
	}
}

func sample(ctx context.Context, op *Operation, n int) (Sample, error) {
	var latencies []time.Duration
	run := op.Run
	switch {
	case op.Latency:
		latencies = make([]time.Duration, n)
		run = func(ctx context.Context, n int) error { return timeEach(ctx, op, latencies) }
	case run == nil:
		run = func(ctx context.Context, n int) error {
			for range n {
				if err := op.Do(ctx); err != nil {
					return err
				}
			}
			return nil
		}
	}
	runtime.GC()
	sent := int64(0)
	if op.Sent != nil {
		sent = op.Sent()
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cpu, err := cpuTime()
	if err != nil {
		return Sample{}, err
	}
	heap := func() []int64 { return nil }
	if op.Heap {
		heap = watchHeap()
	}
	start := time.Now()
	err = run(ctx, n)
	wall := time.Since(start)
	sizes := heap()
	if err != nil {
		return Sample{}, err
	}
	cpuEnd, err := cpuTime()
	if err != nil {
		return Sample{}, err
	}
	runtime.ReadMemStats(&after)
	s := Sample{
		Units:           int64(n) * int64(op.Units),
		WallNanoseconds: wall.Nanoseconds(),
		CPUNanoseconds:  (cpuEnd - cpu).Nanoseconds(),
		Allocations:     int64(after.Mallocs - before.Mallocs),
		AllocatedBytes:  int64(after.TotalAlloc - before.TotalAlloc),
		HeapBytes:       sizes,
	}
	if op.Sent != nil {
		s.SentBytes = op.Sent() - sent
	}
	if op.Connections != nil {
		s.Connections = op.Connections()
	}
	if op.Latency {
		slices.Sort(latencies)
		s.P50Nanoseconds = quantile(latencies, 0.50)
		s.P99Nanoseconds = quantile(latencies, 0.99)
	}
	return s, nil
}

// timeEach calls Do for each of latencies and stores how long it took there.
func timeEach(ctx context.Context, op *Operation, latencies []time.Duration) error {
	var next atomic.Int64
	var group errgroup.Group
	for range max(1, op.AtOnce) {
		group.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(latencies) {
					return nil
				}
				start := time.Now()
				if err := op.Do(ctx); err != nil {
					return err
				}
				latencies[i] = time.Since(start)
			}
		})
	}
	return group.Wait()
}

// quantile of sorted durations, in nanoseconds.
func quantile(sorted []time.Duration, q float64) int64 {
	return sorted[int(q*float64(len(sorted)-1)+0.5)].Nanoseconds()
}
