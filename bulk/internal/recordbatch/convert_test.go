package recordbatch

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/big"
	"runtime"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/jsonb"
)

// Values are sent little endian from every machine. One that would send the memory of an array
// as it is, in another order, refuses the array.
func TestValuesAreSentLittleEndian(t *testing.T) {
	t.Parallel()
	typ := column.Of(column.Int32)
	b := array.NewInt32Builder(memory.DefaultAllocator)
	defer b.Release()
	b.AppendValues([]int32{1, -2}, nil)
	a := b.NewArray()
	defer a.Release()
	const want = "\x01\x00\x00\x00\xfe\xff\xff\xff"
	c, err := FromArray(typ, a)
	if bigEndian {
		if !errors.Is(err, errHost) {
			t.Errorf("an array on a big-endian machine: %v", err)
		}
	} else if err != nil || string(c.upTo(2)) != want {
		t.Errorf("an array: % x, %v", c.upTo(2), err)
	}
	if c := columnsOf(t, []column.Type{typ}, []any{int32(1)}, []any{int32(-2)})[0]; string(c.upTo(2)) != want {
		t.Errorf("Go values: % x", c.upTo(2))
	}
	if got := string(bytesOf([]int32{0, 258})); got != "\x00\x00\x00\x00\x02\x01\x00\x00" {
		t.Errorf("offsets: % x", got)
	}
}

func TestCastsThatAreExact(t *testing.T) {
	t.Parallel()
	text := `["a",null,"","é日本"]`
	bin := `["YQ==",null,"",  "AP8="]`
	for _, c := range []struct {
		to   column.Type
		from arrow.DataType
		json string
		want string // as JSON of the column's Arrow type; empty: as json
	}{
		{column.Of(column.String), arrow.BinaryTypes.String, text, ""},
		{column.Of(column.String), arrow.BinaryTypes.LargeString, text, ""},
		{column.Of(column.String), arrow.BinaryTypes.StringView, text, ""},
		{column.Of(column.String), dictionary(arrow.BinaryTypes.String), text, ""},
		{column.Of(column.Binary), arrow.BinaryTypes.Binary, bin, ""},
		{column.Of(column.Binary), arrow.BinaryTypes.LargeBinary, bin, ""},
		{column.Of(column.Binary), arrow.BinaryTypes.BinaryView, bin, ""},
		{column.Of(column.Binary), &arrow.FixedSizeBinaryType{ByteWidth: 2}, `["AP8=",null]`, ""},
		{column.Of(column.Boolean), arrow.FixedWidthTypes.Boolean, `[true,null,false,true,true,false,true,true,true]`, ""},
		{column.Of(column.Int8), arrow.PrimitiveTypes.Int8, `[-128,null,127]`, ""},
		{column.Of(column.Int64), dictionary(arrow.PrimitiveTypes.Int64), `[5,null,-7,5]`, ""},
		{column.Of(column.Uint64), arrow.PrimitiveTypes.Uint64, `[18446744073709551615,null]`, ""},
		{column.Of(column.Float64), arrow.PrimitiveTypes.Float64, `[1.5,null]`, ""},
		{column.Of(column.Int32), arrow.PrimitiveTypes.Int64, `[-2147483648,null,2147483647]`, ""},
		{column.Of(column.Int32), dictionary(arrow.PrimitiveTypes.Int64), `[5,null,-7,5]`, ""},
		{column.Of(column.Float32), arrow.PrimitiveTypes.Float64, `[0.5,null,-3.4028234663852886e38]`, ""},
		{column.Of(column.Float32), arrow.Null, `[null,null]`, ""},
		{column.Of(column.Boolean), arrow.Null, `[null,null]`, ""},
		{column.Of(column.String), arrow.Null, `[null,null,null]`, ""},
		{column.Of(column.Date), arrow.FixedWidthTypes.Date32, `["1969-12-31",null]`, ""},
		{column.Of(column.Date), arrow.FixedWidthTypes.Date64, `["1969-12-31",null]`, ""},
		{column.Of(column.TimestampMillisecond), timestamps(arrow.Millisecond, ""), `[-1,null,5]`, ""},
		{column.Of(column.TimestampMillisecond), timestamps(arrow.Millisecond, "UTC"), `[-1,null,5]`, ""},
		{column.Of(column.TimestampMillisecond), timestamps(arrow.Nanosecond, "+00:00"), `[-1000000,null,0]`, `[-1,null,0]`},
		{column.Of(column.TimestampNanosecond), timestamps(arrow.Second, ""), `[-1,null,9223372036]`, `[-1000000000,null,9223372036000000000]`},
		{column.Of(column.TimeMillisecond), &arrow.Time64Type{Unit: arrow.Microsecond}, `["00:00:01.5",null]`, ""},
		{column.Of(column.TimeNanosecond), &arrow.Time32Type{Unit: arrow.Second}, `["23:59:59",null]`, ""},
		{column.DecimalOf(10, 2), &arrow.Decimal128Type{Precision: 10, Scale: 2}, `["1.25",null]`, ""},
		{column.DecimalOf(10, 3), &arrow.Decimal128Type{Precision: 20, Scale: 2}, `["-1.25",null]`, `["-1.250",null]`},
		{column.DecimalOf(4, 0), &arrow.Decimal128Type{Precision: 20, Scale: 2}, `["-9999.00",null]`, `["-9999",null]`},
	} {
		name := fmt.Sprintf("%v from %v", c.to, c.from)
		if c.want == "" {
			c.want = c.json
		}
		a := arrayOf(t, c.from, c.json)
		want := arrayOf(t, catalog.ArrowType(c.to), c.want)
		got, err := roundTrip(t, c.to, a)
		if err != nil || !array.Equal(got, want) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, want)
			continue
		}
		// The same of slices, whose bitmaps and offsets do not begin at 0.
		for from := int64(1); from < int64(a.Len()); from++ {
			part, wantPart := array.NewSlice(a, from, int64(a.Len())), array.NewSlice(want, from, int64(a.Len()))
			if got, err := roundTrip(t, c.to, part); err != nil || !array.Equal(got, wantPart) {
				t.Errorf("%s, from row %d: %v, %v; want %v", name, from, got, err, wantPart)
			}
		}
	}
}

