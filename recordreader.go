package greptime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync/atomic"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"google.golang.org/grpc/status"

	"github.com/greptime-go/greptime/flightdecode"
	internalsession "github.com/greptime-go/greptime/internal/session"
	"github.com/greptime-go/greptime/internal/transport"
)

var _ array.RecordReader = (*RecordReader)(nil)

// RecordReader reads the answer to one statement: its record batches, or its
// affected rows. It reads the network only in Next. While you do not call Next, the
// server waits, and the driver buffers no more than the HTTP/2 window. A RecordReader
// is for one goroutine, except for Retain and Release.
//
// A batch is valid until the next call of Next or Release; Retain it to keep it. Its
// memory is reused when its last reference is released. The strings and slices that
// its arrays return are part of that memory: copy those that you keep longer
// (strings.Clone). Release ends the call, even if you did not read it to its end.
type RecordReader struct {
	ctx     context.Context
	stream  *transport.Stream
	reader  *flightdecode.Reader
	cancel  context.CancelFunc // of the DSN's timeout
	st      statement
	session session
	writes  *internalsession.Writes // of the transaction, with the statement if it writes
	schema  *arrow.Schema
	err     error
	done    bool
	cutOff  bool // released before its rows were read
	refs    atomic.Int64

	bytes  int64       // received
	rows   int64       // in the batches that Next has read, and affected rows; only with onEnd
	onEnd  func(error) // tells the tracer of the end, once; nil without a tracer
	ctxErr error       // of ctx, when the answer ended

	finishing bool // by finish …
	left      int  // … which may read this many more bytes
}

// When its rows are closed, the rest of an answer is read to its end, if it is no more than
// closeBytes and arrives within closeWait. Mostly it is only the metrics and the status.
const (
	closeBytes = 256 << 10
	closeWait  = 100 * time.Millisecond
)

// newRecordReader reads the first message; it closes the stream if that fails.
func newRecordReader(ctx context.Context, stream *transport.Stream, s session, st statement, writes *internalsession.Writes) (*RecordReader, error) {
	r := &RecordReader{ctx: ctx, stream: stream, session: s, st: st, writes: writes}
	r.refs.Store(1)
	reader, err := flightdecode.NewReader(r.receive, flightdecode.Options{MaxBatchBytes: s.client.cfg.maxBatchBytes()})
	if err != nil {
		stream.Close()
		return nil, r.callError(err)
	}
	r.reader, r.schema = reader, reader.Schema()
	return r, nil
}

// receive reads a message from the network.
func (r *RecordReader) receive(m *flightdecode.Message) error {
	data, err := r.stream.Recv()
	if err != nil {
		return err
	}
	size := len(data.DataHeader) + len(data.AppMetadata) + len(data.DataBody)
	r.bytes += int64(size)
	if r.finishing {
		if r.left -= size; r.left < 0 {
			return errMoreLeft
		}
	}
	*m = flightdecode.Message{Header: data.DataHeader, AppMetadata: data.AppMetadata, Body: data.DataBody, Buffer: data.Memory}
	return nil
}

var errMoreLeft = errors.New("more than closeBytes are left")

var emptySchema = arrow.NewSchema(nil, nil)

// emptyRecordReader returns the answer to a statement that the driver carried out itself.
func emptyRecordReader() *RecordReader {
	r := &RecordReader{schema: emptySchema, done: true}
	r.refs.Store(1)
	return r
}

// errReleased keeps a result that was released too early from being read as an empty one.
var errReleased = errors.New("greptime: the record reader was released before it was read; release it when you have read it")

// Schema returns the schema of the batches. It has no fields if the answer to the
// statement is a number of affected rows.
func (r *RecordReader) Schema() *arrow.Schema { return r.schema }

// Next reads the next batch. It returns false at the end and after an error, which
// Err returns. A result with any part missing ends in an error, as far as the server sends
// metrics, which all versions of GreptimeDB since 1.0 do.
func (r *RecordReader) Next() bool {
	if r.done {
		if r.cutOff && r.err == nil {
			r.err = errReleased
		}
		return false
	}
	if r.reader.Next() {
		if r.onEnd != nil && !r.finishing {
			r.rows += r.reader.RecordBatch().NumRows()
		}
		return true
	}
	r.done = true
	if err := r.reader.Err(); err != nil {
		r.err = r.callError(err)
	} else {
		r.err = r.checkEnd()
	}
	r.ctxErr = r.ctx.Err() // close ends the context of Config.Timeout
	r.close()
	if r.onEnd != nil && !r.finishing {
		r.end(r.err)
	}
	return false
}

