package flightdecode

import (
	"errors"
	"io"
	"math"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/extensions"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	flatbuffers "github.com/google/flatbuffers/go"
)

// wantError checks that err is an *Error about the message at index that says want.
func wantError(t *testing.T, err error, index int, want string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v, want an *Error that says %q", err, want)
	}
	if e.Index != index || !strings.Contains(e.Error(), want) {
		t.Errorf("error %q about message %d, want %q about message %d", e, e.Index, want, index)
	}
}

func int32Field(name string) fieldSpec {
	return fieldSpec{name: name, id: typeInt, params: map[int]any{intBitWidth: int32(32), intIsSigned: true}, nullable: true}
}

func TestSchemasThatAreRefused(t *testing.T) {
	t.Parallel()
	typed := func(id typeID, params map[int]any, children ...fieldSpec) Message {
		return schemaOf(t, fieldSpec{name: "x", id: id, params: params, children: children})
	}
	item := int32Field("item")
	key := fieldSpec{name: "key", id: typeUtf8}
	nullableKey := fieldSpec{name: "key", id: typeUtf8, nullable: true}
	deep := item
	for range maxDepth {
		deep = fieldSpec{name: "l", id: typeList, children: []fieldSpec{deep}}
	}
	tests := []struct {
		name    string
		message Message
		want    string
	}{
		{"union", typed(typeUnion, nil), `column "x": type Union is not supported`},
		{"run end encoded", typed(typeRunEndEncoded, nil, item, item), `column "x": type RunEndEncoded is not supported`},
		{"list view", typed(typeListView, nil, item), `type ListView is not supported`},
		{"large list view", typed(typeLargeListView, nil, item), `type LargeListView is not supported`},
		{"nested union", typed(typeList, nil, fieldSpec{name: "u", id: typeUnion}), `column "x"."u": type Union`},
		{"no type", schemaOf(t, fieldSpec{name: "x", noType: true}), `column "x": it has no type`},
		{"type NONE", typed(0, nil), "type number 0 is unknown"},
		{"type of the future", typed(27, nil), "type number 27 is unknown"},
		{"int of 7 bits", typed(typeInt, map[int]any{intBitWidth: int32(7)}), "impossible unit, precision or width"},
		{"int of 128 bits", typed(typeInt, map[int]any{intBitWidth: int32(128)}), "impossible unit"},
		{"float of precision 3", typed(typeFloatingPoint, map[int]any{floatingPointPrecision: int16(3)}), "impossible unit"},
		{"float of precision -1", typed(typeFloatingPoint, map[int]any{floatingPointPrecision: int16(-1)}), "impossible unit"},
		{"date of unit 2", typed(typeDate, map[int]any{unitSlot: int16(2)}), "impossible unit"},
		{"time of 32 bits in ns", typed(typeTime, map[int]any{unitSlot: int16(3)}), "impossible unit"},
		{"time of 64 bits in s", typed(typeTime, map[int]any{unitSlot: int16(0), timeBitWidth: int32(64)}), "impossible unit"},
		{"time of 16 bits", typed(typeTime, map[int]any{timeBitWidth: int32(16)}), "impossible unit"},
		{"timestamp of unit 4", typed(typeTimestamp, map[int]any{unitSlot: int16(4)}), "impossible unit"},
		{"interval of unit 3", typed(typeInterval, map[int]any{unitSlot: int16(3)}), "impossible unit"},
		{"duration of unit -1", typed(typeDuration, map[int]any{unitSlot: int16(-1)}), "impossible unit"},
		{"binary of -1 bytes", typed(typeFixedSizeBinary, map[int]any{fixedSizeBinaryWidth: int32(-1)}), "impossible unit"},
		{"decimal of 512 bits", typed(typeDecimal, map[int]any{decimalPrecision: int32(5), decimalBitWidth: int32(512)}), "decimals of 512 bits"},
		{"decimal of precision 0", typed(typeDecimal, nil), "precision 0 and scale 0"},
		{"decimal of precision 39", typed(typeDecimal, map[int]any{decimalPrecision: int32(39)}), "precision 39"},
		{"decimal of huge scale", typed(typeDecimal, map[int]any{decimalPrecision: int32(5), decimalScale: int32(math.MinInt32)}), "scale -2147483648"},
		{"fixed size list of 0", typed(typeFixedSizeList, nil, item), "fixed size list of 0"},
		{"list without child", typed(typeList, nil), "the schema names 0"},
		{"list of two", typed(typeLargeList, nil, item, item), "the schema names 2"},
		{"int with children", typed(typeInt, map[int]any{intBitWidth: int32(8)}, item), "has no children"},
		{"null with children", typed(typeNull, nil, item), "has no children"},
		{"map of ints", typed(typeMap, nil, item), "entries of a map"},
		{"map of nullable keys", typed(typeMap, nil, fieldSpec{name: "e", id: typeStruct, children: []fieldSpec{nullableKey, item}}), "entries of a map"},
		{"map of nullable entries", typed(typeMap, nil, fieldSpec{name: "e", id: typeStruct, nullable: true, children: []fieldSpec{key, item}}), "entries of a map"},
		{"map of keys", typed(typeMap, nil, fieldSpec{name: "e", id: typeStruct, children: []fieldSpec{key}}), "entries of a map"},
		{"nested too deep", schemaOf(t, deep), "more than 64 levels"},
		{"dictionary of kind 1", schemaOf(t, fieldSpec{name: "x", id: typeUtf8, encoding: map[int]any{encodingKind: int16(1)}}), "of kind 1"},
		{"dictionary of 24 bit indices", schemaOf(t, fieldSpec{name: "x", id: typeUtf8,
			encoding: map[int]any{}, index: map[int]any{intBitWidth: int32(24)}}), "impossible integer type"},
		{"dictionary of two types", schemaOf(t,
			fieldSpec{name: "x", id: typeUtf8, encoding: map[int]any{encodingID: int64(7)}},
			fieldSpec{name: "y", id: typeBinary, encoding: map[int]any{encodingID: int64(7)}}), `column "y": its dictionary 7 has values of type binary, and of type utf8`},
		{"big endian", Message{Header: message(t, kindSchema, func(b *flatbuffers.Builder) flatbuffers.UOffsetT {
			return slots(b, map[int]any{schemaEndianness: int16(1)})
		})}, "big endian"},
		{"V3", Message{Header: messageOf(t, 2, kindSchema, 0, nil)}, "metadata version V3"},
		{"V6", Message{Header: messageOf(t, 5, kindSchema, 0, nil)}, "metadata version V6"},
		{"body cut short", Message{Header: messageOf(t, metadataV5, kindSchema, 10, nil), Body: make([]byte, 9)}, "cut short: the header announces 10"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			wantError(t, read([]Message{test.message}, io.EOF).err, 0, test.want)
		})
	}
}

