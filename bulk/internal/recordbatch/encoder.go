package recordbatch

import (
	"slices"

	flatbuffers "github.com/google/flatbuffers/go"
	"google.golang.org/protobuf/encoding/protowire"
)

// Encoder encodes columns as messages. It is for one goroutine at a time. It remembers which
// columns of the messages before were not worth compressing, so use one only for messages of
// the same columns, or of these and more behind them.
type Encoder struct {
	codec      Codec
	compressor compressor
	history    []columnHistory // of the columns
	skipped    bool            // a buffer of the last message was not tried, because of history
	builder    *flatbuffers.Builder
}

// columnHistory has the histories of a column's buffers.
type columnHistory struct{ valid, offsets, values history }

// NewEncoder returns an Encoder that compresses bodies by the codec.
func NewEncoder(codec Codec) *Encoder {
	return &Encoder{codec: codec, compressor: newCompressor(codec), builder: flatbuffers.NewBuilder(2048)}
}

// MaxSize returns the most bytes that a message of the first rows of the columns can have.
func MaxSize(rows int, columns []Column) int64 {
	n := int64(512)
	for i := range columns {
		// For each buffer: its place in the header, and what compression adds to data
		// that it leaves as it is.
		n += int64(columns[i].Size(rows)) + 3*(16+8+8) + 16
	}
	return n
}

// Encode encodes the first rows of the columns, with app_metadata, into m.
func (e *Encoder) Encode(m *Message, metadata []byte, rows int, columns []Column) error {
	m.rows, m.codec = rows, e.codec
	m.columns = m.columns[:0]
	e.skipped = false
	body := m.body.Bytes[:0]
	if e.codec == None { // as long as it will get
		body = slices.Grow(body, int(MaxSize(rows, columns)))
	}
	if len(e.history) < len(columns) {
		e.history = make([]columnHistory, len(columns))
	}
	var err error
	for i := range columns {
		c, history := &columns[i], &e.history[i]
		c.finish(rows)
		out := encodedColumn{typ: c.typ, nulls: c.nulls(rows)}
		if out.nulls > 0 {
			if body, out.valid, err = e.appendBuffer(body, c.valid[:(rows+7)>>3], &history.valid); err != nil {
				return err
			}
		}
		if c.hasOffsets() {
			if body, out.offsets, err = e.appendBuffer(body, bytesOf(c.offsets[:rows+1]), &history.offsets); err != nil {
				return err
			}
		}
		if body, out.values, err = e.appendBuffer(body, c.upTo(rows), &history.values); err != nil {
			return err
		}
		m.columns = append(m.columns, out)
	}
	m.end = len(body)
	m.body.Bytes = e.appendPrefix(body, m, metadata, columns)
	return nil
}

// ForgetHistory makes the next message try to compress all columns. It returns false if the
// last message tried all of them, so that a new one would not become smaller.
func (e *Encoder) ForgetHistory() bool {
	if !e.skipped {
		return false
	}
	clear(e.history)
	return true
}

// appendBuffer appends a buffer to a body, compressed if that is worth trying and makes it
// smaller, and pads it to a multiple of 8.
func (e *Encoder) appendBuffer(body, b []byte, h *history) ([]byte, span, error) {
	start := len(body)
	switch {
	case len(b) == 0:
		return body, span{offset: start}, nil
	case e.compressor == nil:
		body = append(body, b...)
	case !h.shouldTry():
		e.skipped = true
		body = appendUncompressed(body, b)
	default:
		var err error
		if body, err = appendCompressed(body, b, e.compressor); err != nil {
			return nil, span{}, err
		}
		h.record(e.compressor.pays(len(b), len(body)-start))
	}
	s := span{start, len(body) - start}
	for len(body)&7 != 0 {
		body = append(body, 0)
	}
	return body, s, nil
}

// Slots and values of the tables Message and RecordBatch of Arrow's IPC format.
const (
	messageSlots      = 5
	metadataVersionV5 = 4
	typeRecordBatch   = 3
	recordBatchSlots  = 4
	bodyCompressSlots = 2
)

// Fields of FlightData.
const (
	fieldDataHeader  protowire.Number = 2
	fieldAppMetadata protowire.Number = 3
	fieldDataBody    protowire.Number = 1000
)

// appendPrefix appends what goes before the body: the header, the metadata, and tag and
// length of the body.
func (e *Encoder) appendPrefix(b []byte, m *Message, metadata []byte, columns []Column) []byte {
	b = protowire.AppendTag(b, fieldDataHeader, protowire.BytesType)
	b = protowire.AppendBytes(b, e.header(m, columns))
	b = protowire.AppendTag(b, fieldAppMetadata, protowire.BytesType)
	b = protowire.AppendBytes(b, metadata)
	b = protowire.AppendTag(b, fieldDataBody, protowire.BytesType)
	return protowire.AppendVarint(b, uint64(m.end))
}

// header returns the message's header, an Arrow Message with a RecordBatch. The next call
// overwrites it.
func (e *Encoder) header(m *Message, columns []Column) []byte {
	b := e.builder
	b.Reset()
	var compression flatbuffers.UOffsetT
	if m.codec != None {
		b.StartObject(bodyCompressSlots)
		b.PrependByteSlot(0, m.codec.ipc(), 0)
		compression = b.EndObject()
	}
	buffers := 0
	for i := range columns {
		buffers += 2
		if columns[i].hasOffsets() {
			buffers++
		}
	}
	prepend := func(s span) {
		b.Prep(8, 16)
		b.PrependInt64(int64(s.length))
		b.PrependInt64(int64(s.offset))
	}
	// FlatBuffers are built from their end.
	b.StartVector(16, buffers, 8)
	for i := len(columns) - 1; i >= 0; i-- {
		prepend(m.columns[i].values)
		if columns[i].hasOffsets() {
			prepend(m.columns[i].offsets)
		}
		prepend(m.columns[i].valid)
	}
	bufferVector := b.EndVector(buffers)
	b.StartVector(16, len(columns), 8)
	for i := len(columns) - 1; i >= 0; i-- {
		b.Prep(8, 16)
		b.PrependInt64(int64(m.columns[i].nulls))
		b.PrependInt64(int64(m.rows))
	}
	nodeVector := b.EndVector(len(columns))

	b.StartObject(recordBatchSlots)
	b.PrependInt64Slot(0, int64(m.rows), 0)
	b.PrependUOffsetTSlot(1, nodeVector, 0)
	b.PrependUOffsetTSlot(2, bufferVector, 0)
	if m.codec != None {
		b.PrependUOffsetTSlot(3, compression, 0)
	}
	batch := b.EndObject()
	b.StartObject(messageSlots)
	b.PrependInt16Slot(0, metadataVersionV5, 0)
	b.PrependByteSlot(1, typeRecordBatch, 0)
	b.PrependUOffsetTSlot(2, batch, 0)
	b.PrependInt64Slot(3, int64(m.end), 0)
	b.Finish(b.EndObject())
	return b.FinishedBytes()
}