func TestCastsThatAreRefused(t *testing.T) {
	t.Parallel()
	floats := arrow.ListOf(arrow.PrimitiveTypes.Float32)
	for _, c := range []struct {
		to   column.Type
		from arrow.DataType
		json string
		row  int // of the value that is refused; -1 if it is the type
		want string
	}{
		{column.Of(column.Int64), arrow.PrimitiveTypes.Float64, `[1]`, -1, "no exact cast"},
		{column.Of(column.Float64), arrow.PrimitiveTypes.Int64, `[1]`, -1, "no exact cast"},
		{column.Of(column.Float32), arrow.PrimitiveTypes.Int8, `[1]`, -1, "no exact cast"},
		{column.Of(column.Int32), arrow.BinaryTypes.String, `["1"]`, -1, "no exact cast"},
		{column.Of(column.Int32), arrow.FixedWidthTypes.Boolean, `[true]`, -1, "no exact cast"},
		{column.Of(column.Int32), arrow.PrimitiveTypes.Int64, `[1, 2, 2147483648]`, 2, `2147483648 (int64) is not a value for INT: out of range, which is -2147483648 to 2147483647`},
		{column.Of(column.Int8), arrow.PrimitiveTypes.Int16, `[-128, -129]`, 1, "out of range"},
		{column.Of(column.Uint8), arrow.PrimitiveTypes.Int8, `[0, -1]`, 1, "out of range"},
		{column.Of(column.Uint64), arrow.PrimitiveTypes.Int64, `[-1]`, 0, "out of range"},
		{column.Of(column.Int64), arrow.PrimitiveTypes.Uint64, `[9223372036854775807, 9223372036854775808]`, 1, "out of range"},
		{column.Of(column.Float32), arrow.PrimitiveTypes.Float64, `[0.5, 0.1]`, 1, `0.1 (float64) is not a value for FLOAT: not exact`},
		{column.Of(column.Float32), arrow.PrimitiveTypes.Float64, `[1e39]`, 0, "not exact"},
		{column.Of(column.Int32), &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.PrimitiveTypes.Int64}, `[1, 1, 4294967296]`, 2, "out of range"},
		{column.Of(column.Float64), arrow.PrimitiveTypes.Float32, `[1]`, -1, "no exact cast"},
		{column.Of(column.Float64), arrow.BinaryTypes.String, `["1"]`, -1, "no exact cast"},
		{column.Of(column.Boolean), arrow.PrimitiveTypes.Int8, `[1]`, -1, "no exact cast"},
		{column.Of(column.String), arrow.BinaryTypes.Binary, `["YQ=="]`, -1, "no exact cast"},
		{column.Of(column.Binary), arrow.BinaryTypes.String, `["a"]`, -1, "no exact cast"},
		{column.Of(column.TimestampSecond), arrow.PrimitiveTypes.Int64, `[1]`, -1, "no exact cast"},
		{column.Of(column.TimestampSecond), &arrow.Time32Type{}, `["00:00:01"]`, -1, "no exact cast"},
		{column.Of(column.TimeSecond), timestamps(arrow.Second, ""), `[1]`, -1, "no exact cast"},
		{column.Of(column.TimestampMillisecond), timestamps(arrow.Millisecond, "Asia/Shanghai"), `[1]`, -1, "time zone"},
		{column.Of(column.TimestampMillisecond), timestamps(arrow.Microsecond, ""), `[1000,1001]`, 1, "1001 us is not exact"},
		{column.Of(column.TimestampNanosecond), timestamps(arrow.Second, ""), `[9223372037]`, 0, "not exact"},
		{column.DecimalOf(10, 1), &arrow.Decimal128Type{Precision: 10, Scale: 2}, `["1.25"]`, 0, "1.25 is not exact"},
		{column.DecimalOf(3, 2), &arrow.Decimal128Type{Precision: 10, Scale: 2}, `["12.25"]`, 0, "not exact"},
		{column.DecimalOf(38, 20), &arrow.Decimal128Type{Precision: 38, Scale: 0}, `["99999999999999999999999999999999999999"]`, 0, "not exact"},
		{column.DecimalOf(10, 2), arrow.PrimitiveTypes.Float64, `[1.25]`, -1, "no exact cast"},
		{column.Of(column.Date), timestamps(arrow.Second, ""), `[0]`, -1, "no exact cast"},
		{column.Of(column.JSON), arrow.BinaryTypes.String, `["{\"a\":}"]`, 0, "JSON"},
		{column.Of(column.JSON), arrow.BinaryTypes.Binary, `["AAECAw=="]`, 0, "neither JSON text nor JSONB"},
		{column.Of(column.JSON), arrow.PrimitiveTypes.Int64, `[1]`, -1, "no exact cast"},
		{column.VectorOf(2), arrow.BinaryTypes.Binary, `["AAAAAA=="]`, 0, "4 bytes"},
		{column.VectorOf(2), floats, `[[1,2],[1,2,3]]`, 1, "3 numbers"},
		{column.VectorOf(2), floats, `[[1,null]]`, 0, "one of its numbers is NULL"},
		{column.VectorOf(2), arrow.ListOf(arrow.PrimitiveTypes.Float64), `[[1,2]]`, -1, "no exact cast"},
		{column.VectorOf(2), arrow.BinaryTypes.String, `["[1,2]"]`, -1, "no exact cast"},
	} {
		_, err := FromArray(c.to, arrayOf(t, c.from, c.json))
		row := -1
		var bad *RowError
		if errors.As(err, &bad) {
			row = bad.Row
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || row != c.row {
			t.Errorf("%v from %v: got %v of row %d, want %q of row %d", c.to, c.from, err, row, c.want, c.row)
		}
	}
}

