package bulk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/backoff"
	"github.com/greptime-go/greptime/internal/session"
	"github.com/greptime-go/greptime/internal/transport"
)

// lane is one of a writer's parallel streams: a goroutine that takes batches from the
// queue and sends them, on one stream after the other should they fail. A stream has a
// second goroutine that reads the acks.
type lane struct {
	writer *Writer
	slot   int

	// The rest is the lane's goroutine's own, except for what is behind the stream
	// pointer and guarded by the writer's mutex.
	stream *stream
}

// stream is a DoPut.
type stream struct {
	put      *transport.PutStream
	endpoint *endpoint
	layout   *layout
	received chan struct{} // closed when the receiver has ended

	// Guarded by the writer's mutex.
	inflight []*Pending // in the order sent
	heard    time.Time  // of the last ack, or when the first of inflight was sent
	watchdog *time.Timer
	closing  error // why it was closed here
	ended    bool
	end      error           // io.EOF for OK
	failure  error           // what end is, unless that is io.EOF
	refusal  *greptime.Error // the failure, if the server itself has ended the stream
}

// run is the lane's goroutine.
func (l *lane) run() {
	for {
		p := l.next()
		if p == nil {
			break
		}
		if l.stream == nil && !l.open(p) {
			continue
		}
		l.send(p)
	}
	l.stop()
}

// next waits for a batch to send and room on the stream for it. It deals with a stream
// that has ended. nil is the end of the writer.
func (l *lane) next() *Pending {
	w := l.writer
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		s := l.stream
		switch {
		case s != nil && s.ended:
			l.examine(s)
			l.finish(s)
			continue
		case w.gaveUp != nil && (s == nil || len(s.inflight) == 0):
			return nil
		case w.closing && len(w.unsettled) == 0:
			return nil
		case s != nil && len(s.inflight) == 0 && l.isOutdated(s):
			l.leave(s)
			continue
		case len(w.queue) > 0 && (s == nil || l.hasRoom(s)):
			p := w.queue[0]
			w.queue[0] = nil
			w.queue = w.queue[1:]
			return p
		}
		w.changed.Wait()
	}
}

// isOutdated reports whether another stream should take the place of s: on another
// endpoint, or with the columns that were added to the table.
func (l *lane) isOutdated(s *stream) bool {
	w := l.writer
	return s.layout != w.layout.Load() || w.endpoints.better(s.endpoint)
}

// hasRoom reports whether a batch can be sent on the stream now. One that is outdated
// first gets its acks.
func (l *lane) hasRoom(s *stream) bool {
	return s.closing == nil && len(s.inflight) < l.writer.opts.InFlight && !l.isOutdated(s)
}

// send sends a batch. If the stream has ended meanwhile, next finds out.
func (l *lane) send(p *Pending) {
	w, s := l.writer, l.stream
	if p.message.layout != s.layout {
		if err := w.convert(p, s.layout); err != nil {
			w.mu.Lock()
			w.fail(p, err)
			w.mu.Unlock()
			return
		}
	}
	w.mu.Lock()
	if s.ended || s.closing != nil || w.columns.broken != nil || s.layout != w.layout.Load() {
		l.retryOrFail([]*Pending{p}, func(*Pending) outcome { return outcome{requeue: true, err: s.closing} })
		w.mu.Unlock()
		return
	}
	if len(s.inflight) == 0 {
		s.heard = time.Now()
		l.watch(s)
	}
	s.inflight = append(s.inflight, p)
	p.sending, p.sent = true, false
	if p.call != nil {
		p.call.Endpoint = s.endpoint.target.Addr()
		p.call.Bytes = int64(p.message.Size())
		p.call.Attempts++
	}
	parts := p.message.Parts()
	w.mu.Unlock()

	err := s.put.Send(parts)

	w.mu.Lock()
	defer w.mu.Unlock()
	p.sending = false
	select {
	case <-p.done: // acknowledged before Send returned
		if p.message != nil {
			w.messages.put(p.message)
			p.message = nil
		}
	default:
		p.sent = err == nil
	}
	if err != nil && err != io.EOF {
		s.close(w.session.Error(context.Background(), err, p.write()))
	}
}

