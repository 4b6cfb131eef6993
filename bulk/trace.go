package bulk

import (
	"context"
	"sync"

	"github.com/greptime-go/greptime/calltrace"
	"github.com/greptime-go/greptime/internal/tracing"
)

func init() {
	tracing.Valueless(ErrTimeout, ErrUnanswered, ErrAckLost, ErrTableChanged, ErrClosed)
}

// startTrace tells the tracer that the call with a batch begins. It returns nil without a
// tracer.
func (w *Writer) startTrace(ctx context.Context, m *message) *tracing.Call {
	tracer := w.session.Tracer()
	if tracer == nil {
		return nil
	}
	_, call := tracer.Start(ctx, calltrace.Call{
		Kind: calltrace.BulkBatch, Database: w.session.Database(), Tables: []string{w.table.Name}, Rows: m.Rows(),
	})
	call.Attempts = 0
	return call
}

// endTrace queues the end of the call with a batch for the tracer. The caller holds mu.
func (w *Writer) endTrace(p *Pending, err error) {
	if p.call == nil {
		return
	}
	p.call.Rows = p.ack.Rows
	w.ender.add(p.call.Ended(err))
	p.call = nil
}

// ender tells the tracer of the ends of calls, on a goroutine of its own: batches are settled
// under the writer's mutex.
type ender struct {
	mu    sync.Mutex
	ended []func() // tell the tracer
	wake  chan struct{}

	end    sync.Once
	ending chan struct{}
	done   chan struct{}
}

func startEnder() *ender {
	e := &ender{wake: make(chan struct{}, 1), ending: make(chan struct{}), done: make(chan struct{})}
	go e.run()
	return e
}

// add queues a function that tells the tracer.
func (e *ender) add(tell func()) {
	e.mu.Lock()
	e.ended = append(e.ended, tell)
	e.mu.Unlock()
	select {
	case e.wake <- struct{}{}:
	default: // it is already awake
	}
}

func (e *ender) run() {
	defer close(e.done)
	for {
		select {
		case <-e.wake:
			e.tell()
		case <-e.ending:
			e.tell()
			return
		}
	}
}

// tell calls the functions that were added.
func (e *ender) tell() {
	e.mu.Lock()
	ended := e.ended
	e.ended = nil
	e.mu.Unlock()
	for _, tell := range ended {
		tell()
	}
}

// stop lets the tracer be told of the remaining ends, and waits for that until ctx ends. No
// call must be added afterwards.
func (e *ender) stop(ctx context.Context) {
	e.end.Do(func() { close(e.ending) })
	select {
	case <-e.done:
	case <-ctx.Done():
	}
}