// Every integer goes into every integer column whose range it is in, and into no other.
func TestIntegersOfAnotherWidthOrSign(t *testing.T) {
	t.Parallel()
	type integer struct {
		kind      column.Kind
		arrow     arrow.DataType
		low, high string // of its range
	}
	integers := []integer{
		{column.Int8, arrow.PrimitiveTypes.Int8, "-128", "127"},
		{column.Int16, arrow.PrimitiveTypes.Int16, "-32768", "32767"},
		{column.Int32, arrow.PrimitiveTypes.Int32, "-2147483648", "2147483647"},
		{column.Int64, arrow.PrimitiveTypes.Int64, "-9223372036854775808", "9223372036854775807"},
		{column.Uint8, arrow.PrimitiveTypes.Uint8, "0", "255"},
		{column.Uint16, arrow.PrimitiveTypes.Uint16, "0", "65535"},
		{column.Uint32, arrow.PrimitiveTypes.Uint32, "0", "4294967295"},
		{column.Uint64, arrow.PrimitiveTypes.Uint64, "0", "18446744073709551615"},
	}
	number := func(text string, plus int64) *big.Int {
		n, _ := new(big.Int).SetString(text, 10)
		return n.Add(n, big.NewInt(plus))
	}
	isIn := func(i integer, n *big.Int) bool { return n.Cmp(number(i.low, 0)) >= 0 && n.Cmp(number(i.high, 0)) <= 0 }
	for _, from := range integers {
		for _, to := range integers {
			for _, edge := range integers {
				for _, n := range []*big.Int{number(edge.low, -1), number(edge.low, 0), number(edge.high, 0), number(edge.high, 1)} {
					if !isIn(from, n) {
						continue
					}
					a := arrayOf(t, from.arrow, "[null,"+n.String()+"]")
					got, err := roundTrip(t, column.Of(to.kind), a)
					var bad *RowError
					switch {
					case !isIn(to, n):
						if !errors.As(err, &bad) || bad.Row != 1 {
							t.Errorf("%s from %v into %v: %v, %v; want an error of row 1", n, from.arrow, to.arrow, got, err)
						}
					case err != nil || !array.Equal(got, arrayOf(t, to.arrow, "[null,"+n.String()+"]")):
						t.Errorf("%s from %v into %v: %v, %v; want the same number", n, from.arrow, to.arrow, got, err)
					}
				}
			}
		}
	}
}

