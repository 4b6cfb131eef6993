package flightdecode

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/decimal256"
	"github.com/apache/arrow-go/v18/arrow/float16"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/greptime-go/greptime/internal/test/race"
)

// leafTypes are all supported types without children.
var leafTypes = []arrow.DataType{
	arrow.Null, arrow.FixedWidthTypes.Boolean,
	arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Int64,
	arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Uint16, arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Uint64,
	arrow.FixedWidthTypes.Float16, arrow.PrimitiveTypes.Float32, arrow.PrimitiveTypes.Float64,
	&arrow.Decimal32Type{Precision: 9, Scale: 2}, &arrow.Decimal64Type{Precision: 18, Scale: 0},
	&arrow.Decimal128Type{Precision: 38, Scale: 10}, &arrow.Decimal128Type{Precision: 5, Scale: -2},
	&arrow.Decimal256Type{Precision: 76, Scale: 38},
	arrow.BinaryTypes.String, arrow.BinaryTypes.LargeString, arrow.BinaryTypes.StringView,
	arrow.BinaryTypes.Binary, arrow.BinaryTypes.LargeBinary, arrow.BinaryTypes.BinaryView,
	&arrow.FixedSizeBinaryType{ByteWidth: 3}, &arrow.FixedSizeBinaryType{ByteWidth: 16},
	arrow.FixedWidthTypes.Date32, arrow.FixedWidthTypes.Date64,
	arrow.FixedWidthTypes.Time32s, arrow.FixedWidthTypes.Time32ms, arrow.FixedWidthTypes.Time64us, arrow.FixedWidthTypes.Time64ns,
	&arrow.TimestampType{Unit: arrow.Second}, &arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: "UTC"},
	&arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "+05:30"}, &arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: "Mars/Olympus"},
	arrow.FixedWidthTypes.Duration_s, arrow.FixedWidthTypes.Duration_ms, arrow.FixedWidthTypes.Duration_us, arrow.FixedWidthTypes.Duration_ns,
	arrow.FixedWidthTypes.MonthInterval, arrow.FixedWidthTypes.DayTimeInterval, arrow.FixedWidthTypes.MonthDayNanoInterval,
}

// dictionaryTypes are those whose values arrow-go's builders can make.
var dictionaryTypes = []arrow.DataType{
	&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String},
	&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Uint8, ValueType: arrow.PrimitiveTypes.Int64},
	&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int16, ValueType: arrow.BinaryTypes.Binary, Ordered: true},
	&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Uint16, ValueType: arrow.FixedWidthTypes.Date32},
	&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.PrimitiveTypes.Float64},
	&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Uint32, ValueType: arrow.BinaryTypes.Binary},
	&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int64, ValueType: arrow.PrimitiveTypes.Int16},
	&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Uint64, ValueType: arrow.BinaryTypes.String},
}

// randomType returns a type nested at most depth levels.
func randomType(rng *rand.Rand, depth int) arrow.DataType {
	switch n := rng.IntN(12); {
	case depth == 0 || n < 4:
		return leafTypes[rng.IntN(len(leafTypes))]
	case n < 6:
		return dictionaryTypes[rng.IntN(len(dictionaryTypes))]
	case n == 6:
		return arrow.ListOfField(randomField(rng, "item", depth-1))
	case n == 7:
		return arrow.LargeListOfField(randomField(rng, "element", depth-1))
	case n == 8:
		return arrow.FixedSizeListOfField(int32(1+rng.IntN(3)), randomField(rng, "item", depth-1))
	case n == 9:
		m := arrow.MapOf(arrow.BinaryTypes.String, randomType(rng, depth-1))
		m.KeysSorted = rng.IntN(2) == 0
		return m
	default:
		fields := make([]arrow.Field, rng.IntN(4))
		for i := range fields {
			fields[i] = randomField(rng, "f"+strconv.Itoa(i), depth-1)
		}
		return arrow.StructOf(fields...)
	}
}

