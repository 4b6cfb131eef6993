package bulk

import (
	"context"
	"errors"
	"fmt"
	"github.com/greptime-go/greptime/insert"
	"math"
	"math/big"
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

// arrayOf makes an array from JSON; NULLs are null.
func arrayOf(t testing.TB, dt arrow.DataType, text string) arrow.Array {
	t.Helper()
	a, _, err := array.FromJSON(memory.DefaultAllocator, dt, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// roundTrip is the column that an array becomes, read back after encoding.
func roundTrip(t *testing.T, typ column.Type, a arrow.Array) (arrow.Array, error) {
	t.Helper()
	data, err := convert(typ, a)
	if err != nil {
		return nil, err
	}
	table, err := catalog.NewTable("t", []catalog.Column{{Name: "v", Type: typ, Nullable: true}, {Name: "ts", Type: column.Of(column.TimestampSecond), Role: catalog.TimeIndex}})
	if err != nil {
		t.Fatal(err)
	}
	b := newBatch(table, 0)
	b.columns[0], b.rows = data, a.Len()
	b.columns[1], _ = fixedWidth(column.Of(column.TimestampSecond), arrayOf(t, &arrow.TimestampType{}, "["+strings.TrimSuffix(strings.Repeat("0,", a.Len()), ",")+"]"))
	record, err := decodeEncoded(t, b)
	if err != nil {
		t.Fatal(err)
	}
	return record.Column(0), nil
}

func ts(unit arrow.TimeUnit, zone string) arrow.DataType {
	return &arrow.TimestampType{Unit: unit, TimeZone: zone}
}

func dictionary(values arrow.DataType) arrow.DataType {
	return &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: values}
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
		{column.Of(column.TimestampMillisecond), ts(arrow.Millisecond, ""), `[-1,null,5]`, ""},
		{column.Of(column.TimestampMillisecond), ts(arrow.Millisecond, "UTC"), `[-1,null,5]`, ""},
		{column.Of(column.TimestampMillisecond), ts(arrow.Nanosecond, "+00:00"), `[-1000000,null,0]`, `[-1,null,0]`},
		{column.Of(column.TimestampNanosecond), ts(arrow.Second, ""), `[-1,null,9223372036]`, `[-1000000000,null,9223372036000000000]`},
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
		want string
	}{
		{column.Of(column.Int64), arrow.PrimitiveTypes.Float64, `[1]`, "no exact cast"},
		{column.Of(column.Float64), arrow.PrimitiveTypes.Int64, `[1]`, "no exact cast"},
		{column.Of(column.Float32), arrow.PrimitiveTypes.Int8, `[1]`, "no exact cast"},
		{column.Of(column.Int32), arrow.BinaryTypes.String, `["1"]`, "no exact cast"},
		{column.Of(column.Int32), arrow.FixedWidthTypes.Boolean, `[true]`, "no exact cast"},
		{column.Of(column.Int32), arrow.PrimitiveTypes.Int64, `[1, 2, 2147483648]`, `row 3 (index 2), column "v": 2147483648 (int64) is not a value for INT: out of range, which is -2147483648 to 2147483647`},
		{column.Of(column.Int8), arrow.PrimitiveTypes.Int16, `[-128, -129]`, "row 2 (index 1), "},
		{column.Of(column.Uint8), arrow.PrimitiveTypes.Int8, `[0, -1]`, "row 2 (index 1), "},
		{column.Of(column.Uint64), arrow.PrimitiveTypes.Int64, `[-1]`, "row 1 (index 0), "},
		{column.Of(column.Int64), arrow.PrimitiveTypes.Uint64, `[9223372036854775807, 9223372036854775808]`, "row 2 (index 1), "},
		{column.Of(column.Float32), arrow.PrimitiveTypes.Float64, `[0.5, 0.1]`, `row 2 (index 1), column "v": 0.1 (float64) is not a value for FLOAT: not exact`},
		{column.Of(column.Float32), arrow.PrimitiveTypes.Float64, `[1e39]`, "row 1 (index 0), "},
		{column.Of(column.Int32), &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.PrimitiveTypes.Int64}, `[1, 1, 4294967296]`, "row 3 (index 2), "},
		{column.Of(column.Float64), arrow.PrimitiveTypes.Float32, `[1]`, "no exact cast"},
		{column.Of(column.Float64), arrow.BinaryTypes.String, `["1"]`, "no exact cast"},
		{column.Of(column.Boolean), arrow.PrimitiveTypes.Int8, `[1]`, "no exact cast"},
		{column.Of(column.String), arrow.BinaryTypes.Binary, `["YQ=="]`, "no exact cast"},
		{column.Of(column.Binary), arrow.BinaryTypes.String, `["a"]`, "no exact cast"},
		{column.Of(column.TimestampSecond), arrow.PrimitiveTypes.Int64, `[1]`, "no exact cast"},
		{column.Of(column.TimestampSecond), &arrow.Time32Type{}, `["00:00:01"]`, "no exact cast"},
		{column.Of(column.TimeSecond), ts(arrow.Second, ""), `[1]`, "no exact cast"},
		{column.Of(column.TimestampMillisecond), ts(arrow.Millisecond, "Asia/Shanghai"), `[1]`, "time zone"},
		{column.Of(column.TimestampMillisecond), ts(arrow.Microsecond, ""), `[1000,1001]`, "1001 us is not exact"},
		{column.Of(column.TimestampNanosecond), ts(arrow.Second, ""), `[9223372037]`, "not exact"},
		{column.DecimalOf(10, 1), &arrow.Decimal128Type{Precision: 10, Scale: 2}, `["1.25"]`, "1.25 is not exact"},
		{column.DecimalOf(3, 2), &arrow.Decimal128Type{Precision: 10, Scale: 2}, `["12.25"]`, "not exact"},
		{column.DecimalOf(38, 20), &arrow.Decimal128Type{Precision: 38, Scale: 0}, `["99999999999999999999999999999999999999"]`, "not exact"},
		{column.DecimalOf(10, 2), arrow.PrimitiveTypes.Float64, `[1.25]`, "no exact cast"},
		{column.Of(column.Date), ts(arrow.Second, ""), `[0]`, "no exact cast"},
		{column.Of(column.JSON), arrow.BinaryTypes.String, `["{\"a\":}"]`, "row 1 (index 0)"},
		{column.Of(column.JSON), arrow.BinaryTypes.Binary, `["AAECAw=="]`, "neither JSON text nor JSONB"},
		{column.Of(column.JSON), arrow.PrimitiveTypes.Int64, `[1]`, "no exact cast"},
		{column.VectorOf(2), arrow.BinaryTypes.Binary, `["AAAAAA=="]`, "4 bytes"},
		{column.VectorOf(2), floats, `[[1,2],[1,2,3]]`, "row 2 (index 1)"},
		{column.VectorOf(2), floats, `[[1,null]]`, "one of its numbers is NULL"},
		{column.VectorOf(2), arrow.ListOf(arrow.PrimitiveTypes.Float64), `[[1,2]]`, "no exact cast"},
		{column.VectorOf(2), arrow.BinaryTypes.String, `["[1,2]"]`, "no exact cast"},
	} {
		table, err := catalog.NewTable("t", []catalog.Column{{Name: "v", Type: c.to, Nullable: true}, {Name: "ts", Type: column.Of(column.TimestampSecond), Role: catalog.TimeIndex}})
		if err != nil {
			t.Fatal(err)
		}
		a := arrayOf(t, c.from, c.json)
		record := recordOf(t, map[string]arrow.Array{"v": a, "ts": arrayOf(t, ts(arrow.Second, ""), "["+strings.TrimSuffix(strings.Repeat("0,", a.Len()), ",")+"]")})
		_, err = recordColumns(newLayout(table, len(table.Columns)), record)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), `column "v"`) {
			t.Errorf("%v from %v: %v, want %q", c.to, c.from, err, c.want)
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
					var bad *badValue
					switch {
					case !isIn(to, n):
						if !errors.As(err, &bad) || bad.row != 1 {
							t.Errorf("%s from %v into %v: %v, %v", n, from.arrow, to.arrow, got, err)
						}
					case err != nil || !array.Equal(got, arrayOf(t, to.arrow, "[null,"+n.String()+"]")):
						t.Errorf("%s from %v into %v: %v, %v", n, from.arrow, to.arrow, got, err)
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
		var bad *badValue
		if _, err := roundTrip(t, column.Of(column.Float32), b.NewArray()); !errors.As(err, &bad) || bad.row != 0 {
			t.Errorf("%v: %v", inexact, err)
		}
	}
}

