package flightdecode

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// Message is the part of FlightData that carries data. Answers do not use its
// descriptor.
type Message struct {
	// Header is FlightData.data_header: an Arrow IPC Message, which is a FlatBuffer
	// without length prefix or continuation marker. AppMetadata is
	// FlightData.app_metadata. The reader is done with both before it asks for the
	// next message.
	Header, AppMetadata []byte
	// Body is FlightData.data_body. Once received it belongs to the reader:
	// uncompressed arrays lie in it until they are released. Buffers that are not
	// aligned for their type are copied, so a body that starts at a multiple of
	// 8 bytes, or better 64, saves time.
	Body []byte
	// Buffer, if not nil, is memory that starts with Body. The reader takes over one
	// reference, even if it returns an error. It releases that reference when no
	// record batch and no dictionary lies in the memory any more. Header and
	// AppMetadata may lie behind Body in the same memory.
	Buffer *memory.Buffer
}

// memory returns the memory that starts with Body.
func (m *Message) memory() *memory.Buffer {
	if m.Buffer == nil {
		return memory.NewBufferBytes(m.Body)
	}
	return m.Buffer
}

// begins reports whether Buffer starts with Body.
func (m *Message) begins() bool {
	return len(m.Body) <= m.Buffer.Len() && unsafe.SliceData(m.Body) == unsafe.SliceData(m.Buffer.Bytes())
}

// release releases the memory.
func (m *Message) release() {
	if m.Buffer != nil {
		m.Buffer.Release()
	}
	*m = Message{}
}

// messageKind is the header type of an IPC message (MessageHeader of Message.fbs).
type messageKind int16

const (
	kindUnreadable messageKind = iota - 1
	kindNone
	kindSchema
	kindDictionaryBatch
	kindRecordBatch
	kindTensor
	kindSparseTensor
)

func (k messageKind) String() string {
	switch k {
	case kindUnreadable:
		return ""
	case kindNone:
		return "NONE"
	case kindSchema:
		return "Schema"
	case kindDictionaryBatch:
		return "DictionaryBatch"
	case kindRecordBatch:
		return "RecordBatch"
	case kindTensor:
		return "Tensor"
	case kindSparseTensor:
		return "SparseTensor"
	}
	return fmt.Sprintf("header type %d", int(k))
}

// maxHeader is the greatest length of a header, in bytes. That of a schema takes some hundred
// bytes per column, and what is made of it takes up to some 50 times its length.
const maxHeader = 16 << 20

// Slots of Message.
const (
	messageVersion = iota
	messageHeaderType
	messageHeader
	messageBodyLength
	messageCustomMetadata
)

// Slots of KeyValue.
const (
	keyValueKey = iota
	keyValueValue
)

// Values of MetadataVersion that current readers accept.
const (
	metadataV4 = 3
	metadataV5 = 4
)

// header is the part of an IPC message that describes the rest.
type header struct {
	kind     messageKind
	table    table // Schema, DictionaryBatch or RecordBatch; none for NONE
	metadata arrow.Metadata
}

// readHeader reads the header of m with f. It recognizes GreptimeDB's NONE messages
// (20 bytes on 1.0.2) by their header type, which is absent, rather than by their
// bytes.
func readHeader(f *flatbuffer, m *Message) (header, error) {
	if len(m.Header) == 0 {
		return header{kind: kindUnreadable}, errors.New("it has no data_header, which every message needs")
	}
	if len(m.Header) > maxHeader {
		return header{kind: kindUnreadable}, fmt.Errorf("its header of %d bytes exceeds the limit of %d bytes; select fewer columns", len(m.Header), maxHeader)
	}
	if m.Buffer != nil && len(m.Body) > 0 && !m.begins() {
		return header{kind: kindUnreadable}, errors.New("its Buffer does not start with its Body")
	}
	f.reset(m.Header)
	root := f.root()
	h := header{kind: messageKind(root.uint8(messageHeaderType))}
	wanted := h.kind == kindSchema || h.kind == kindDictionaryBatch || h.kind == kindRecordBatch
	found := false
	if wanted {
		h.table, found = root.table(messageHeader)
	}
	version := root.int16(messageVersion, 0)
	bodyLength := root.int64(messageBodyLength)
	h.metadata = keyValues(root.tables(messageCustomMetadata))
	switch {
	case f.err != nil:
		return header{kind: kindUnreadable}, f.err
	case version != metadataV4 && version != metadataV5:
		return h, fmt.Errorf("it has metadata version V%d; only V4 and V5 are supported", int(version)+1)
	case bodyLength > int64(len(m.Body)):
		return h, fmt.Errorf("its body of %d bytes is cut short: the header announces %d", len(m.Body), bodyLength)
	case wanted && !found:
		return h, fmt.Errorf("it lacks the %s that its header type announces", h.kind)
	}
	return h, nil
}

// BodyLength returns the length of the body that belongs to a header. FlightData has the body
// itself. In a file or a stream of Arrow IPC the body follows the header, and only this length
// tells where it ends. No bytes need be there for it: check it before you allocate memory.
//
// An error is returned for a malformed header, and for one of a type that Arrow IPC does
// not have in files and streams, such as NONE.
func BodyLength(header []byte) (int64, error) {
	var f flatbuffer
	f.reset(header)
	root := f.root()
	kind := messageKind(root.uint8(messageHeaderType))
	length := root.int64(messageBodyLength)
	switch {
	case f.err != nil:
		return 0, f.err
	case kind != kindSchema && kind != kindDictionaryBatch && kind != kindRecordBatch:
		return 0, fmt.Errorf("it has header type %s; only Schema, DictionaryBatch and RecordBatch are expected", kind)
	case length < 0:
		return 0, fmt.Errorf("its body cannot have %d bytes", length)
	}
	return length, nil
}

// keyValues returns the custom metadata in the order in which it was sent.
func keyValues(pairs tables) arrow.Metadata {
	if pairs.n == 0 {
		return arrow.Metadata{}
	}
	var keys, values []string
	for i := range pairs.n {
		pair := pairs.nth(i)
		if pairs.f.err != nil {
			return arrow.Metadata{}
		}
		keys = append(keys, pair.string(keyValueKey))
		values = append(values, pair.string(keyValueValue))
	}
	return arrow.NewMetadata(keys, values)
}