func randomField(rng *rand.Rand, name string, depth int) arrow.Field {
	f := arrow.Field{Name: name, Type: randomType(rng, depth), Nullable: true}
	if rng.IntN(3) == 0 {
		f.Metadata = arrow.NewMetadata([]string{"greptime:type", "k"}, []string{"Json", strconv.Itoa(rng.IntN(9))})
	}
	return f
}

// randomBatches returns batches of one schema.
func randomBatches(rng *rand.Rand, fields, batches, rows int) (*arrow.Schema, []arrow.RecordBatch) {
	list := make([]arrow.Field, fields)
	for i := range list {
		list[i] = randomField(rng, "c"+strconv.Itoa(i), 3)
	}
	metadata := arrow.NewMetadata([]string{"greptime:version"}, []string{"0"})
	schema := arrow.NewSchema(list, &metadata)
	out := make([]arrow.RecordBatch, batches)
	for i := range out {
		b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
		n := rng.IntN(rows + 1)
		for _, column := range b.Fields() {
			nulls := []float64{0, 0.3, 1}[rng.IntN(3)]
			for range n {
				appendRandom(rng, column, nulls)
			}
		}
		out[i] = b.NewRecordBatch()
		b.Release()
	}
	return schema, out
}

// appendRandom appends a value, or null with probability nulls. Map keys are never null.
func appendRandom(rng *rand.Rand, builder array.Builder, nulls float64) {
	if rng.Float64() < nulls {
		builder.AppendNull()
		return
	}
	text := func() string {
		const alphabet = "abcdefghijklmnopqrstuvwxyzé—\x00 0123456789"
		n := rng.IntN(40)
		return fmt.Sprintf("%.*s", n, alphabet)
	}
	switch b := builder.(type) {
	case *array.NullBuilder:
		b.AppendNull()
	case *array.BooleanBuilder:
		b.Append(rng.IntN(2) == 0)
	case *array.Int8Builder:
		b.Append(int8(rng.Int64()))
	case *array.Int16Builder:
		b.Append(int16(rng.Int64()))
	case *array.Int32Builder:
		b.Append(int32(rng.Int64()))
	case *array.Int64Builder:
		b.Append(int64(rng.Uint64()))
	case *array.Uint8Builder:
		b.Append(uint8(rng.Int64()))
	case *array.Uint16Builder:
		b.Append(uint16(rng.Int64()))
	case *array.Uint32Builder:
		b.Append(uint32(rng.Int64()))
	case *array.Uint64Builder:
		b.Append(rng.Uint64())
	case *array.Float16Builder:
		b.Append(float16.New(rng.Float32()))
	case *array.Float32Builder:
		b.Append(rng.Float32())
	case *array.Float64Builder:
		b.Append(rng.NormFloat64())
	case *array.Decimal32Builder:
		b.Append(decimal.Decimal32(rng.Int32N(999_999_999)))
	case *array.Decimal64Builder:
		b.Append(decimal.Decimal64(-rng.Int64N(999_999_999_999_999_999)))
	case *array.Decimal128Builder:
		b.Append(decimal128.FromI64(int64(rng.IntN(99_999))))
	case *array.Decimal256Builder:
		b.Append(decimal256.FromI64(int64(rng.Uint64())))
	case *array.StringBuilder:
		b.Append(text())
	case *array.LargeStringBuilder:
		b.Append(text())
	case *array.StringViewBuilder:
		b.Append(text())
	case *array.BinaryBuilder:
		b.Append([]byte(text()))
	case *array.BinaryViewBuilder:
		b.Append([]byte(text()))
	case *array.FixedSizeBinaryBuilder:
		value := make([]byte, b.Type().(*arrow.FixedSizeBinaryType).ByteWidth)
		for i := range value {
			value[i] = byte(rng.Int64())
		}
		b.Append(value)
	case *array.Date32Builder:
		b.Append(arrow.Date32(rng.Int32N(100_000) - 50_000))
	case *array.Date64Builder:
		b.Append(arrow.Date64(rng.Int64N(100_000) * 86_400_000))
	case *array.Time32Builder:
		b.Append(arrow.Time32(rng.Int32N(86_400)))
	case *array.Time64Builder:
		b.Append(arrow.Time64(rng.Int64N(86_400_000_000)))
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(int64(rng.Uint64())))
	case *array.DurationBuilder:
		b.Append(arrow.Duration(int64(rng.Uint64())))
	case *array.MonthIntervalBuilder:
		b.Append(arrow.MonthInterval(rng.Int32()))
	case *array.DayTimeIntervalBuilder:
		b.Append(arrow.DayTimeInterval{Days: rng.Int32(), Milliseconds: -rng.Int32()})
	case *array.MonthDayNanoIntervalBuilder:
		b.Append(arrow.MonthDayNanoInterval{Months: rng.Int32(), Days: -rng.Int32(), Nanoseconds: rng.Int64()})
	case *array.MapBuilder:
		b.Append(true)
		for range rng.IntN(4) {
			appendRandom(rng, b.KeyBuilder(), 0)
			appendRandom(rng, b.ItemBuilder(), 0.2)
		}
	case *array.FixedSizeListBuilder:
		b.Append(true)
		for range b.Type().(*arrow.FixedSizeListType).Len() {
			appendRandom(rng, b.ValueBuilder(), 0.2)
		}
	case array.VarLenListLikeBuilder:
		b.Append(true)
		for range rng.IntN(4) {
			appendRandom(rng, b.ValueBuilder(), 0.2)
		}
	case *array.StructBuilder:
		b.Append(true)
		for i := range b.NumField() {
			appendRandom(rng, b.FieldBuilder(i), 0.2)
		}
	case array.DictionaryBuilder:
		appendDictionary(rng, b)
	default:
		panic(fmt.Sprintf("no random values for %T", builder))
	}
}

