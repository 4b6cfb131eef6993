package column

import greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"

// Kind is a column type without its parameters. The zero Kind is not a type.
type Kind uint8

// The kinds, in the order of greptime.v1.ColumnDataType. DateTime and the
// intervals exist to be refused: see [Type.Check].
const (
	Boolean Kind = 1 + iota
	Int8
	Int16
	Int32
	Int64
	Uint8
	Uint16
	Uint32
	Uint64
	Float32
	Float64
	Binary
	String
	Date
	DateTime
	TimestampSecond
	TimestampMillisecond
	TimestampMicrosecond
	TimestampNanosecond
	TimeSecond
	TimeMillisecond
	TimeMicrosecond
	TimeNanosecond
	IntervalYearMonth
	IntervalDayTime
	IntervalMonthDayNano
	Decimal
	JSON
	Vector

	kinds
)

// kindInfo holds the name of a kind and the encoding of its values.
type kindInfo struct {
	sql      string // GreptimeDB's name of the type, without the length
	datatype greptimev1.ColumnDataType
	arm      uint8 // field of greptime.v1.Value
	bits     uint8 // of integers
}

var infos = [kinds]kindInfo{
	Boolean:              {"BOOLEAN", greptimev1.ColumnDataType_BOOLEAN, 11, 0},
	Int8:                 {"TINYINT", greptimev1.ColumnDataType_INT8, 1, 8},
	Int16:                {"SMALLINT", greptimev1.ColumnDataType_INT16, 2, 16},
	Int32:                {"INT", greptimev1.ColumnDataType_INT32, 3, 32},
	Int64:                {"BIGINT", greptimev1.ColumnDataType_INT64, 4, 64},
	Uint8:                {"TINYINT UNSIGNED", greptimev1.ColumnDataType_UINT8, 5, 8},
	Uint16:               {"SMALLINT UNSIGNED", greptimev1.ColumnDataType_UINT16, 6, 16},
	Uint32:               {"INT UNSIGNED", greptimev1.ColumnDataType_UINT32, 7, 32},
	Uint64:               {"BIGINT UNSIGNED", greptimev1.ColumnDataType_UINT64, 8, 64},
	Float32:              {"FLOAT", greptimev1.ColumnDataType_FLOAT32, 9, 0},
	Float64:              {"DOUBLE", greptimev1.ColumnDataType_FLOAT64, 10, 0},
	Binary:               {"VARBINARY", greptimev1.ColumnDataType_BINARY, 12, 0},
	String:               {"STRING", greptimev1.ColumnDataType_STRING, 13, 0},
	Date:                 {"DATE", greptimev1.ColumnDataType_DATE, 14, 0},
	DateTime:             {"DATETIME", greptimev1.ColumnDataType_DATETIME, 15, 0},
	TimestampSecond:      {"TIMESTAMP(0)", greptimev1.ColumnDataType_TIMESTAMP_SECOND, 16, 0},
	TimestampMillisecond: {"TIMESTAMP(3)", greptimev1.ColumnDataType_TIMESTAMP_MILLISECOND, 17, 0},
	TimestampMicrosecond: {"TIMESTAMP(6)", greptimev1.ColumnDataType_TIMESTAMP_MICROSECOND, 18, 0},
	TimestampNanosecond:  {"TIMESTAMP(9)", greptimev1.ColumnDataType_TIMESTAMP_NANOSECOND, 19, 0},
	TimeSecond:           {"TIME(0)", greptimev1.ColumnDataType_TIME_SECOND, 20, 0},
	TimeMillisecond:      {"TIME(3)", greptimev1.ColumnDataType_TIME_MILLISECOND, 21, 0},
	TimeMicrosecond:      {"TIME(6)", greptimev1.ColumnDataType_TIME_MICROSECOND, 22, 0},
	TimeNanosecond:       {"TIME(9)", greptimev1.ColumnDataType_TIME_NANOSECOND, 23, 0},
	IntervalYearMonth:    {"INTERVAL YEAR TO MONTH", greptimev1.ColumnDataType_INTERVAL_YEAR_MONTH, 24, 0},
	IntervalDayTime:      {"INTERVAL DAY TO SECOND", greptimev1.ColumnDataType_INTERVAL_DAY_TIME, 25, 0},
	IntervalMonthDayNano: {"INTERVAL", greptimev1.ColumnDataType_INTERVAL_MONTH_DAY_NANO, 26, 0},
	Decimal:              {"DECIMAL", greptimev1.ColumnDataType_DECIMAL128, 31, 0},
	JSON:                 {"JSON", greptimev1.ColumnDataType_JSON, 13, 0},
	Vector:               {"VECTOR", greptimev1.ColumnDataType_VECTOR, 12, 0},
}

func (k Kind) info() *kindInfo {
	if k >= kinds {
		k = 0
	}
	return &infos[k]
}

// Datatype returns the kind's number in requests.
func (k Kind) Datatype() greptimev1.ColumnDataType { return k.info().datatype }

// IsTimestamp reports whether k is one of the four timestamps. A time index must be a
// timestamp.
func (k Kind) IsTimestamp() bool { return k >= TimestampSecond && k <= TimestampNanosecond }

// IsTimeOfDay reports whether k is one of the four TIME kinds.
func (k Kind) IsTimeOfDay() bool { return k >= TimeSecond && k <= TimeNanosecond }

func (k Kind) isSigned() bool   { return k >= Int8 && k <= Int64 }
func (k Kind) isUnsigned() bool { return k >= Uint8 && k <= Uint64 }

// perSecond returns the number of units of a timestamp or time of day in a second.
func (k Kind) perSecond() int64 {
	switch k {
	case TimestampSecond, TimeSecond:
		return 1
	case TimestampMillisecond, TimeMillisecond:
		return 1_000
	case TimestampMicrosecond, TimeMicrosecond:
		return 1_000_000
	default:
		return 1_000_000_000
	}
}

// UnitNanoseconds returns the length of the unit of a timestamp or time of day.
func (k Kind) UnitNanoseconds() int64 { return 1_000_000_000 / k.perSecond() }
