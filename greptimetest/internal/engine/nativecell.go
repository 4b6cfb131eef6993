package engine

import (
	"fmt"
	"math/big"
	"strings"

	v1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
	"github.com/greptime-go/greptime/internal/jsonb"
)

// nativeCell takes the value out of the arm that the column's type wants. A value in
// another arm is refused, not converted.
func nativeCell(t *schema.Table, c nativeColumn, v *v1.Value) (any, error) {
	data := v.GetValueData()
	if data == nil {
		return nil, nil
	}
	wrong := func() (any, error) {
		return nil, t.BadRequest("value has type %s, but column %s has type %s(%d)", armName(data), c.name, typeTitle(c.declared), c.declared)
	}
	switch d := data.(type) {
	case *v1.Value_I8Value:
		if c.typ.Kind == schema.Int8 {
			return int64(int8(d.I8Value)), nil // wider numbers wrap around
		}
	case *v1.Value_I16Value:
		if c.typ.Kind == schema.Int16 {
			return int64(int16(d.I16Value)), nil
		}
	case *v1.Value_I32Value:
		if c.typ.Kind == schema.Int32 {
			return int64(d.I32Value), nil
		}
	case *v1.Value_I64Value:
		if c.typ.Kind == schema.Int64 {
			return d.I64Value, nil
		}
	case *v1.Value_U8Value:
		if c.typ.Kind == schema.UInt8 {
			return uint64(uint8(d.U8Value)), nil
		}
	case *v1.Value_U16Value:
		if c.typ.Kind == schema.UInt16 {
			return uint64(uint16(d.U16Value)), nil
		}
	case *v1.Value_U32Value:
		if c.typ.Kind == schema.UInt32 {
			return uint64(d.U32Value), nil
		}
	case *v1.Value_U64Value:
		if c.typ.Kind == schema.UInt64 {
			return d.U64Value, nil
		}
	case *v1.Value_F32Value:
		if c.typ.Kind == schema.Float32 {
			return d.F32Value, nil
		}
	case *v1.Value_F64Value:
		if c.typ.Kind == schema.Float64 {
			return d.F64Value, nil
		}
	case *v1.Value_BoolValue:
		if c.typ.Kind == schema.Bool {
			return d.BoolValue, nil
		}
	case *v1.Value_BinaryValue:
		if c.typ.Kind == schema.Binary || c.typ.Kind == schema.Vector || c.typ.Kind == schema.JSON && c.declared == v1.ColumnDataType_BINARY {
			return d.BinaryValue, nil
		}
	case *v1.Value_StringValue:
		if c.typ.Kind == schema.String {
			return d.StringValue, nil
		}
		if c.typ.Kind == schema.JSON && c.declared == v1.ColumnDataType_JSON {
			b, err := jsonb.AppendBinary(nil, []byte(d.StringValue))
			if err != nil {
				return nil, schema.Errorf(schema.InvalidArguments, "Invalid json text: %s", d.StringValue)
			}
			return b, nil
		}
	case *v1.Value_DateValue:
		if c.typ.Kind == schema.Date {
			return int64(d.DateValue), nil
		}
	case *v1.Value_TimestampSecondValue:
		if c.typ.Kind == schema.TimestampSecond {
			return d.TimestampSecondValue, nil
		}
	case *v1.Value_TimestampMillisecondValue:
		if c.typ.Kind == schema.TimestampMilli {
			return d.TimestampMillisecondValue, nil
		}
	case *v1.Value_TimestampMicrosecondValue:
		if c.typ.Kind == schema.TimestampMicro {
			return d.TimestampMicrosecondValue, nil
		}
	case *v1.Value_TimestampNanosecondValue:
		if c.typ.Kind == schema.TimestampNano {
			return d.TimestampNanosecondValue, nil
		}
	case *v1.Value_TimeSecondValue:
		if c.typ.Kind == schema.TimeSecond {
			return d.TimeSecondValue, nil
		}
	case *v1.Value_TimeMillisecondValue:
		if c.typ.Kind == schema.TimeMilli {
			return d.TimeMillisecondValue, nil
		}
	case *v1.Value_TimeMicrosecondValue:
		if c.typ.Kind == schema.TimeMicro {
			return d.TimeMicrosecondValue, nil
		}
	case *v1.Value_TimeNanosecondValue:
		if c.typ.Kind == schema.TimeNano {
			return d.TimeNanosecondValue, nil
		}
	case *v1.Value_Decimal128Value:
		if c.typ.Kind == schema.Decimal {
			n := new(big.Int).Lsh(big.NewInt(d.Decimal128Value.GetHi()), 64)
			n.Add(n, new(big.Int).SetUint64(uint64(d.Decimal128Value.GetLo())))
			if n.CmpAbs(schema.Pow10(c.typ.Precision)) >= 0 {
				return nil, schema.NotSupported("a DECIMAL of more digits than its column has")
			}
			return n, nil
		}
	}
	if c.typ.Kind == schema.JSON {
		return nil, schema.Errorf(schema.Unexpected, "Unexpected, violated: Expected to value data to be a string.")
	}
	return wrong()
}

// armName returns the type that an arm of Value stands for.
func armName(data any) string {
	name := strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%T", data), "*v1.Value_"), "Value")
	short := map[string]string{"I8": "Int8", "I16": "Int16", "I32": "Int32", "I64": "Int64", "U8": "Uint8", "U16": "Uint16", "U32": "Uint32", "U64": "Uint64",
		"F32": "Float32", "F64": "Float64", "Bool": "Boolean"}
	if s, ok := short[name]; ok {
		return s
	}
	return name
}

// typeTitle writes TIMESTAMP_MILLISECOND as TimestampMillisecond.
func typeTitle(dt v1.ColumnDataType) string {
	var b strings.Builder
	for w := range strings.SplitSeq(dt.String(), "_") {
		b.WriteString(w[:1] + strings.ToLower(w[1:]))
	}
	return b.String()
}
