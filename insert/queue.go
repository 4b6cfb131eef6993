package insert

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/calltrace"
	"github.com/greptime-go/greptime/internal/backoff"
	"github.com/greptime-go/greptime/internal/doubt"
	"github.com/greptime-go/greptime/internal/request"
	"github.com/greptime-go/greptime/internal/tracing"
	"github.com/greptime-go/greptime/internal/transport"
)

// queue sends the rows of one table, one request after the other. It lives, with its
// goroutine, while there are rows.
type queue struct {
	w    *Writer
	name string
	wake chan struct{}

	// Under w.mu:
	waiting []gathered // the first is sent next, the last takes more rows
	rows    int        // in the queue
	bytes   int
	added   uint64 // rows, since the queue began
	settled uint64 // of those, how many were acknowledged or have failed
	hurried uint64 // up to which row they are sent without waiting for more
}

// gathered is rows of a request to be.
type gathered struct {
	table     *Table
	since     time.Time // when the first was appended
	ambiguous bool      // an earlier request may have written them
}

// memoryOf returns how many bytes of MaxBytes the rows of a table take.
func memoryOf(t *Table) int64 { return int64(t.end) + 8*int64(len(t.starts)) }

// add appends the rows of a table. It is called with mu held.
func (q *queue) add(t *Table) {
	size := min(max(q.w.opts.FlushBytes, minRequest), q.w.session.MaxMessageSize()/2)
	for from := 0; from < t.Len(); {
		last := q.last(t.schema)
		free, start := size-last.end, t.offset(from)
		fit := t.Len() - from
		if t.end-start > free {
			fit = sort.Search(fit, func(n int) bool { return t.offset(from+n+1)-start > free })
			if fit == 0 && last.Len() > 0 {
				q.begin(t.schema)
				continue
			}
			fit = max(fit, 1)
		}
		last.appendRows(t, from, from+fit)
		from += fit
	}
	q.rows += t.Len()
	q.bytes += t.end
	q.added += uint64(t.Len())
	switch {
	case q.w.memory.Waiting() > 0:
		q.hurry()
	case q.due():
		q.notify()
	}
}

// last returns the table at the end of the queue that takes rows with these columns.
func (q *queue) last(s *Schema) *Table {
	if n := len(q.waiting); n > 0 && !q.waiting[n-1].ambiguous && q.waiting[n-1].table.schema.equal(s) {
		return q.waiting[n-1].table
	}
	return q.begin(s)
}

// begin adds an empty table to the queue.
func (q *queue) begin(s *Schema) *Table {
	t, _ := q.w.tables.Get().(*Table)
	if t == nil {
		t = newTable(q.name, s)
	} else {
		t.name, t.schema, t.row = q.name, s, rowState{}
	}
	q.waiting = append(q.waiting, gathered{table: t, since: time.Now()})
	return t
}

// due reports whether the first of the queue is to be sent without waiting for its time.
func (q *queue) due() bool {
	o := &q.w.opts
	return len(q.waiting) > 1 || q.rows >= o.FlushRows || q.bytes >= o.FlushBytes || q.settled < q.hurried || q.w.closed
}

// hurry makes the queue send all rows that it has now.
func (q *queue) hurry() {
	q.hurried = q.added
	q.notify()
}