// receive reads the acks of a stream until its end. It never waits for a user.
func (l *lane) receive(s *stream) {
	defer close(s.received)
	w := l.writer
	for {
		data, err := s.put.Recv()
		if err != nil {
			w.mu.Lock()
			s.ended, s.end = true, err
			s.watchdog.Stop()
			w.changed.Broadcast()
			w.mu.Unlock()
			return
		}
		ack, err := parseAck(data)
		w.mu.Lock()
		if err == nil {
			err = l.acked(s, ack)
		}
		if err != nil {
			s.close(err)
		}
		w.mu.Unlock()
	}
}

// acked settles the batch of an ack. The server answers in order: if batches before it
// have no answer yet, they get none.
func (l *lane) acked(s *stream, ack Ack) error {
	w := l.writer
	i := slices.IndexFunc(s.inflight, func(p *Pending) bool { return p.id == ack.ID })
	if i < 0 {
		return errUnknownAck(ack.ID)
	}
	s.heard = time.Now()
	w.endpoints.succeeded(s.endpoint)
	lost := slices.Clone(s.inflight[:i])
	p := s.inflight[i]
	s.inflight = slices.Delete(s.inflight, 0, i+1)
	w.acknowledge(p, ack)
	l.retryOrFail(lost, func(*Pending) outcome { return outcome{err: ErrAckLost, ambiguous: true, again: true, counts: true} })
	return nil
}

// watch gives a stream up that has batches in flight and no ack for too long.
func (l *lane) watch(s *stream) {
	w := l.writer
	if w.opts.Timeout < 0 {
		return
	}
	left := w.opts.Timeout - time.Since(s.heard)
	if left > 0 {
		s.watchdog.Reset(left)
		return
	}
	s.close(ErrTimeout)
}

// watchdogFired is called by the watchdog's timer.
func (l *lane) watchdogFired(s *stream) {
	w := l.writer
	w.mu.Lock()
	defer w.mu.Unlock()
	if !s.ended && len(s.inflight) > 0 {
		l.watch(s)
	}
}

// close ends a stream from here, without waiting for the server. The receiver then ends,
// too. The caller holds the writer's mutex.
func (s *stream) close(cause error) {
	if s.closing == nil {
		s.closing = cause
		s.put.Close(cause)
	}
}

// outcome is what the end of a stream means for a batch.
type outcome struct {
	err       error
	ambiguous bool // it may be written
	again     bool // sending it again makes sense
	counts    bool // it may be the cause of the failure
	requeue   bool // it was not tried at all, or surely not written and can be now
}

// examine finds out why a stream has ended. If the server has refused a batch, it asks
// whether the table has changed, and what the answer proves. The caller holds mu, which is
// free meanwhile.
func (l *lane) examine(s *stream) {
	w := l.writer
	if s.closing != nil || s.end == io.EOF {
		return
	}
	var refusable session.Write
	if len(s.inflight) > 0 {
		refusable = s.inflight[0].write()
	}
	s.failure = w.session.Error(context.Background(), s.end, refusable)
	var e *greptime.Error
	if !errors.As(s.failure, &e) || !serverRefused(e) {
		return
	}
	s.refusal = e
	if !w.verified || len(s.inflight) == 0 || w.gaveUp != nil {
		return
	}
	w.mu.Unlock()
	defer w.mu.Lock()
	_ = w.compare(w.ctx) // an error leaves things as they are
	refusable.MayAsk = true
	var asked *greptime.Error
	if err := w.session.Error(w.ctx, s.end, refusable); errors.As(err, &asked) && w.ctx.Err() == nil {
		e.Ambiguous = asked.Ambiguous
	}
}

// finish settles what a stream left unanswered, or puts it back into the queue. The
// caller holds mu.
func (l *lane) finish(s *stream) {
	w := l.writer
	unanswered := s.inflight
	s.inflight = nil
	l.forget(s)
	outcomeOf, unreachable := l.classify(s)
	if unreachable {
		w.endpoints.leaveOut(s.endpoint)
	}
	first := true
	l.retryOrFail(unanswered, func(p *Pending) outcome {
		o := outcomeOf(p, first)
		first = false
		return o
	})
	if errors.Is(s.end, transport.ErrClosed) {
		w.mu.Unlock()
		w.giveUp(greptime.ErrClosed)
		w.mu.Lock()
	}
}

