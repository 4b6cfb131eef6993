package bulk

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// encodeBatch is a batch as a FlightData, read by the test server.
func encodeBatch(t testing.TB, b *Batch, codec Compression) (captures.Message, *message) {
	t.Helper()
	m := &message{}
	if err := newEncoder(codec).encode(m, 7, b.rows, b.columns); err != nil {
		t.Fatal(err)
	}
	if bound := encodedBound(b.rows, b.columns); int64(m.wireSize()) > bound {
		t.Errorf("the message has %d bytes, more than the bound %d", m.wireSize(), bound)
	}
	data, err := wiretest.DecodeFlightData(append(append([]byte(nil), m.body.Bytes[m.end:]...), m.body.Bytes[:m.end]...))
	if err != nil {
		t.Fatal(err)
	}
	if string(data.AppMetadata) != `{"request_id":7}` {
		t.Errorf("metadata %q", data.AppMetadata)
	}
	return data, m
}

// schemaMessage is the schema as it is sent.
func schemaMessage(t testing.TB, b *Batch) captures.Message {
	t.Helper()
	p := ipc.GetSchemaPayload(b.table.Arrow(), memory.DefaultAllocator)
	defer p.Release()
	meta := p.Meta()
	defer meta.Release()
	return captures.Message{Header: bytes.Clone(meta.Bytes())}
}

// ipcRecord reads a batch by arrow-go's own reader, and tells the length of its message.
func ipcRecord(t testing.TB, b *Batch, codec Compression) (arrow.RecordBatch, int) {
	t.Helper()
	data, _ := encodeBatch(t, b, codec)
	var stream bytes.Buffer
	for _, m := range []captures.Message{schemaMessage(t, b), data} {
		header := m.Header
		for len(header)%8 != 0 {
			header = append(header, 0)
		}
		_ = binary.Write(&stream, binary.LittleEndian, []uint32{0xffffffff, uint32(len(header))})
		stream.Write(header)
		stream.Write(m.Body)
	}
	rd, err := ipc.NewReader(&stream)
	if err != nil {
		t.Fatal(err)
	}
	defer rd.Release()
	if !rd.Next() {
		t.Fatalf("%v: arrow-go reads nothing: %v", codec, rd.Err())
	}
	record := rd.RecordBatch()
	record.Retain()
	if rd.Next() || rd.Err() != nil && rd.Err() != io.EOF {
		t.Fatalf("%v: behind the record batch: %v", codec, rd.Err())
	}
	return record, len(data.Body)
}
