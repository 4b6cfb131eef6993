package cells

import (
	"math"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// whole are integers at the limits of what they may be read as; as smaller integers
// they are cut.
var whole = []int64{
	0, 1, -1, math.MaxInt8, math.MaxInt8 + 1, math.MaxUint8, math.MaxUint8 + 1, math.MaxInt16, math.MaxInt16 + 1,
	math.MaxInt32, math.MaxInt32 + 1, math.MinInt32, math.MinInt32 - 1, 1<<53 + 1, 1<<60 + 1<<36 + 1, math.MaxInt64, math.MinInt64,
	int64(24*time.Hour) - 1, int64(24 * time.Hour), // as a time of day
	math.MaxInt64 / 1000, math.MaxInt64/1000 + 1, math.MinInt64 / 1000, math.MinInt64/1000 - 1, // µs as ns
	253402300799, 253402300800, -62135596800, -62135596801, // seconds: the years 9999 and 1
}

// Limits returns columns of types that the server sends, with values that it may send but has
// not in the recordings, and NULL at the end; and dictionaries of each.
func Limits() []arrow.Array {
	arrays := limitArrays()
	for _, values := range arrays {
		arrays = append(arrays, dictionaryOf(values))
	}
	return arrays
}

func limitArrays() []arrow.Array {
	arrays := []arrow.Array{
		wholeArray[int8](arrow.PrimitiveTypes.Int8), wholeArray[int16](arrow.PrimitiveTypes.Int16),
		wholeArray[int32](arrow.PrimitiveTypes.Int32), wholeArray[int64](arrow.PrimitiveTypes.Int64),
		wholeArray[uint8](arrow.PrimitiveTypes.Uint8), wholeArray[uint16](arrow.PrimitiveTypes.Uint16),
		wholeArray[uint32](arrow.PrimitiveTypes.Uint32), wholeArray[uint64](arrow.PrimitiveTypes.Uint64),
		wholeArray[int32](arrow.FixedWidthTypes.Date32),
		wholeArray[int32](arrow.FixedWidthTypes.Time32s), wholeArray[int32](arrow.FixedWidthTypes.Time32ms),
		wholeArray[int64](arrow.FixedWidthTypes.Time64us), wholeArray[int64](arrow.FixedWidthTypes.Time64ns),
		wholeArray[int32](arrow.FixedWidthTypes.MonthInterval),
	}
	for unit := arrow.Second; unit <= arrow.Nanosecond; unit++ {
		arrays = append(arrays, wholeArray[int64](&arrow.TimestampType{Unit: unit, TimeZone: "+05:30"}), wholeArray[int64](&arrow.DurationType{Unit: unit}))
	}

	floats := []float64{
		0, math.Copysign(0, -1), 0.1, 1e15, 1e21, 1<<24 + 1, 1<<53 + 1, math.NaN(), math.Inf(1), math.Inf(-1),
		math.MaxFloat32, math.MaxFloat64, math.SmallestNonzeroFloat32, math.SmallestNonzeroFloat64,
	}
	singles := make([]float32, len(floats))
	for i, f := range floats {
		singles[i] = float32(f)
	}
	arrays = append(arrays, FixedWidthArray(arrow.PrimitiveTypes.Float64, floats), FixedWidthArray(arrow.PrimitiveTypes.Float32, singles))

	var dayTimes []arrow.DayTimeInterval
	var monthDayNanos []arrow.MonthDayNanoInterval
	var decimals []decimal128.Num
	for i, v := range whole {
		w := whole[len(whole)-1-i]
		dayTimes = append(dayTimes, arrow.DayTimeInterval{Days: int32(v), Milliseconds: int32(w)})
		monthDayNanos = append(monthDayNanos, arrow.MonthDayNanoInterval{Months: int32(v), Days: int32(w), Nanoseconds: v}, arrow.MonthDayNanoInterval{Nanoseconds: v})
		decimals = append(decimals, decimal128.New(v, uint64(w)), decimal128.FromI64(v))
	}
	arrays = append(arrays, FixedWidthArray(arrow.FixedWidthTypes.DayTimeInterval, dayTimes), FixedWidthArray(arrow.FixedWidthTypes.MonthDayNanoInterval, monthDayNanos))
	for _, scale := range []int32{0, 1, 38, -2, -38} {
		arrays = append(arrays, FixedWidthArray(&arrow.Decimal128Type{Precision: 38, Scale: scale}, decimals))
	}
	return append(arrays, textLimits()...)
}

// textLimits are texts that other types would take, and those that need care.
func textLimits() []arrow.Array {
	texts := []string{"", "1", "256", "true", "12.5", "1e400", "2024-01-01", "15:04:05", "[1,2]", "{}", "x\x00y", "\xff"}
	var arrays []arrow.Array
	for _, dtype := range []arrow.DataType{arrow.BinaryTypes.String, arrow.BinaryTypes.LargeString, arrow.BinaryTypes.StringView} {
		b := array.NewBuilder(memory.DefaultAllocator, dtype).(array.StringLikeBuilder)
		for _, text := range texts {
			b.Append(text)
		}
		b.AppendNull()
		arrays = append(arrays, b.NewArray())
	}
	for _, dtype := range []arrow.DataType{arrow.BinaryTypes.Binary, arrow.BinaryTypes.LargeBinary, arrow.BinaryTypes.BinaryView} {
		b := array.NewBuilder(memory.DefaultAllocator, dtype).(interface {
			array.Builder
			Append([]byte)
		})
		for _, text := range texts {
			b.Append([]byte(text))
		}
		b.AppendNull()
		arrays = append(arrays, b.NewArray())
	}
	return arrays
}

func wholeArray[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64](dtype arrow.DataType) arrow.Array {
	values := make([]T, len(whole))
	for i, v := range whole {
		values[i] = T(v)
	}
	return FixedWidthArray(dtype, values)
}

// FixedWidthArray returns an array of values and NULL.
func FixedWidthArray[T arrow.FixedWidthType](dtype arrow.DataType, values []T) arrow.Array {
	n := len(values)
	valid := make([]byte, n/8+1)
	for i := range n {
		valid[i/8] |= 1 << (i % 8)
	}
	buffers := []*memory.Buffer{memory.NewBufferBytes(valid), memory.NewBufferBytes(arrow.GetBytes(append(values[:n:n], *new(T))))}
	return array.MakeFromData(array.NewData(dtype, n+1, buffers, nil, 1, 0))
}

// dictionaryOf returns a dictionary array that refers to all values of an array, in their order.
func dictionaryOf(values arrow.Array) arrow.Array {
	indices := make([]int16, values.Len())
	for i := range indices {
		indices[i] = int16(i)
	}
	index := FixedWidthArray(arrow.PrimitiveTypes.Int16, indices)
	dtype := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int16, ValueType: values.DataType()}
	return array.NewDictionaryArray(dtype, index, values)
}