// appendDictionary appends one of few values, so that any index type can hold them.
func appendDictionary(rng *rand.Rand, builder array.DictionaryBuilder) {
	n := rng.IntN(50)
	var err error
	switch b := builder.(type) {
	case *array.BinaryDictionaryBuilder:
		err = b.AppendString("value " + strconv.Itoa(n))
	case *array.Int64DictionaryBuilder:
		err = b.Append(int64(n))
	case *array.Date32DictionaryBuilder:
		err = b.Append(arrow.Date32(n))
	case *array.Float64DictionaryBuilder:
		err = b.Append(float64(n))
	case *array.Int16DictionaryBuilder:
		err = b.Append(int16(n))
	default:
		panic(fmt.Sprintf("no random values for %T", builder))
	}
	if err != nil {
		panic(err)
	}
}

var bodies = []struct {
	name string
	opts []ipc.Option
}{
	{"plain", nil},
	{"LZ4", []ipc.Option{ipc.WithLZ4()}},
	{"ZSTD", []ipc.Option{ipc.WithZstd()}},
	{"LZ4, raw where it saves little", []ipc.Option{ipc.WithLZ4(), ipc.WithMinSpaceSavings(0.3)}},
	{"plain, dictionary deltas", []ipc.Option{ipc.WithDictionaryDeltas(true)}},
	{"ZSTD, dictionary deltas", []ipc.Option{ipc.WithZstd(), ipc.WithDictionaryDeltas(true)}},
}

func TestReadsWhatArrowGoWrites(t *testing.T) {
	t.Parallel()
	for i, body := range bodies {
		t.Run(body.name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(25) {
				compareWithArrowGo(t, seed, uint64(i), body.opts)
			}
		})
	}
}

func FuzzAgainstArrowGo(f *testing.F) {
	for i := range bodies {
		f.Add(uint64(i), uint8(i))
	}
	f.Fuzz(func(t *testing.T, seed uint64, body uint8) {
		compareWithArrowGo(t, seed, 99, bodies[int(body)%len(bodies)].opts)
	})
}