// end tells the tracer that the call has ended with err. It is called where onEnd is not nil.
func (r *RecordReader) end(err error) {
	if affected, ok := r.AffectedRows(); ok {
		r.rows = int64(affected)
	}
	end := r.onEnd
	r.onEnd = nil
	end(err)
}

// endError returns the error with which the call ends when it is left before the end of the
// answer: that of the context, if it has ended.
func (r *RecordReader) endError() error {
	cause := r.ctx.Err()
	if r.err != nil || cause == nil {
		return r.err
	}
	e := callError(r.ctx, &transport.CallError{Status: status.FromContextError(cause), Sent: true, Cause: cause}, r.st.write())
	e.Endpoint = r.stream.Endpoint().Addr()
	return e
}

// All returns an iterator over the remaining batches. If the result ends in an error, the
// last pair is a nil batch and that error. The memory of a batch is reused in the next round
// of the loop, as Next does: Retain the batch to keep it, and clone the strings that you keep.
// You must still release the reader.
//
// array.IterFromReader of arrow-go does the same for every array.RecordReader. It takes a
// reference to the reader when it is called, which only the loop releases.
func (r *RecordReader) All() iter.Seq2[arrow.RecordBatch, error] {
	return func(yield func(arrow.RecordBatch, error) bool) {
		for r.Next() {
			if !yield(r.RecordBatch(), nil) {
				return
			}
		}
		if err := r.Err(); err != nil {
			yield(nil, err)
		}
	}
}

func (r *RecordReader) callError(err error) error {
	e := callError(r.ctx, err, r.st.write())
	if !e.Ambiguous {
		r.writes.TakeBack(1)
	}
	e.Endpoint = r.stream.Endpoint().Addr()
	return e
}

// maxAffected is the greatest count of affected rows that is believed. The sum of the counts of a
// text with several statements then fits an int64.
const maxAffected = 1 << 48

// checkEnd returns an error if the server's count is impossible, or if the producer of the
// result panicked on the server. The only trace of a panic is that the call ends with OK, but
// without the message of metrics that this server sends. If it is not known yet whether the
// server sends metrics, a query whose result cannot be cut short shows it.
func (r *RecordReader) checkEnd() error {
	rows, ok := r.reader.AffectedRows()
	switch {
	case rows > maxAffected:
		return r.callError(fmt.Errorf("the server counts %d affected rows, more than a statement can affect", rows))
	case ok || !r.st.endsWithMetrics:
		return nil
	}
	endpoint := r.stream.Endpoint()
	if r.reader.EndedWithMetrics() {
		endpoint.SetMetrics(transport.SendsMetrics)
		return nil
	}
	if endpoint.Metrics() == transport.MetricsUnknown && !r.st.isProbe {
		ctx := r.ctx
		if r.finishing {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, closeWait)
			defer cancel()
		}
		switch err := r.session.probe(ctx, endpoint); {
		case err != nil && r.finishing:
			return nil // the caller did not ask for the rows that may be missing
		case err != nil:
			err = fmt.Errorf("greptime: the result may be incomplete: it ended without metrics, and asking whether the server sends metrics failed: %w", err)
			if !r.st.readOnly {
				err = ambiguous(err)
			}
			return err
		}
	}
	if endpoint.Metrics() == transport.SendsMetrics {
		e := &Error{Message: ErrTruncated.Error(), Endpoint: endpoint.Addr(), cause: ErrTruncated}
		if !r.st.readOnly { // EXPLAIN ANALYZE of an INSERT
			e.Message, e.Ambiguous = "the server ended the result before it was complete", true
		}
		return e
	}
	return nil
}

// RecordBatch returns the batch that Next read.
func (r *RecordReader) RecordBatch() arrow.RecordBatch {
	if r.reader == nil {
		return nil
	}
	return r.reader.RecordBatch()
}

