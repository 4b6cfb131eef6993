package flightdecode

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// sensorBatches returns the answer to a scan of a metrics table: n batches of 1,024
// rows, as GreptimeDB sends a file.
func sensorBatches(n int) (*arrow.Schema, []arrow.RecordBatch) {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "ts", Type: &arrow.TimestampType{Unit: arrow.Millisecond}},
		{Name: "host", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "usage", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
		{Name: "load", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
		{Name: "requests", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	}, nil)
	rng := rand.New(rand.NewPCG(5, 6))
	batches := make([]arrow.RecordBatch, n)
	now := int64(1_704_067_200_000)
	for i := range batches {
		b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
		for range 1024 {
			now += 1000 + rng.Int64N(5)
			b.Field(0).(*array.TimestampBuilder).Append(arrow.Timestamp(now))
			b.Field(1).(*array.StringBuilder).Append("host-" + strconv.Itoa(rng.IntN(100)))
			b.Field(2).(*array.Float64Builder).Append(float64(rng.IntN(10_000)) / 100)
			b.Field(3).(*array.Float64Builder).Append(rng.NormFloat64())
			b.Field(4).(*array.Int64Builder).Append(rng.Int64N(100_000))
		}
		batches[i] = b.NewRecordBatch()
	}
	return schema, batches
}

const benchBatches = 64

// BenchmarkDecode reads a stream of 64 batches of 1,024 rows × 5 columns, and does the
// same with arrow-go's own reader. MB/s count decompressed bytes.
func BenchmarkDecode(b *testing.B) {
	schema, batches := sensorBatches(benchBatches)
	size := int64(0)
	for _, message := range encode(b, schema, batches) {
		size += int64(len(message.Body))
	}
	for _, body := range bodies[:3] {
		messages := encode(b, schema, batches, body.opts...)
		b.Run(body.name+"/flightdecode", func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				r, err := NewReader(received(messages, io.EOF), Options{})
				if err != nil {
					b.Fatal(err)
				}
				drain(b, r)
			}
			perBatch(b)
		})
		stream := arrowStream(b, schema, batches, body.opts...)
		b.Run(body.name+"/arrow-go", func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				r, err := ipc.NewReader(bytes.NewReader(stream))
				if err != nil {
					b.Fatal(err)
				}
				drain(b, r)
			}
			perBatch(b)
		})
	}
}

// TestAllocations limits the allocations of a batch: an array, its data and its
// buffers for each column, a few for all columns together, and no memory for values.
// It counts the allocations of the whole process, so it runs alone.
func TestAllocations(t *testing.T) {
	schema, batches := sensorBatches(benchBatches)
	for i, most := range []float64{22, 24} { // plain, LZ4
		messages := encode(t, schema, batches, bodies[i].opts...)
		perStream := testing.AllocsPerRun(5, func() {
			if got := read(messages, io.EOF); got.err != nil || len(got.batches) != benchBatches {
				t.Fatal(got.err)
			}
		})
		if got := perStream / benchBatches; got > most {
			t.Errorf("%s: %.1f allocations a batch of 5 columns, want at most %.0f", bodies[i].name, got, most)
		}
	}
}

func drain(b *testing.B, r array.RecordReader) {
	n := 0
	for r.Next() {
		n++
	}
	if r.Err() != nil || n != benchBatches {
		b.Fatalf("%d batches, %v", n, r.Err())
	}
	r.Release()
}

func perBatch(b *testing.B) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchBatches, "ns/batch")
}

// BenchmarkSmallAnswer reads the answer to SELECT 1: schema, a batch of one row,
// metrics.
func BenchmarkSmallAnswer(b *testing.B) {
	messages := captured("trailing_semicolon")
	b.ReportAllocs()
	for b.Loop() {
		r, err := NewReader(received(messages, io.EOF), Options{})
		if err != nil {
			b.Fatal(err)
		}
		for r.Next() {
		}
		if r.Err() != nil {
			b.Fatal(r.Err())
		}
		r.Release()
	}
}

// BenchmarkWideSchema reads a schema of 1,000 columns and a batch of it.
func BenchmarkWideSchema(b *testing.B) {
	var fields []fieldSpec
	spec := batchSpec{length: 1}
	for i := range 1000 {
		fields = append(fields, int32Field(fmt.Sprintf("column_%d", i)))
		spec.nodes = append(spec.nodes, [2]int64{1, 0})
		spec.buffers = append(spec.buffers, nil, le(int32(i)))
	}
	messages := []Message{schemaOf(b, fields...), spec.message(b)}
	b.ReportAllocs()
	for b.Loop() {
		r, err := NewReader(received(messages, io.EOF), Options{})
		if err != nil || !r.Next() {
			b.Fatal(err)
		}
		r.Release()
	}
}
