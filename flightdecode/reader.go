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

// Options configures a Reader. The zero value selects the defaults.
type Options struct {
	// MaxBatchBytes bounds the memory, in bytes, that is allocated for the
	// buffers of one message: the decompressed buffers of a compressed body, and
	// copies of buffers that are not aligned. It also bounds the memory of all
	// dictionaries of the stream together. A message that needs more is an error. Zero or less means
	// 1 GiB, twice what GreptimeDB sends in a message unless configured
	// otherwise. More than 1 TiB means 1 TiB.
	MaxBatchBytes int64
	// Allocator provides that memory, except that of dictionaries which grow by deltas. Nil
	// selects memory that is recycled when the last record batch in it is released.
	Allocator memory.Allocator
}

const (
	defaultMaxBatchBytes = 1 << 30
	mostMaxBatchBytes    = 1 << 40
)

// Reader reads the answer to a DoGet call. It is an [array.RecordReader]. For a
// statement without a result set it returns a schema without fields, no batches, and
// the number of [Reader.AffectedRows].
//
// A Reader must not be used by several goroutines at once, except for Retain and
// Release.
type Reader struct {
	refs atomic.Int64

	recv    func(*Message) error
	limit   int64
	message Message
	index   int // index of the message; -1 before the first one
	fb      flatbuffer
	decoder batchDecoder

	schema       *arrow.Schema
	columns      []column
	dictionaries map[int64]*dictionary
	held         int64 // bytes of memory that the dictionaries keep

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
// recv stores the next message in its argument, which is empty. At the end of the
// stream recv returns io.EOF, which must mean that the call ended with status OK. Any
// other error also ends the stream; the reader returns it unchanged. The reader calls
// recv only within NewReader and Next.
//
// For a stream that ends before its first message, NewReader returns an *Error that
// wraps io.ErrUnexpectedEOF.
func NewReader(recv func(*Message) error, opts Options) (*Reader, error) {
	r := &Reader{recv: recv, limit: defaultMaxBatchBytes, index: -1}
	if opts.MaxBatchBytes > 0 {
		// The limit plus some overhead must fit an int, which may have 32 bits.
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
		err := fmt.Errorf("the stream ended before the first message: %w", io.ErrUnexpectedEOF)
		return nil, &Error{Index: 0, Err: err}
	}
	return r, nil
}

// Retain adds a reference.
func (r *Reader) Retain() { r.refs.Add(1) }

// Release drops a reference. When the last one is dropped, the reader releases the
// current record batch and the dictionaries, and Next returns false. Release does not
// end the call; that is up to the owner of recv.
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
// after a statement that affects rows. It is never nil.
func (r *Reader) Schema() *arrow.Schema { return r.schema }

// Next advances to the next record batch. It returns false at the end of the
// stream and after an error: see Err. Affected rows and metrics are complete only
// when Next has returned false, so call it until then even if you expect no record
// batch.
//
// Next handles messages that carry no rows on the way. It returns record batches of
// zero rows.
func (r *Reader) Next() bool {
	r.dropBatch()
	for r.batch == nil && r.err == nil && !r.done {
		r.step()
	}
	return r.batch != nil
}

// RecordBatch returns the current record batch. It returns nil before the first call
// of Next and after Next has returned false. The batch is valid until the next call
// of Next; call Retain to keep it longer. Its arrays may share memory with the body
// of the message that brought it.
func (r *Reader) RecordBatch() arrow.RecordBatch { return r.batch }

// Record returns the current record batch, as RecordBatch does.
//
// Deprecated: [array.RecordReader] requires this method. Use [Reader.RecordBatch].
func (r *Reader) Record() arrow.RecordBatch { return r.batch }

// Err returns the reason why Next returned false: nil at the end of a stream that recv
// reported with io.EOF, the unchanged error of recv, or an *Error.
func (r *Reader) Err() error { return r.err }

// AffectedRows returns the number of rows that the statement affected. ok reports
// whether the server answered with such a number rather than with a schema.
// GreptimeDB 1.0.2 counts in 32 bits.
func (r *Reader) AffectedRows() (rows uint64, ok bool) {
	return r.affectedRows, r.hasAffectedRows
}

// Metrics returns the JSON text of the last metrics message, or nil if there has been
// none. GreptimeDB sends metrics at the end of queries; 1.1 also sends them between
// batches. The caller must not modify the text.
func (r *Reader) Metrics() []byte { return r.metrics }

// EndedWithMetrics reports whether the last message so far carried metrics. After the
// end of the stream, a missing metrics message is the only trace of a result that was
// cut short because the server's producer panicked: such a call ends with status OK,
// too. SELECT, WITH, VALUES, TQL, EXPLAIN and PromQL queries that ran to their end
// have metrics last (GreptimeDB 1.0.2). SHOW, DESC, USE and ADMIN never send metrics.
func (r *Reader) EndedWithMetrics() bool { return r.metricsLast }

func (r *Reader) dropBatch() {
	if r.batch != nil {
		r.batch.Release()
		r.batch = nil
	}
}

// step receives and handles one message. It sets batch, done or err if the message
// has a result for the caller.
func (r *Reader) step() {
	r.message = Message{}
	if err := r.recv(&r.message); err != nil {
		// Not errors.Is: an error that wraps io.EOF means a broken connection.
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

// Messages in the wrong order.
var (
	errNothingFirst      = errors.New("an answer must start with a schema or affected rows")
	errNoSchema          = errors.New("it arrived before the schema")
	errSecondSchema      = errors.New("a second schema arrived")
	errAfterAffectedRows = errors.New("it arrived after affected rows, which only metrics may follow")
	errRowsAfterSchema   = errors.New("affected rows arrived after a schema")
	errSecondRows        = errors.New("affected rows arrived twice")
)

// take handles a message according to its kind and its place in the stream.
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
		// Both are there while they are joined.
		if err := r.checkHeld(d, int64(d.current().SizeInBytes()+values.SizeInBytes())); err != nil {
			return err
		}
		if err := d.extend(values); err != nil {
			return err
		}
		r.hold(d, int64(d.data.SizeInBytes()))
		return nil
	}
	// The values lie in the body, or they are decompressed.
	size := max(int64(len(r.message.Body)), int64(values.SizeInBytes()))
	if err := r.checkHeld(d, size); err != nil {
		values.Release()
		return err
	}
	d.replace(values)
	r.hold(d, size)
	return nil
}

// checkHeld returns an error if the dictionaries of the stream would keep more than r.limit
// bytes together, with size bytes for d.
func (r *Reader) checkHeld(d *dictionary, size int64) error {
	if size > r.limit-r.held+d.held {
		return fmt.Errorf("dictionary %d, with the others of the stream: %w", d.id, errTooLarge(r.limit))
	}
	return nil
}

// hold notes that d keeps size bytes.
func (r *Reader) hold(d *dictionary, size int64) {
	r.held += size - d.held
	d.held = size
}