// Record returns what RecordBatch returns.
//
// Deprecated: use RecordBatch; array.RecordReader still requires this method.
func (r *RecordReader) Record() arrow.RecordBatch { return r.RecordBatch() }

// Err returns the error that ended the result, or nil at a proper end.
func (r *RecordReader) Err() error { return r.err }

// AffectedRows returns the count of a statement that returns no rows. ok is false for
// a statement that returns rows.
func (r *RecordReader) AffectedRows() (rows uint64, ok bool) {
	if r.reader == nil {
		return 0, true
	}
	return r.reader.AffectedRows()
}

// Metrics returns the JSON text of the last metrics message read so far, or nil if
// there was none. GreptimeDB sends it at the end of a query's result. It contains the
// plan, which repeats the query's literals, and its timings. Its form may change.
func (r *RecordReader) Metrics() []byte {
	if r.reader == nil {
		return nil
	}
	return r.reader.Metrics()
}

// Retain adds a reference. Each reference needs a Release. You may call Retain from any
// goroutine.
func (r *RecordReader) Retain() { r.refs.Add(1) }

// Release drops a reference. Dropping the last one ends the call. You may call Release
// from any goroutine, but not while another one reads with the last reference.
func (r *RecordReader) Release() {
	if r.refs.Add(-1) == 0 {
		_, isCount := r.AffectedRows()
		r.cutOff = !r.done && !isCount
		r.done = true
		var err error
		if r.onEnd != nil {
			err = r.endError()
		}
		r.close()
		if r.onEnd != nil {
			r.end(err)
		}
		if r.reader != nil {
			r.reader.Release()
		}
	}
}

// fail releases the reader, because of an error in what it read.
func (r *RecordReader) fail(err error) {
	r.err = err
	r.Release()
}

// close ends the call and frees its network resources.
func (r *RecordReader) close() {
	if r.stream != nil {
		r.stream.Close()
	}
	if r.cancel != nil {
		r.cancel()
	}
}

// drain reads the answer to its end, drops its rows, and releases it.
func (r *RecordReader) drain() (affected int64, err error) {
	defer r.Release()
	for r.Next() {
	}
	rows, _ := r.AffectedRows()
	return int64(rows), r.Err()
}

// finish reads the answer to its end, if little is left of it, and drops the remaining
// rows. So the call ends with the server's status, which finish returns, and not with a
// cancellation, which tracing shows as a failure. If much is left, if it takes too long,
// or if the context has ended, finish leaves the rest to Release.
func (r *RecordReader) finish() error {
	if r.done || r.ctx.Err() != nil {
		return nil
	}
	r.finishing, r.left = true, closeBytes
	timers := &r.session.client.closeTimers
	limit, ok := timers.Get().(*closeTimer)
	if !ok {
		limit = new(closeTimer)
	}
	limit.start(r.stream)
	for r.Next() {
	}
	inTime := limit.stop()
	if inTime { // otherwise the timer may still be closing the stream
		timers.Put(limit)
	}
	err := r.err
	if !inTime || r.left < 0 || errors.Is(err, ErrClosed) {
		err = nil
	}
	if r.onEnd != nil {
		r.end(err)
	}
	if r.ctxErr != nil {
		return nil
	}
	return err
}

// closeTimer closes a stream after closeWait. It is reused, because nearly every query
// that returns one row needs one, but only by the client that created it: a timer that was
// created in a bubble of testing/synctest must not leave it.
type closeTimer struct {
	timer  *time.Timer
	stream atomic.Pointer[transport.Stream]
}

// start starts the timer.
func (c *closeTimer) start(stream *transport.Stream) {
	c.stream.Store(stream)
	if c.timer == nil {
		c.timer = time.AfterFunc(closeWait, func() { c.stream.Load().Close() })
	} else {
		c.timer.Reset(closeWait)
	}
}

// stop stops the timer and reports whether closeWait has not passed yet.
func (c *closeTimer) stop() bool {
	if !c.timer.Stop() {
		return false
	}
	c.stream.Store(nil)
	return true
}

// next returns the next batch, or io.EOF at the end, as rows need it.
func (r *RecordReader) next() (arrow.RecordBatch, error) {
	if r.Next() {
		return r.RecordBatch(), nil
	}
	if r.err != nil {
		return nil, r.err
	}
	return nil, io.EOF
}