func recordOf(t *testing.T, columns map[string]arrow.Array) arrow.RecordBatch {
	t.Helper()
	var fields []arrow.Field
	var list []arrow.Array
	for name, a := range columns {
		fields = append(fields, arrow.Field{Name: name, Type: a.DataType(), Nullable: true})
		list = append(list, a)
	}
	return array.NewRecordBatch(arrow.NewSchema(fields, nil), list, -1)
}

// A time of day that is none does not become another one.
func TestTimesBeyondTheirColumnAreRefused(t *testing.T) {
	t.Parallel()
	b := array.NewTime64Builder(memory.DefaultAllocator, &arrow.Time64Type{Unit: arrow.Microsecond})
	b.Append(1 << 32 * 1000)
	var bad *badValue
	if _, err := convert(column.Of(column.TimeMillisecond), b.NewArray()); !errors.As(err, &bad) {
		t.Errorf("%v", err)
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
			t.Errorf("%v: %v", dt, got)
		}
	}
}

func TestColumnsOfARecordBatchMatchByName(t *testing.T) {
	t.Parallel()
	s := putServer(t, acknowledgeAll(nil))
	w := openWriter(t, s.DSN(), Options{})
	host, cpu, at := arrayOf(t, arrow.BinaryTypes.String, `["a",null]`), arrayOf(t, arrow.PrimitiveTypes.Float64, `[1,2]`), arrayOf(t, ts(arrow.Millisecond, ""), `[1,2]`)
	for text, columns := range map[string]map[string]arrow.Array{
		"":                            {"ts": at, "host": host, "cpu": cpu},
		`lacks column "cpu" (DOUBLE)`: {"ts": at, "host": host},
		`no column "CPU"`:             {"ts": at, "host": host, "CPU": cpu},
		`no column "extra"`:           {"ts": at, "host": host, "cpu": cpu, "extra": cpu},
		"the time index cannot be":    {"ts": arrayOf(t, ts(arrow.Millisecond, ""), `[1,null]`), "host": host, "cpu": cpu},
		`the time index cannot be NU`: {"ts": arrayOf(t, arrow.Null, `[null,null]`), "host": host, "cpu": cpu},
		`column "ts" (TIMESTAMP(3))`:  {"ts": arrayOf(t, arrow.PrimitiveTypes.Int64, `[1,2]`), "host": host, "cpu": cpu},
	} {
		record := recordOf(t, columns)
		p, err := w.WriteRecord(short(t), record)
		switch {
		case text != "" && (err == nil || !strings.Contains(err.Error(), text)):
			t.Errorf("%v, want %q", err, text)
		case text == "" && err != nil:
			t.Error(err)
		case text == "":
			if ack, err := p.Wait(short(t)); err != nil || ack.Rows != 2 {
				t.Errorf("%+v, %v", ack, err)
			}
		}
	}
	twice := array.NewRecordBatch(arrow.NewSchema([]arrow.Field{{Name: "ts", Type: at.DataType()}, {Name: "ts", Type: at.DataType()}}, nil), []arrow.Array{at, at}, 2)
	if _, err := w.WriteRecord(short(t), twice); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Error(err)
	}
	if n := s.Calls("/arrow.flight.protocol.FlightService/DoPut"); n != 1 {
		t.Errorf("%d streams", n)
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
		var bad *badValue
		if _, err := convert(column.Of(column.String), a); !errors.As(err, &bad) {
			t.Errorf("%v: %v", a, err)
		}
	}
	// What lies under a NULL does not matter, and is not sent.
	data := build("a", "\xff", "b").Data()
	hidden := array.NewStringData(array.NewData(data.DataType(), 3, []*memory.Buffer{memory.NewBufferBytes([]byte{0b101}), data.Buffers()[1], data.Buffers()[2]}, nil, 1, 0))
	got, err := roundTrip(t, column.Of(column.String), hidden)
	if err != nil || !got.IsNull(1) || got.(*array.String).Value(2) != "b" {
		t.Errorf("%v, %v", got, err)
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
		t.Errorf("%v, %v", got, err)
	}
}