func TestSchemasOfV4AndDefaults(t *testing.T) {
	t.Parallel()
	v4 := Message{Header: messageOf(t, metadataV4, kindSchema, 0, nil)}
	if got := read([]Message{v4}, io.EOF); got.err != nil || got.schema.NumFields() != 0 {
		t.Errorf("V4: %v, %v", got.schema, got.err)
	}
	tests := []struct {
		field fieldSpec
		want  arrow.DataType
	}{
		{fieldSpec{id: typeDate}, arrow.FixedWidthTypes.Date64},
		{fieldSpec{id: typeTime}, arrow.FixedWidthTypes.Time32ms},
		{fieldSpec{id: typeTimestamp}, &arrow.TimestampType{Unit: arrow.Second}},
		{fieldSpec{id: typeDuration}, arrow.FixedWidthTypes.Duration_ms},
		{fieldSpec{id: typeInterval}, arrow.FixedWidthTypes.MonthInterval},
		{fieldSpec{id: typeFloatingPoint}, arrow.FixedWidthTypes.Float16},
		{fieldSpec{id: typeDecimal, params: map[int]any{decimalPrecision: int32(5)}}, &arrow.Decimal128Type{Precision: 5}},
		{fieldSpec{id: typeUtf8, encoding: map[int]any{}}, &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}},
	}
	for _, test := range tests {
		got := read([]Message{schemaOf(t, test.field)}, io.EOF)
		if got.err != nil {
			t.Errorf("type %d: %v", test.field.id, got.err)
		} else if dtype := got.schema.Field(0).Type; !arrow.TypeEqual(dtype, test.want) {
			t.Errorf("type %d without parameters is %s, want %s", test.field.id, dtype, test.want)
		}
	}
}

