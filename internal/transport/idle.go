package transport

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// IdleAfter is the time for which connections to the endpoints remain open without a use. A
// use is a running call, or somebody who may soon make one. The next call opens them again.
const IdleAfter = time.Minute

// busy is a number greater than any number of uses.
const busy = math.MaxInt64 / 2

// uses counts the uses of Channels. It calls idle when there has been no use for IdleAfter.
type uses struct {
	idle func()

	n       atomic.Int64 // negative while idle runs
	mu      sync.Mutex   // guards what follows; held while idle runs
	timer   *time.Timer  // nil before the first use has ended
	stopped bool
}

// begin adds a use. idle does not run between begin and the matching end.
func (u *uses) begin() {
	if u.n.Add(1) <= 0 {
		u.mu.Lock()
		defer u.mu.Unlock() // it is held while idle runs
	}
}

// end removes a use.
func (u *uses) end() {
	if u.n.Add(-1) > 0 {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case u.stopped:
	case u.timer == nil:
		u.timer = time.AfterFunc(IdleAfter, u.expired)
	default:
		u.timer.Reset(IdleAfter)
	}
}

// stop ends the timer, which would keep u in memory: idle is not called any more.
func (u *uses) stop() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.stopped = true
	if u.timer != nil {
		u.timer.Stop()
	}
}

// expired is called IdleAfter after the end of a use. Another use may have begun.
func (u *uses) expired() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.n.CompareAndSwap(0, -busy) {
		return
	}
	u.idle()
	u.n.Add(busy)
}

// lease is the use of a connection by a call. It ends once, however often end is called.
type lease struct {
	channels   *Channels
	connection *connection
	ended      atomic.Bool
}

// lease begins the use of the endpoint's connection that has the fewest calls.
func (c *Channels) lease(l *lease, e *Endpoint) {
	c.uses.begin()
	l.channels, l.connection = c, e.take()
}

// move changes the connection. No other goroutine may use the lease meanwhile.
func (l *lease) move(to *connection) {
	l.connection.calls.Add(-1)
	l.connection = to
	to.calls.Add(1)
}

func (l *lease) end() {
	if !l.ended.Swap(true) {
		l.connection.calls.Add(-1)
		l.channels.uses.end()
	}
}
