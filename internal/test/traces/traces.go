// Package traces has a tracer that records calls, for tests.
package traces

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/greptime-go/greptime/calltrace"
)

// Recorder is a calltrace.Tracer that records calls. It reports a call that ended twice, or
// with another context than that of its Start.
type Recorder struct {
	t       testing.TB
	mu      sync.Mutex
	begun   int
	running map[int]bool
	ended   []Call
}

// Call is a call that has ended.
type Call struct {
	calltrace.Call
	calltrace.Outcome
}

// New returns a Recorder.
func New(t testing.TB) *Recorder { return &Recorder{t: t, running: map[int]bool{}} }

type key struct{}

// Start records a call.
func (r *Recorder) Start(ctx context.Context, _ calltrace.Call) context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.begun++
	r.running[r.begun] = true
	return context.WithValue(ctx, key{}, r.begun)
}

// End records the outcome of a call.
func (r *Recorder) End(ctx context.Context, call calltrace.Call, outcome calltrace.Outcome) {
	n, _ := ctx.Value(key{}).(int)
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.running[n] {
		r.t.Errorf("call %d, %+v, ended, which is not running", n, call)
	}
	if outcome.Duration <= 0 {
		r.t.Errorf("the duration of call %d, %+v, is %v", n, call, outcome.Duration)
	}
	delete(r.running, n)
	r.ended = append(r.ended, Call{call, outcome})
}

// Number returns the number of the call whose context ctx is, from 1, or 0.
func Number(ctx context.Context) int {
	n, _ := ctx.Value(key{}).(int)
	return n
}

// Running returns the number of calls that have not ended.
func (r *Recorder) Running() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.running)
}

// Take returns the calls that have ended, in the order of their ends, and forgets them.
func (r *Recorder) Take() []Call {
	r.mu.Lock()
	defer r.mu.Unlock()
	ended := r.ended
	r.ended = nil
	return ended
}

// One returns the call, of which there must be one, that has ended.
func (r *Recorder) One() Call {
	r.t.Helper()
	calls, running := r.Take(), r.Running()
	if len(calls) != 1 || running != 0 {
		r.t.Fatalf("%d calls have ended and %d are running, want one that has ended: %+v", len(calls), running, calls)
	}
	return calls[0]
}

// String returns everything that a tracer can print of the call.
func (c Call) String() string {
	text := fmt.Sprintf("%+v %#v %+v %#v", c.Call, c.Call, c.Outcome, c.Outcome)
	if c.Err != nil {
		text += fmt.Sprintf(" %v %+v %#v", c.Err, c.Err, c.Err)
	}
	return text
}

// Leaks returns which of the values are in what a tracer can print of the calls.
func Leaks(calls []Call, values ...string) []string {
	return slices.DeleteFunc(slices.Clone(values), func(value string) bool {
		return !slices.ContainsFunc(calls, func(c Call) bool { return strings.Contains(c.String(), value) })
	})
}
