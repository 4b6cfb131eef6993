package recordbatch

import (
	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/transport"
)

// Message is rows encoded as a FlightData: all that is needed to send them, to send them
// again, and to decode them. It shares no memory with the columns it was made of. The zero
// Message is ready for [Encoder.Encode], which reuses its memory.
type Message struct {
	rows int
	body transport.Body // the IPC body, and behind it what goes before it on the wire
	end  int            // of the IPC body
	// columns is where the buffers of the columns are in the body.
	columns []encodedColumn
	codec   Codec
}

// encodedColumn has the places of a column's buffers: validity, offsets if it has any, values.
type encodedColumn struct {
	typ                    column.Type
	nulls                  int
	valid, offsets, values span
}

// span is a part of a message's body; empty if length is 0.
type span struct{ offset, length int }

// Rows returns the number of rows.
func (m *Message) Rows() int { return m.rows }

// Size returns the number of bytes that are sent.
func (m *Message) Size() int { return len(m.body.Bytes) }

// Parts returns the message as it is sent.
func (m *Message) Parts() transport.Encoded {
	return transport.Encoded{m.body.Part(m.end, len(m.body.Bytes)), m.body.Part(0, m.end)}
}

// InUse reports whether gRPC may still read the message. Then it must not be encoded into.
func (m *Message) InUse() bool { return m.body.InUse() }

// Decode returns the columns of the message. They share no memory with it.
func (m *Message) Decode() ([]Column, error) {
	out := make([]Column, len(m.columns))
	for i := range m.columns {
		enc := &m.columns[i]
		c := Column{typ: enc.typ, width: enc.typ.ArrowWidth()}
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
		c.Truncate(m.rows) // the bits behind the rows of a record batch may be anything
		out[i] = c
	}
	return out, nil
}

// buffer returns a copy of a buffer, decompressed.
func (m *Message) buffer(s span) ([]byte, error) {
	b := m.body.Bytes[s.offset : s.offset+s.length]
	if m.codec == None || len(b) == 0 {
		return append([]byte(nil), b...), nil
	}
	return decompressed(b, m.codec)
}
