package schema

import (
	"fmt"
	"math/big"

	v1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"github.com/apache/arrow-go/v18/arrow"
)

// Kind is a column type without its parameters.
type Kind uint8

// The types that a column can have.
const (
	Bool Kind = iota + 1
	Int8
	Int16
	Int32
	Int64
	UInt8
	UInt16
	UInt32
	UInt64
	Float32
	Float64
	String
	Binary
	Date
	TimestampSecond
	TimestampMilli
	TimestampMicro
	TimestampNano
	TimeSecond
	TimeMilli
	TimeMicro
	TimeNano
	Decimal
	JSON
	Vector
)

// Type is a column type. The zero Type is "not known".
//
// A value ("cell") of a type is nil, or
//
//	bool                    Bool
//	int64                   Int8 … Int64; Date (days); timestamps and times (in the unit)
//	uint64                  UInt8 … UInt64
//	float32, float64        Float32, Float64
//	string                  String
//	[]byte                  Binary, JSON (JSONB, or the text that was stored raw), Vector
//	*big.Int                Decimal (unscaled)
type Type struct {
	Kind      Kind
	Precision int32 // of Decimal
	Scale     int32 // of Decimal
	Dim       uint32
	// Structured is set for JSON columns made by SQL in V1_0_2, which carry the extension
	// metadata; those made by an insert do not.
	Structured bool
	// Datetime is set for columns made as DATETIME: TIMESTAMP(6), but no time index.
	Datetime bool
}

type kindInfo struct {
	sql   string // SHOW CREATE TABLE
	name  string // DESCRIBE
	lower string // information_schema.columns.data_type
	debug string // in error texts
	duck  string
	arrow arrow.DataType
	proto v1.ColumnDataType
}

