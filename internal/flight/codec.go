package flight

import (
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // the codec for all other messages
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/greptime-go/greptime/internal/bufpool"
)

// Codec encodes the messages of this package. It leaves every other message to gRPC's own
// protobuf codec, whose name it shares: nothing differs on the wire. It has no state and
// is safe for concurrent use.
type Codec struct{}

var _ encoding.CodecV2 = Codec{}

// Name returns the content subtype, which is protobuf's.
func (Codec) Name() string { return "proto" }

// Marshal encodes v. It does not copy the body of a FlightData, which must not be changed
// until the call has ended.
func (Codec) Marshal(v any) (mem.BufferSlice, error) {
	switch m := v.(type) {
	case *FlightData:
		return m.marshal(), nil
	case *Ticket:
		return mem.BufferSlice{mem.SliceBuffer(appendBytesField(nil, 1, m.Ticket))}, nil
	case *PutResult:
		return mem.BufferSlice{mem.SliceBuffer(appendBytesField(nil, 1, m.AppMetadata))}, nil
	default:
		return encoding.GetCodecV2("proto").Marshal(v)
	}
}

// Unmarshal resets v and decodes data into it.
func (Codec) Unmarshal(data mem.BufferSlice, v any) error {
	switch m := v.(type) {
	case *FlightData:
		return m.unmarshal(data)
	case *Ticket:
		return unmarshalField(data, 1, &m.Ticket)
	case *PutResult:
		return unmarshalField(data, 1, &m.AppMetadata)
	default:
		return encoding.GetCodecV2("proto").Unmarshal(data, v)
	}
}

// Field numbers of FlightData. The body has a high number so that it is sent last.
const (
	fieldDescriptor  protowire.Number = 1
	fieldDataHeader  protowire.Number = 2
	fieldAppMetadata protowire.Number = 3
	fieldDataBody    protowire.Number = 1000
)

func (m *FlightData) marshal() mem.BufferSlice {
	var prefix []byte
	if m.Descriptor != nil {
		prefix = protowire.AppendTag(prefix, fieldDescriptor, protowire.BytesType)
		prefix = protowire.AppendBytes(prefix, m.Descriptor.append(nil))
	}
	prefix = appendBytesField(prefix, fieldDataHeader, m.DataHeader)
	prefix = appendBytesField(prefix, fieldAppMetadata, m.AppMetadata)
	if len(m.DataBody) == 0 {
		return mem.BufferSlice{mem.SliceBuffer(prefix)}
	}
	prefix = protowire.AppendTag(prefix, fieldDataBody, protowire.BytesType)
	prefix = protowire.AppendVarint(prefix, uint64(len(m.DataBody)))
	return mem.BufferSlice{mem.SliceBuffer(prefix), mem.SliceBuffer(m.DataBody)}
}

func (m *FlightData) unmarshal(data mem.BufferSlice) error {
	*m = FlightData{}
	room := m.allocate(data.Len())
	err := m.readFields(data, room)
	if err != nil {
		if m.Memory != nil {
			m.Memory.Release()
		}
		*m = FlightData{}
	}
	return err
}

func (m *FlightData) readFields(data mem.BufferSlice, room room) error {
	r := newFieldReader(data)
	defer r.close()
	for {
		num, err := r.next()
		if err != nil || num == 0 {
			return err
		}
		switch num {
		case fieldDescriptor:
			var b []byte
			if b, err = r.into(room.tail(r.size)); err == nil {
				m.Descriptor, err = parseDescriptor(b)
			}
		case fieldDataHeader:
			m.DataHeader, err = r.into(room.tail(r.size))
		case fieldAppMetadata:
			m.AppMetadata, err = r.into(room.tail(r.size))
		case fieldDataBody:
			m.DataBody, err = r.into(room.head(r.size))
		}
		if err != nil {
			return err
		}
	}
}

// room is memory for the fields of one message, as long as the whole message. The body is
// allocated from the beginning, which is aligned, the other fields from the end. They
// never meet, however often a field is repeated.
type room []byte

// allocate makes room for a message of n bytes.
func (m *FlightData) allocate(n int) room {
	if !bufpool.Recycles(n) {
		return memory.NewGoAllocator().Allocate(n)
	}
	m.Memory = bufpool.NewBuffer(n)
	return m.Memory.Bytes()
}

func (r *room) head(n int) []byte { return (*r)[:n:n] }

func (r *room) tail(n int) []byte {
	at := len(*r) - n
	b := (*r)[at:]
	*r = (*r)[:at:at]
	return b
}

// append adds the descriptor's protobuf encoding to b.
func (d *Descriptor) append(b []byte) []byte {
	if d.Type != DescriptorUnknown {
		b = protowire.AppendTag(b, 1, protowire.VarintType)
		b = protowire.AppendVarint(b, uint64(d.Type))
	}
	b = appendBytesField(b, 2, d.Cmd)
	for _, p := range d.Path {
		b = protowire.AppendTag(b, 3, protowire.BytesType)
		b = protowire.AppendString(b, p)
	}
	return b
}

