package bulk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/bulk/internal/recordbatch"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/backoff"
	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/semaphore"
	"github.com/greptime-go/greptime/internal/session"
)

// Writer loads rows into one table. It is safe for concurrent use by any number of goroutines;
// each batch that it gets is for one goroutine.
//
// A Writer holds no connection of a pool. You can use it until the sql.DB or Connector is
// closed. You must close it.
type Writer struct {
	table    *catalog.Table // as it was when the writer was made: the columns of its batches
	verified bool
	session  session.Session
	opts     Options
	begun    time.Time
	layout   atomic.Pointer[layout] // of the batches that are encoded now

	ids      atomic.Int64
	encoders sync.Pool
	messages messages
	slots    chan struct{} // held by batches that are not settled
	memory   semaphore.Bytes
	retry    backoff.Policy

	ctx      context.Context // ends when the writer is given up
	cancel   context.CancelFunc
	lanes    sync.WaitGroup
	reporter *reporter
	ender    *ender // of traced calls; nil without a tracer
	watching sync.WaitGroup

	// Each has room for one token, of whoever compares the columns or flushes the table.
	comparing, flushing chan struct{}

	mu          sync.Mutex
	changed     *sync.Cond         // the queue, room on a stream, a stream's end, the writer's
	queue       []*Pending         // for the next stream that has room
	unsettled   map[int64]*Pending // all that was written and neither acknowledged nor failed
	unclaimed   map[int64]*Pending // failed, and nobody was told
	unclaimedSz int64              // bytes of them
	endpoints   endpoints
	streams     map[*stream]struct{} // open
	columns     comparison
	closing     bool
	gaveUp      error // why the writer was given up
	progress    Progress
	summary     Summary
	closed      chan struct{} // closed by the first Close
}

// Summary is the outcome of a load. Every batch that was accepted is acknowledged or failed.
type Summary struct {
	Acknowledged int64 // batches
	Rows         int64 // acknowledged, by the server's count
	Failed       int64 // batches
	Ambiguous    int64 // batches that failed and may have been written

	// AmbiguousIDs are the IDs of the first ambiguous batches, at most [MaxAmbiguousIDs].
	AmbiguousIDs []int64
}

// MaxAmbiguousIDs is the maximum number of IDs that a Summary keeps.
const MaxAmbiguousIDs = 1000

// NewWriter returns a bulk writer for a table in the current database of a connection of the
// pool. It reads the table's columns from the server, so that the writer can refuse everything
// that GreptimeDB would refuse, store wrongly or break on. A user who may only write cannot
// read them and must pass them as Options.Schema; [Writer.Verified] is false then. The
// connection returns to the pool at once. You can use the writer until the sql.DB or Connector
// is closed. You must close it.
//
// ctx bounds only NewWriter itself. The name of the table is used unchanged: case matters.
func NewWriter(ctx context.Context, pool greptime.Pool, table string, opts Options) (*Writer, error) {
	s, err := session.Open(ctx, pool)
	if err != nil {
		return nil, err
	}
	opts, policy, err := opts.withDefaults(len(s.Channels().Endpoints()))
	if err != nil {
		return nil, err
	}
	header, err := s.Header(ctx)
	if err != nil {
		return nil, err
	}
	if name := header.GetDbname(); strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' }) {
		return nil, fmt.Errorf("greptime: bulk: database %s: DoPut takes its name as gRPC metadata, which is printable ASCII; use package insert, or name the database otherwise", strconv.Quote(name))
	}
	t, verified, err := readTable(ctx, s, table, opts.Schema)
	if err != nil {
		return nil, err
	}
	return newWriter(ctx, s, t, verified, opts, policy), nil
}