func (q *queue) notify() {
	select {
	case q.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// run sends until no rows are left.
func (q *queue) run() {
	for {
		g, ok := q.next()
		if !ok {
			return
		}
		q.deliver(g)
	}
}

// next waits until rows are due, and takes them out of the queue. When there are
// none left, the queue ends.
func (q *queue) next() (gathered, bool) {
	w := q.w
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		if len(q.waiting) == 0 {
			delete(w.queues, q.name)
			w.checkDrained()
			return gathered{}, false
		}
		g := q.waiting[0]
		wait := time.Until(g.since.Add(w.opts.FlushInterval))
		if wait <= 0 || q.due() {
			q.waiting = slices.Delete(q.waiting, 0, 1)
			q.rows -= g.table.Len()
			q.bytes -= g.table.end
			return g, true
		}
		w.mu.Unlock()
		backoff.Sleep(wait, q.wake)
		w.mu.Lock()
	}
}

// deliver sends rows until they are acknowledged or have failed. It tells the tracer of all
// attempts as one call.
func (q *queue) deliver(g gathered) {
	w := q.w
	u := FailedRows{Table: g.table, Ambiguous: g.ambiguous}
	ctx, call := startTrace(w.ctx, w.session, calltrace.BufferedInsert, g.table)
	end := func(err error) {
		if call == nil {
			return
		}
		if call.Attempts = u.Attempts; err == nil {
			call.Rows = int64(g.table.Len())
		}
		call.End(err)
	}
	var failing time.Time // since when
	for try := 1; ; try++ {
		err := q.send(ctx, g, &u, call)
		if err == nil {
			end(nil)
			q.acknowledged(g.table)
			return
		}
		if u.Ambiguous && !isAmbiguous(err) {
			err = doubt.With(err, &greptime.Error{Message: err.Error(), Ambiguous: true}) // the server's own are
		}
		if u.Err = err; try == 1 {
			failing = time.Now()
		}
		if w.ctx.Err() == nil {
			pause, again := w.retry.Next(failing, try)
			if !again || !w.mayRepeat(err) {
				end(err)
				q.failed(u)
				return
			}
			backoff.Sleep(pause, w.ctx.Done())
		}
		if w.ctx.Err() != nil {
			u.Err = fmt.Errorf("greptime: insert: Close gave up before the rows were acknowledged (%w): %w", context.Cause(w.ctx), err)
			end(u.Err)
			q.keep(u, &w.left)
			return
		}
		w.mu.Lock()
		w.stats.Retries++
		w.mu.Unlock()
	}
}

// errNotSent is why rows are left that no request was made with.
var errNotSent = errors.New("they were not sent")

// send makes one request of rows. It puts the rows that do not fit back into the queue. call may
// be nil. parent is the writer's context, or one that the tracer derived from it.
func (q *queue) send(parent context.Context, g gathered, u *FailedRows, call *tracing.Call) error {
	w := q.w
	select {
	case w.slots <- struct{}{}:
		defer func() { <-w.slots }()
	case <-w.ctx.Done():
	}
	if w.ctx.Err() != nil {
		return errNotSent
	}
	ctx, cancel := w.limit(parent)
	defer cancel()
	header, err := w.session.EncodedHeader(ctx)
	if err != nil {
		return err
	}
	requests, err := split([]*Table{g.table}, len(header), w.session.MaxMessageSize())
	if err != nil {
		return err
	}
	rows := requests[0]
	if len(requests) > 1 {
		q.putBack(gathered{g.table.cut(rows[0].Count), g.since, u.Ambiguous})
	}
	u.Attempts++
	// The channels are not to repeat it: if an endpoint failed with the outcome unknown
	// and the next one could not be reached, only the latter would be told.
	encoded := request.Encode(header, request.Insert, rows...)
	answer, err := w.session.Channels().Handle(ctx, transport.HandleRequest{Request: encoded, Metadata: w.hints})
	if call != nil {
		call.Bytes = 0 // of this attempt
		noteRequest(call, encoded, answer.Endpoint)
	}
	if err == nil {
		return nil
	}
	write := writeOf(request.Insert, rows)
	write.MayAsk = true
	if u.Ambiguous {
		write.Requests++ // the error must not deny what an earlier request may have written
	}
	err = w.session.Error(ctx, err, write)
	u.Ambiguous = u.Ambiguous || isAmbiguous(err)
	return err
}

// limit returns the context of a request.
func (w *Writer) limit(parent context.Context) (context.Context, context.CancelFunc) {
	if w.opts.Timeout > 0 {
		return context.WithTimeout(parent, w.opts.Timeout)
	}
	ctx, cancel := w.session.Limit(parent)
	if _, limited := ctx.Deadline(); limited {
		return ctx, cancel
	}
	return context.WithTimeout(parent, defaultTimeout)
}

// mayRepeat reports whether rows may be sent again after a request failed, and whether
// that can help.
func (w *Writer) mayRepeat(err error) bool {
	var value *ValueError
	var e *greptime.Error
	switch {
	case errors.Is(err, greptime.ErrClosed), errors.As(err, &value):
		return false
	case !errors.As(err, &e):
		return true // Config.Credentials failed
	case e.Ambiguous:
		return w.opts.Retry.AtLeastOnce && !isRefusal(e)
	}
	// Nothing was written.
	switch e.GRPC {
	case codes.Unavailable, codes.ResourceExhausted, codes.DeadlineExceeded, codes.Canceled:
		return true
	}
	return e.Retryable
}

// isRefusal reports whether the same request will be answered with the same error again.
// Parts of it may have been written all the same.
func isRefusal(e *greptime.Error) bool {
	switch e.Code {
	case 0: // the status is not GreptimeDB's own
		return e.GRPC == codes.Unimplemented || e.GRPC == codes.OutOfRange || e.GRPC == codes.Unauthenticated && e.Message == "auth failed"
	case greptime.Unsupported, greptime.InvalidArguments, greptime.InvalidSyntax, greptime.PlanQuery,
		greptime.TableAlreadyExists, greptime.TableNotFound, greptime.TableColumnNotFound, greptime.TableColumnExists, greptime.DatabaseNotFound,
		greptime.UserNotFound, greptime.UnsupportedPasswordType, greptime.UserPasswordMismatch, greptime.AuthHeaderNotFound,
		greptime.InvalidAuthHeader, greptime.AccessDenied, greptime.PermissionDenied:
		return true
	}
	return false
}

// putBack puts rows at the head of the queue.
func (q *queue) putBack(g gathered) {
	q.w.mu.Lock()
	defer q.w.mu.Unlock()
	q.waiting = slices.Insert(q.waiting, 0, g)
	q.rows += g.table.Len()
	q.bytes += g.table.end
}

// acknowledged ends the way of rows that are written.
func (q *queue) acknowledged(t *Table) {
	w, rows, bytes := q.w, t.Len(), memoryOf(t)
	t.Reset()
	w.tables.Put(t)
	w.memory.Release(bytes)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stats.Acknowledged += int64(rows)
	q.settle(rows)
}

// failed ends the way of rows that are given back.
func (q *queue) failed(u FailedRows) {
	w := q.w
	if w.opts.OnError == nil {
		q.keep(u, &w.kept)
		return
	}
	rows := u.Table.Len()
	w.memory.Release(memoryOf(u.Table))
	w.opts.OnError(u)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.countFailed(u.Ambiguous, rows)
	q.settle(rows)
}

// keep ends the way of rows that somebody will ask for.
func (q *queue) keep(u FailedRows, list *[]FailedRows) {
	w, rows := q.w, u.Table.Len()
	w.mu.Lock()
	defer w.mu.Unlock()
	*list = append(*list, u)
	w.memory.Pin(memoryOf(u.Table))
	w.countFailed(u.Ambiguous, rows)
	q.settle(rows)
}

// countFailed counts rows as failed. It is called with mu held.
func (w *Writer) countFailed(ambiguous bool, rows int) {
	w.stats.Failed += int64(rows)
	if ambiguous {
		w.stats.Ambiguous += int64(rows)
	} else {
		w.session.Writes().TakeBack(rows)
	}
}

// settle notes that the writer has finished with rows. It is called with mu held.
func (q *queue) settle(rows int) {
	q.settled += uint64(rows)
	q.w.stats.Pending -= rows
	if q.w.changed != nil {
		close(q.w.changed)
		q.w.changed = nil
	}
}