func TestDoublesIntoFloat(t *testing.T) {
	t.Parallel()
	b := array.NewFloat64Builder(memory.DefaultAllocator)
	exact := []float64{0, math.Copysign(0, -1), 1.5, math.MaxFloat32, math.SmallestNonzeroFloat32, math.Inf(1), math.Inf(-1), math.NaN()}
	b.AppendValues(exact, nil)
	got, err := roundTrip(t, column.Of(column.Float32), b.NewArray())
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range exact {
		if v := got.(*array.Float32).Value(i); math.Float32bits(v) != math.Float32bits(float32(want)) {
			t.Errorf("%v became %v", want, v)
		}
	}
	for _, inexact := range []float64{0.1, 1e39, -math.MaxFloat64, math.SmallestNonzeroFloat64, 1<<24 + 1} {
		b.Append(inexact)
		var bad *RowError
		if _, err := roundTrip(t, column.Of(column.Float32), b.NewArray()); !errors.As(err, &bad) || bad.Row != 0 {
			t.Errorf("%v: %v, want an error of row 0", inexact, err)
		}
	}
}

// A time of day that is none does not become another one.
func TestTimesBeyondTheirColumnAreRefused(t *testing.T) {
	t.Parallel()
	b := array.NewTime64Builder(memory.DefaultAllocator, &arrow.Time64Type{Unit: arrow.Microsecond})
	b.Append(1 << 32 * 1000)
	var bad *RowError
	if _, err := FromArray(column.Of(column.TimeMillisecond), b.NewArray()); !errors.As(err, &bad) {
		t.Errorf("FromArray: %v, want a RowError", err)
	}
}

func TestJSONAndVectorsFromArrow(t *testing.T) {
	t.Parallel()
	text := []string{`{"b":1,"a":[true]}`, `"x"`, `18446744073709551615`}
	var want, asText, asBinary []string
	for _, s := range text {
		b, err := jsonb.AppendBinary(nil, []byte(s))
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, string(b))
	}
	asText, asBinary = append(asText, text...), append(append(asBinary, want[:2]...), text[2])
	build := func(dt arrow.DataType, values []string) arrow.Array {
		b := array.NewBuilder(memory.DefaultAllocator, dt)
		for _, v := range values {
			switch b := b.(type) {
			case *array.StringBuilder:
				b.Append(v)
			case *array.BinaryBuilder:
				b.Append([]byte(v))
			}
		}
		b.AppendNull()
		return b.NewArray()
	}
	for _, a := range []arrow.Array{build(arrow.BinaryTypes.String, asText), build(arrow.BinaryTypes.Binary, asBinary)} {
		got, err := roundTrip(t, column.Of(column.JSON), a)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if v := string(got.(*array.Binary).Value(i)); v != want[i] {
				t.Errorf("%v, row %d: %x, want %x", a.DataType(), i, v, want[i])
			}
		}
		if !got.IsNull(3) {
			t.Error("NULL is lost")
		}
	}
	for _, dt := range []arrow.DataType{arrow.ListOf(arrow.PrimitiveTypes.Float32), arrow.FixedSizeListOf(2, arrow.PrimitiveTypes.Float32), arrow.LargeListOf(arrow.PrimitiveTypes.Float32)} {
		a := arrayOf(t, dt, `[[9,9],[1,-2.5],null,[0,0]]`)
		got, err := roundTrip(t, column.VectorOf(2), array.NewSlice(a, 1, 4))
		if err != nil {
			t.Fatal(err)
		}
		if b := got.(*array.Binary); string(b.Value(0)) != "\x00\x00\x80?\x00\x00 \xc0" || !b.IsNull(1) || len(b.Value(2)) != 8 {
			t.Errorf("%v: %v, want 1 and -2.5, NULL, two zeros", dt, got)
		}
	}
}