var kinds = map[Kind]kindInfo{
	Bool:            {"BOOLEAN", "Boolean", "boolean", "Boolean(BooleanType)", "BOOLEAN", arrow.FixedWidthTypes.Boolean, v1.ColumnDataType_BOOLEAN},
	Int8:            {"TINYINT", "Int8", "tinyint", "Int8(Int8Type)", "TINYINT", arrow.PrimitiveTypes.Int8, v1.ColumnDataType_INT8},
	Int16:           {"SMALLINT", "Int16", "smallint", "Int16(Int16Type)", "SMALLINT", arrow.PrimitiveTypes.Int16, v1.ColumnDataType_INT16},
	Int32:           {"INT", "Int32", "int", "Int32(Int32Type)", "INTEGER", arrow.PrimitiveTypes.Int32, v1.ColumnDataType_INT32},
	Int64:           {"BIGINT", "Int64", "bigint", "Int64(Int64Type)", "BIGINT", arrow.PrimitiveTypes.Int64, v1.ColumnDataType_INT64},
	UInt8:           {"TINYINT UNSIGNED", "UInt8", "tinyint unsigned", "UInt8(UInt8Type)", "UTINYINT", arrow.PrimitiveTypes.Uint8, v1.ColumnDataType_UINT8},
	UInt16:          {"SMALLINT UNSIGNED", "UInt16", "smallint unsigned", "UInt16(UInt16Type)", "USMALLINT", arrow.PrimitiveTypes.Uint16, v1.ColumnDataType_UINT16},
	UInt32:          {"INT UNSIGNED", "UInt32", "int unsigned", "UInt32(UInt32Type)", "UINTEGER", arrow.PrimitiveTypes.Uint32, v1.ColumnDataType_UINT32},
	UInt64:          {"BIGINT UNSIGNED", "UInt64", "bigint unsigned", "UInt64(UInt64Type)", "UBIGINT", arrow.PrimitiveTypes.Uint64, v1.ColumnDataType_UINT64},
	Float32:         {"FLOAT", "Float32", "float", "Float32(Float32Type)", "FLOAT", arrow.PrimitiveTypes.Float32, v1.ColumnDataType_FLOAT32},
	Float64:         {"DOUBLE", "Float64", "double", "Float64(Float64Type)", "DOUBLE", arrow.PrimitiveTypes.Float64, v1.ColumnDataType_FLOAT64},
	String:          {"STRING", "String", "string", "String(StringType { size_type: Utf8 })", "VARCHAR", arrow.BinaryTypes.String, v1.ColumnDataType_STRING},
	Binary:          {"VARBINARY", "Binary", "varbinary", "Binary(BinaryType { repr_type: Binary })", "BLOB", arrow.BinaryTypes.Binary, v1.ColumnDataType_BINARY},
	Date:            {"DATE", "Date", "date", "Date(DateType)", "DATE", arrow.FixedWidthTypes.Date32, v1.ColumnDataType_DATE},
	TimestampSecond: {"TIMESTAMP(0)", "TimestampSecond", "timestamp(0)", "Timestamp(Second(TimestampSecondType))", "TIMESTAMP_S", TimestampType(arrow.Second), v1.ColumnDataType_TIMESTAMP_SECOND},
	TimestampMilli:  {"TIMESTAMP(3)", "TimestampMillisecond", "timestamp(3)", "Timestamp(Millisecond(TimestampMillisecondType))", "TIMESTAMP_MS", TimestampType(arrow.Millisecond), v1.ColumnDataType_TIMESTAMP_MILLISECOND},
	TimestampMicro:  {"TIMESTAMP(6)", "TimestampMicrosecond", "timestamp(6)", "Timestamp(Microsecond(TimestampMicrosecondType))", "TIMESTAMP", TimestampType(arrow.Microsecond), v1.ColumnDataType_TIMESTAMP_MICROSECOND},
	TimestampNano:   {"TIMESTAMP(9)", "TimestampNanosecond", "timestamp(9)", "Timestamp(Nanosecond(TimestampNanosecondType))", "TIMESTAMP_NS", TimestampType(arrow.Nanosecond), v1.ColumnDataType_TIMESTAMP_NANOSECOND},
	// DuckDB's TIME has microseconds only: times of day are kept as integers.
	TimeSecond: {"TIME(0)", "TimeSecond", "time(0)", "Time(Second(TimeSecondType))", "BIGINT", arrow.FixedWidthTypes.Time32s, v1.ColumnDataType_TIME_SECOND},
	TimeMilli:  {"TIME(3)", "TimeMillisecond", "time(3)", "Time(Millisecond(TimeMillisecondType))", "BIGINT", arrow.FixedWidthTypes.Time32ms, v1.ColumnDataType_TIME_MILLISECOND},
	TimeMicro:  {"TIME(6)", "TimeMicrosecond", "time(6)", "Time(Microsecond(TimeMicrosecondType))", "BIGINT", arrow.FixedWidthTypes.Time64us, v1.ColumnDataType_TIME_MICROSECOND},
	TimeNano:   {"TIME(9)", "TimeNanosecond", "time(9)", "Time(Nanosecond(TimeNanosecondType))", "BIGINT", arrow.FixedWidthTypes.Time64ns, v1.ColumnDataType_TIME_NANOSECOND},
	JSON:       {"JSON", "Json", "json", "Json(JsonType { format: Jsonb })", "BLOB", arrow.BinaryTypes.Binary, v1.ColumnDataType_JSON},
	// The rest is parameterised: see the methods of Type.
	Decimal: {proto: v1.ColumnDataType_DECIMAL128},
	Vector:  {duck: "BLOB", arrow: arrow.BinaryTypes.Binary, proto: v1.ColumnDataType_VECTOR},
}

// TimestampType returns the Arrow type of timestamps without a zone.
func TimestampType(u arrow.TimeUnit) arrow.DataType { return &arrow.TimestampType{Unit: u} }

// Known reports whether the type is known.
func (t Type) Known() bool { return t.Kind != 0 }

// SQL returns the type as SHOW CREATE TABLE prints it.
func (t Type) SQL() string {
	switch {
	case t.Kind == Decimal:
		return fmt.Sprintf("DECIMAL(%d,%d)", t.Precision, t.Scale)
	case t.Kind == Vector:
		return fmt.Sprintf("VECTOR(%d)", t.Dim)
	case t.Kind == JSON && t.Structured:
		return "JSON(format = 'structured')"
	}
	return kinds[t.Kind].sql
}