func newWriter(ctx context.Context, s session.Session, t *catalog.Table, verified bool, opts Options, policy backoff.Policy) *Writer {
	w := &Writer{
		table: t, verified: verified, session: s, opts: opts, begun: time.Now(),
		comparing: make(chan struct{}, 1),
		flushing:  make(chan struct{}, 1),
		slots:     make(chan struct{}, opts.Streams*opts.InFlight),
		memory:    semaphore.Bytes{Limit: opts.MaxBytes},
		retry:     policy,
		unsettled: map[int64]*Pending{},
		unclaimed: map[int64]*Pending{},
		endpoints: newEndpoints(s.Channels().Endpoints()),
		streams:   map[*stream]struct{}{},
		closed:    make(chan struct{}),
	}
	if s.Tracer() != nil {
		w.ender = startEnder()
	}
	w.columns.table = t
	w.layout.Store(newLayout(t, len(t.Columns)))
	w.encoders.New = func() any { return recordbatch.NewEncoder(opts.Compression.codec()) }
	w.changed = sync.NewCond(&w.mu)
	w.ctx, w.cancel = context.WithCancel(context.WithoutCancel(ctx))
	for slot := range opts.Streams {
		l := &lane{writer: w, slot: slot}
		w.lanes.Go(l.run)
	}
	if verified && opts.CheckInterval > 0 {
		w.watching.Go(w.watch)
	}
	if opts.Progress != nil {
		w.reporter = startReporter(w, opts.Progress, opts.ProgressInterval)
	}
	return w
}

// readTable returns the columns of a table, and whether they come from the server.
func readTable(ctx context.Context, s session.Session, table string, given *insert.Schema) (*catalog.Table, bool, error) {
	t, err := catalog.Read(ctx, s.Query, table)
	switch {
	case err == nil && given != nil:
		return t, true, checkSchema(t, given)
	case err == nil:
		return t, true, nil
	case errors.Is(err, greptime.TableNotFound):
		return nil, false, fmt.Errorf("greptime: bulk: table %s does not exist in database %s; bulk loads do not create tables: use CREATE TABLE, bulk.CreateTable, or a first row by package insert: %w",
			strconv.Quote(table), strconv.Quote(s.Database()), err)
	case errors.Is(err, greptime.PermissionDenied) && given != nil:
		t, err := tableOf(table, given)
		return t, false, err
	case errors.Is(err, greptime.PermissionDenied):
		return nil, false, fmt.Errorf("greptime: bulk: table %s: the user may not read its columns; give them as Options.Schema: %w", strconv.Quote(table), err)
	default:
		return nil, false, fmt.Errorf("greptime: bulk: table %s: reading its columns: %w", strconv.Quote(table), err)
	}
}

// errNoWriter is returned by a Writer that NewWriter has not created.
var errNoWriter = errors.New("greptime: bulk: there is no Writer: NewWriter returned an error, which must be checked")

// made reports whether NewWriter made the writer.
func (w *Writer) made() bool { return w != nil && w.table != nil }

// Table returns the name of the table.
func (w *Writer) Table() string {
	if !w.made() {
		return ""
	}
	return w.table.Name
}

// Verified reports whether the columns were read from the server. If not, a load that does not
// fit the table fails on the server, which gives no reason before version 1.1.2, and changes of
// the table are not noticed.
func (w *Writer) Verified() bool { return w.made() && w.verified }

// NewBatch returns an empty batch for the columns that the table had when the Writer was
// created, with memory for capacity rows. It grows if it gets more.
func (w *Writer) NewBatch(capacity int) *Batch {
	if !w.made() {
		return &Batch{} // whose Append fails
	}
	return newBatch(w.table, capacity)
}