// TestExtensionTypesStayStorage: the program (here the extensions package) has
// registered arrow.json, but columns of it come as text with metadata.
func TestExtensionTypesStayStorage(t *testing.T) {
	t.Parallel()
	json, err := extensions.NewJSONType(arrow.BinaryTypes.String)
	if err != nil {
		t.Fatal(err)
	}
	schema := arrow.NewSchema([]arrow.Field{{Name: "j", Type: json}, {Name: "u", Type: extensions.NewUUIDType()}}, nil)
	payload := ipc.GetSchemaPayload(schema, memory.DefaultAllocator)
	defer payload.Release()
	got := read([]Message{{Header: payload.Meta().Bytes()}}, io.EOF)
	if got.err != nil {
		t.Fatal(got.err)
	}
	for i, want := range []struct{ dtype, name string }{{"utf8", "arrow.json"}, {"fixed_size_binary[16]", "arrow.uuid"}} {
		f := got.schema.Field(i)
		if name, _ := f.Metadata.GetValue("ARROW:extension:name"); f.Type.String() != want.dtype || name != want.name {
			t.Errorf("field %d is %s with %v, want %v", i, f.Type, f.Metadata, want)
		}
	}
}

// allocated returns the number of bytes that f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestSchemasThatUnfold reads a few hundred bytes whose offsets point at the same
// tables and strings again and again, which would make a tree of any size.
//
// It measures the memory of the whole process, so it runs alone.
func TestSchemasThatUnfold(t *testing.T) {
	doubling := func(b *flatbuffers.Builder) flatbuffers.UOffsetT {
		child := int32Field("x").build(b)
		for range 40 {
			params := slots(b, nil)
			vector := offsetVector(b, []flatbuffers.UOffsetT{child, child})
			b.StartObject(7)
			b.PrependUOffsetTSlot(fieldChildren, vector, 0)
			b.PrependUOffsetTSlot(fieldType, params, 0)
			b.PrependByteSlot(fieldTypeType, byte(typeStruct), 0)
			child = b.EndObject()
		}
		vector := offsetVector(b, []flatbuffers.UOffsetT{child})
		b.StartObject(4)
		b.PrependUOffsetTSlot(schemaFields, vector, 0)
		return b.EndObject()
	}
	sharedName := func(b *flatbuffers.Builder) flatbuffers.UOffsetT {
		name := b.CreateString(strings.Repeat("x", 100_000))
		params := slots(b, nil)
		var fields []flatbuffers.UOffsetT
		for range 5000 {
			b.StartObject(7)
			b.PrependUOffsetTSlot(fieldType, params, 0)
			b.PrependByteSlot(fieldTypeType, byte(typeNull), 0)
			b.PrependUOffsetTSlot(fieldName, name, 0)
			fields = append(fields, b.EndObject())
		}
		vector := offsetVector(b, fields)
		b.StartObject(4)
		b.PrependUOffsetTSlot(schemaFields, vector, 0)
		return b.EndObject()
	}
	sharedChildren := func(b *flatbuffers.Builder) flatbuffers.UOffsetT {
		leaf := int32Field("x").build(b)
		many := make([]flatbuffers.UOffsetT, 5000)
		for i := range many {
			many[i] = leaf
		}
		children := offsetVector(b, many)
		params := slots(b, nil)
		fields := make([]flatbuffers.UOffsetT, 500)
		for i := range fields {
			b.StartObject(7)
			b.PrependUOffsetTSlot(fieldChildren, children, 0)
			b.PrependUOffsetTSlot(fieldType, params, 0)
			b.PrependByteSlot(fieldTypeType, byte(typeStruct), 0)
			fields[i] = b.EndObject()
		}
		vector := offsetVector(b, fields)
		b.StartObject(4)
		b.PrependUOffsetTSlot(schemaFields, vector, 0)
		return b.EndObject()
	}
	for name, add := range map[string]func(*flatbuffers.Builder) flatbuffers.UOffsetT{
		"children": doubling, "names": sharedName, "vectors": sharedChildren,
	} {
		m := Message{Header: message(t, kindSchema, add)}
		used := allocated(func() {
			wantError(t, read([]Message{m}, io.EOF).err, 0, "too often")
		})
		if limit := uint64(64*len(m.Header) + 1<<16); used > limit {
			t.Errorf("%s: a header of %d bytes took %d bytes of memory", name, len(m.Header), used)
		}
	}
}

