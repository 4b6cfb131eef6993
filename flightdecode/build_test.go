package flightdecode

import (
	"encoding/binary"
	"testing"

	flatbuffers "github.com/google/flatbuffers/go"
)

// message builds an IPC message header of any kind. add builds the table of that
// kind; nil stands for an empty table.
func message(t testing.TB, kind messageKind, add func(*flatbuffers.Builder) flatbuffers.UOffsetT) []byte {
	return messageOf(t, metadataV5, kind, 0, add)
}

func messageOf(t testing.TB, version int16, kind messageKind, bodyLength int64, add func(*flatbuffers.Builder) flatbuffers.UOffsetT) []byte {
	t.Helper()
	b := flatbuffers.NewBuilder(256)
	var content flatbuffers.UOffsetT
	if add != nil {
		content = add(b)
	} else {
		b.StartObject(0)
		content = b.EndObject()
	}
	b.StartObject(5)
	b.PrependInt64Slot(messageBodyLength, bodyLength, 0)
	b.PrependUOffsetTSlot(messageHeader, content, 0)
	b.PrependByteSlot(messageHeaderType, byte(kind), 0)
	b.PrependInt16Slot(messageVersion, version, 0)
	b.Finish(b.EndObject())
	return b.FinishedBytes()
}

// fieldSpec is a field of a hand-made schema.
type fieldSpec struct {
	name     string
	id       typeID
	params   map[int]any // slots of the type: int16, int32, bool
	children []fieldSpec
	nullable bool
	// encoding, if not nil, has the slots of a DictionaryEncoding; index is its
	// index type.
	encoding map[int]any
	index    map[int]any
	noType   bool
}

func slots(b *flatbuffers.Builder, values map[int]any) flatbuffers.UOffsetT {
	b.StartObject(6)
	for slot, v := range values {
		switch v := v.(type) {
		case bool:
			b.PrependBoolSlot(slot, v, false)
		case int16:
			b.PrependInt16(v)
			b.Slot(slot)
		case int32:
			b.PrependInt32(v)
			b.Slot(slot)
		case int64:
			b.PrependInt64(v)
			b.Slot(slot)
		case flatbuffers.UOffsetT:
			b.PrependUOffsetTSlot(slot, v, 0)
		}
	}
	return b.EndObject()
}

func offsetVector(b *flatbuffers.Builder, offsets []flatbuffers.UOffsetT) flatbuffers.UOffsetT {
	b.StartVector(flatbuffers.SizeUOffsetT, len(offsets), flatbuffers.SizeUOffsetT)
	for i := len(offsets) - 1; i >= 0; i-- {
		b.PrependUOffsetT(offsets[i])
	}
	return b.EndVector(len(offsets))
}

func (f fieldSpec) build(b *flatbuffers.Builder) flatbuffers.UOffsetT {
	var children []flatbuffers.UOffsetT
	for _, child := range f.children {
		children = append(children, child.build(b))
	}
	vector := offsetVector(b, children)
	params := slots(b, f.params)
	var encoding flatbuffers.UOffsetT
	if f.encoding != nil {
		if f.index != nil {
			index := slots(b, f.index)
			f.encoding[encodingIndexType] = index
		}
		encoding = slots(b, f.encoding)
	}
	name := b.CreateString(f.name)
	b.StartObject(7)
	b.PrependUOffsetTSlot(fieldChildren, vector, 0)
	b.PrependUOffsetTSlot(fieldDictionary, encoding, 0)
	if !f.noType {
		b.PrependUOffsetTSlot(fieldType, params, 0)
	}
	b.PrependByteSlot(fieldTypeType, byte(f.id), 0)
	b.PrependBoolSlot(fieldNullable, f.nullable, false)
	b.PrependUOffsetTSlot(fieldName, name, 0)
	return b.EndObject()
}

// schemaOf builds a Schema message.
func schemaOf(t testing.TB, fields ...fieldSpec) Message {
	return Message{Header: message(t, kindSchema, func(b *flatbuffers.Builder) flatbuffers.UOffsetT {
		var offsets []flatbuffers.UOffsetT
		for _, f := range fields {
			offsets = append(offsets, f.build(b))
		}
		vector := offsetVector(b, offsets)
		b.StartObject(4)
		b.PrependUOffsetTSlot(schemaFields, vector, 0)
		return b.EndObject()
	})}
}

// batchSpec is a hand-made RecordBatch. Buffers are put one after the other into
// the body, each at a multiple of 8 bytes, unless entries says otherwise.
type batchSpec struct {
	length      int64
	nodes       [][2]int64
	buffers     [][]byte
	entries     [][2]int64
	variadic    []int64
	compression map[int]any
}

func (s batchSpec) table(b *flatbuffers.Builder) (_ flatbuffers.UOffsetT, body []byte) {
	entries := s.entries
	if entries == nil {
		for _, buffer := range s.buffers {
			entries = append(entries, [2]int64{int64(len(body)), int64(len(buffer))})
			body = append(body, buffer...)
			body = append(body, make([]byte, -len(body)&7)...)
		}
	} else {
		for _, buffer := range s.buffers {
			body = append(body, buffer...)
		}
	}
	var compression flatbuffers.UOffsetT
	if s.compression != nil {
		b.StartObject(2)
		for slot, v := range s.compression {
			b.PrependByte(v.(byte))
			b.Slot(slot)
		}
		compression = b.EndObject()
	}
	nodes := structVector(b, s.nodes)
	buffers := structVector(b, entries)
	b.StartVector(variadicCountSize, len(s.variadic), 8)
	for i := len(s.variadic) - 1; i >= 0; i-- {
		b.PrependInt64(s.variadic[i])
	}
	variadic := b.EndVector(len(s.variadic))
	b.StartObject(5)
	b.PrependUOffsetTSlot(batchVariadicCounts, variadic, 0)
	b.PrependUOffsetTSlot(batchCompression, compression, 0)
	b.PrependUOffsetTSlot(batchBuffers, buffers, 0)
	b.PrependUOffsetTSlot(batchNodes, nodes, 0)
	b.PrependInt64Slot(batchLength, s.length, 0)
	return b.EndObject(), body
}

func structVector(b *flatbuffers.Builder, pairs [][2]int64) flatbuffers.UOffsetT {
	b.StartVector(16, len(pairs), 8)
	for i := len(pairs) - 1; i >= 0; i-- {
		b.PrependInt64(pairs[i][1])
		b.PrependInt64(pairs[i][0])
	}
	return b.EndVector(len(pairs))
}

// message builds a RecordBatch message.
func (s batchSpec) message(t testing.TB) Message {
	var m Message
	m.Header = message(t, kindRecordBatch, func(b *flatbuffers.Builder) flatbuffers.UOffsetT {
		content, body := s.table(b)
		m.Body = body
		return content
	})
	return m
}

// dictionary builds a DictionaryBatch message.
func (s batchSpec) dictionary(t testing.TB, id int64, delta bool) Message {
	var m Message
	m.Header = message(t, kindDictionaryBatch, func(b *flatbuffers.Builder) flatbuffers.UOffsetT {
		content, body := s.table(b)
		m.Body = body
		b.StartObject(3)
		b.PrependInt64Slot(dictionaryID, id, 0)
		b.PrependUOffsetTSlot(dictionaryData, content, 0)
		b.PrependBoolSlot(dictionaryIsDelta, delta, false)
		return b.EndObject()
	})
	return m
}

// le returns integers as little endian bytes of their own width.
func le(values ...any) []byte {
	var b []byte
	for _, v := range values {
		b, _ = binary.Append(b, binary.LittleEndian, v)
	}
	return b
}
