package flightdecode

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/greptime-go/greptime/internal/bufpool"
)

// Options of a Reader. The zero value is fine.
type Options struct {
	// MaxBatchBytes bounds the memory, in bytes, that is allocated for the
	// buffers of one message: what a compressed body decompresses to, and copies
	// of buffers that are not aligned. It also bounds a dictionary that grows by
	// deltas. A message beyond it is an error. Zero or less means 1 GiB, twice
	// what GreptimeDB sends in a message unless configured otherwise; more than
	// 1 TiB means 1 TiB.
	MaxBatchBytes int64
	// Allocator provides that memory. Nil means memory that is recycled when the
	// last record batch that lies in it is released.
	Allocator memory.Allocator
}

const (
	defaultMaxBatchBytes = 1 << 30
	mostMaxBatchBytes    = 1 << 40
)

// Reader reads the answer to a DoGet call. It is an [array.RecordReader]; for a
// statement without a result set it has no fields, no batches, and
// [Reader.AffectedRows].
//
// A Reader must not be used by several goroutines at once, apart from Retain and
// Release.
type Reader struct {
	refs atomic.Int64

	recv    func(*Message) error
	limit   int64
	message Message
	index   int // of message; -1 before the first one
	fb      flatbuffer
	decoder batchDecoder

	schema       *arrow.Schema
	columns      []column
	dictionaries map[int64]*dictionary

	batch arrow.RecordBatch
	done  bool
	err   error

	affectedRows    uint64
	hasAffectedRows bool
	metrics         []byte
	metricsLast     bool
}

var _ array.RecordReader = (*Reader)(nil)

// NewReader reads the first message of a stream: a schema or affected rows.
//
// recv fills its argument, which is empty, with the next message. At the end of
// the stream it returns io.EOF, which must mean that the call ended with status
// OK; any other error is the end, too, and comes back as it is. The reader calls
// recv within NewReader and Next only.
//
// A stream that ends before its first message is an *Error that wraps
// io.ErrUnexpectedEOF.
func NewReader(recv func(*Message) error, opts Options) (*Reader, error) {
	r := &Reader{recv: recv, limit: defaultMaxBatchBytes, index: -1}
	if opts.MaxBatchBytes > 0 {
		// The limit and a bit more must fit an int, of 32 bits perhaps.
		r.limit = min(opts.MaxBatchBytes, mostMaxBatchBytes, math.MaxInt-overrun-arenaAlignment)
	}
	r.decoder.allocator = opts.Allocator
	if r.decoder.allocator == nil {
		r.decoder.allocator = bufpool.Allocator
	}
	r.refs.Store(1)
	if r.step(); r.err != nil {
		return nil, r.err
	}
	if r.done {
		err := fmt.Errorf("the stream ended before it: every answer has one: %w", io.ErrUnexpectedEOF)
		return nil, &Error{Index: 0, Err: err}
	}
	return r, nil
}

// Retain adds a reference.
func (r *Reader) Retain() { r.refs.Add(1) }

// Release drops a reference. With the last one the reader lets go of the current
// record batch and of the dictionaries, and Next returns false. It does not end
// the call: whoever made recv does.
func (r *Reader) Release() {
	if r.refs.Add(-1) != 0 {
		return
	}
	r.done = true
	r.dropBatch()
	for _, d := range r.dictionaries {
		d.release()
	}
}

// Schema returns the schema of the record batches. It has no fields after USE and
// where there are affected rows; it is never nil.
func (r *Reader) Schema() *arrow.Schema { return r.schema }

// Next advances to the next record batch. It returns false at the end of the
// stream, and when something went wrong: see Err. Affected rows and metrics are
// complete only then, so Next is to be called until it returns false even where
// no record batch is expected.
//
// Messages that carry no rows are dealt with along the way. Record batches of
// zero rows are returned.
func (r *Reader) Next() bool {
	r.dropBatch()
	for r.batch == nil && r.err == nil && !r.done {
		r.step()
	}
	return r.batch != nil
}

// RecordBatch returns the current record batch: nil before the first call of Next
// and after it returned false. It is valid until the next call of Next; Retain
// keeps it longer. Its arrays may share memory with the body of the message it
// came in.
func (r *Reader) RecordBatch() arrow.RecordBatch { return r.batch }

// Record returns RecordBatch.
//
// Deprecated: [array.RecordReader] demands it. Use [Reader.RecordBatch].
func (r *Reader) Record() arrow.RecordBatch { return r.batch }

// Err returns why Next returned false: nil at the end of a stream that recv
// reported with io.EOF, an error of recv as it was, or an *Error.
func (r *Reader) Err() error { return r.err }