func TestTextOfARecordBatchIsUTF8(t *testing.T) {
	t.Parallel()
	build := func(values ...string) arrow.Array {
		b := array.NewStringBuilder(memory.DefaultAllocator)
		for _, v := range values {
			b.Append(v)
		}
		return b.NewArray()
	}
	// A value cut in the middle of a rune is wrong, although all bytes together are not.
	for _, a := range []arrow.Array{build("a", "\xff"), build("\xc3", "\xa9")} {
		var bad *RowError
		if _, err := FromArray(column.Of(column.String), a); !errors.As(err, &bad) {
			t.Errorf("%v: %v, want a RowError", a, err)
		}
	}
	// What lies under a NULL does not matter, and is not sent.
	data := build("a", "\xff", "b").Data()
	hidden := array.NewStringData(array.NewData(data.DataType(), 3, []*memory.Buffer{memory.NewBufferBytes([]byte{0b101}), data.Buffers()[1], data.Buffers()[2]}, nil, 1, 0))
	got, err := roundTrip(t, column.Of(column.String), hidden)
	if err != nil || !got.IsNull(1) || got.(*array.String).Value(2) != "b" {
		t.Errorf("%v, %v; want a, NULL, b", got, err)
	}
}

func TestDecimalLimits(t *testing.T) {
	t.Parallel()
	b := array.NewDecimal128Builder(memory.DefaultAllocator, &arrow.Decimal128Type{Precision: 38, Scale: 0})
	b.Append(decimal128.GetMaxValue(38))
	b.Append(decimal128.GetMaxValue(38).Negate())
	a := b.NewArray()
	got, err := roundTrip(t, column.DecimalOf(38, 0), a)
	if err != nil || !array.Equal(got, a) {
		t.Errorf("%v, %v; want %v", got, err, a)
	}
}

// TestRowsThatShareALongValueAreNotCopiedBeyondAnArray has a short array, of which no column can
// have the values. It measures the memory of the whole process, so it runs alone.
func TestRowsThatShareALongValueAreNotCopiedBeyondAnArray(t *testing.T) {
	const rows = 20_000
	text := strings.Repeat("x", 1<<20)
	b := array.NewStringViewBuilder(memory.DefaultAllocator)
	b.Append(text)
	one := b.NewArray().Data()
	views := memory.NewBufferBytes(bytes.Repeat(one.Buffers()[1].Bytes()[:16], rows))
	values := array.NewStringBuilder(memory.DefaultAllocator)
	values.Append(text)
	index := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}
	zeros := array.NewData(index.IndexType, rows, []*memory.Buffer{nil, memory.NewBufferBytes(make([]byte, rows))}, nil, 0, 0)
	for name, a := range map[string]arrow.Array{
		"views":      array.MakeFromData(array.NewData(arrow.BinaryTypes.StringView, rows, []*memory.Buffer{nil, views, one.Buffers()[2]}, nil, 0, 0)),
		"dictionary": array.NewDictionaryArray(index, array.MakeFromData(zeros), values.NewArray()),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := FromArray(column.Of(column.String), a)
		runtime.ReadMemStats(&after)
		if !errors.Is(err, ErrColumnFull) {
			t.Errorf("%s: error %v", name, err)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
			t.Errorf("%s: %d bytes were allocated", name, used)
		}
	}
}