func TestWriteReader(t *testing.T) {
	t.Parallel()
	var rows []int64
	s := putServer(t, acknowledgeAll(nil))
	w := openWriter(t, s.DSN(), Options{Streams: 1, InFlight: 2})
	rd := readerOf(t, 50_000, 10, 7)
	defer rd.Release()
	n, err := w.WriteReader(short(t), rd, func(n int64) { rows = append(rows, n) })
	if err != nil || n != 50_017 {
		t.Errorf("%d rows, %v", n, err)
	}
	if len(rows) != 5 || rows[0] != maxReaderRows || rows[4] != 50_017 {
		t.Errorf("progress %v", rows)
	}
	// An error of the server stops the reading, and everything is told.
	s2 := putServer(t, script(map[int64]func(*putCall, received) error{3: regionError}))
	w2 := openWriter(t, s2.DSN(), Options{Streams: 1, InFlight: 1})
	rd2 := readerOf(t, 1, 1, 1, 1, 1, 1, 1, 1)
	defer rd2.Release()
	n, err = w2.WriteReader(short(t), rd2, nil)
	var failed *WriteError
	if !errors.As(err, &failed) || len(failed.Failed) != 1 || n < 2 {
		t.Errorf("%d rows, %v", n, err)
	}
	sum, err := w2.Close(short(t))
	if err != nil || sum.Rows != n || sum.Failed != 1 {
		t.Errorf("%+v, %v", sum, err)
	}
}