// Progress returns the state of the load.
func (w *Writer) Progress() Progress {
	if !w.made() {
		return Progress{}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.progress
	p.Pending, p.Elapsed = len(w.unsettled), time.Since(w.begun)
	return p
}

// WriteAsync takes the rows out of the batch and sends them. It returns before the server has
// answered. While Options.MaxBytes or InFlight is reached, it waits, until ctx ends. It encodes
// and compresses the rows on the goroutine of the caller.
//
// Afterwards the batch is empty, and you can fill it again. If WriteAsync returns an error, it
// has taken no rows and sent nothing. A batch without rows is not sent, and its Pending is
// done.
//
// If many failures have not been reported, because nobody waits for the Pendings, WriteAsync
// returns them as a *[WriteError] and takes no rows.
func (w *Writer) WriteAsync(ctx context.Context, b *Batch) (*Pending, error) {
	if !w.made() {
		return nil, errNoWriter
	}
	if b == nil {
		return nil, errors.New("greptime: bulk: the batch is nil; make one with Writer.NewBatch")
	}
	b.abandon()
	l := w.layout.Load()
	columns, err := w.arrange(l, b)
	if err != nil {
		return nil, err
	}
	p, err := w.write(ctx, l, columns, b.rows)
	if err != nil {
		return nil, err
	}
	b.Reset()
	return p, nil
}

// arrange returns the columns of a batch in the order of the layout.
func (w *Writer) arrange(l *layout, b *Batch) ([]recordbatch.Column, error) {
	if b.table == nil || b.table == noTable {
		return nil, fmt.Errorf("greptime: bulk: table %s: %s", strconv.Quote(w.table.Name), reasonNoTable)
	}
	return l.arrange(b.table, b.columns, b.rows)
}

// Write calls WriteAsync and waits for the ack. If ctx ends while it waits, the batch stays
// with the writer, and Flush or Close reports if it fails.
func (w *Writer) Write(ctx context.Context, b *Batch) (Ack, error) {
	p, err := w.WriteAsync(ctx, b)
	if err != nil {
		return Ack{}, err
	}
	return p.Wait(ctx)
}

// write encodes columns of the layout and hands them to the streams.
func (w *Writer) write(ctx context.Context, l *layout, columns []recordbatch.Column, rows int) (*Pending, error) {
	if err := w.usable(); err != nil {
		return nil, err
	}
	p := &Pending{writer: w, done: make(chan struct{})}
	if rows == 0 {
		close(p.done)
		return p, nil
	}
	if w.opts.KeepLast {
		var err error
		if columns, rows, err = recordbatch.KeepLast(l.table, columns, rows); err != nil {
			return nil, err
		}
	}
	bound := recordbatch.MaxSize(rows, columns)
	if err := w.reserve(ctx, bound); err != nil {
		return nil, fmt.Errorf("greptime: bulk: table %s: waiting for acks, so that the batch can be sent: %w", strconv.Quote(w.table.Name), err)
	}
	p.id = w.ids.Add(1)
	m, err := w.encode(l, p.id, rows, columns)
	if err != nil {
		w.unreserve(bound)
		return nil, err
	}
	p.message = m
	m.reserved = min(int64(m.Size()), bound)
	w.memory.Release(bound - m.reserved)
	p.call = w.startTrace(ctx, m)
	if err := w.submit(p); err != nil {
		if p.call != nil {
			p.call.Attempts = 0
			p.call.End(err)
		}
		w.unreserve(m.reserved)
		w.messages.put(m)
		return nil, err
	}
	return p, nil
}

// reserve waits until there is room for one more batch of bytes.
func (w *Writer) reserve(ctx context.Context, bytes int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case w.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := w.memory.Acquire(ctx, bytes, nil); err != nil {
		<-w.slots
		return err
	}
	return nil
}

// unreserve gives back the room of a batch.
func (w *Writer) unreserve(bytes int64) {
	<-w.slots
	w.memory.Release(bytes)
}

// encode returns a message of columns of the layout.
func (w *Writer) encode(l *layout, id int64, rows int, columns []recordbatch.Column) (*message, error) {
	e := w.encoders.Get().(*recordbatch.Encoder)
	defer w.encoders.Put(e)
	m := w.messages.get()
	m.layout = l
	var buffer [64]byte
	metadata := appendRequestID(buffer[:0], id)
	if err := e.Encode(&m.Message, metadata, rows, columns); err != nil {
		return nil, err
	}
	most := w.session.MaxMessageSize()
	if m.Size() > most && e.ForgetHistory() {
		if err := e.Encode(&m.Message, metadata, rows, columns); err != nil {
			return nil, err
		}
	}
	if m.Size() > most {
		err := &tooLongError{w.table.Name, rows, m.Size(), most}
		w.messages.put(m)
		return nil, err
	}
	return m, nil
}

// convert encodes a batch anew for another layout. The batch is in nobody else's hands.
func (w *Writer) convert(p *Pending, l *layout) error {
	old := p.message
	columns, err := old.Decode()
	if err != nil {
		return fmt.Errorf("greptime: bulk: batch %d: %w", p.id, err)
	}
	if columns, err = l.arrange(old.layout.table, columns, old.Rows()); err != nil {
		return err
	}
	m, err := w.encode(l, p.id, old.Rows(), columns)
	if err != nil {
		return err
	}
	m.reserved = int64(m.Size())
	w.memory.Release(old.reserved - m.reserved)
	p.message = m
	w.messages.put(old)
	return nil
}

// usable returns why nothing can be written, or hands out failures that have piled up.
func (w *Writer) usable() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.ended(); err != nil {
		return err
	}
	if w.unclaimedSz > w.opts.MaxBytes || len(w.unclaimed) > cap(w.slots) {
		return w.takeUnclaimed()
	}
	return nil
}