// Name returns the type as DESCRIBE prints it.
func (t Type) Name() string {
	switch t.Kind {
	case Decimal:
		return fmt.Sprintf("Decimal(%d, %d)", t.Precision, t.Scale)
	case Vector:
		return fmt.Sprintf("Vector(%d)", t.Dim)
	}
	return kinds[t.Kind].name
}

// LowerName returns the type as information_schema.columns has it in data_type.
func (t Type) LowerName() string {
	switch t.Kind {
	case Decimal:
		return fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale)
	case Vector:
		return fmt.Sprintf("vector(%d)", t.Dim)
	}
	return kinds[t.Kind].lower
}

// Debug returns the type as error texts print it.
func (t Type) Debug() string {
	switch t.Kind {
	case Decimal:
		return fmt.Sprintf("Decimal128(Decimal128Type { precision: %d, scale: %d })", t.Precision, t.Scale)
	case Vector:
		return fmt.Sprintf("Vector(VectorType { dim: %d })", t.Dim)
	}
	return kinds[t.Kind].debug
}

// Duck returns the DuckDB type that holds the values.
func (t Type) Duck() string {
	if t.Kind == Decimal {
		return fmt.Sprintf("DECIMAL(%d,%d)", t.Precision, t.Scale)
	}
	return kinds[t.Kind].duck
}

// Arrow returns the Arrow type of a column's values.
func (t Type) Arrow() arrow.DataType {
	if t.Kind == Decimal {
		return &arrow.Decimal128Type{Precision: t.Precision, Scale: t.Scale}
	}
	return kinds[t.Kind].arrow
}

// Same reports whether two types are the same to a writer.
func (t Type) Same(o Type) bool {
	t.Structured, o.Structured = false, false
	t.Datetime, o.Datetime = false, false
	return t == o
}

// IsInteger reports whether the type is an integer, signed or not.
func (t Type) IsInteger() bool { return t.Kind >= Int8 && t.Kind <= UInt64 }

// IsUnsigned reports whether the type is an unsigned integer.
func (t Type) IsUnsigned() bool { return t.Kind >= UInt8 && t.Kind <= UInt64 }

// IsFloat reports whether the type is FLOAT or DOUBLE.
func (t Type) IsFloat() bool { return t.Kind == Float32 || t.Kind == Float64 }

// IsTimestamp reports whether the type is a timestamp.
func (t Type) IsTimestamp() bool { return t.Kind >= TimestampSecond && t.Kind <= TimestampNano }

// IsTime reports whether the type is a time of day.
func (t Type) IsTime() bool { return t.Kind >= TimeSecond && t.Kind <= TimeNano }

// IsBytes reports whether the values are bytes.
func (t Type) IsBytes() bool { return t.Kind == Binary || t.Kind == JSON || t.Kind == Vector }

// PerSecond returns the number of a timestamp's units in a second.
func (t Type) PerSecond() int64 {
	switch t.Kind {
	case TimestampSecond:
		return 1
	case TimestampMilli:
		return 1e3
	case TimestampMicro:
		return 1e6
	default:
		return 1e9
	}
}

// intRange returns the range of an integer type.
func (t Type) intRange() (lo *big.Int, hi *big.Int) {
	bits := map[Kind]uint{Int8: 8, Int16: 16, Int32: 32, Int64: 64, UInt8: 8, UInt16: 16, UInt32: 32, UInt64: 64}[t.Kind]
	one := big.NewInt(1)
	if t.IsUnsigned() {
		hi = new(big.Int).Lsh(one, bits)
		return new(big.Int), hi.Sub(hi, one)
	}
	hi = new(big.Int).Lsh(one, bits-1)
	lo = new(big.Int).Neg(hi)
	return lo, hi.Sub(hi, one)
}

// FloorDiv divides and rounds towards negative infinity.
func FloorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// The types that functions and casts name most.
var (
	BoolType   = Type{Kind: Bool}
	StringType = Type{Kind: String}
	Int32Type  = Type{Kind: Int32}
	Int64Type  = Type{Kind: Int64}
	UInt64Type = Type{Kind: UInt64}
	DoubleType = Type{Kind: Float64}
	NanoType   = Type{Kind: TimestampNano}
)

// IsNumber reports whether the type is an integer, a float or a decimal.
func (t Type) IsNumber() bool { return t.IsInteger() || t.IsFloat() || t.Kind == Decimal }
