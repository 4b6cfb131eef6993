package insert

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"google.golang.org/grpc/metadata"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/backoff"
	"github.com/greptime-go/greptime/internal/semaphore"
	"github.com/greptime-go/greptime/internal/session"
)

// Writer is a buffered writer, for services whose goroutines produce one row at a time. It
// gathers the rows of each table, sends them in larger requests, and sends again those that
// certainly were not written. It is safe for concurrent use.
//
// # Guarantees
//
// Every row that was accepted (Append or Write returned nil) ends in exactly one of these ways:
//
//   - The server acknowledges it.
//   - OnError receives it, or, without an OnError, Flush or Close returns it, with the reason
//     and with Ambiguous, which reports whether it may have been written.
//   - Close returns it, because the context of Close ended before.
//
// A row is lost only with the process, because the buffer is memory. A row that was accepted is
// not yet written; Flush waits for that.
//
// A request is sent again, for [Retry].For, if it is proved that it was not written and the
// reason may pass: the server was not reached, or it refused the request because of a rate
// limit. Rows that may have been written (a broken connection, a timeout, a region that is
// busy, which may be one of several) are returned at once, with Ambiguous set: rows are written
// at most once. With [Retry].AtLeastOnce such a request is sent again, too, so that
// acknowledged rows were written at least once; its documentation says what that means for a
// table in append mode. Rows that the server refuses permanently, such as those of a wrong
// type, are returned at once, with the others of their request, because GreptimeDB refuses
// requests as a whole.
//
// The rows of a table are sent in the order in which they were appended, one request after the
// other: each when the one before has been acknowledged or has failed. This keeps the order
// within a series, even if requests are sent again. There are two exceptions. Rows that were
// returned and that you write again come later. And if a request reached its Timeout or lost
// its connection, the server may still execute it after the next one.
//
// A request has the rows of one table, because the server does not undo the first tables of a
// request when a later one fails. Tables wait for each other only if there are more than
// InFlight requests to send.
type Writer struct {
	opts    WriterOptions
	session session.Session
	hints   metadata.MD

	ctx    context.Context // of the requests; ends when Close gives up
	cancel context.CancelCauseFunc
	slots  chan struct{} // held by those who send a request
	memory semaphore.Bytes
	retry  backoff.Policy
	tables sync.Pool // of *Table: buffers of requests that are done

	mu      sync.Mutex
	queues  map[string]*queue // by table; those with rows
	closed  bool
	drained chan struct{} // closed when Writer is closed and no queue is left
	changed chan struct{} // closed when rows have been settled; nil if nobody waits
	kept    []FailedRows  // without an OnError; until Flush or Close returns them
	left    []FailedRows  // until Close returns them
	stats   WriterStats   // but for PendingBytes
}

// NewWriter returns a buffered writer for the current database of a connection of the pool. It
// sends nothing, and the connection returns to the pool at once. You can use the writer until
// the sql.DB or Connector is closed. It has goroutines only while it has rows, but you must
// close it, or rows are lost.
func NewWriter(pool greptime.Pool, opts WriterOptions) (*Writer, error) {
	opts, policy, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	s, hints, err := opts.Options.open(context.Background(), pool)
	if err != nil {
		return nil, err
	}
	w := &Writer{
		opts: opts, session: s, hints: hints, retry: policy,
		slots:   make(chan struct{}, opts.InFlight),
		memory:  semaphore.Bytes{Limit: opts.MaxBytes},
		queues:  map[string]*queue{},
		drained: make(chan struct{}),
	}
	w.ctx, w.cancel = context.WithCancelCause(context.Background())
	return w, nil
}

// errNoWriter is returned by a Writer that NewWriter has not created.
var errNoWriter = errors.New("greptime: insert: there is no Writer: NewWriter returned an error, which must be checked")

// made reports whether NewWriter made the writer.
func (w *Writer) made() bool { return w != nil && w.ctx != nil }

// Write copies the rows of a table, to be sent later. It accepts all of them, or returns an
// error and accepts none. You may then Reset the table and fill it again. Write waits only
// while WriterOptions.MaxBytes is reached, until ctx ends.
//
// The error is that of the table, [ErrNoRows], [ErrFull] or [ErrClosed], or it wraps that of
// ctx.
func (w *Writer) Write(ctx context.Context, t *Table) error {
	if !w.made() {
		return errNoWriter
	}
	if err := t.Err(); err != nil {
		return err
	}
	if t.Len() == 0 {
		return errNoRows([]*Table{t})
	}
	bytes := memoryOf(t)
	if err := w.reserve(ctx, bytes); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		w.memory.Release(bytes)
		return ErrClosed
	}
	q := w.queues[t.name]
	if q == nil {
		q = &queue{w: w, name: t.name, wake: make(chan struct{}, 1)}
		w.queues[t.name] = q
		go q.run() // Close waits for it
	}
	w.stats.Pending += t.Len()
	w.session.Writes().Add(t.Len())
	q.add(t)
	return nil
}

