package greptimetest

import (
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

// FuzzMessage: no header is read beyond its end.
func FuzzMessage(f *testing.F) {
	for _, x := range captures.DoGets()[:10] {
		for _, m := range x.Messages {
			f.Add(m.Header)
		}
	}
	f.Fuzz(func(_ *testing.T, b []byte) {
		_, _ = messageKind(b)
		_ = bodyLength(b)
	})
}
