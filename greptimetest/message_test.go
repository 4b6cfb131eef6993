package greptimetest

import (
	"encoding/binary"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/greptime-go/greptime/internal/test/captures"
)

func TestMessageKindOfRecordings(t *testing.T) {
	t.Parallel()
	kinds := map[string]ipc.MessageType{"NONE": ipc.MessageNone, "Schema": ipc.MessageSchema, "DictionaryBatch": ipc.MessageDictionaryBatch, "RecordBatch": ipc.MessageRecordBatch}
	for _, x := range captures.DoGets() {
		for _, m := range x.Messages {
			if k, err := messageKind(m.Header); err != nil || k != kinds[m.Kind] {
				t.Errorf("%s: %v %v, want %s", x.Name, k, err, m.Kind)
			}
			if n := bodyLength(m.Header); n != int64(len(m.Body)) {
				t.Errorf("%s: body length %d, want %d", x.Name, n, len(m.Body))
			}
		}
	}
}

// A header tells what was written into it, and what it tells does not depend on the bytes
// behind it.
func FuzzMessage(f *testing.F) {
	for _, x := range captures.DoGets()[:10] {
		for _, m := range x.Messages {
			f.Add(m.Header, m.Body[:min(len(m.Body), 64)], byte(3), int64(len(m.Body)))
		}
	}
	f.Fuzz(func(t *testing.T, b, behind []byte, kind byte, length int64) {
		longer := append(b[:len(b):len(b)], behind...)
		if k, err := messageKind(b); err == nil {
			if again, err := messageKind(longer); err != nil || again != k {
				t.Errorf("%x is %v, with more bytes %v, %v", b, k, again, err)
			}
			if n := bodyLength(b); n != 0 && bodyLength(longer) != n {
				t.Errorf("%x has a body of %d bytes, with more bytes %d", b, n, bodyLength(longer))
			}
		}
		header := []byte{16, 0, 0, 0, 12, 0, 16, 0, 0, 0, 4, 0, 0, 0, 8, 0, 12, 0, 0, 0, kind, 0, 0, 0} // root, vtable, table
		header = append(binary.LittleEndian.AppendUint64(header, uint64(length)), behind...)
		if k, err := messageKind(header); err != nil || k != ipc.MessageType(kind) || bodyLength(header) != length {
			t.Errorf("%x is %v with a body of %d bytes, %v; want %d and %d", header, k, bodyLength(header), err, kind, length)
		}
	})
}
