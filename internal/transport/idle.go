package transport

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// IdleAfter is how long the connections to the endpoints stay open without a use: a call
// that runs, or somebody who may make one soon. The next call opens them again.
const IdleAfter = time.Minute

// busy is more uses than there can be.
const busy = math.MaxInt64 / 2

// uses counts the uses of Channels, and calls idle when there has been none for IdleAfter
// since the last one ended.
type uses struct {
	idle func()

	n     atomic.Int64 // negative while idle runs
	mu    sync.Mutex   // guards timer; held while idle runs
	timer *time.Timer  // nil before the first use has ended
}

// begin adds a use. What idle ends is not ended before the matching end.
func (u *uses) begin() {
	if u.n.Add(1) <= 0 {
		u.mu.Lock() // until idle has returned
		u.mu.Unlock()
	}
}

// end takes a use back.
func (u *uses) end() {
	if u.n.Add(-1) > 0 {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.timer == nil {
		u.timer = time.AfterFunc(IdleAfter, u.expired)
	} else {
		u.timer.Reset(IdleAfter)
	}
}

// expired is called IdleAfter a use has ended. Another may have begun.
func (u *uses) expired() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.n.CompareAndSwap(0, -busy) {
		return
	}
	u.idle()
	u.n.Add(busy)
}

// lease is a use by a call on an endpoint. It ends once, however often end is called.
type lease struct {
	channels *Channels
	endpoint *Endpoint
	ended    atomic.Bool
}

func (c *Channels) lease(l *lease, e *Endpoint) {
	l.channels, l.endpoint = c, e
	c.uses.begin()
	e.calls.Add(1)
}

func (l *lease) end() {
	if !l.ended.Swap(true) {
		l.endpoint.calls.Add(-1)
		l.channels.uses.end()
	}
}
