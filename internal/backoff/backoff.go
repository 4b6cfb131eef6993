// Package backoff decides when what failed is tried again, and for how long.
package backoff

import (
	"cmp"
	"errors"
	"math/rand/v2"
	"time"
)

// Policy says for how long and how soon something that failed is tried again.
type Policy struct {
	For      time.Duration // after the first failure; default one minute, negative: never
	Min, Max time.Duration // pause before the first attempt and longest; default 100 ms and 10 s
}

// WithDefaults returns the policy with every field set.
func (p Policy) WithDefaults() (Policy, error) {
	if p.Min < 0 || p.Max < 0 {
		return p, errors.New("MinBackoff or MaxBackoff is negative; leave it out for the default")
	}
	p.For = cmp.Or(p.For, time.Minute)
	p.Min = cmp.Or(p.Min, 100*time.Millisecond)
	p.Max = max(cmp.Or(p.Max, 10*time.Second), p.Min)
	return p, nil
}

// Next returns the pause before the attempt after n failures, the first of them at
// since. It reports false if that attempt would come too late.
func (p Policy) Next(since time.Time, n int) (time.Duration, bool) {
	pause := p.Pause(n)
	return pause, p.For > 0 && time.Since(since)+pause <= p.For
}

// Pause returns how long to wait after n failures in a row: [Doubled], shortened by up
// to half of it, at random.
func (p Policy) Pause(n int) time.Duration {
	d := Doubled(p.Min, p.Max, n)
	return d - rand.N(d/2+1)
}

// Doubled returns first, doubled with each of n failures after the first, up to most.
func Doubled(first, most time.Duration, n int) time.Duration {
	d := first
	for i := 1; i < n && d < most; i++ {
		d = min(2*d, most)
	}
	return d
}

// Sleep waits until d has passed or until is ready.
func Sleep(d time.Duration, until <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-until:
	}
}
