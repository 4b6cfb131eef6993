package insert

import (
	"container/list"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
)

// memory is the room of a Buffered writer, in bytes. Whoever finds none waits, first
// come, first served.
type memory struct {
	limit int

	mu      sync.Mutex
	used    int
	kept    int // part of used that is free again only when the user has taken failed rows
	waiters list.List
	closed  bool

	waiting atomic.Int32 // how many wait; rows are not held back meanwhile
}

// waiter is somebody who waits for room.
type waiter struct {
	bytes int
	done  chan error
}

// acquire takes room, or waits for it until ctx ends. Before it waits it calls short.
func (m *memory) acquire(ctx context.Context, bytes int, short func()) error {
	m.mu.Lock()
	switch {
	case m.closed:
		m.mu.Unlock()
		return ErrBufferedClosed
	case m.waiters.Len() == 0 && m.used+bytes <= m.limit:
		m.used += bytes
		m.mu.Unlock()
		return nil
	}
	if err := m.never(bytes); err != nil {
		m.mu.Unlock()
		return err
	}
	w := waiter{bytes, make(chan error, 1)}
	place := m.waiters.PushBack(w)
	m.waiting.Add(1)
	m.mu.Unlock()
	short()

	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	select {
	case err := <-w.done: // at the same moment
		return err
	default:
	}
	m.remove(place)
	m.grant() // those behind it may fit
	return fmt.Errorf("greptime: insert: the buffered writer had no room for %d bytes, because the server does not keep up: %w", bytes, ctx.Err())
}

// never says why waiting for room would be in vain.
func (m *memory) never(bytes int) error {
	switch {
	case bytes > m.limit:
		return fmt.Errorf("%w: %d bytes of rows, and Memory is %d; write fewer at a time, or raise it", ErrBufferFull, bytes, m.limit)
	case m.kept+bytes > m.limit:
		return fmt.Errorf("%w: %d bytes of rows that failed are in its Memory; take them out by Flush, or set OnError", ErrBufferFull, m.kept)
	}
	return nil
}

// grant gives room to those who wait, as far as it goes.
func (m *memory) grant() {
	for e := m.waiters.Front(); e != nil; e = m.waiters.Front() {
		w := e.Value.(waiter)
		err := m.never(w.bytes)
		if err == nil && m.used+w.bytes > m.limit {
			return
		}
		if err == nil {
			m.used += w.bytes
		}
		m.remove(e)
		w.done <- err
	}
}

func (m *memory) remove(place *list.Element) {
	m.waiters.Remove(place)
	m.waiting.Add(-1)
}

// release gives room back.
func (m *memory) release(bytes int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.used -= bytes
	m.grant()
}

// keep marks room as that of failed rows, and with a negative number of bytes no
// longer so.
func (m *memory) keep(bytes int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept += bytes
	m.grant()
}

// close fails those who wait.
func (m *memory) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	for e := m.waiters.Front(); e != nil; e = m.waiters.Front() {
		m.remove(e)
		e.Value.(waiter).done <- ErrBufferedClosed
	}
}

// inUse is how much room is taken.
func (m *memory) inUse() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.used
}
