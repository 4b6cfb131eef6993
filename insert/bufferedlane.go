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
	"github.com/greptime-go/greptime/internal/transport"
)

// lane sends the rows of one table, one request after the other. It lives, with its
// goroutine, while there are rows.
type lane struct {
	w    *Buffered
	name string
	wake chan struct{}

	// Under w.mu:
	queue   []gathered // the first is sent next, the last takes more rows
	rows    int        // in the queue
	bytes   int
	added   uint64 // rows, since the lane began
	settled uint64 // of those, how many were acknowledged or have failed
	hurried uint64 // up to which row they are sent without waiting for more
}

// gathered is rows of a request to be.
type gathered struct {
	table *Table
	since time.Time // when the first was appended
}

// memoryOf is how many bytes of Memory the rows of a table take.
func memoryOf(t *Table) int { return t.end + 8*len(t.starts) }

// add appends the rows of a table. It is called with mu held.
func (l *lane) add(t *Table) {
	size := min(max(l.w.opts.FlushBytes, minRequest), l.w.session.MaxMessageSize()/2)
	for from := 0; from < t.Len(); {
		last := l.last(t.schema)
		free, start := size-last.end, t.offset(from)
		fit := t.Len() - from
		if t.end-start > free {
			fit = sort.Search(fit, func(n int) bool { return t.offset(from+n+1)-start > free })
			if fit == 0 && last.Len() > 0 {
				l.begin(t.schema)
				continue
			}
			fit = max(fit, 1)
		}
		last.appendRows(t, from, from+fit)
		from += fit
	}
	l.rows += t.Len()
	l.bytes += t.end
	l.added += uint64(t.Len())
	switch {
	case l.w.memory.waiting.Load() > 0:
		l.hurry()
	case l.due():
		l.notify()
	}
}

// last is the table at the end of the queue that takes rows with these columns.
func (l *lane) last(s *Schema) *Table {
	if n := len(l.queue); n > 0 && l.queue[n-1].table.schema.equal(s) {
		return l.queue[n-1].table
	}
	return l.begin(s)
}

// begin adds an empty table to the queue.
func (l *lane) begin(s *Schema) *Table {
	t, _ := l.w.tables.Get().(*Table)
	if t == nil {
		t = newTable(l.name, s)
	} else {
		t.name, t.schema, t.row = l.name, s, rowState{}
	}
	l.queue = append(l.queue, gathered{t, time.Now()})
	return t
}

// due says whether the first of the queue is to be sent without waiting for its time.
func (l *lane) due() bool {
	o := &l.w.opts
	return len(l.queue) > 1 || l.rows >= o.FlushRows || l.bytes >= o.FlushBytes || l.settled < l.hurried || l.w.closed
}

// hurry has all rows sent that are there now.
func (l *lane) hurry() {
	l.hurried = l.added
	l.notify()
}

