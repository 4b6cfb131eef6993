package data

import (
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

var timestamp = &arrow.TimestampType{Unit: arrow.Millisecond}

var types = map[string]arrow.DataType{
	"region": arrow.BinaryTypes.String, "zone": arrow.BinaryTypes.String, "rack": arrow.BinaryTypes.String, "host": arrow.BinaryTypes.String,
	"cpu": arrow.PrimitiveTypes.Float64, "memory": arrow.PrimitiveTypes.Float64, "disk": arrow.PrimitiveTypes.Float64,
	"net_in": arrow.PrimitiveTypes.Float64, "net_out": arrow.PrimitiveTypes.Float64,
	"requests": arrow.PrimitiveTypes.Int64, "healthy": arrow.FixedWidthTypes.Boolean, "ts": timestamp,
}

// Schema returns the Arrow schema of these columns, as GreptimeDB has it.
func Schema(columns []string) *arrow.Schema {
	fields := make([]arrow.Field, len(columns))
	for i, name := range columns {
		fields[i] = arrow.Field{Name: name, Type: types[base(name)], Nullable: name != "ts"}
		if name == "ts" {
			fields[i].Metadata = arrow.NewMetadata([]string{"greptime:time_index"}, []string{"true"})
		}
	}
	return arrow.NewSchema(fields, nil)
}

// Record returns rows as a record batch with these columns.
func Record(columns []string, rows []Row) arrow.RecordBatch {
	b := array.NewRecordBuilder(memory.DefaultAllocator, Schema(columns))
	defer b.Release()
	for i, name := range columns {
		for r := range rows {
			appendValue(b.Field(i), rows[r].Value(name))
		}
	}
	return b.NewRecordBatch()
}

func appendValue(b array.Builder, v any) {
	switch v := v.(type) {
	case string:
		b.(*array.StringBuilder).Append(v)
	case float64:
		b.(*array.Float64Builder).Append(v)
	case int64:
		b.(*array.Int64Builder).Append(v)
	case bool:
		b.(*array.BooleanBuilder).Append(v)
	case time.Time:
		b.(*array.TimestampBuilder).Append(arrow.Timestamp(v.UnixMilli()))
	}
}
