package flightdecode

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// Message is what FlightData says about data; its descriptor plays no part in
// answers.
type Message struct {
	// Header is FlightData.data_header: an Arrow IPC Message, a FlatBuffer
	// without length prefix or continuation marker. AppMetadata is
	// FlightData.app_metadata. Both are read before the next message is asked
	// for, and not referred to afterwards.
	Header, AppMetadata []byte
	// Body is FlightData.data_body. It belongs to the reader once it was
	// received: uncompressed arrays lie in it until they are released. Buffers
	// that are not aligned for their type are copied, so a body that starts at a
	// multiple of 8 bytes, better 64, saves time.
	Body []byte
	// Buffer, if it is not nil, is the memory that Body is the beginning of. The
	// reader takes over one reference, also when there is an error, and releases it
	// when neither a record batch nor a dictionary is left that lies in it. Header
	// and AppMetadata may lie further back.
	Buffer *memory.Buffer
}

// memory returns the memory that Body is the beginning of.
func (m *Message) memory() *memory.Buffer {
	if m.Buffer == nil {
		return memory.NewBufferBytes(m.Body)
	}
	return m.Buffer
}

// begins says whether Body is the beginning of Buffer.
func (m *Message) begins() bool {
	return len(m.Body) <= m.Buffer.Len() && unsafe.SliceData(m.Body) == unsafe.SliceData(m.Buffer.Bytes())
}

// release gives up the memory.
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

// Values of MetadataVersion that readers of today take.
const (
	metadataV4 = 3
	metadataV5 = 4
)

// header is the part of an IPC message that tells what the rest is.
type header struct {
	kind     messageKind
	table    table // Schema, DictionaryBatch or RecordBatch; none for NONE
	metadata arrow.Metadata
}

// readHeader reads the header of m by means of f. GreptimeDB's NONE messages
// (20 bytes on 1.0.2) are told by their header type, which is absent, not by
// their bytes.
func readHeader(f *flatbuffer, m *Message) (header, error) {
	if len(m.Header) == 0 {
		return header{kind: kindUnreadable}, errors.New("it has no data_header, which every message needs")
	}
	if m.Buffer != nil && len(m.Body) > 0 && !m.begins() {
		return header{kind: kindUnreadable}, errors.New("its Body is not the beginning of its Buffer: whoever received it must see to that")
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

// keyValues returns custom metadata in the order in which it was sent.
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