// ended returns why the writer accepts no more batches, or nil.
func (w *Writer) ended() error {
	switch {
	case w.gaveUp != nil && !w.closing:
		return w.gaveUp
	case w.closing:
		return ErrClosed
	}
	return w.columns.broken
}

// submit queues a batch for the next stream that has room.
func (w *Writer) submit(p *Pending) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.ended(); err != nil {
		return err
	}
	w.unsettled[p.id] = p
	w.queue = append(w.queue, p)
	w.session.Writes().Add(1)
	w.changed.Broadcast()
	return nil
}

// Flush waits until every batch that was written before is acknowledged or has failed. It
// returns the failures that have not been reported yet, as a *[WriteError]. If ctx ends first,
// the batches stay with the writer, and the error wraps that of ctx and has the number of
// batches that are not acknowledged.
//
// If batches were acknowledged since the last comparison, Flush also compares the table's
// columns with those of the batches. It flushes the table on the server if acks are not durable
// otherwise; the package documentation says when. The error is [ErrTableChanged] if the columns
// no longer fit. If Flush cannot compare them, its error says so; call it again then.
func (w *Writer) Flush(ctx context.Context) error {
	if !w.made() {
		return errNoWriter
	}
	w.mu.Lock()
	before := slices.Collect(maps.Values(w.unsettled))
	w.mu.Unlock()
	for i, p := range before {
		select {
		case <-p.done:
			continue
		default:
		}
		select {
		case <-p.done:
		case <-ctx.Done():
			err := fmt.Errorf("greptime: bulk: table %s: up to %d batches are not acknowledged yet, and stay with the writer: %w", strconv.Quote(w.table.Name), len(before)-i, ctx.Err())
			return errors.Join(err, w.failures())
		}
	}
	err := w.confirm(ctx)
	return withFailures(w.failures(), err)
}

// withFailures joins failures of batches with another error, which some of them may already
// contain. Both may be nil.
func withFailures(failures, err error) error {
	if err == nil || errors.Is(failures, err) {
		return failures
	}
	return errors.Join(failures, err)
}

// failures returns the failures that have not been reported, as an error.
func (w *Writer) failures() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.takeUnclaimed()
}