// reserve waits until there is room for bytes of rows in MaxBytes.
func (w *Writer) reserve(ctx context.Context, bytes int64) error {
	if bytes > w.opts.MaxBytes {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.closed {
			return ErrClosed
		}
		return fmt.Errorf("%w: %d bytes of rows, and MaxBytes is %d; write fewer at a time, or raise it", ErrFull, bytes, w.opts.MaxBytes)
	}
	switch err := w.memory.Acquire(ctx, bytes, w.hurry); {
	case err == nil || err == ErrClosed:
		return err
	case err == semaphore.ErrPinned:
		return fmt.Errorf("%w: %d bytes of rows that failed are in its MaxBytes; take them out by Flush, or set OnError", ErrFull, w.memory.Pinned())
	default:
		return fmt.Errorf("greptime: insert: the buffered writer had no room for %d bytes, because the server does not keep up: %w", bytes, err)
	}
}

// Flush sends at once everything that was written before, and waits until it is acknowledged or
// has failed. Without an OnError it returns the rows that have failed since the last Flush, as
// a *[WriteError]. If ctx ends first, all rows remain with the writer, and the error wraps that
// of ctx.
func (w *Writer) Flush(ctx context.Context) error {
	if !w.made() {
		return errNoWriter
	}
	type target struct {
		queue *queue
		rows  uint64
	}
	w.mu.Lock()
	var targets []target
	for _, q := range w.queues {
		q.hurry()
		targets = append(targets, target{q, q.added})
	}
	for _, t := range targets {
		for t.queue.settled < t.rows {
			if w.changed == nil {
				w.changed = make(chan struct{})
			}
			changed := w.changed
			w.mu.Unlock()
			select {
			case <-changed:
			case <-ctx.Done():
				return fmt.Errorf("greptime: insert: Flush ended before all rows were acknowledged; they stay with the buffered writer: %w", ctx.Err())
			}
			w.mu.Lock()
		}
	}
	defer w.mu.Unlock()
	return w.handOver(&w.kept)
}

// Close waits until everything that was accepted is acknowledged or has failed, and ends the
// writer, which accepts no more rows. If ctx ends first, Close cancels the requests that are
// under way and returns all remaining rows, as a *[WriteError]. Without an OnError, the error
// also has the rows that have failed since the last Flush.
//
// Close waits for OnError to return. It leaves no goroutine behind. A second Close returns nil.
func (w *Writer) Close(ctx context.Context) error {
	if !w.made() {
		return errNoWriter
	}
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		w.memory.Close(ErrClosed)
		for _, q := range w.queues {
			q.notify()
		}
		w.checkDrained()
	}
	w.mu.Unlock()

	select {
	case <-w.drained:
	case <-ctx.Done():
		w.cancel(ctx.Err())
		<-w.drained
	}
	w.cancel(nil)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left = append(w.kept, w.left...)
	w.kept = nil
	return w.handOver(&w.left)
}

// WriterStats counts the rows of a buffered writer. Every row that was accepted is
// pending, acknowledged or failed.
type WriterStats struct {
	Pending      int   // rows that wait or are under way
	PendingBytes int64 // of MaxBytes in use, including failed rows that were not returned yet
	Acknowledged int64 // rows
	Failed       int64 // rows that were returned, or will be
	Ambiguous    int64 // of the failed rows, those that may have been written
	Retries      int64 // requests that were sent again
}

// Stats returns the state of the writer and its counts, for example for metrics.
func (w *Writer) Stats() WriterStats {
	if !w.made() {
		return WriterStats{}
	}
	bytes := w.memory.Held()
	w.mu.Lock()
	defer w.mu.Unlock()
	stats := w.stats
	stats.PendingBytes = bytes
	return stats
}

// hurry makes all queues send without waiting for more rows.
func (w *Writer) hurry() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, q := range w.queues {
		q.hurry()
	}
}

// handOver returns the error with rows to give back, if there are any. It is called with mu
// held.
func (w *Writer) handOver(list *[]FailedRows) error {
	if len(*list) == 0 {
		return nil
	}
	e := &WriteError{*list}
	*list = nil
	bytes := int64(0)
	for _, u := range e.Failed {
		bytes += memoryOf(u.Table)
	}
	w.memory.Pin(-bytes)
	w.memory.Release(bytes)
	return e
}

// checkDrained closes drained if nothing is left. It is called with mu held.
func (w *Writer) checkDrained() {
	if w.closed && len(w.queues) == 0 {
		close(w.drained)
	}
}