// AffectedRows returns the number of rows that the statement affected, and
// whether the server answered with such a number rather than with a schema.
// GreptimeDB 1.0.2 counts in 32 bits.
func (r *Reader) AffectedRows() (rows uint64, ok bool) {
	return r.affectedRows, r.hasAffectedRows
}

// Metrics returns the JSON text of the last metrics message, which GreptimeDB
// sends at the end of queries (1.1 also in between); nil if there was none yet.
// The caller must not change it.
func (r *Reader) Metrics() []byte { return r.metrics }

// EndedWithMetrics tells whether the last message so far carried metrics. After
// the end it is the only trace of a result that was cut short because the server's
// producer panicked: the call ends with status OK all the same, but SELECT, WITH,
// VALUES, TQL, EXPLAIN and PromQL queries that ran to their end had metrics last
// (GreptimeDB 1.0.2). SHOW, DESC, USE and ADMIN never have them.
func (r *Reader) EndedWithMetrics() bool { return r.metricsLast }

func (r *Reader) dropBatch() {
	if r.batch != nil {
		r.batch.Release()
		r.batch = nil
	}
}

// step receives one message and deals with it. It sets batch, done or err if
// there is something to tell.
func (r *Reader) step() {
	r.message = Message{}
	if err := r.recv(&r.message); err != nil {
		// Not errors.Is: an error that wraps io.EOF is a broken connection.
		if err == io.EOF {
			r.done = true
		} else {
			r.err = err
		}
		r.message.release()
		return
	}
	r.index++
	r.metricsLast = false
	h, err := readHeader(&r.fb, &r.message)
	if err == nil {
		err = r.take(h)
	}
	if err != nil {
		r.err = &Error{Index: r.index, Kind: h.kind.String(), Err: err}
	}
	r.message.release()
}

// Faults in the order of messages.
var (
	errNothingFirst      = errors.New("an answer begins with a schema or affected rows, this one with neither")
	errNoSchema          = errors.New("it came before the schema")
	errSecondSchema      = errors.New("a second schema came")
	errAfterAffectedRows = errors.New("it came after affected rows, which only metrics may follow")
	errRowsAfterSchema   = errors.New("affected rows came after a schema")
	errSecondRows        = errors.New("affected rows came a second time")
)

// take deals with a message by its kind and its place in the stream.
func (r *Reader) take(h header) error {
	if h.kind == kindNone {
		return r.takeMetadata()
	}
	if r.hasAffectedRows {
		return errAfterAffectedRows
	}
	switch h.kind {
	case kindSchema:
		return r.takeSchema(h)
	case kindDictionaryBatch:
		return r.takeDictionary(h)
	case kindRecordBatch:
		if r.schema == nil {
			return errNoSchema
		}
		batch, err := r.decoder.record(r.schema, r.columns, h, &r.message, r.limit)
		if err != nil {
			return err
		}
		r.batch = batch
		return nil
	}
	return errors.New("only Schema, DictionaryBatch, RecordBatch and NONE messages are expected in an answer")
}

func (r *Reader) takeMetadata() error {
	m, err := readFlightMetadata(r.message.AppMetadata)
	if err != nil {
		return err
	}
	switch {
	case m.hasAffectedRows && r.hasAffectedRows:
		return errSecondRows
	case m.hasAffectedRows && r.schema != nil:
		return errRowsAfterSchema
	case m.hasAffectedRows:
		r.affectedRows, r.hasAffectedRows = m.affectedRows, true
		r.schema = arrow.NewSchema(nil, nil)
	case r.schema == nil:
		return errNothingFirst
	}
	if m.hasMetrics {
		r.metrics = bytes.Clone(m.metrics)
		r.metricsLast = true
	}
	return nil
}

func (r *Reader) takeSchema(h header) error {
	if r.schema != nil {
		return errSecondSchema
	}
	s := schemaReader{fb: &r.fb}
	schema, columns, err := s.read(h)
	if err != nil {
		return err
	}
	r.schema, r.columns, r.dictionaries = schema, columns, s.dictionaries
	return nil
}

func (r *Reader) takeDictionary(h header) error {
	if r.schema == nil {
		return errNoSchema
	}
	id := h.table.int64(dictionaryID)
	delta := h.table.bool(dictionaryIsDelta)
	t, ok := h.table.table(dictionaryData)
	if r.fb.err != nil {
		return r.fb.err
	}
	if !ok {
		return fmt.Errorf("dictionary %d has no data", id)
	}
	d := r.dictionaries[id]
	if d == nil {
		return fmt.Errorf("no column of the schema has dictionary %d", id)
	}
	values, err := r.decoder.values(d.values, t, &r.message, r.limit)
	if err != nil {
		return fmt.Errorf("dictionary %d: %w", id, err)
	}
	if delta {
		defer values.Release()
		return d.extend(values, r.limit)
	}
	d.replace(values)
	return nil
}