func parseDescriptor(b []byte) (*Descriptor, error) {
	d := &Descriptor{}
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return nil, fmt.Errorf("flight: FlightDescriptor: %w", protowire.ParseError(n))
		}
		b = b[n:]
		switch {
		case num == 1 && typ == protowire.VarintType:
			v, n := protowire.ConsumeVarint(b)
			if n < 0 {
				return nil, fmt.Errorf("flight: FlightDescriptor.type: %w", protowire.ParseError(n))
			}
			d.Type, b = DescriptorType(v), b[n:]
		case num == 2 && typ == protowire.BytesType:
			v, n := protowire.ConsumeBytes(b)
			if n < 0 {
				return nil, fmt.Errorf("flight: FlightDescriptor.cmd: %w", protowire.ParseError(n))
			}
			d.Cmd, b = v, b[n:]
		case num == 3 && typ == protowire.BytesType:
			v, n := protowire.ConsumeString(b)
			if n < 0 {
				return nil, fmt.Errorf("flight: FlightDescriptor.path: %w", protowire.ParseError(n))
			}
			d.Path, b = append(d.Path, v), b[n:]
		default:
			n := protowire.ConsumeFieldValue(num, typ, b)
			if n < 0 {
				return nil, fmt.Errorf("flight: FlightDescriptor: %w", protowire.ParseError(n))
			}
			b = b[n:]
		}
	}
	return d, nil
}

// appendBytesField adds a bytes field. It omits an empty one, as proto3 does.
func appendBytesField(b []byte, num protowire.Number, v []byte) []byte {
	if len(v) == 0 {
		return b
	}
	b = protowire.AppendTag(b, num, protowire.BytesType)
	return protowire.AppendBytes(b, v)
}

// unmarshalField reads one field of a message and ignores the others.
func unmarshalField(data mem.BufferSlice, field protowire.Number, value *[]byte) error {
	*value = nil
	r := newFieldReader(data)
	defer r.close()
	for {
		num, err := r.next()
		if err != nil || num == 0 {
			return err
		}
		if num == field {
			if *value, err = r.into(make([]byte, r.size)); err != nil {
				return err
			}
		}
	}
}

// fieldReader reads the length-delimited fields of a message that is scattered over
// several buffers.
type fieldReader struct {
	src  mem.Reader
	size int // unread bytes of the current field's value
}

// newFieldReader returns a reader that must be closed.
func newFieldReader(data mem.BufferSlice) (r fieldReader) {
	r.src.Reset(data)
	return r
}

func (r *fieldReader) close() { _ = r.src.Close() }

// next moves to the next length-delimited field and returns its number, or 0 at the end.
// It skips other fields and the unread rest of the previous one.
func (r *fieldReader) next() (protowire.Number, error) {
	if _, err := r.src.Discard(r.size); err != nil {
		return 0, err
	}
	r.size = 0
	for r.src.Remaining() > 0 {
		tag, err := r.varint()
		if err != nil {
			return 0, err
		}
		num, typ := protowire.DecodeTag(tag)
		if num < protowire.MinValidNumber {
			return 0, errors.New("flight: invalid protobuf field number")
		}
		if typ != protowire.BytesType {
			if err := r.skip(num, typ, 0); err != nil {
				return 0, err
			}
			continue
		}
		n, err := r.varint()
		if err != nil {
			return 0, err
		}
		if n > uint64(r.src.Remaining()) {
			return 0, fmt.Errorf("flight: field %d is %d bytes long, only %d are left: %w", num, n, r.src.Remaining(), io.ErrUnexpectedEOF)
		}
		r.size = int(n)
		return num, nil
	}
	return 0, nil
}

// into reads the current field's value into b, which has the same length.
func (r *fieldReader) into(b []byte) ([]byte, error) {
	if n, _ := r.src.Read(b); n < len(b) { // it reads all that there is
		return nil, io.ErrUnexpectedEOF
	}
	r.size = 0
	return b, nil
}

func (r *fieldReader) varint() (uint64, error) {
	var v uint64
	for shift := 0; shift < 64; shift += 7 {
		b, err := r.src.ReadByte()
		if err != nil {
			return 0, fmt.Errorf("flight: cut inside a varint: %w", io.ErrUnexpectedEOF)
		}
		if shift == 63 && b > 1 {
			break
		}
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v, nil
		}
	}
	return 0, errors.New("flight: varint overflows 64 bits")
}

// skip passes over a field that is not length-delimited.
func (r *fieldReader) skip(num protowire.Number, typ protowire.Type, depth int) error {
	var n int
	switch typ {
	case protowire.VarintType:
		_, err := r.varint()
		return err
	case protowire.Fixed32Type:
		n = 4
	case protowire.Fixed64Type:
		n = 8
	case protowire.BytesType:
		size, err := r.varint()
		if err != nil {
			return err
		}
		if size > uint64(r.src.Remaining()) {
			return fmt.Errorf("flight: field %d: %w", num, io.ErrUnexpectedEOF)
		}
		n = int(size)
	case protowire.StartGroupType:
		return r.skipGroup(num, depth)
	default:
		return fmt.Errorf("flight: field %d has invalid wire type %d", num, typ)
	}
	if n > r.src.Remaining() {
		return fmt.Errorf("flight: field %d: %w", num, io.ErrUnexpectedEOF)
	}
	_, err := r.src.Discard(n)
	return err
}

// maxGroupDepth bounds the nesting of groups, which are deprecated and never sent.
const maxGroupDepth = 100

func (r *fieldReader) skipGroup(start protowire.Number, depth int) error {
	if depth >= maxGroupDepth {
		return errors.New("flight: protobuf groups nested too deeply")
	}
	for {
		tag, err := r.varint()
		if err != nil {
			return err
		}
		num, typ := protowire.DecodeTag(tag)
		if num < protowire.MinValidNumber {
			return errors.New("flight: invalid protobuf field number")
		}
		if typ == protowire.EndGroupType {
			if num != start {
				return errors.New("flight: mismatched end of a protobuf group")
			}
			return nil
		}
		if err := r.skip(num, typ, depth+1); err != nil {
			return err
		}
	}
}
