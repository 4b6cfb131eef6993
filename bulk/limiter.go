package bulk

import (
	"context"
	"sync"
)

// limiter bounds how many batches, and how many bytes of them, are unsettled. Those who
// wait are served in their order.
type limiter struct {
	maxItems int
	maxBytes int64

	mu      sync.Mutex
	items   int
	bytes   int64
	waiting []*reservation
}

// reservation is someone's wait for room.
type reservation struct {
	bytes   int64
	granted chan struct{}
}

// acquire waits until there is room for a batch. One that is larger than all the room
// there is waits until it is alone.
func (l *limiter) acquire(ctx context.Context, bytes int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.mu.Lock()
	if len(l.waiting) == 0 && l.fits(bytes) {
		l.take(bytes)
		l.mu.Unlock()
		return nil
	}
	r := &reservation{bytes, make(chan struct{})}
	l.waiting = append(l.waiting, r)
	l.mu.Unlock()
	select {
	case <-r.granted:
		return nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, other := range l.waiting {
		if other == r {
			l.waiting = append(l.waiting[:i], l.waiting[i+1:]...)
			l.grant() // it may have been in the way
			return ctx.Err()
		}
	}
	return nil // granted after all
}

func (l *limiter) fits(bytes int64) bool {
	return l.items == 0 || l.items < l.maxItems && l.bytes+bytes <= l.maxBytes
}

func (l *limiter) take(bytes int64) {
	l.items++
	l.bytes += bytes
}

// resize changes how many bytes a batch takes. One that grows does not wait for room.
func (l *limiter) resize(from, to int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bytes += to - from
	l.grant()
}

// release gives back a batch's room.
func (l *limiter) release(bytes int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.items--
	l.bytes -= bytes
	l.grant()
}

// grant serves those who wait and now fit.
func (l *limiter) grant() {
	for len(l.waiting) > 0 && l.fits(l.waiting[0].bytes) {
		r := l.waiting[0]
		l.waiting = l.waiting[1:]
		l.take(r.bytes)
		close(r.granted)
	}
}
