package engine

import (
	"math/bits"

	v1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
)

// columnTable turns a column insert into rows, as GreptimeDB does with it first.
func columnTable(name string, columns []*v1.Column, count int) (nativeTable, error) {
	t := nativeTable{name: name}
	if len(columns) == 0 {
		return t, invalidInsert("Expecting %d rows of data for table '%s', but got no columns.", count, name)
	}
	// The count is the client's word: it is held against every column before there
	// is memory for the rows.
	lists := make([][]*v1.Value, len(columns))
	for k, c := range columns {
		col, err := declaredColumn(c.GetColumnName(), c.GetDatatype(), c.GetDatatypeExtension(), c.GetSemanticType())
		if err != nil {
			return t, err
		}
		t.cols = append(t.cols, col)
		lists[k] = columnValues(c.GetDatatype(), c.GetValues())
		nulls := 0
		for _, b := range c.GetNullMask() {
			nulls += bits.OnesCount8(b)
		}
		if got := nulls + len(lists[k]); got != count {
			return t, invalidInsert("Expecting %d rows of data for column '%s', but got %d.", count, c.GetColumnName(), got)
		}
	}
	t.rows = make([][]*v1.Value, count)
	for r := range t.rows {
		t.rows[r] = make([]*v1.Value, len(columns))
	}
	for k, c := range columns {
		values, next := lists[k], 0
		for r := range t.rows {
			if i := r / 8; i < len(c.GetNullMask()) && c.GetNullMask()[i]&(1<<(r%8)) != 0 || next == len(values) {
				t.rows[r][k] = &v1.Value{}
				continue
			}
			t.rows[r][k] = values[next]
			next++
		}
	}
	return t, t.checkVectors()
}

// each wraps every element of a list of values.
func each[T any](list []T, wrap func(T) *v1.Value) []*v1.Value {
	out := make([]*v1.Value, len(list))
	for i, v := range list {
		out[i] = wrap(v)
	}
	return out
}

// columnValues reads the list that belongs to a type. Values in another list do not
// count.
func columnValues(dt v1.ColumnDataType, v *v1.Column_Values) []*v1.Value {
	switch dt {
	case v1.ColumnDataType_BOOLEAN:
		return each(v.GetBoolValues(), func(x bool) *v1.Value { return &v1.Value{ValueData: &v1.Value_BoolValue{BoolValue: x}} })
	case v1.ColumnDataType_INT8:
		return each(v.GetI8Values(), func(x int32) *v1.Value { return &v1.Value{ValueData: &v1.Value_I8Value{I8Value: x}} })
	case v1.ColumnDataType_INT16:
		return each(v.GetI16Values(), func(x int32) *v1.Value { return &v1.Value{ValueData: &v1.Value_I16Value{I16Value: x}} })
	case v1.ColumnDataType_INT32:
		return each(v.GetI32Values(), func(x int32) *v1.Value { return &v1.Value{ValueData: &v1.Value_I32Value{I32Value: x}} })
	case v1.ColumnDataType_INT64:
		return each(v.GetI64Values(), func(x int64) *v1.Value { return &v1.Value{ValueData: &v1.Value_I64Value{I64Value: x}} })
	case v1.ColumnDataType_UINT8:
		return each(v.GetU8Values(), func(x uint32) *v1.Value { return &v1.Value{ValueData: &v1.Value_U8Value{U8Value: x}} })
	case v1.ColumnDataType_UINT16:
		return each(v.GetU16Values(), func(x uint32) *v1.Value { return &v1.Value{ValueData: &v1.Value_U16Value{U16Value: x}} })
	case v1.ColumnDataType_UINT32:
		return each(v.GetU32Values(), func(x uint32) *v1.Value { return &v1.Value{ValueData: &v1.Value_U32Value{U32Value: x}} })
	case v1.ColumnDataType_UINT64:
		return each(v.GetU64Values(), func(x uint64) *v1.Value { return &v1.Value{ValueData: &v1.Value_U64Value{U64Value: x}} })
	case v1.ColumnDataType_FLOAT32:
		return each(v.GetF32Values(), func(x float32) *v1.Value { return &v1.Value{ValueData: &v1.Value_F32Value{F32Value: x}} })
	case v1.ColumnDataType_FLOAT64:
		return each(v.GetF64Values(), func(x float64) *v1.Value { return &v1.Value{ValueData: &v1.Value_F64Value{F64Value: x}} })
	case v1.ColumnDataType_BINARY, v1.ColumnDataType_VECTOR:
		return each(v.GetBinaryValues(), func(x []byte) *v1.Value { return &v1.Value{ValueData: &v1.Value_BinaryValue{BinaryValue: x}} })
	case v1.ColumnDataType_STRING, v1.ColumnDataType_JSON:
		return each(v.GetStringValues(), func(x string) *v1.Value { return &v1.Value{ValueData: &v1.Value_StringValue{StringValue: x}} })
	case v1.ColumnDataType_DATE:
		return each(v.GetDateValues(), func(x int32) *v1.Value { return &v1.Value{ValueData: &v1.Value_DateValue{DateValue: x}} })
	case v1.ColumnDataType_TIMESTAMP_SECOND:
		return each(v.GetTimestampSecondValues(), func(x int64) *v1.Value {
			return &v1.Value{ValueData: &v1.Value_TimestampSecondValue{TimestampSecondValue: x}}
		})
	case v1.ColumnDataType_TIMESTAMP_MILLISECOND:
		return each(v.GetTimestampMillisecondValues(), func(x int64) *v1.Value {
			return &v1.Value{ValueData: &v1.Value_TimestampMillisecondValue{TimestampMillisecondValue: x}}
		})
	case v1.ColumnDataType_TIMESTAMP_MICROSECOND:
		return each(v.GetTimestampMicrosecondValues(), func(x int64) *v1.Value {
			return &v1.Value{ValueData: &v1.Value_TimestampMicrosecondValue{TimestampMicrosecondValue: x}}
		})
	case v1.ColumnDataType_TIMESTAMP_NANOSECOND:
		return each(v.GetTimestampNanosecondValues(), func(x int64) *v1.Value {
			return &v1.Value{ValueData: &v1.Value_TimestampNanosecondValue{TimestampNanosecondValue: x}}
		})
	case v1.ColumnDataType_TIME_SECOND:
		return each(v.GetTimeSecondValues(), func(x int64) *v1.Value {
			return &v1.Value{ValueData: &v1.Value_TimeSecondValue{TimeSecondValue: x}}
		})
	case v1.ColumnDataType_TIME_MILLISECOND:
		return each(v.GetTimeMillisecondValues(), func(x int64) *v1.Value {
			return &v1.Value{ValueData: &v1.Value_TimeMillisecondValue{TimeMillisecondValue: x}}
		})
	case v1.ColumnDataType_TIME_MICROSECOND:
		return each(v.GetTimeMicrosecondValues(), func(x int64) *v1.Value {
			return &v1.Value{ValueData: &v1.Value_TimeMicrosecondValue{TimeMicrosecondValue: x}}
		})
	case v1.ColumnDataType_TIME_NANOSECOND:
		return each(v.GetTimeNanosecondValues(), func(x int64) *v1.Value {
			return &v1.Value{ValueData: &v1.Value_TimeNanosecondValue{TimeNanosecondValue: x}}
		})
	case v1.ColumnDataType_DECIMAL128:
		return each(v.GetDecimal128Values(), func(x *v1.Decimal128) *v1.Value {
			return &v1.Value{ValueData: &v1.Value_Decimal128Value{Decimal128Value: x}}
		})
	}
	return nil
}
