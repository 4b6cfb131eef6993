package greptime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/greptime-go/greptime/flightdecode"
	"github.com/greptime-go/greptime/internal/flight"
	"github.com/greptime-go/greptime/internal/transport"
)

var _ array.RecordReader = (*RecordReader)(nil)

// RecordReader reads the answer to one statement: its record batches, or its
// affected rows. It is pulled: the network is read inside Next and nowhere else,
// so a reader that is not read costs the server its back-pressure and nothing
// here. It is for one goroutine, apart from Retain and Release.
//
// A batch is valid until the next call of Next or Release; Retain it to keep it. Its
// memory is used again when its last reference is released: strings and slices that
// its arrays return lie in it, so copy those that are to outlive it (strings.Clone).
// Release ends the call, whether or not it was read to its end.
type RecordReader struct {
	conn    *Conn
	ctx     context.Context
	stream  *transport.Stream
	data    flight.FlightData // the message received last
	reader  *flightdecode.Reader
	cancel  context.CancelFunc // of the DSN's timeout
	st      statement
	session session
	schema  *arrow.Schema
	err     error
	done    bool
	refs    atomic.Int64

	finishing bool // by finish …
	left      int  // … which reads so many bytes more
}

// What is left of an answer is read to its end when its rows are closed, if it is no more
// than closeBytes and comes within closeWait. It mostly is the metrics and the status.
const (
	closeBytes = 256 << 10
	closeWait  = 100 * time.Millisecond
)

// newRecordReader reads the first message; it closes the stream if that fails.
func (c *Conn) newRecordReader(ctx context.Context, stream *transport.Stream, s session, st statement) (*RecordReader, error) {
	r := &RecordReader{conn: c, ctx: ctx, stream: stream, session: s, st: st}
	r.refs.Store(1)
	reader, err := flightdecode.NewReader(r.receive, flightdecode.Options{MaxBatchBytes: c.connector.cfg.maxBatchBytes()})
	if err != nil {
		stream.Close()
		return nil, r.callError(err)
	}
	r.reader, r.schema = reader, reader.Schema()
	return r, nil
}

// receive reads a message from the network.
func (r *RecordReader) receive(m *flightdecode.Message) error {
	if err := r.stream.Recv(&r.data); err != nil {
		return err
	}
	if r.finishing {
		if r.left -= len(r.data.DataHeader) + len(r.data.AppMetadata) + len(r.data.DataBody); r.left < 0 {
			return errMoreLeft
		}
	}
	*m = flightdecode.Message{Header: r.data.DataHeader, AppMetadata: r.data.AppMetadata, Body: r.data.DataBody, Buffer: r.data.Memory}
	return nil
}

var errMoreLeft = errors.New("there is more than closeBytes")

var emptySchema = arrow.NewSchema(nil, nil)

// emptyRecordReader returns the answer to a statement that was carried out here.
func emptyRecordReader() *RecordReader {
	r := &RecordReader{schema: emptySchema, done: true}
	r.refs.Store(1)
	return r
}

// Schema is the schema of the batches; it has no fields if the statement
// answered with affected rows.
func (r *RecordReader) Schema() *arrow.Schema { return r.schema }

// Next reads the next batch. It returns false at the end, and after an error,
// which Err tells: a result of which any part is missing always ends in one.
func (r *RecordReader) Next() bool {
	if r.done {
		return false
	}
	if r.reader.Next() {
		return true
	}
	r.done = true
	if err := r.reader.Err(); err != nil {
		r.err = r.callError(err)
	} else {
		r.err = r.checkEnd()
	}
	r.close()
	return false
}

func (r *RecordReader) callError(err error) error {
	e := callError(r.ctx, err, r.st.write())
	e.Endpoint = r.stream.Endpoint().Addr()
	return e
}

