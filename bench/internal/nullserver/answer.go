package nullserver

import (
	"bytes"
	"regexp"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	flatbuffers "github.com/google/flatbuffers/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/greptime-go/greptime/bench/internal/data"
	"github.com/greptime-go/greptime/bench/internal/rawgrpc"
	"github.com/greptime-go/greptime/bench/internal/scans"
)

// statement finds, in a ticket of whatever client, the text that decides what the
// answer is.
var statement = regexp.MustCompile(scans.Pattern + `|SELECT 1|LIMIT 0|DESC TABLE|INSERT INTO`)

// table finds the table in it.
var table = regexp.MustCompile(`bench_\w+`)

// NoMetrics in a statement leaves out the message of metrics at the end of its result,
// for clients that fail on it.
const NoMetrics = "-- no metrics"

// doGet answers a ticket.
func doGet(stream grpc.ServerStream) error {
	ticket, err := receive(stream)
	if err != nil {
		return err
	}
	what := statement.Find(ticket)
	metrics := !bytes.Contains(ticket, []byte(NoMetrics))
	switch {
	case what == nil:
		return status.Errorf(codes.InvalidArgument, "the null server does not know the statement in %.200q", ticket)
	case bytes.HasPrefix(what, []byte("scan")):
		return sendScan(stream, string(what), metrics)
	case string(what) == "INSERT INTO":
		return stream.SendMsg(affectedMessage(bytes.Count(ticket, []byte("),")) + 1))
	default:
		for _, m := range smallAnswer(string(what), data.Columns(string(table.Find(ticket))), metrics) {
			if err := stream.SendMsg(m); err != nil {
				return err
			}
		}
		return nil
	}
}

func receive(stream grpc.ServerStream) (b []byte, err error) {
	err = stream.RecvMsg(rawgrpc.Receiver(func(data mem.BufferSlice) error {
		b = data.Materialize()
		return nil
	}))
	return b, err
}

// getFlightInfo answers a Flight SQL statement with one endpoint, whose ticket is the
// statement.
func getFlightInfo(stream grpc.ServerStream) error {
	descriptor, err := receive(stream)
	if err != nil {
		return err
	}
	field := func(b []byte, num protowire.Number, v []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), v)
	}
	ticket := field(nil, 1, append(statement.Find(descriptor), NoMetrics...))
	endpoint := field(nil, 1, ticket)
	return stream.SendMsg(rawgrpc.Message(field(nil, 3, endpoint)))
}

// sendScan answers a query.
func sendScan(stream grpc.ServerStream, text string, metrics bool) error {
	q, err := scans.ParseQuery(text)
	if err != nil {
		return err
	}
	scan, err := scanOf(q)
	if err != nil {
		return err
	}
	if err := stream.SendMsg(scan.schema); err != nil {
		return err
	}
	for i := range q.Rows / q.BatchRows {
		work(int64(q.BatchRows))
		if err := stream.SendMsg(scan.batches[i%len(scan.batches)]); err != nil {
			return err
		}
	}
	if scan.rest != nil {
		work(int64(q.Rows % q.BatchRows))
		if err := stream.SendMsg(scan.rest); err != nil {
			return err
		}
	}
	if !metrics {
		return nil
	}
	return stream.SendMsg(metricsMessage())
}

// flightScan is the messages of a scan.
type flightScan struct {
	schema  rawgrpc.Message
	batches []rawgrpc.Message // come again and again
	rest    rawgrpc.Message   // the last batch, if it is shorter
}

// flightScans keeps those that were asked for before.
var flightScans sync.Map // scans.Query → *flightScan

func scanOf(q scans.Query) (*flightScan, error) {
	if s, ok := flightScans.Load(q); ok {
		return s.(*flightScan), nil
	}
	scan, err := scans.Encode(q)
	if err != nil {
		return nil, err
	}
	s := &flightScan{schema: scan.Messages[0].FlightData()}
	for _, m := range scan.Messages[1:] {
		s.batches = append(s.batches, m.FlightData())
	}
	rest, err := scans.EncodeRest(q)
	if err != nil {
		return nil, err
	}
	if rest != nil {
		s.rest = rest.FlightData()
	}
	flightScans.Store(q, s)
	return s, nil
}

