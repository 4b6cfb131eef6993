package collect

import (
	"fmt"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// sample is a row of five columns.
type sample struct {
	At   time.Time `greptime:"ts"`
	Host string    `greptime:"host"`
	CPU  float64   `greptime:"cpu"`
	Mem  float64   `greptime:"mem"`
	N    int64     `greptime:"n"`
}

func sampleBatch(rows int) arrow.RecordBatch {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "ts", Type: &arrow.TimestampType{Unit: arrow.Millisecond}},
		{Name: "host", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "cpu", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
		{Name: "mem", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
		{Name: "n", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	for i := range rows {
		b.Field(0).(*array.TimestampBuilder).Append(arrow.Timestamp(1704067200000 + int64(i)*1000))
		b.Field(1).(*array.StringBuilder).Append(fmt.Sprintf("host-%d", i%40))
		b.Field(2).(*array.Float64Builder).Append(float64(i) * 0.37)
		b.Field(3).(*array.Float64Builder).Append(float64(i%900) * 1.13)
		b.Field(4).(*array.Int64Builder).Append(int64(i) * 7919)
	}
	return b.NewRecordBatch()
}

// BenchmarkDecode reads rows into memory that is there.
func BenchmarkDecode(b *testing.B) {
	batch := sampleBatch(1024)
	d, err := New[sample](batch.Schema(), time.UTC, Options{})
	if err != nil {
		b.Fatal(err)
	}
	rows := make([]sample, step)
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Load(batch); err != nil {
			b.Fatal(err)
		}
		for from := 0; from < 1024; from += step {
			clear(rows)
			if _, err := d.Decode(rows, from); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1024, "ns/row")
}

// BenchmarkAll reads results of a hundred batches.
func BenchmarkAll(b *testing.B) {
	batch := sampleBatch(1024)
	batches := make([]arrow.RecordBatch, 100)
	for i := range batches {
		batches[i] = batch
	}
	b.ReportAllocs()
	for b.Loop() {
		rd, err := array.NewRecordReader(batch.Schema(), batches)
		if err != nil {
			b.Fatal(err)
		}
		d, err := New[sample](batch.Schema(), time.UTC, Options{})
		if err != nil {
			b.Fatal(err)
		}
		if list, err := All(rd, d); err != nil || len(list) != 102400 {
			b.Fatal(len(list), err)
		}
		rd.Release()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/102400, "ns/row")
}