// takeUnclaimed makes an error of the failures that have not been reported; nil if
// there are none. The caller holds mu.
func (w *Writer) takeUnclaimed() error {
	if len(w.unclaimed) == 0 {
		return nil
	}
	e := &WriteError{Table: w.table.Name}
	for _, p := range w.unclaimed {
		e.Failed = append(e.Failed, p.err.Failed...)
	}
	slices.SortFunc(e.Failed, func(a, b FailedBatch) int { return cmp.Compare(a.ID, b.ID) })
	clear(w.unclaimed)
	w.unclaimedSz = 0
	return e
}

// claim notes that the failure was reported.
func (w *Writer) claim(p *Pending) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.unclaimed[p.id]; ok {
		delete(w.unclaimed, p.id)
		w.unclaimedSz -= p.err.Failed[0].message.reserved
	}
}

// Close waits until every batch is acknowledged or has failed, compares the table's columns as
// Flush does, and ends the writer, which accepts no more batches. If ctx ends first, Close
// cancels the streams, and the batches that are not acknowledged have failed. The error has the
// failures that have not been reported yet, as a *[WriteError]. Close always returns within
// ctx. A second Close returns the same summary.
func (w *Writer) Close(ctx context.Context) (Summary, error) {
	if !w.made() {
		return Summary{}, errNoWriter
	}
	w.mu.Lock()
	first := !w.closing
	w.closing = true
	w.changed.Broadcast()
	w.mu.Unlock()
	if first {
		go func() {
			w.lanes.Wait()
			close(w.closed)
		}()
	}
	select {
	case <-w.closed:
	case <-ctx.Done():
		w.giveUp(fmt.Errorf("greptime: bulk: Close could not wait for the ack: %w", ctx.Err()))
		<-w.closed // the streams are cancelled, and that takes no answer of the server
	}
	err := w.confirm(ctx)
	w.cancel()
	w.watching.Wait() // for a statement that is cancelled
	if w.reporter != nil {
		w.reporter.stop(ctx)
	}
	if w.ender != nil {
		w.ender.stop(ctx)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.summary, withFailures(w.takeUnclaimed(), err)
}

// giveUp ends the writer at once: everything that is not acknowledged fails.
func (w *Writer) giveUp(cause error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.gaveUp != nil {
		return
	}
	w.gaveUp = cause
	for _, p := range w.queue {
		w.fail(p, cause)
	}
	w.queue = nil
	for s := range w.streams {
		s.close(cause)
	}
	w.cancel()
	w.changed.Broadcast()
}

// acknowledge settles a batch as written. The caller holds mu.
func (w *Writer) acknowledge(p *Pending, ack Ack) {
	size := p.message.reserved
	w.progress.Acknowledged++
	w.progress.Rows += ack.Rows
	w.progress.Bytes += size
	w.summary.Acknowledged++
	w.summary.Rows += ack.Rows
	p.ack = ack
	w.endTrace(p, nil)
	if !p.sending {
		w.messages.put(p.message)
		p.message = nil
	}
	w.settle(p, size)
}

// fail settles a batch as failed. The caller holds mu.
func (w *Writer) fail(p *Pending, cause error) {
	w.progress.Failed++
	w.summary.Failed++
	if p.doubtful {
		w.summary.Ambiguous++
		if len(w.summary.AmbiguousIDs) < MaxAmbiguousIDs {
			w.summary.AmbiguousIDs = append(w.summary.AmbiguousIDs, p.id)
		}
		cause = inDoubt(cause)
	} else {
		w.session.Writes().TakeBack(1)
	}
	w.endTrace(p, cause)
	m := p.message
	p.message = nil
	p.err = &WriteError{Table: w.table.Name, Failed: []FailedBatch{{
		ID: p.id, Rows: m.Rows(), Ambiguous: p.doubtful, Err: cause, message: m,
	}}}
	w.unclaimed[p.id] = p
	w.unclaimedSz += m.reserved
	w.settle(p, m.reserved)
}

func (w *Writer) settle(p *Pending, size int64) {
	delete(w.unsettled, p.id)
	close(p.done)
	w.unreserve(size)
	w.changed.Broadcast()
}
