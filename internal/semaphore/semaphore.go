// Package semaphore bounds how many bytes several goroutines hold at once.
package semaphore

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// ErrPinned reports that bytes do not fit beside those that are pinned.
var ErrPinned = errors.New("the bytes do not fit beside those that are pinned")

// Bytes is room for Limit bytes. Those who wait for room get it in the order in which
// they asked. More than Limit bytes fit when nothing else is held.
type Bytes struct {
	Limit int64

	mu      sync.Mutex
	held    int64
	pinned  int64 // part of held
	waiters list.List
	closed  error

	waiting atomic.Int32
}

// waiter waits for room.
type waiter struct {
	bytes int64
	done  chan error
}

// Acquire takes room for n bytes, or waits for it until ctx ends. Before it waits, it
// calls onWait, unless that is nil. The error is that of ctx, [ErrPinned], or what Close
// was called with.
func (b *Bytes) Acquire(ctx context.Context, n int64, onWait func()) error {
	b.mu.Lock()
	if err := b.refusal(n); err != nil {
		b.mu.Unlock()
		return err
	}
	if b.waiters.Len() == 0 && b.fits(n) {
		b.held += n
		b.mu.Unlock()
		return nil
	}
	w := waiter{n, make(chan error, 1)}
	place := b.waiters.PushBack(w)
	b.waiting.Add(1)
	b.mu.Unlock()
	if onWait != nil {
		onWait()
	}

	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case err := <-w.done: // at the same moment
		return err
	default:
	}
	b.remove(place)
	b.grant() // those behind it may fit
	return ctx.Err()
}

// refusal returns why waiting for room would be in vain, or nil.
func (b *Bytes) refusal(n int64) error {
	switch {
	case b.closed != nil:
		return b.closed
	case b.pinned > 0 && b.pinned+n > b.Limit:
		return ErrPinned
	}
	return nil
}

// fits reports whether there is room for n bytes now.
func (b *Bytes) fits(n int64) bool { return b.held <= 0 || b.held+n <= b.Limit }

// grant gives room to those who wait, as long as the first of them fits.
func (b *Bytes) grant() {
	for e := b.waiters.Front(); e != nil; e = b.waiters.Front() {
		w := e.Value.(waiter)
		err := b.refusal(w.bytes)
		if err == nil && !b.fits(w.bytes) {
			return
		}
		if err == nil {
			b.held += w.bytes
		}
		b.remove(e)
		w.done <- err
	}
}

func (b *Bytes) remove(place *list.Element) {
	b.waiters.Remove(place)
	b.waiting.Add(-1)
}

// Release gives back room for n bytes. A negative n takes more, without waiting.
func (b *Bytes) Release(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held -= n
	b.grant()
}

// Pin marks n of the bytes that are held as such that are released only after an action
// of the caller; with a negative n, no longer so. Who asks for room that does not fit
// beside them gets [ErrPinned].
func (b *Bytes) Pin(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pinned += n
	b.grant()
}

// Close makes all calls of Acquire return err, also those that wait.
func (b *Bytes) Close(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = err
	b.grant()
}

// Held returns how many bytes are held.
func (b *Bytes) Held() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.held
}

// Pinned returns how many bytes are pinned.
func (b *Bytes) Pinned() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.pinned
}

// Waiting returns how many calls of Acquire wait.
func (b *Bytes) Waiting() int { return int(b.waiting.Load()) }