func TestWideSchemas(t *testing.T) {
	t.Parallel()
	const width = 3000
	fields := make([]fieldSpec, width)
	spec := batchSpec{length: 2}
	for i := range fields {
		fields[i] = int32Field("c" + strconv.Itoa(i))
		spec.nodes = append(spec.nodes, [2]int64{2, 0})
		spec.buffers = append(spec.buffers, nil, le(int32(i), int32(-i)))
	}
	got := read([]Message{schemaOf(t, fields...), spec.message(t)}, io.EOF)
	if got.err != nil {
		t.Fatal(got.err)
	}
	if n := got.batches[0].NumCols(); n != width {
		t.Fatalf("%d columns", n)
	}
	touch(t, got.batches[0])
	if text := got.batches[0].Column(width - 1).String(); text != "[2999 -2999]" {
		t.Errorf("last column is %s", text)
	}
}

// TestHeadersAreBounded has schemas without end: what is made of a header takes many times its
// length.
func TestHeadersAreBounded(t *testing.T) {
	m := Message{Header: make([]byte, maxHeader+1)}
	wantError(t, read([]Message{m}, io.EOF).err, 0, "exceeds the limit of 16777216 bytes")

	// A header with as many fields as it can have.
	const fields = 300_000
	b := flatbuffers.NewBuilder(maxHeader)
	params := slots(b, map[int]any{})
	b.StartObject(7)
	b.PrependUOffsetTSlot(fieldType, params, 0)
	b.PrependByteSlot(fieldTypeType, byte(typeNull), 0)
	field := b.EndObject()
	pad := b.CreateByteVector(make([]byte, 4_000_000)) // the budget is that of the length
	many := make([]flatbuffers.UOffsetT, fields)
	for i := range many {
		many[i] = field
	}
	vector := offsetVector(b, many)
	b.StartObject(4)
	b.PrependUOffsetTSlot(schemaFields, vector, 0)
	schema := b.EndObject()
	b.StartObject(10)
	b.PrependUOffsetTSlot(messageHeader, schema, 0)
	b.PrependUOffsetTSlot(9, pad, 0)
	b.PrependByteSlot(messageHeaderType, byte(kindSchema), 0)
	b.PrependInt16Slot(messageVersion, metadataV5, 0)
	b.Finish(b.EndObject())
	header := b.FinishedBytes()
	var got answer
	used := allocated(func() { got = read([]Message{{Header: header}}, io.EOF) })
	if got.err != nil {
		t.Fatal(got.err)
	}
	if used > 64*uint64(len(header)) {
		t.Errorf("a header of %d bytes took %d MiB of memory", len(header), used>>20)
	}
}