func (l *lane) notify() {
	select {
	case l.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// run sends until no rows are left.
func (l *lane) run() {
	for {
		g, ok := l.next()
		if !ok {
			return
		}
		l.deliver(g)
	}
}

// next waits until rows are due, and takes them out of the queue. When there are
// none left, the lane ends.
func (l *lane) next() (gathered, bool) {
	w := l.w
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		if len(l.queue) == 0 {
			delete(w.lanes, l.name)
			w.checkDrained()
			return gathered{}, false
		}
		g := l.queue[0]
		wait := time.Until(g.since.Add(w.opts.FlushInterval))
		if wait <= 0 || l.due() {
			l.queue = slices.Delete(l.queue, 0, 1)
			l.rows -= g.table.Len()
			l.bytes -= g.table.end
			return g, true
		}
		w.mu.Unlock()
		sleep(wait, l.wake)
		w.mu.Lock()
	}
}

// deliver sends rows until they are acknowledged or have failed.
func (l *lane) deliver(g gathered) {
	w := l.w
	u := Undelivered{Table: g.table}
	var failing time.Time // since when
	for try := 1; ; try++ {
		err := l.send(g, &u)
		if err == nil {
			l.acknowledged(g.table)
			return
		}
		if u.Err = err; try == 1 {
			failing = time.Now()
		}
		if w.ctx.Err() == nil {
			pause := w.opts.pause(try)
			if !w.mayRepeat(err) || time.Since(failing)+pause > w.opts.RetryFor {
				l.failed(u)
				return
			}
			sleep(pause, w.ctx.Done())
		}
		if w.ctx.Err() != nil {
			u.Err = fmt.Errorf("greptime: insert: Close gave up before the rows were acknowledged (%w): %w", context.Cause(w.ctx), err)
			l.keep(u, &w.left)
			return
		}
		w.mu.Lock()
		w.retries++
		w.mu.Unlock()
	}
}

// errNotSent is why rows are left that no request was made with.
var errNotSent = errors.New("they were not sent")

// send makes one request of rows. Of more than fit one request it puts the rest back
// into the queue.
func (l *lane) send(g gathered, u *Undelivered) error {
	w := l.w
	select {
	case w.slots <- struct{}{}:
		defer func() { <-w.slots }()
	case <-w.ctx.Done():
	}
	if w.ctx.Err() != nil {
		return errNotSent
	}
	ctx, cancel := w.limit()
	defer cancel()
	header, err := w.session.EncodedHeader(ctx)
	if err != nil {
		return err
	}
	requests, err := split([]*Table{g.table}, len(header), w.session.MaxMessageSize())
	if err != nil {
		return err
	}
	request := requests[0]
	if len(requests) > 1 {
		l.putBack(gathered{g.table.cut(request[0].to), g.since})
	}
	u.Attempts++
	// The channels are not to repeat it: if an endpoint failed with the outcome unknown
	// and the next one could not be reached, only the latter would be told.
	_, err = w.session.Channels().Handle(ctx, transport.HandleRequest{
		Request:  encode(header, inserts, request),
		Metadata: w.hints,
	})
	if err == nil {
		return nil
	}
	write := writeOf(inserts, request)
	write.MayAsk = true
	err = w.session.Error(ctx, err, write)
	var e *greptime.Error
	u.Ambiguous = u.Ambiguous || errors.As(err, &e) && e.Ambiguous
	return err
}

// limit is the context of a request.
func (w *Buffered) limit() (context.Context, context.CancelFunc) {
	if w.opts.Timeout > 0 {
		return context.WithTimeout(w.ctx, w.opts.Timeout)
	}
	ctx, cancel := w.session.Limit(w.ctx)
	if _, limited := ctx.Deadline(); limited {
		return ctx, cancel
	}
	return context.WithTimeout(w.ctx, defaultTimeout)
}

// mayRepeat reports whether rows may be sent again after a request failed, and whether
// that can help.
func (w *Buffered) mayRepeat(err error) bool {
	var value *ValueError
	var e *greptime.Error
	switch {
	case errors.Is(err, greptime.ErrClosed), errors.As(err, &value):
		return false
	case !errors.As(err, &e):
		return true // Config.Credentials failed
	case e.Ambiguous:
		return w.opts.Options.Idempotent && !isRefusal(e.Code)
	}
	// Nothing was written.
	switch e.GRPC {
	case codes.Unavailable, codes.ResourceExhausted, codes.DeadlineExceeded, codes.Canceled:
		return true
	}
	return e.Retryable
}

// isRefusal reports whether the same request will be answered with the same code again.
// Parts of it may have been written all the same.
func isRefusal(c greptime.Code) bool {
	switch c {
	case greptime.Unsupported, greptime.InvalidArguments, greptime.InvalidSyntax, greptime.PlanQuery,
		greptime.TableAlreadyExists, greptime.TableNotFound, greptime.TableColumnNotFound, greptime.TableColumnExists, greptime.DatabaseNotFound:
		return true
	}
	return false
}

// putBack puts rows at the head of the queue.
func (l *lane) putBack(g gathered) {
	l.w.mu.Lock()
	defer l.w.mu.Unlock()
	l.queue = slices.Insert(l.queue, 0, g)
	l.rows += g.table.Len()
	l.bytes += g.table.end
}

// acknowledged ends the way of rows that are written.
func (l *lane) acknowledged(t *Table) {
	w, rows, bytes := l.w, t.Len(), memoryOf(t)
	t.Reset()
	w.tables.Put(t)
	w.memory.release(bytes)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.delivered += int64(rows)
	l.settle(rows)
}

// failed ends the way of rows that are given back.
func (l *lane) failed(u Undelivered) {
	w := l.w
	if w.opts.OnError == nil {
		l.keep(u, &w.kept)
		return
	}
	rows := u.Table.Len()
	w.memory.release(memoryOf(u.Table))
	w.opts.OnError(u)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.undelivered += int64(rows)
	l.settle(rows)
}

// keep ends the way of rows that somebody will ask for.
func (l *lane) keep(u Undelivered, list *[]Undelivered) {
	w, rows := l.w, u.Table.Len()
	w.mu.Lock()
	defer w.mu.Unlock()
	*list = append(*list, u)
	w.memory.keep(memoryOf(u.Table))
	w.undelivered += int64(rows)
	l.settle(rows)
}

// settle tells that the writer is done with rows. It is called with mu held.
func (l *lane) settle(rows int) {
	l.settled += uint64(rows)
	l.w.rows -= rows
	if l.w.changed != nil {
		close(l.w.changed)
		l.w.changed = nil
	}
}

// sleep waits for the time to pass or the channel to be ready.
func sleep(d time.Duration, until <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-until:
	}
}
