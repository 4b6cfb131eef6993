package chaos

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/greptime-go/greptime/internal/test/race"
)

// Through servers and networks that fail in every way:
//
//   - no row is stored twice by a call that was not told to repeat it;
//   - no error says that a row is not written which is there;
//   - every acknowledged row is there;
//   - every result is complete, or an error;
//   - the writers give back exactly the rows that they have not written;
//   - no call outlives its context by much;
//   - the driver works again when the faults have ended;
//   - no goroutine and no file descriptor is left.
func TestChaos(t *testing.T) {
	const together = 4 // runs, which mostly wait
	begun := time.Now()
	limit := 10 * time.Second
	switch {
	case *duration > 0:
		limit = *duration
	case *long:
		limit = time.Hour
	case testing.Short() || race.Enabled:
		limit = 5 * time.Second
	}
	sum := newFigures()
	defer func() { t.Logf("%v of chaos:\n%s", time.Since(begun).Round(time.Second), &sum) }()
	if *seed != 0 {
		round(t, &sum, *seed)
		return
	}
	for first := uint64(1); time.Since(begun) < limit && !t.Failed(); first += together {
		var seeds []uint64
		for i := range uint64(together) {
			seeds = append(seeds, first+i)
		}
		round(t, &sum, seeds...)
	}
	if rows := sum.rows; !t.Failed() && (rows.Acknowledged == 0 || rows.Refused == 0 || rows.Unknown == 0 || rows.UnknownStored == 0 || rows.UnknownStored == rows.Unknown || sum.rowsRead == 0) {
		t.Errorf("the runs show too little: %s", &sum)
	}
}

// round runs some seeds at the same time, and checks that they leave nothing behind.
func round(t *testing.T, sum *figures, seeds ...uint64) {
	files, goroutines := openFiles(), goleak.IgnoreCurrent()
	var mu sync.Mutex
	t.Run("round", func(t *testing.T) {
		for _, seed := range seeds {
			t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
				t.Parallel()
				r := newRun(t, seed)
				r.execute(seed)
				if t.Failed() {
					t.Logf("what happened:\n%s\nrun it again: go test ./integration/chaos -run '^TestChaos$' -seed %d -count 20", r.model.Journal(), seed)
				}
				mu.Lock()
				defer mu.Unlock()
				sum.add(r.count)
			})
		}
	})
	checkLeaks(t, files, goroutines)
	if t.Failed() {
		t.Logf("failed: one of the seeds %d", seeds)
	}
}

// String returns the figures as lines.
func (f *figures) String() string {
	var b strings.Builder
	table := func(title string, counts, failed map[string]int) {
		total, ofThem := 0, 0
		for name, n := range counts {
			total, ofThem = total+n, ofThem+failed[name]
		}
		fmt.Fprintf(&b, "%d %s", total, title)
		if failed != nil {
			fmt.Fprintf(&b, ", %d with an error", ofThem)
		}
		b.WriteByte('\n')
		for _, name := range slices.Sorted(maps.Keys(counts)) {
			fmt.Fprintf(&b, "  %s: %d", name, counts[name])
			if failed != nil {
				fmt.Fprintf(&b, ", %d with an error", failed[name])
			}
			b.WriteByte('\n')
		}
	}
	fmt.Fprintf(&b, "%d runs\n", f.runs)
	table("calls", f.calls, f.failed)
	table("events of servers and networks", f.events, nil)
	fmt.Fprintf(&b, "%d wrong, late, partial or missing answers\n", f.faults)
	fmt.Fprintf(&b, "%d rows read and compared\n", f.rowsRead)
	r := f.rows
	fmt.Fprintf(&b, "%d rows written: %d acknowledged, %d refused, %d ambiguous, of which %d were stored; %d stored twice by calls that may repeat\n",
		r.Acknowledged+r.Refused+r.Unknown, r.Acknowledged, r.Refused, r.Unknown, r.UnknownStored, r.Repeated)
	fmt.Fprintf(&b, "the latest call, %s, returned %v after its context had ended\n", f.latest.name, f.latest.late.Round(time.Millisecond))
	fmt.Fprintf(&b, "the slowest recovery took %v", f.recoveries.Round(time.Millisecond))
	return b.String()
}