// checkEnd looks for the one trace that a result leaves whose producer panicked
// on the server: the call ends with OK, but without the message of metrics that
// this server sends. Of a server that nothing is known of yet, a query that cannot
// be cut short tells.
func (r *RecordReader) checkEnd() error {
	if _, ok := r.reader.AffectedRows(); ok || !r.st.endsWithMetrics {
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
		switch err := r.conn.probe(ctx, r.session, endpoint); {
		case err != nil && r.finishing:
			return nil // nobody asked for the rows that may be missing
		case err != nil:
			return fmt.Errorf("greptime: the result may be incomplete, for it ended without metrics, and whether the server sends any could not be found out: %w", err)
		}
	}
	if endpoint.Metrics() == transport.SendsMetrics {
		return &Error{Message: ErrTruncated.Error(), Endpoint: endpoint.Addr(), cause: ErrTruncated}
	}
	return nil
}

// RecordBatch is the batch that Next read.
func (r *RecordReader) RecordBatch() arrow.RecordBatch {
	if r.reader == nil {
		return nil
	}
	return r.reader.RecordBatch()
}

// Record is RecordBatch by its former name.
//
// Deprecated: use RecordBatch; array.RecordReader still asks for this one.
func (r *RecordReader) Record() arrow.RecordBatch { return r.RecordBatch() }

// Err is the error that ended the reading, nil at a proper end.
func (r *RecordReader) Err() error { return r.err }

// AffectedRows is the count of a statement that returns no rows; ok is false for
// one that does.
func (r *RecordReader) AffectedRows() (rows uint64, ok bool) {
	if r.reader == nil {
		return 0, true
	}
	return r.reader.AffectedRows()
}

// Metrics is the JSON text of the last metrics message read so far, nil if there
// was none. GreptimeDB sends it at the end of a query's result, with the plan
// (which repeats the query's literals) and its timings; its form is not
// promised.
func (r *RecordReader) Metrics() []byte {
	if r.reader == nil {
		return nil
	}
	return r.reader.Metrics()
}

// Retain adds a reference; each needs a Release. It may be called from any goroutine.
func (r *RecordReader) Retain() { r.refs.Add(1) }

// Release drops a reference. The last one ends the call. It may be called from any
// goroutine, but not while another one reads with the last reference.
func (r *RecordReader) Release() {
	if r.refs.Add(-1) == 0 {
		r.done = true
		r.close()
		if r.reader != nil {
			r.reader.Release()
		}
	}
}

// close ends the call and frees what it holds on the network.
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

// finish reads the answer to its end, if little is left of it, and drops the rest of its
// rows. So the call ends by the server's status, which is returned, and not by a
// cancellation, which whoever watches calls takes for a failure. Of more than a little,
// of what takes its time, and after the context's end the rest is left to Release.
func (r *RecordReader) finish() error {
	if r.done || r.ctx.Err() != nil {
		return nil
	}
	r.finishing, r.left = true, closeBytes
	limit := closeTimers.Get().(*closeTimer)
	limit.start(r.stream)
	for r.Next() {
	}
	if inTime := limit.stop(); !inTime || r.left < 0 || r.ctx.Err() != nil || errors.Is(r.err, ErrClosed) {
		return nil
	}
	return r.err
}

// closeTimer closes a stream when closeWait is over. It is used again, because nearly
// every query that returns one row needs one.
type closeTimer struct {
	timer  *time.Timer
	stream atomic.Pointer[transport.Stream]
}

var closeTimers = sync.Pool{New: func() any { return new(closeTimer) }}

// start begins to wait.
func (c *closeTimer) start(stream *transport.Stream) {
	c.stream.Store(stream)
	if c.timer == nil {
		c.timer = time.AfterFunc(closeWait, func() { c.stream.Load().Close() })
	} else {
		c.timer.Reset(closeWait)
	}
}

// stop reports whether the time is not over.
func (c *closeTimer) stop() bool {
	if !c.timer.Stop() {
		return false // the timer may still be at the stream: it is not used again
	}
	c.stream.Store(nil)
	closeTimers.Put(c)
	return true
}

// next is Next in the form that rows want: io.EOF at the end.
func (r *RecordReader) next() (arrow.RecordBatch, error) {
	if r.Next() {
		return r.RecordBatch(), nil
	}
	if r.err != nil {
		return nil, r.err
	}
	return nil, io.EOF
}