// readerOf has record batches of so many rows.
func readerOf(t *testing.T, sizes ...int) array.RecordReader {
	t.Helper()
	var list []arrow.RecordBatch
	var schema *arrow.Schema
	for _, n := range sizes {
		b, err := NewBatch(testSchema(t), n)
		if err != nil {
			t.Fatal(err)
		}
		record, err := decodeEncoded(t, fill(t, b, 1, n))
		if err != nil {
			t.Fatal(err)
		}
		schema = record.Schema()
		list = append(list, record)
	}
	rd, err := array.NewRecordReader(schema, list)
	if err != nil {
		t.Fatal(err)
	}
	return rd
}

// brokenReader has an error from its failing call of Next on, which may return a batch
// all the same, as arrow-go's CSV reader does.
type brokenReader struct {
	array.RecordReader
	failing, calls int
}

var errBroken = errors.New("the file is broken")

func (r *brokenReader) Next() bool {
	r.calls++
	return r.RecordReader.Next()
}

func (r *brokenReader) Err() error {
	if r.calls >= r.failing {
		return errBroken
	}
	return nil
}

func TestWriteReaderTellsWhyItStopped(t *testing.T) {
	t.Parallel()
	s := putServer(t, acknowledgeAll(nil))
	w := openWriter(t, s.DSN(), Options{})
	for failing, rows := range map[int]int64{3: 10, 2: 5, 1: 0} { // at the end, or with a batch
		rd := readerOf(t, 5, 5)
		if n, err := w.WriteReader(short(t), &brokenReader{RecordReader: rd, failing: failing}, nil); n != rows || !errors.Is(err, errBroken) {
			t.Errorf("failing at batch %d: %d rows, %v", failing, n, err)
		}
		rd.Release()
	}
	if _, err := w.Close(short(t)); err != nil {
		t.Fatal(err)
	}
	again := readerOf(t, 5)
	defer again.Release()
	if n, err := w.WriteReader(short(t), again, nil); n != 0 || !errors.Is(err, ErrClosed) {
		t.Errorf("%d rows, %v", n, err)
	}
	silent := putServer(t, script(map[int64]func(*putCall, received) error{2: func(c *putCall, _ received) error {
		<-c.Context().Done()
		return nil
	}}))
	w = openWriter(t, silent.DSN(), Options{Streams: 1})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stuck := readerOf(t, 5, 6, 7)
	defer stuck.Release()
	if n, err := w.WriteReader(ctx, stuck, func(int64) { cancel() }); n != 5 || !errors.Is(err, context.Canceled) {
		t.Errorf("%d rows, %v", n, err)
	}
}