// compareWithArrowGo writes random batches with arrow-go and reads them back with
// both readers. Types are the same only then: arrow-go's writer and readers differ in
// details of maps.
func compareWithArrowGo(t *testing.T, seed1, seed2 uint64, opts []ipc.Option) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed1, seed2))
	schema, batches := randomBatches(rng, rng.IntN(8), 1+rng.IntN(4), 1+rng.IntN(80))
	schema, batches = arrowRead(t, arrowStream(t, schema, batches, opts...))
	got := read(encode(t, schema, batches, opts...), io.EOF)
	if got.err != nil {
		t.Fatalf("seed %d: %v: %v", seed1, schema, got.err)
	}
	if !sameSchema(got.schema, schema) {
		t.Errorf("seed %d: schema\n%v, want\n%v", seed1, got.schema, schema)
	}
	sameBatches(t, got.batches, batches)
	for _, batch := range got.batches {
		render(t, batch)
		for _, column := range batch.Columns() {
			if err := array.ValidateFull(column); err != nil {
				t.Errorf("seed %d: arrow-go finds fault: %v", seed1, err)
			}
		}
	}
}

// sameBatches compares batches that nobody has read yet: printing a timestamp leaves
// its zone in the type, and arrow-go then treats large lists of it as another type.
func sameBatches(t *testing.T, got, want []arrow.RecordBatch) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d batches, want %d", len(got), len(want))
	}
	for i := range got {
		for j, column := range got[i].Columns() {
			if !array.Equal(column, want[i].Column(j)) {
				t.Fatalf("batch %d, column %d of type %s is\n%v, want\n%v", i, j, column.DataType(), column, want[i].Column(j))
			}
		}
		if got[i].NumRows() != want[i].NumRows() {
			t.Errorf("batch %d has %d rows, want %d", i, got[i].NumRows(), want[i].NumRows())
		}
	}
}

// sameSchema compares with the metadata of all fields.
func sameSchema(a, b *arrow.Schema) bool {
	if !a.Metadata().Equal(b.Metadata()) || a.NumFields() != b.NumFields() {
		return false
	}
	for i, f := range a.Fields() {
		g := b.Field(i)
		if f.Name != g.Name || f.Nullable != g.Nullable || !f.Metadata.Equal(g.Metadata) ||
			!arrow.TypeEqual(f.Type, g.Type, arrow.CheckMetadata()) {
			return false
		}
	}
	return true
}

// TestEveryType reads each type by itself: values, nulls, no rows.
func TestEveryType(t *testing.T) {
	if race.Enabled {
		t.Skip("takes long under the race detector")
	}
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	leaves := slices.Concat(leafTypes, dictionaryTypes)
	var nested []arrow.DataType
	for _, leaf := range leaves {
		nested = append(nested, arrow.ListOf(leaf), arrow.LargeListOfNonNullable(leaf), arrow.FixedSizeListOf(2, leaf),
			arrow.StructOf(arrow.Field{Name: "a", Type: leaf, Nullable: true}, arrow.Field{Name: "a", Type: leaf}),
			arrow.MapOf(arrow.PrimitiveTypes.Int32, leaf))
	}
	for i, dtype := range slices.Concat(leaves, nested) {
		lengths, codecs := []int{0, 1, 8, 70}, bodies[:3]
		if i >= len(leaves) {
			lengths, codecs = []int{0, 9}, bodies[i%2:][:1]
		}
		schema := arrow.NewSchema([]arrow.Field{{Name: "c", Type: dtype, Nullable: true}}, nil)
		var batches []arrow.RecordBatch
		for _, nulls := range []float64{0, 0.5, 1} {
			for _, n := range lengths {
				b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
				for range n {
					appendRandom(rng, b.Field(0), nulls)
				}
				batches = append(batches, b.NewRecordBatch())
			}
		}
		for _, body := range codecs {
			got := read(encode(t, schema, batches, body.opts...), io.EOF)
			if got.err != nil {
				t.Fatalf("%s, %s: %v", dtype, body.name, got.err)
			}
			sameBatches(t, got.batches, batches)
			for _, batch := range got.batches {
				touch(t, batch)
			}
		}
	}
}
