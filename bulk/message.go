package bulk

import (
	"slices"
	"sync"

	flatbuffers "github.com/google/flatbuffers/go"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/greptime-go/greptime/internal/transport"
)

// message is rows encoded as a FlightData: everything that is needed to send them, to
// send them again, and to hand them back. It takes the place of the batch, whose
// memory is free for new rows as soon as it is made.
type message struct {
	id     int64
	rows   int
	layout *layout        // of the columns
	body   transport.Body // the IPC body, and behind it what goes before it on the wire
	end    int            // of the IPC body
	// columns is where the buffers of the columns are in the body.
	columns []encodedColumn
	codec   Compression
	size    int64 // bytes reserved of the writer's bound
}

// encodedColumn is the buffers of a column: validity, offsets if it has any, values.
type encodedColumn struct {
	nulls                  int
	valid, offsets, values span
}

// span is a part of a message's body; empty if length is 0.
type span struct{ offset, length int }

// encoder makes messages of columns. It is for one goroutine at a time; writers keep
// several.
type encoder struct {
	codec      Compression
	compressor compressor
	history    []columnHistory // of the columns
	skipped    bool            // a buffer of the last message was left as it is because of history
	builder    *flatbuffers.Builder
	header     []byte
}

// columnHistory are those of a column's buffers.
type columnHistory struct{ valid, offsets, values history }

func newEncoder(codec Compression) *encoder {
	return &encoder{codec: codec, compressor: newCompressor(codec), builder: flatbuffers.NewBuilder(2048)}
}

// encodedBound is the most bytes that a message of so many rows of these columns takes.
func encodedBound(rows int, columns []columnData) int64 {
	n := int64(512)
	for i := range columns {
		// Of each buffer: its place in the header, and what compression adds to data
		// that it leaves as it is.
		n += int64(columns[i].size(rows)) + 3*(16+8+8) + 16
	}
	return n
}

// encode writes so many rows of the columns into m.
func (e *encoder) encode(m *message, id int64, rows int, columns []columnData) error {
	m.id, m.rows, m.codec = id, rows, e.codec
	m.columns = m.columns[:0]
	e.skipped = false
	body := m.body.Bytes[:0]
	if e.codec == None { // as long as it will get
		body = slices.Grow(body, int(encodedBound(rows, columns)))
	}
	if len(e.history) < len(columns) {
		e.history = make([]columnHistory, len(columns))
	}
	var err error
	for i := range columns {
		c, history := &columns[i], &e.history[i]
		c.finish(rows)
		out := encodedColumn{nulls: c.nulls(rows)}
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
	m.body.Bytes = e.appendPrefix(body, m, columns)
	return nil
}

// forgetHistory has all columns tried again. It returns false if none was left out of the
// last message: then it cannot become smaller.
func (e *encoder) forgetHistory() bool {
	if !e.skipped {
		return false
	}
	clear(e.history)
	return true
}

// appendBuffer appends a buffer to a body, compressed if that makes it smaller and is
// worth trying, and fills up to a multiple of 8.
func (e *encoder) appendBuffer(body, b []byte, h *history) ([]byte, span, error) {
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

// appendPrefix appends what goes before the body: the header, the metadata with the
// request id, and tag and length of the body.
func (e *encoder) appendPrefix(b []byte, m *message, columns []columnData) []byte {
	header := e.recordBatchHeader(m, columns)
	b = protowire.AppendTag(b, fieldDataHeader, protowire.BytesType)
	b = protowire.AppendBytes(b, header)
	e.header = appendRequestID(e.header[:0], m.id)
	b = protowire.AppendTag(b, fieldAppMetadata, protowire.BytesType)
	b = protowire.AppendBytes(b, e.header)
	b = protowire.AppendTag(b, fieldDataBody, protowire.BytesType)
	return protowire.AppendVarint(b, uint64(m.end))
}

func (e *encoder) recordBatchHeader(m *message, columns []columnData) []byte {
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

// parts is the message as it is sent.
func (m *message) parts() transport.Encoded {
	return transport.Encoded{m.body.Part(m.end, len(m.body.Bytes)), m.body.Part(0, m.end)}
}

// wireSize is the number of bytes that are sent.
func (m *message) wireSize() int { return len(m.body.Bytes) }

// decode is the columns of the message, which share no memory with it.
func (m *message) decode(columns []columnData) ([]columnData, error) {
	out := make([]columnData, len(columns))
	for i := range columns {
		enc := m.columns[i]
		c := columnData{typ: columns[i].typ, width: columns[i].width}
		var offsets []byte
		var err error
		if c.valid, err = m.buffer(enc.valid); err != nil {
			return nil, err
		}
		if offsets, err = m.buffer(enc.offsets); err != nil {
			return nil, err
		}
		if c.values, err = m.buffer(enc.values); err != nil {
			return nil, err
		}
		if c.hasOffsets() {
			c.offsets = int32sOf(offsets)
		}
		c.truncate(m.rows) // the bits of a record batch are what they are behind its rows
		out[i] = c
	}
	return out, nil
}

// buffer is a copy of a buffer, decompressed.
func (m *message) buffer(s span) ([]byte, error) {
	b := m.body.Bytes[s.offset : s.offset+s.length]
	if m.codec == None || len(b) == 0 {
		return append([]byte(nil), b...), nil
	}
	return decompressed(b, m.codec)
}

// messages keeps messages for reuse.
type messages struct{ pool sync.Pool }

func (p *messages) get() *message {
	if m, ok := p.pool.Get().(*message); ok {
		return m
	}
	return &message{}
}

// put takes a message back. One that gRPC may still be reading is left to the garbage
// collector.
func (p *messages) put(m *message) {
	if !m.body.InUse() {
		p.pool.Put(m)
	}
}