// classify returns what the end of a stream means for its unanswered batches, and whether
// its endpoint is to be left out.
func (l *lane) classify(s *stream) (outcomeOf func(p *Pending, first bool) outcome, unreachable bool) {
	w := l.writer
	if s.closing != nil || s.end == io.EOF {
		err := s.closing
		if err == nil {
			err = ErrUnanswered
		}
		return func(p *Pending, _ bool) outcome {
			if !p.sent {
				return outcome{err: notSent(err), again: true, counts: true}
			}
			return outcome{err: err, ambiguous: true, again: true, counts: true}
		}, errors.Is(err, ErrTimeout)
	}
	err, e := s.failure, s.refusal
	if e == nil {
		return func(p *Pending, _ bool) outcome {
			if !p.sent {
				return outcome{err: notSent(err), again: true, counts: true}
			}
			return outcome{err: err, ambiguous: true, again: true, counts: true}
		}, true
	}
	// The server processes a stream's batches in order, and ended it at the first
	// without an answer. That none before it lost its ack is what MaxInFlight is for.
	altered := s.layout != w.layout.Load()
	again := e.Retryable || altered || contentless(e) && w.opts.Retry.AtLeastOnce
	refused := w.explain(e)
	var firstID int64
	return func(p *Pending, first bool) outcome {
		if first {
			firstID = p.id
			if !p.sent {
				unsent := *e
				unsent.Ambiguous = false
				return outcome{err: w.explain(&unsent), again: again, counts: true, requeue: altered}
			}
			return outcome{err: refused, ambiguous: e.Ambiguous, again: again, counts: true, requeue: altered && !e.Ambiguous}
		}
		return outcome{err: fmt.Errorf("greptime: bulk: not processed, because the server refused batch %d before it: %w", firstID, notSent(err)), again: true, requeue: altered}
	}, false
}

// notSent returns the error of a stream for a batch that it says nothing about: it is not
// ambiguous.
func notSent(err error) error {
	var e *greptime.Error
	if !errors.As(err, &e) {
		return err
	}
	unambiguous := *e
	unambiguous.Ambiguous = false
	return &unambiguous
}

// retryOrFail puts batches back at the front of the queue, or fails them. The caller
// holds mu.
func (l *lane) retryOrFail(batches []*Pending, outcomeOf func(*Pending) outcome) {
	w := l.writer
	var again []*Pending
	for _, p := range batches {
		o := outcomeOf(p)
		p.doubtful = p.doubtful || o.ambiguous
		if o.counts && !o.requeue {
			p.failed()
		}
		switch {
		case w.gaveUp != nil:
			w.fail(p, w.gaveUp)
		case w.columns.broken != nil:
			w.fail(p, joinCauses(w.columns.broken, o.err))
		case o.requeue || o.again && w.maySendAgain(p):
			again = append(again, p)
		default:
			w.fail(p, o.err)
		}
	}
	if len(again) > 0 {
		w.queue = slices.Insert(w.queue, 0, again...)
		w.changed.Broadcast()
	}
}

// maySendAgain reports whether a batch whose last attempt failed may be sent again, and
// whether there is time for it. The caller holds mu.
func (w *Writer) maySendAgain(p *Pending) bool {
	if p.doubtful && !w.opts.Retry.AtLeastOnce {
		return false
	}
	if p.failures == 0 {
		return w.retry.For > 0
	}
	_, again := w.retry.Next(p.failing, p.failures)
	return again
}

// joinCauses returns why a batch failed whose table has changed. err is nil if it was not
// sent.
func joinCauses(changed, err error) error {
	if err == nil {
		return changed
	}
	return fmt.Errorf("%w; %w", changed, err)
}

// leave ends a stream that has nothing in flight, so that another one can take its place.
// The caller holds mu.
func (l *lane) leave(s *stream) {
	l.forget(s)
	l.writer.mu.Unlock()
	defer l.writer.mu.Lock()
	l.end(s)
}

