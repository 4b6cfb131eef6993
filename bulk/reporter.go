package bulk

import (
	"context"
	"sync"
	"time"
)

// reporter tells a user's function how far the load is, on a goroutine of its own.
type reporter struct {
	end    sync.Once
	ending chan struct{}
	done   chan struct{}
}

func startReporter(w *Writer, report func(Progress), interval time.Duration) *reporter {
	r := &reporter{ending: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(r.done)
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		var last Progress
		for {
			select {
			case <-ticker.C:
				p := w.Progress()
				if !p.same(last) {
					last = p
					report(p)
				}
			case <-r.ending:
				report(w.Progress())
				return
			}
		}
	}()
	return r
}

// same reports whether nothing but time has passed.
func (p Progress) same(q Progress) bool {
	p.Elapsed, q.Elapsed = 0, 0
	return p == q
}

// stop lets the function be called for the last time, and waits for it until ctx ends.
func (r *reporter) stop(ctx context.Context) {
	r.end.Do(func() { close(r.ending) })
	select {
	case <-r.done:
	case <-ctx.Done():
	}
}
