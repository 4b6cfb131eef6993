// Package scans has results of queries as GreptimeDB sends them: a schema, and record
// batches of 1,024 rows.
package scans

import (
	"bytes"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/greptime-go/greptime/bench/internal/data"
)

// BatchRows is the rows of a record batch of a scan, as GreptimeDB sends them.
const BatchRows = 1024

// distinct is how many batches of a scan differ; then they come again.
const distinct = 16

// Message is a FlightData.
type Message struct {
	Header, Metadata, Body []byte
}

// FlightData is the message as it is on the wire.
func (m *Message) FlightData() []byte {
	var b []byte
	for _, f := range []struct {
		number protowire.Number
		value  []byte
	}{{2, m.Header}, {3, m.Metadata}, {1000, m.Body}} {
		if len(f.value) > 0 {
			b = protowire.AppendBytes(protowire.AppendTag(b, f.number, protowire.BytesType), f.value)
		}
	}
	return b
}

// Scan is a result: the schema's message, and those of record batches.
type Scan struct {
	Schema   *arrow.Schema
	Messages []Message
	Rows     int
	// BodyBytes is the length of all bodies without compression.
	BodyBytes int64
	// Stream is the same as an Arrow IPC stream, which is what arrow-go's reader reads.
	Stream []byte
}

// Columns are those of a scan of that many columns: of five, the time, a string, two
// doubles and an integer; of ten, four strings and five doubles.
func Columns(n int) ([]string, error) {
	switch n {
	case 5:
		return []string{"ts", "host", "cpu", "net_in", "requests"}, nil
	case 10:
		return append([]string{"ts"}, data.Names[:9]...), nil
	}
	return nil, fmt.Errorf("there is no scan of %d columns", n)
}

// Rows are the rows of a scan, by batches.
func Rows() [][]data.Row {
	all := data.Rows(distinct * BatchRows)
	batches := make([][]data.Row, distinct)
	for i := range batches {
		batches[i] = all[i*BatchRows : (i+1)*BatchRows]
	}
	return batches
}

// Encode is a scan of so many columns with bodies compressed by none, lz4 or zstd.
func Encode(columns int, codec string) (*Scan, error) {
	names, err := Columns(columns)
	if err != nil {
		return nil, err
	}
	var batches []arrow.RecordBatch
	for _, rows := range Rows() {
		batches = append(batches, data.Record(names, rows))
	}
	return EncodeBatches(data.Schema(names), batches, codec)
}

// EncodeBatches is a scan of these batches.
func EncodeBatches(schema *arrow.Schema, batches []arrow.RecordBatch, codec string) (*Scan, error) {
	var compression []ipc.Option
	switch codec {
	case "none":
	case "lz4":
		compression = append(compression, ipc.WithLZ4())
	case "zstd":
		compression = append(compression, ipc.WithZstd())
	default:
		return nil, fmt.Errorf("there is no codec %s", codec)
	}
	s := &Scan{Schema: schema}
	payload := ipc.GetSchemaPayload(schema, memory.DefaultAllocator)
	s.Messages = append(s.Messages, Message{Header: bytes.Clone(payload.Meta().Bytes())})
	payload.Release()
	var stream bytes.Buffer
	w := ipc.NewWriter(&stream, append(compression, ipc.WithSchema(schema))...)
	for _, batch := range batches {
		m, err := encode(batch, compression...)
		if err != nil {
			return nil, err
		}
		plain, err := encode(batch)
		if err != nil {
			return nil, err
		}
		s.Messages = append(s.Messages, m)
		s.BodyBytes += int64(len(plain.Body))
		s.Rows += int(batch.NumRows())
		if err := w.Write(batch); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	s.Stream = stream.Bytes()
	return s, nil
}

func encode(batch arrow.RecordBatch, opts ...ipc.Option) (Message, error) {
	payload, err := ipc.GetRecordBatchPayload(batch, opts...)
	if err != nil {
		return Message{}, err
	}
	defer payload.Release()
	var body bytes.Buffer
	if err := payload.SerializeBody(&body); err != nil {
		return Message{}, err
	}
	return Message{Header: bytes.Clone(payload.Meta().Bytes()), Body: body.Bytes()}, nil
}
