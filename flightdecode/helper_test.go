package flightdecode

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/greptime-go/greptime/internal/test/captures"
)

// received returns a recv function that returns the messages, then end.
func received(messages []Message, end error) func(*Message) error {
	next := 0
	return func(m *Message) error {
		if next == len(messages) {
			return end
		}
		*m = messages[next]
		next++
		return nil
	}
}

// messagesOf returns a recorded answer as messages.
func messagesOf(exchange captures.DoGet) []Message {
	messages := make([]Message, len(exchange.Messages))
	for i, m := range exchange.Messages {
		messages[i] = Message{Header: m.Header, Body: m.Body, AppMetadata: m.AppMetadata}
	}
	return messages
}

func captured(name string) []Message { return messagesOf(captures.DoGetByName(name)) }

// answer is everything that a reader returned about a stream.
type answer struct {
	schema          *arrow.Schema // nil if there was no reader
	batches         []arrow.RecordBatch
	affectedRows    uint64
	hasAffectedRows bool
	metrics         string
	metricsLast     bool
	err             error
}

func read(messages []Message, end error) answer {
	return readWith(messages, end, Options{})
}

// readWith reads a stream to its end. It retains the batches, to show whether a later
// message changes an earlier batch.
func readWith(messages []Message, end error, opts Options) (a answer) {
	r, err := NewReader(received(messages, end), opts)
	if err != nil {
		return answer{err: err}
	}
	defer r.Release()
	a.schema = r.Schema()
	for r.Next() {
		r.RecordBatch().Retain()
		a.batches = append(a.batches, r.RecordBatch())
	}
	a.err = r.Err()
	a.affectedRows, a.hasAffectedRows = r.AffectedRows()
	a.metrics = string(r.Metrics())
	a.metricsLast = r.EndedWithMetrics()
	return a
}

// sameBatch compares schemas with all metadata and values, where NaN is NaN.
func sameBatch(a, b arrow.RecordBatch) bool {
	return a.Schema().Equal(b.Schema()) && a.Schema().Metadata().Equal(b.Schema().Metadata()) &&
		array.RecordApproxEqual(a, b, array.WithNaNsEqual(true), array.WithAbsTolerance(0))
}

// payloads collects the messages that an ipc.Writer would send.
type payloads []Message

func (p *payloads) Start() error { return nil }
func (p *payloads) Close() error { return nil }

func (p *payloads) WritePayload(payload ipc.Payload) error {
	meta := payload.Meta()
	defer meta.Release()
	var body bytes.Buffer
	if err := payload.SerializeBody(&body); err != nil {
		return err
	}
	*p = append(*p, Message{Header: bytes.Clone(meta.Bytes()), Body: bytes.Clone(body.Bytes())})
	return nil
}

// encode returns the messages of record batches as arrow-go writes them.
func encode(t testing.TB, schema *arrow.Schema, batches []arrow.RecordBatch, opts ...ipc.Option) []Message {
	t.Helper()
	var p payloads
	w := ipc.NewWriterWithPayloadWriter(&p, append(opts, ipc.WithSchema(schema))...)
	for _, batch := range batches {
		if err := w.Write(batch); err != nil {
			t.Fatalf("arrow-go cannot write %v: %v", schema, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return p
}

// arrowStream returns the same as one IPC stream for arrow-go's own reader.
func arrowStream(t testing.TB, schema *arrow.Schema, batches []arrow.RecordBatch, opts ...ipc.Option) []byte {
	t.Helper()
	var stream bytes.Buffer
	w := ipc.NewWriter(&stream, append(opts, ipc.WithSchema(schema))...)
	for _, batch := range batches {
		if err := w.Write(batch); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return stream.Bytes()
}

// arrowRead reads an IPC stream with arrow-go.
func arrowRead(t testing.TB, stream []byte) (*arrow.Schema, []arrow.RecordBatch) {
	t.Helper()
	r, err := ipc.NewReader(bytes.NewReader(stream))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	var batches []arrow.RecordBatch
	for r.Next() {
		r.RecordBatch().Retain()
		batches = append(batches, r.RecordBatch())
	}
	if err := r.Err(); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return r.Schema(), batches
}

// touchLimit bounds the number of values read that take no bytes: messages may
// announce two billion nulls.
const touchLimit = 1 << 14

// touch reads all values of a batch.
func touch(t testing.TB, batch arrow.RecordBatch) (values int64) {
	t.Helper()
	for i, column := range batch.Columns() {
		values += touchArray(t, column)
		if column.Len() != int(batch.NumRows()) {
			t.Errorf("column %d has %d values in a batch of %d rows", i, column.Len(), batch.NumRows())
		}
	}
	return values
}

// render also reads all values through arrow-go's functions for whole batches.
func render(t testing.TB, batch arrow.RecordBatch) {
	t.Helper()
	if touch(t, batch) >= touchLimit || batch.NumRows() >= touchLimit {
		return
	}
	_ = fmt.Sprint(batch)
	if batch.NumCols() > 0 {
		_, _ = batch.MarshalJSON()
	}
}

// touchArray returns the number of values in the array and its children.
func touchArray(t testing.TB, arr arrow.Array) (values int64) {
	t.Helper()
	n := min(arr.Len(), touchLimit)
	values = int64(arr.Len())
	_ = arr.NullN()
	switch a := arr.(type) {
	case *array.Null:
		return values
	case *array.Struct:
		for i := range a.NumField() {
			values += touchArray(t, a.Field(i))
		}
	case array.ListLike:
		for i := range n {
			begin, end := a.ValueOffsets(i)
			if begin < 0 || end < begin || end > int64(a.ListValues().Len()) {
				t.Fatalf("list %d is %d:%d of %d values", i, begin, end, a.ListValues().Len())
			}
			slice := array.NewSlice(a.ListValues(), begin, end)
			slice.Release()
		}
		values += touchArray(t, a.ListValues())
	case *array.Dictionary:
		for i := range n {
			if !a.IsNull(i) {
				if k := a.GetValueIndex(i); k < 0 || k >= a.Dictionary().Len() {
					t.Fatalf("index %d of %d values", k, a.Dictionary().Len())
				}
			}
		}
		values += touchArray(t, a.Indices()) + touchArray(t, a.Dictionary())
	default:
		for i := range n {
			_ = a.ValueStr(i)
		}
		switch a := arr.(type) {
		case *array.String:
			_, _ = a.ValueOffsets(), a.ValueBytes()
		case *array.LargeString:
			_, _ = a.ValueOffsets(), a.ValueBytes()
		case *array.Binary:
			_, _ = a.ValueOffsets(), a.ValueBytes()
		case *array.LargeBinary:
			_, _ = a.ValueOffsets(), a.ValueBytes()
		}
	}
	return values
}