// smallAnswer is what SELECT 1 and the questions for a table's columns are answered
// with.
func smallAnswer(what string, columns []string, metrics bool) []rawgrpc.Message {
	var schema *arrow.Schema
	var batches []arrow.RecordBatch
	switch what {
	case "LIMIT 0":
		schema = data.Schema(columns)
	case "DESC TABLE":
		schema, batches = description(columns)
		metrics = false
	default:
		messages := selectOne()
		if !metrics {
			messages = messages[:len(messages)-1]
		}
		return messages
	}
	return answer(schema, batches, metrics)
}

var selectOne = sync.OnceValue(func() []rawgrpc.Message {
	schema := arrow.NewSchema([]arrow.Field{{Name: "Int64(1)", Type: arrow.PrimitiveTypes.Int64}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	b.Field(0).(*array.Int64Builder).Append(1)
	return answer(schema, []arrow.RecordBatch{b.NewRecordBatch()}, true)
})

func answer(schema *arrow.Schema, batches []arrow.RecordBatch, metrics bool) []rawgrpc.Message {
	scan, err := scans.EncodeBatches(schema, batches, "lz4")
	if err != nil {
		panic(err) // the batches are those above
	}
	var messages []rawgrpc.Message
	for _, m := range scan.Messages {
		messages = append(messages, m.FlightData())
	}
	if metrics {
		messages = append(messages, metricsMessage())
	}
	return messages
}

// description is the answer to DESC TABLE.
func description(columns []string) (*arrow.Schema, []arrow.RecordBatch) {
	names := []string{"Column", "Type", "Key", "Null", "Default", "Semantic Type"}
	fields := make([]arrow.Field, len(names))
	for i, name := range names {
		fields[i] = arrow.Field{Name: name, Type: arrow.BinaryTypes.String, Nullable: name == "Key"}
	}
	schema := arrow.NewSchema(fields, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for _, f := range data.Schema(columns).Fields() {
		typ := map[arrow.Type]string{arrow.STRING: "String", arrow.FLOAT64: "Float64", arrow.INT64: "Int64", arrow.BOOL: "Boolean", arrow.TIMESTAMP: "TimestampMillisecond"}[f.Type.ID()]
		key, null, role := "", "YES", "FIELD"
		switch {
		case f.Type.ID() == arrow.STRING:
			key, role = "PRI", "TAG"
		case f.Name == "ts":
			key, null, role = "PRI", "NO", "TIMESTAMP"
		}
		for c, text := range []string{f.Name, typ, key, null, "", role} {
			b.Field(c).(*array.StringBuilder).Append(text)
		}
	}
	return schema, []arrow.RecordBatch{b.NewRecordBatch()}
}

// affectedMessage is the FlightData with which GreptimeDB answers a statement without
// rows.
func affectedMessage(rows int) rawgrpc.Message {
	value := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), uint64(rows))
	return metadataMessage(1, value)
}

// metricsMessage is the FlightData that ends the result of a query.
var metricsMessage = sync.OnceValue(func() rawgrpc.Message {
	text := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), `{"null_server":true}`)
	return metadataMessage(2, text)
})

// metadataMessage is a FlightData without Arrow data, with a FlightMetadata that has
// one field.
func metadataMessage(field protowire.Number, value []byte) rawgrpc.Message {
	b := flatbuffers.NewBuilder(64)
	b.StartObject(5)
	const metadataVersionV5 = 4
	b.PrependInt16Slot(0, metadataVersionV5, 0)
	b.Finish(b.EndObject())
	m := scans.Message{Header: b.FinishedBytes()}
	m.Metadata = protowire.AppendBytes(protowire.AppendTag(nil, field, protowire.BytesType), value)
	return m.FlightData()
}