// forget takes a stream out of the lane, which then opens another one when it needs it.
// The caller holds mu.
func (l *lane) forget(s *stream) {
	l.stream = nil
	l.writer.endpoints.drop(s.endpoint)
	delete(l.writer.streams, s)
}

// stop ends the lane's stream, if it has one: nothing is in flight, or the writer was
// given up.
func (l *lane) stop() {
	w := l.writer
	if s := l.stream; s != nil {
		l.end(s)
		w.mu.Lock()
		defer w.mu.Unlock()
		l.examine(s)
		l.finish(s)
	}
}

// end half-closes a stream and waits until the server has ended it.
func (l *lane) end(s *stream) {
	w := l.writer
	if err := s.put.CloseSend(); err != nil {
		s.put.Close(err)
	}
	limit := w.opts.Timeout
	if limit < 0 {
		limit = defaultTimeout
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-s.received:
	case <-timer.C:
	case <-w.ctx.Done():
	}
	w.mu.Lock()
	s.close(context.Canceled)
	w.mu.Unlock()
	<-s.received
}

// open opens a stream for p, which the lane has in hand. If it cannot, p has failed.
func (l *lane) open(p *Pending) bool {
	w := l.writer
	if p.failures > 0 {
		backoff.Sleep(w.retry.Pause(p.failures), w.ctx.Done())
	}
	for {
		err := w.compare(w.ctx)
		if !errors.Is(err, ErrTableChanged) { // any other error leaves it to Flush and Close
			err = l.openSomewhere()
		}
		if err == nil {
			return true
		}
		w.mu.Lock()
		if w.gaveUp != nil {
			err = w.gaveUp
		}
		p.failed()
		permanent := !isUnavailable(err) && !isCredentials(err)
		pause, again := w.retry.Next(p.failing, p.failures)
		if permanent || w.gaveUp != nil || !again {
			w.fail(p, err)
			w.mu.Unlock()
			if errors.Is(err, greptime.ErrClosed) {
				w.giveUp(greptime.ErrClosed)
			}
			return false
		}
		w.mu.Unlock()
		backoff.Sleep(pause, w.ctx.Done())
	}
}

// openSomewhere tries one endpoint after the other, those last that were left out. Its
// error is that of the last.
func (l *lane) openSomewhere() error {
	w := l.writer
	w.mu.Lock()
	order := w.endpoints.order(l.slot)
	w.mu.Unlock()
	var err error
	for _, e := range order {
		if w.ctx.Err() != nil {
			return w.ctx.Err()
		}
		var put *transport.PutStream
		layout := w.layout.Load()
		if put, err = l.dial(e, layout); err == nil {
			l.begin(put, e, layout)
			return nil
		}
		if !isUnavailable(err) {
			return err
		}
		w.mu.Lock()
		w.endpoints.leaveOut(e)
		w.mu.Unlock()
	}
	return err
}

// dial opens a stream on an endpoint, within Timeout.
func (l *lane) dial(e *endpoint, layout *layout) (*transport.PutStream, error) {
	w := l.writer
	ctx, cancel := w.withinTimeout(w.ctx)
	defer cancel()
	req, err := putRequest(ctx, w, layout)
	if err != nil {
		return nil, err
	}
	put, err := w.session.Channels().DoPut(ctx, e.target, req)
	if err != nil {
		return nil, w.session.Error(ctx, err, session.Write{})
	}
	return put, nil
}

// begin starts to use a stream.
func (l *lane) begin(put *transport.PutStream, e *endpoint, layout *layout) {
	w := l.writer
	s := &stream{put: put, endpoint: e, layout: layout, received: make(chan struct{})}
	s.watchdog = time.AfterFunc(time.Hour, func() { l.watchdogFired(s) })
	s.watchdog.Stop()
	w.mu.Lock()
	w.endpoints.use(e)
	w.streams[s] = struct{}{}
	if w.gaveUp != nil {
		s.close(w.gaveUp)
	}
	w.mu.Unlock()
	l.stream = s
	go l.receive(s)
}
