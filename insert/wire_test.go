package insert_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"testing"
	"time"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/protobuf/proto"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
)

// reference is a table made of generated messages.
type reference struct {
	name string
	rows greptimev1.Rows
}

// anyTable makes a table of any columns and rows out of data, and the same with the
// generated code's types.
func anyTable(t *testing.T, name string, data []byte) (*insert.Table, *reference) {
	next := func() uint64 {
		var b [8]byte
		n := copy(b[:], data)
		data = data[n:]
		return binary.LittleEndian.Uint64(b[:])
	}
	text := func() string {
		n := min(int(next()%40), len(data))
		s := string(bytes.ToValidUTF8(data[:n], []byte("?")))
		data = data[n:]
		if n%7 == 6 { // one that takes two bytes for its length
			s += string(make([]byte, 300))
		}
		return s
	}
	ref := &reference{name: name}
	columns := []insert.Column{insert.Time("ts", insert.Nanosecond)}
	ref.rows.Schema = []*greptimev1.ColumnSchema{{ColumnName: "ts", Datatype: greptimev1.ColumnDataType_TIMESTAMP_NANOSECOND, SemanticType: greptimev1.SemanticType_TIMESTAMP}}
	kinds := []byte{0}
	for i := range int(next() % 6) {
		kind := byte(1 + next()%uint64(len(fuzzKinds)-1))
		kinds = append(kinds, kind)
		k, name := fuzzKinds[kind], string(rune('a'+i))+text()
		if i%2 == 0 {
			columns = append(columns, insert.Tag(name, k.typ))
		} else {
			columns = append(columns, insert.Field(name, k.typ))
		}
		ref.rows.Schema = append(ref.rows.Schema, &greptimev1.ColumnSchema{ColumnName: name, Datatype: k.datatype, SemanticType: greptimev1.SemanticType(i % 2), DatatypeExtension: k.extension})
	}
	table := insert.NewTable(name, columns...)
	if err := table.Err(); err != nil {
		t.Fatal(err)
	}
	for range int(next() % 5) {
		var values []any
		row := &greptimev1.Row{}
		for i, kind := range kinds {
			n, s := next(), text()
			if i > 0 && n%5 == 0 {
				values, row.Values = append(values, nil), append(row.Values, &greptimev1.Value{})
				continue
			}
			value, stored := fuzzKinds[kind].value(n, s)
			values, row.Values = append(values, value), append(row.Values, stored)
		}
		if err := table.Append(values...); err != nil {
			t.Fatal(err)
		}
		ref.rows.Rows = append(ref.rows.Rows, row)
	}
	return table, ref
}