func TestWriteReaderHalvesWhatIsTooLongForAMessage(t *testing.T) {
	t.Parallel()
	s := putServer(t, acknowledgeAll(nil))
	w := openWriter(t, s.DSN("max_message_size=2000"), Options{})
	rd := readerOf(t, 1000)
	defer rd.Release()
	if n, err := w.WriteReader(short(t), rd, nil); n != 1000 || err != nil {
		t.Errorf("%d rows, %v", n, err)
	}
	// A row that fits none is an error, and ends the reading.
	w = openWriter(t, s.DSN("max_message_size=100"), Options{})
	again := readerOf(t, 3)
	defer again.Release()
	if n, err := w.WriteReader(short(t), again, nil); n != 0 || err == nil || !strings.Contains(err.Error(), "the batch of 1 rows takes") {
		t.Errorf("%d rows, %v", n, err)
	}
}

func TestWriteReaderCountsRowsFromTheBeginningOfARecordBatch(t *testing.T) {
	t.Parallel()
	s := putServer(t, acknowledgeAll(nil))
	w := openWriter(t, s.DSN(), Options{})
	const bad = maxReaderRows + 7
	host := array.NewStringBuilder(memory.DefaultAllocator)
	cpu := array.NewNullBuilder(memory.DefaultAllocator)
	ts := array.NewTimestampBuilder(memory.DefaultAllocator, &arrow.TimestampType{Unit: arrow.Microsecond})
	for i := range 2 * maxReaderRows {
		host.Append("a")
		cpu.AppendNull()
		v := arrow.Timestamp(1000 * i)
		if i == bad {
			v++
		}
		ts.Append(v)
	}
	record := array.NewRecordBatch(arrow.NewSchema([]arrow.Field{
		{Name: "host", Type: arrow.BinaryTypes.String}, {Name: "cpu", Type: arrow.Null}, {Name: "ts", Type: &arrow.TimestampType{Unit: arrow.Microsecond}},
	}, nil), []arrow.Array{host.NewArray(), cpu.NewArray(), ts.NewArray()}, 2*maxReaderRows)
	rd, err := array.NewRecordReader(record.Schema(), []arrow.RecordBatch{record})
	if err != nil {
		t.Fatal(err)
	}
	defer rd.Release()
	n, err := w.WriteReader(short(t), rd, nil)
	var value *insert.ValueError
	if n != maxReaderRows || !errors.As(err, &value) || value.Row != bad || value.Column != "ts" {
		t.Errorf("%d rows, %v", n, err)
	}
}

func TestNothingToWrite(t *testing.T) {
	t.Parallel()
	w := openWriter(t, putServer(t, acknowledgeAll(nil)).DSN(), Options{})
	for call, f := range map[string]func() error{
		"WriteAsync":  func() error { _, err := w.WriteAsync(t.Context(), nil); return err },
		"WriteRecord": func() error { _, err := w.WriteRecord(t.Context(), nil); return err },
		"WriteReader": func() error { _, err := w.WriteReader(t.Context(), nil, nil); return err },
	} {
		if err := f(); err == nil || !strings.Contains(err.Error(), "is nil") {
			t.Errorf("%s of nil returns %v, want an error", call, err)
		}
	}
}
