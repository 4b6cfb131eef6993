// Package scans has results of queries as GreptimeDB sends them: a schema, and record
// batches, of 1,024 rows usually.
package scans

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/greptime-go/greptime/bench/internal/data"
)

// BatchRows is the rows of a record batch of a scan, as GreptimeDB sends them.
const BatchRows = 1024

// distinctRows is after how many rows of a scan its batches come again, if a batch has
// no more than that.
const distinctRows = 16 * BatchRows

// Message is a FlightData.
type Message struct {
	Header, Metadata, Body []byte
}

// FlightData returns the message as it is on the wire.
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

// Rows returns the rows of a scan, by batches.
func Rows(batchRows int) [][]data.Row {
	n := max(1, distinctRows/batchRows)
	return slices.Collect(slices.Chunk(data.Rows(n*batchRows), batchRows))
}

// Encode returns the messages of a query, those of repeated batches only once.
func Encode(q Query) (*Scan, error) {
	names := q.ColumnNames()
	var batches []arrow.RecordBatch
	for _, rows := range Rows(q.BatchRows) {
		batches = append(batches, data.Record(names, rows))
	}
	return EncodeBatches(data.Schema(names), batches, q.Codec)
}

// EncodeRest returns the message of the last batch, if that is shorter than the others.
func EncodeRest(q Query) (*Message, error) {
	n := q.Rows % q.BatchRows
	if n == 0 {
		return nil, nil
	}
	names := q.ColumnNames()
	scan, err := EncodeBatches(data.Schema(names), []arrow.RecordBatch{data.Record(names, data.Rows(n))}, q.Codec)
	if err != nil {
		return nil, err
	}
	return &scan.Messages[1], nil
}

// EncodeBatches returns a scan of these batches.
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