// fuzzKinds are columns and how to make a value of them, the Go one and the
// generated code's.
var fuzzKinds = []struct {
	typ       insert.Type
	datatype  greptimev1.ColumnDataType
	extension *greptimev1.ColumnDataTypeExtension
	value     func(n uint64, s string) (any, *greptimev1.Value)
}{
	{insert.Timestamp(insert.Nanosecond), greptimev1.ColumnDataType_TIMESTAMP_NANOSECOND, nil, func(n uint64, _ string) (any, *greptimev1.Value) {
		return time.Unix(0, int64(n)), &greptimev1.Value{ValueData: &greptimev1.Value_TimestampNanosecondValue{TimestampNanosecondValue: int64(n)}}
	}},
	{insert.String, greptimev1.ColumnDataType_STRING, nil, func(_ uint64, s string) (any, *greptimev1.Value) {
		return s, &greptimev1.Value{ValueData: &greptimev1.Value_StringValue{StringValue: s}}
	}},
	{insert.Binary, greptimev1.ColumnDataType_BINARY, nil, func(_ uint64, s string) (any, *greptimev1.Value) {
		return []byte(s), &greptimev1.Value{ValueData: &greptimev1.Value_BinaryValue{BinaryValue: []byte(s)}}
	}},
	{insert.Bool, greptimev1.ColumnDataType_BOOLEAN, nil, func(n uint64, _ string) (any, *greptimev1.Value) {
		return n%2 == 0, &greptimev1.Value{ValueData: &greptimev1.Value_BoolValue{BoolValue: n%2 == 0}}
	}},
	{insert.Int8, greptimev1.ColumnDataType_INT8, nil, func(n uint64, _ string) (any, *greptimev1.Value) {
		return int8(n), &greptimev1.Value{ValueData: &greptimev1.Value_I8Value{I8Value: int32(int8(n))}}
	}},
	{insert.Int32, greptimev1.ColumnDataType_INT32, nil, func(n uint64, _ string) (any, *greptimev1.Value) {
		return int32(n), &greptimev1.Value{ValueData: &greptimev1.Value_I32Value{I32Value: int32(n)}}
	}},
	{insert.Int64, greptimev1.ColumnDataType_INT64, nil, func(n uint64, _ string) (any, *greptimev1.Value) {
		return int64(n), &greptimev1.Value{ValueData: &greptimev1.Value_I64Value{I64Value: int64(n)}}
	}},
	{insert.Uint16, greptimev1.ColumnDataType_UINT16, nil, func(n uint64, _ string) (any, *greptimev1.Value) {
		return uint16(n), &greptimev1.Value{ValueData: &greptimev1.Value_U16Value{U16Value: uint32(uint16(n))}}
	}},
	{insert.Uint64, greptimev1.ColumnDataType_UINT64, nil, func(n uint64, _ string) (any, *greptimev1.Value) {
		return n, &greptimev1.Value{ValueData: &greptimev1.Value_U64Value{U64Value: n}}
	}},
	{insert.Float32, greptimev1.ColumnDataType_FLOAT32, nil, func(n uint64, _ string) (any, *greptimev1.Value) {
		f := math.Float32frombits(uint32(n))
		return f, &greptimev1.Value{ValueData: &greptimev1.Value_F32Value{F32Value: f}}
	}},
	{insert.Float64, greptimev1.ColumnDataType_FLOAT64, nil, func(n uint64, _ string) (any, *greptimev1.Value) {
		f := math.Float64frombits(n)
		return f, &greptimev1.Value{ValueData: &greptimev1.Value_F64Value{F64Value: f}}
	}},
	{insert.Date, greptimev1.ColumnDataType_DATE, nil, func(n uint64, _ string) (any, *greptimev1.Value) {
		return greptime.DateFromEpochDays(int32(n)), &greptimev1.Value{ValueData: &greptimev1.Value_DateValue{DateValue: int32(n)}}
	}},
	{insert.TimeOfDay(insert.Second), greptimev1.ColumnDataType_TIME_SECOND, nil, func(n uint64, _ string) (any, *greptimev1.Value) {
		return greptime.TimeOfDay(n % 86400 * 1e9), &greptimev1.Value{ValueData: &greptimev1.Value_TimeSecondValue{TimeSecondValue: int64(n % 86400)}}
	}},
	{insert.Decimal(20, 0), greptimev1.ColumnDataType_DECIMAL128,
		&greptimev1.ColumnDataTypeExtension{TypeExt: &greptimev1.ColumnDataTypeExtension_DecimalType{DecimalType: &greptimev1.DecimalTypeExtension{Precision: 20}}},
		func(n uint64, _ string) (any, *greptimev1.Value) {
			return int64(n), &greptimev1.Value{ValueData: &greptimev1.Value_Decimal128Value{Decimal128Value: &greptimev1.Decimal128{Hi: int64(n) >> 63, Lo: int64(n)}}}
		}},
	{insert.JSON, greptimev1.ColumnDataType_JSON,
		&greptimev1.ColumnDataTypeExtension{TypeExt: &greptimev1.ColumnDataTypeExtension_JsonType{}},
		func(_ uint64, s string) (any, *greptimev1.Value) {
			text, _ := json.Marshal(s)
			return json.RawMessage(text), &greptimev1.Value{ValueData: &greptimev1.Value_StringValue{StringValue: string(text)}}
		}},
	{insert.Vector(2), greptimev1.ColumnDataType_VECTOR,
		&greptimev1.ColumnDataTypeExtension{TypeExt: &greptimev1.ColumnDataTypeExtension_VectorType{VectorType: &greptimev1.VectorTypeExtension{Dim: 2}}},
		func(n uint64, _ string) (any, *greptimev1.Value) {
			b := binary.LittleEndian.AppendUint64(nil, n)
			return greptime.Vector{math.Float32frombits(uint32(n)), math.Float32frombits(uint32(n >> 32))}, &greptimev1.Value{ValueData: &greptimev1.Value_BinaryValue{BinaryValue: b}}
		}},
}

// Whatever the rows, the bytes are those that the generated code makes of them.
func FuzzWireBytes(f *testing.F) {
	f.Add([]byte("t"), []byte("\x03\x00\x00\x00\x00\x00\x00\x00 some rows of some columns, and what they hold: 0123456789abcdef"), false)
	f.Add([]byte(""), bytes.Repeat([]byte{255}, 400), true)
	f.Add([]byte("sensor_data"), bytes.Repeat([]byte("\x04\x01\x02\x0d\x09\x0b\x0f\x07"), 60), false)
	f.Fuzz(func(t *testing.T, name, data []byte, deleting bool) {
		first, ref1 := anyTable(t, string(bytes.ToValidUTF8(name, nil)), data)
		second, ref2 := anyTable(t, "second", data[len(data)/2:])
		header := &greptimev1.RequestHeader{Dbname: "public", Timezone: "UTC"}
		h, err := proto.Marshal(header)
		if err != nil {
			t.Fatal(err)
		}
		want := &greptimev1.GreptimeRequest{Header: header}
		var inserts greptimev1.RowInsertRequests
		var deletes greptimev1.RowDeleteRequests
		for _, ref := range []*reference{ref1, ref2} {
			if len(ref.rows.Rows) > 0 { // tables without rows are left out
				inserts.Inserts = append(inserts.Inserts, &greptimev1.RowInsertRequest{TableName: ref.name, Rows: &ref.rows})
				deletes.Deletes = append(deletes.Deletes, &greptimev1.RowDeleteRequest{TableName: ref.name, Rows: &ref.rows})
			}
		}
		want.Request = &greptimev1.GreptimeRequest_RowInserts{RowInserts: &inserts}
		if deleting {
			want.Request = &greptimev1.GreptimeRequest_RowDeletes{RowDeletes: &deletes}
		}
		wantBytes, err := proto.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := insert.EncodeForTest(h, deleting, 0, first, second)
		if len(inserts.Inserts) == 0 {
			if err == nil {
				t.Error("an empty request")
			}
			return
		}
		if err != nil || len(got) != 1 || !bytes.Equal(got[0], wantBytes) {
			t.Errorf("%v: wrote\n%x\nthe generated code\n%x", err, got, wantBytes)
		}
	})
}
