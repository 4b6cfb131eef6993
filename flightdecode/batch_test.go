package flightdecode

import (
	"io"
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	flatbuffers "github.com/google/flatbuffers/go"
)

var (
	utf8Field      = fieldSpec{name: "s", id: typeUtf8, nullable: true}
	largeUtf8Field = fieldSpec{name: "s", id: typeLargeUtf8, nullable: true}
	viewField      = fieldSpec{name: "v", id: typeUtf8View, nullable: true}
	boolField      = fieldSpec{name: "b", id: typeBool, nullable: true}
	nullField      = fieldSpec{name: "n", id: typeNull, nullable: true}
)

func listField(id typeID, child fieldSpec) fieldSpec {
	return fieldSpec{name: "l", id: id, nullable: true, children: []fieldSpec{child}}
}

func mapField() fieldSpec {
	return fieldSpec{name: "m", id: typeMap, nullable: true, children: []fieldSpec{{
		name: "entries", id: typeStruct, children: []fieldSpec{{name: "key", id: typeBool}, {name: "value", id: typeBool, nullable: true}},
	}}}
}

func TestBatchesThatAreRefused(t *testing.T) {
	t.Parallel()
	i32 := int32Field("i")
	pair := listField(typeFixedSizeList, boolField)
	pair.params = map[int]any{fixedSizeListSize: int32(2)}
	view := func(size, index, offset int32) []byte { return le(size, int32(0), index, offset) }
	nodes := func(pairs ...int64) (list [][2]int64) {
		for i := 0; i < len(pairs); i += 2 {
			list = append(list, [2]int64{pairs[i], pairs[i+1]})
		}
		return list
	}
	buffers := func(list ...[]byte) [][]byte { return list }
	tests := []struct {
		name   string
		fields []fieldSpec
		batch  batchSpec
		want   string
	}{
		{"negative rows", nil, batchSpec{length: -1}, "it has -1 rows"},
		{"too many rows", nil, batchSpec{length: math.MaxInt32 + 1}, "it has 2147483648 rows"},
		{"no nodes", []fieldSpec{i32}, batchSpec{length: 1}, `column "i": it has fewer buffers, field nodes`},
		{"no buffers", []fieldSpec{i32}, batchSpec{length: 1, nodes: nodes(1, 0)}, "fewer buffers"},
		{"one buffer", []fieldSpec{i32}, batchSpec{length: 1, nodes: nodes(1, 0), buffers: buffers(nil)}, "fewer buffers"},
		{"a node too many", []fieldSpec{i32}, batchSpec{length: 1, nodes: nodes(1, 0, 1, 0), buffers: buffers(nil, le(int32(1)))}, "more than its schema needs: 1 field nodes"},
		{"a buffer too many", []fieldSpec{i32}, batchSpec{length: 1, nodes: nodes(1, 0), buffers: buffers(nil, le(int32(1)), nil)}, "1 buffers"},
		{"a count too many", []fieldSpec{i32}, batchSpec{length: 1, nodes: nodes(1, 0), buffers: buffers(nil, le(int32(1))), variadic: []int64{0}}, "1 variadic counts"},
		{"column shorter than the batch", []fieldSpec{i32}, batchSpec{length: 2, nodes: nodes(1, 0), buffers: buffers(nil, le(int32(1)))}, "1 values in a batch of 2 rows"},
		{"column longer than the batch", []fieldSpec{nullField}, batchSpec{length: 1, nodes: nodes(2, 0)}, "2 values in a batch of 1 rows"},
		{"negative length", []fieldSpec{i32}, batchSpec{length: 1, nodes: nodes(-1, 0), buffers: buffers(nil, nil)}, "0 nulls among -1 values"},
		{"huge length", []fieldSpec{nullField}, batchSpec{length: 1, nodes: nodes(1<<40, 0)}, "among 1099511627776 values"},
		{"negative nulls", []fieldSpec{i32}, batchSpec{length: 1, nodes: nodes(1, -1), buffers: buffers(nil, le(int32(1)))}, "-1 nulls"},
		{"more nulls than values", []fieldSpec{i32}, batchSpec{length: 1, nodes: nodes(1, 2), buffers: buffers(nil, le(int32(1)))}, "2 nulls among 1"},
		{"nulls without a bitmap", []fieldSpec{i32}, batchSpec{length: 1, nodes: nodes(1, 1), buffers: buffers(nil, le(int32(1)))}, `column "i": validity: 0 bytes are too few for 1 values`},
		{"bitmap too short", []fieldSpec{boolField}, batchSpec{length: 9, nodes: nodes(9, 1), buffers: buffers([]byte{1}, le(int16(0)))}, "1 bytes are too few for 9 values"},
		{"values too short", []fieldSpec{i32}, batchSpec{length: 2, nodes: nodes(2, 0), buffers: buffers(nil, make([]byte, 7))}, `column "i": a buffer of 7 bytes is too short: 8 are needed`},
		{"bits too short", []fieldSpec{boolField}, batchSpec{length: 9, nodes: nodes(9, 0), buffers: buffers(nil, []byte{1})}, "too short: 2 are needed"},
		{"values left out", []fieldSpec{i32}, batchSpec{length: 2, nodes: nodes(2, 2), buffers: buffers([]byte{0}, nil)}, "too short: 8 are needed"},

		{"offsets too short", []fieldSpec{utf8Field}, batchSpec{length: 2, nodes: nodes(2, 0), buffers: buffers(nil, le(int32(0), int32(0)), nil)}, "too short: 12 are needed"},
		{"offsets left out", []fieldSpec{utf8Field}, batchSpec{length: 1, nodes: nodes(1, 0), buffers: buffers(nil, nil, nil)}, "too short: 8 are needed"},
		{"negative offset", []fieldSpec{utf8Field}, batchSpec{length: 1, nodes: nodes(1, 0), buffers: buffers(nil, le(int32(-1), int32(1)), []byte("a"))}, "do not ascend"},
		{"descending offsets", []fieldSpec{utf8Field}, batchSpec{length: 2, nodes: nodes(2, 0), buffers: buffers(nil, le(int32(0), int32(2), int32(1)), []byte("ab"))}, "do not ascend"},
		{"offsets that overflow", []fieldSpec{utf8Field}, batchSpec{length: 2, nodes: nodes(2, 0), buffers: buffers(nil, le(int32(0), int32(math.MaxInt32), int32(math.MinInt32)), nil)}, "do not ascend"},
		{"offsets that come back", []fieldSpec{utf8Field}, batchSpec{length: 3, nodes: nodes(3, 0), buffers: buffers(nil, le(int32(0), int32(-5), int32(1), int32(2)), []byte("ab"))}, "do not ascend"},
		{"offset beyond the data", []fieldSpec{utf8Field}, batchSpec{length: 1, nodes: nodes(1, 0), buffers: buffers(nil, le(int32(0), int32(2)), []byte("a"))}, "last offset 2 lies beyond its data of 1 bytes"},
		{"large offset beyond the data", []fieldSpec{largeUtf8Field}, batchSpec{length: 1, nodes: nodes(1, 0), buffers: buffers(nil, le(int64(0), int64(math.MaxInt64)), []byte("a"))}, "lies beyond its data"},
		{"large descending offsets", []fieldSpec{largeUtf8Field}, batchSpec{length: 2, nodes: nodes(2, 0), buffers: buffers(nil, le(int64(0), int64(1<<40), int64(1)), []byte("a"))}, "do not ascend"},
		{"large offsets too short", []fieldSpec{largeUtf8Field}, batchSpec{length: 1, nodes: nodes(1, 0), buffers: buffers(nil, le(int64(0), int32(0)), nil)}, "too short: 16 are needed"},

		{"view without count", []fieldSpec{viewField}, batchSpec{length: 0, nodes: nodes(0, 0), buffers: buffers(nil, nil)}, "variadic counts"},
		{"negative count", []fieldSpec{viewField}, batchSpec{length: 0, nodes: nodes(0, 0), buffers: buffers(nil, nil), variadic: []int64{-1}}, "-1 data buffers"},
		{"more data buffers than there are", []fieldSpec{viewField}, batchSpec{length: 0, nodes: nodes(0, 0), buffers: buffers(nil, nil), variadic: []int64{1 << 60}}, "0 buffers are left"},
		{"views too short", []fieldSpec{viewField}, batchSpec{length: 1, nodes: nodes(1, 0), buffers: buffers(nil, make([]byte, 15)), variadic: []int64{0}}, "too short: 16 are needed"},
		{"view of negative size", []fieldSpec{viewField}, batchSpec{length: 1, nodes: nodes(1, 0), buffers: buffers(nil, view(-1, 0, 0)), variadic: []int64{0}}, "view 0 of -1 bytes"},
		{"view into no buffer", []fieldSpec{viewField}, batchSpec{length: 1, nodes: nodes(1, 0), buffers: buffers(nil, view(13, 0, 0)), variadic: []int64{0}}, "there are 0 buffers"},
		{"view into a negative buffer", []fieldSpec{viewField}, batchSpec{length: 1, nodes: nodes(1, 0), buffers: buffers(nil, view(13, -1, 0), make([]byte, 20)), variadic: []int64{1}}, "buffer -1"},
		{"view before its buffer", []fieldSpec{viewField}, batchSpec{length: 1, nodes: nodes(1, 0), buffers: buffers(nil, view(13, 0, -1), make([]byte, 20)), variadic: []int64{1}}, "at -1 lies outside"},
		{"view beyond its buffer", []fieldSpec{viewField}, batchSpec{length: 2, nodes: nodes(2, 0), buffers: buffers(nil, append(view(3, 9, 9), view(13, 0, 8)...), make([]byte, 20)), variadic: []int64{1}}, "view 1 of 13 bytes at 8 lies outside its buffer of 20 bytes"},
		{"view that overflows", []fieldSpec{viewField}, batchSpec{length: 1, nodes: nodes(1, 0), buffers: buffers(nil, view(math.MaxInt32, 0, math.MaxInt32), make([]byte, 20)), variadic: []int64{1}}, "lies outside"},

		{"list beyond its child", []fieldSpec{listField(typeList, boolField)}, batchSpec{length: 1, nodes: nodes(1, 0, 1, 0), buffers: buffers(nil, le(int32(0), int32(2)), nil, []byte{1})}, `column "l"."b": it has 1 values, its parent refers to 2`},
		{"list that descends", []fieldSpec{listField(typeList, boolField)}, batchSpec{length: 2, nodes: nodes(2, 0, 2, 0), buffers: buffers(nil, le(int32(0), int32(2), int32(1)), nil, []byte{1})}, "do not ascend"},
		{"large list beyond its child", []fieldSpec{listField(typeLargeList, boolField)}, batchSpec{length: 1, nodes: nodes(1, 0, 1, 0), buffers: buffers(nil, le(int64(0), int64(2)), nil, []byte{1})}, "its parent refers to 2"},
		{"fixed size list beyond its child", []fieldSpec{pair}, batchSpec{length: 2, nodes: nodes(2, 0, 3, 0), buffers: buffers(nil, nil, []byte{1})}, "it has 3 values, its parent refers to 4"},
		{"struct beyond its child", []fieldSpec{{name: "st", id: typeStruct, children: []fieldSpec{boolField}}}, batchSpec{length: 2, nodes: nodes(2, 0, 1, 0), buffers: buffers(nil, nil, []byte{1})}, `column "st"."b": it has 1 values, its parent refers to 2`},
		{"map with a null entry", []fieldSpec{mapField()}, batchSpec{length: 1, nodes: nodes(1, 0, 1, 1, 1, 0, 1, 0), buffers: buffers(nil, le(int32(0), int32(1)), []byte{0}, nil, []byte{1}, nil, []byte{1})}, "a map has entries or keys that are null"},
		{"map with a null key", []fieldSpec{mapField()}, batchSpec{length: 1, nodes: nodes(1, 0, 1, 0, 1, 1, 1, 0), buffers: buffers(nil, le(int32(0), int32(1)), nil, []byte{0}, []byte{1}, nil, []byte{1})}, "a map has entries or keys that are null"},

		{"buffer before the body", []fieldSpec{i32}, batchSpec{length: 1, nodes: nodes(1, 0), buffers: buffers(make([]byte, 8)), entries: [][2]int64{{0, 0}, {-8, 8}}}, "a buffer of 8 bytes at -8 lies outside the body of 8 bytes"},
		{"buffer beyond the body", []fieldSpec{i32}, batchSpec{length: 1, nodes: nodes(1, 0), buffers: buffers(make([]byte, 8)), entries: [][2]int64{{0, 0}, {1, 8}}}, "lies outside the body"},
		{"buffer of negative length", []fieldSpec{i32}, batchSpec{length: 1, nodes: nodes(1, 0), buffers: buffers(make([]byte, 8)), entries: [][2]int64{{0, 0}, {8, -8}}}, "lies outside the body"},
		{"buffer that overflows", []fieldSpec{i32}, batchSpec{length: 1, nodes: nodes(1, 0), buffers: buffers(make([]byte, 8)), entries: [][2]int64{{0, 0}, {8, math.MaxInt64}}}, "lies outside the body"},
		{"unknown codec", []fieldSpec{i32}, batchSpec{length: 1, nodes: nodes(1, 0), buffers: buffers(nil, make([]byte, 8)), compression: map[int]any{compressionCodec: byte(2)}}, "codec 2 is unknown"},
		{"unknown method", []fieldSpec{i32}, batchSpec{length: 1, nodes: nodes(1, 0), buffers: buffers(nil, make([]byte, 8)), compression: map[int]any{compressionMethod: byte(1)}}, "method 1 is unknown"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := read([]Message{schemaOf(t, test.fields...), test.batch.message(t)}, io.EOF)
			wantError(t, got.err, 1, test.want)
			if !strings.Contains(got.err.Error(), "(RecordBatch)") {
				t.Errorf("%q does not name the kind of message", got.err)
			}
		})
	}
}

func TestBatchesThatAreUnusualButRight(t *testing.T) {
	t.Parallel()
	pair := listField(typeFixedSizeList, boolField)
	pair.params = map[int]any{fixedSizeListSize: int32(2)}
	empty := fieldSpec{name: "e", id: typeFixedSizeBinary, nullable: true}
	tests := []struct {
		name   string
		fields []fieldSpec
		batch  batchSpec
		want   []string // of the columns, in order
	}{
		{"rows without columns", nil, batchSpec{length: 5}, nil},
		{"no rows, no columns", nil, batchSpec{}, nil},
		{"no rows, buffers empty", []fieldSpec{int32Field("i"), utf8Field, largeUtf8Field, viewField, listField(typeList, utf8Field), mapField()}, batchSpec{
			nodes: make([][2]int64, 10), buffers: make([][]byte, 22), variadic: []int64{0},
		}, []string{"[]", "[]", "[]", "[]", "[]", "[]"}},
		{"bitmap though there are no nulls", []fieldSpec{boolField}, batchSpec{length: 2, nodes: [][2]int64{{2, 0}}, buffers: [][]byte{{0}, {3}}}, []string{"[true true]"}},
		{"null count that is too great", []fieldSpec{boolField}, batchSpec{length: 2, nodes: [][2]int64{{2, 2}}, buffers: [][]byte{{2}, {3}}}, []string{"[(null) true]"}},
		{"null count without nulls", []fieldSpec{boolField}, batchSpec{length: 2, nodes: [][2]int64{{2, 1}}, buffers: [][]byte{{3}, {1}}}, []string{"[true false]"}},
		{"offsets that do not begin at 0", []fieldSpec{utf8Field}, batchSpec{length: 2, nodes: [][2]int64{{2, 0}}, buffers: [][]byte{nil, le(int32(1), int32(2), int32(4)), []byte("abcde")}}, []string{`["b" "cd"]`}},
		{"null view that points nowhere", []fieldSpec{viewField}, batchSpec{length: 2, nodes: [][2]int64{{2, 1}}, buffers: [][]byte{{2}, append(le(int32(99), int32(0), int32(5), int32(5)), le(int32(2), []byte("hi\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))...)}, variadic: []int64{0}}, []string{`[(null) "hi"]`}},
		{"child longer than its list needs", []fieldSpec{listField(typeList, boolField)}, batchSpec{length: 1, nodes: [][2]int64{{1, 0}, {4, 0}}, buffers: [][]byte{nil, le(int32(1), int32(3)), nil, {0x0a}}}, []string{"[[true false]]"}},
		{"child longer than its struct", []fieldSpec{{name: "st", id: typeStruct, children: []fieldSpec{boolField}}}, batchSpec{length: 1, nodes: [][2]int64{{1, 0}, {3, 0}}, buffers: [][]byte{nil, nil, {7}}}, []string{"{[true]}"}},
		{"fixed size lists", []fieldSpec{pair}, batchSpec{length: 2, nodes: [][2]int64{{2, 1}, {4, 0}}, buffers: [][]byte{{2}, nil, {4}}}, []string{"[(null) [true false]]"}},
		{"binaries of no bytes", []fieldSpec{empty}, batchSpec{length: 3, nodes: [][2]int64{{3, 0}}, buffers: [][]byte{nil, nil}}, []string{`["" "" ""]`}},
		{"struct without fields", []fieldSpec{{name: "st", id: typeStruct, nullable: true}}, batchSpec{length: 3, nodes: [][2]int64{{3, 1}}, buffers: [][]byte{{5}}}, []string{"{}"}},
		{"null in a null struct", []fieldSpec{{name: "st", id: typeStruct, nullable: true, children: []fieldSpec{nullField}}}, batchSpec{length: 2, nodes: [][2]int64{{2, 1}, {2, 2}}, buffers: [][]byte{{2}}}, []string{"{[(null) (null)]}"}},
		{"buffers longer than needed", []fieldSpec{int32Field("i")}, batchSpec{length: 1, nodes: [][2]int64{{1, 0}}, buffers: [][]byte{nil, make([]byte, 64)}}, []string{"[0]"}},
		{"buffers that overlap", []fieldSpec{int32Field("i"), int32Field("j")}, batchSpec{length: 1, nodes: [][2]int64{{1, 0}, {1, 0}}, buffers: [][]byte{le(int32(7))}, entries: [][2]int64{{0, 0}, {0, 4}, {99, 0}, {0, 4}}}, []string{"[7]", "[7]"}},
		{"raw buffers in a compressed body", []fieldSpec{int32Field("i")}, batchSpec{length: 1, nodes: [][2]int64{{1, 0}}, buffers: [][]byte{nil, le(int64(-1), int32(7))}, compression: map[int]any{}}, []string{"[7]"}},
		{"empty buffer in a compressed body", []fieldSpec{utf8Field}, batchSpec{length: 1, nodes: [][2]int64{{1, 0}}, buffers: [][]byte{nil, le(int64(-1), int32(0), int32(0)), le(int64(0))}, compression: map[int]any{compressionCodec: byte(1)}}, []string{`[""]`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := read([]Message{schemaOf(t, test.fields...), test.batch.message(t)}, io.EOF)
			if got.err != nil {
				t.Fatal(got.err)
			}
			batch := got.batches[0]
			if batch.NumRows() != test.batch.length || int(batch.NumCols()) != len(test.want) {
				t.Errorf("%d rows of %d columns, want %d of %d", batch.NumRows(), batch.NumCols(), test.batch.length, len(test.want))
			}
			for i, want := range test.want {
				if text := batch.Column(i).String(); text != want {
					t.Errorf("column %d is %s, want %s", i, text, want)
				}
			}
			render(t, batch)
		})
	}
}

// TestMisalignedBodies shifts a body by every number of bytes. Under the race
// detector Go checks the alignment of pointers.
func TestMisalignedBodies(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"plain_select_every_type", "plain_type_utf8_view", "plain_dictionary_replaced", "select_every_type"} {
		want := read(captured(name), io.EOF)
		for shift := range 9 {
			messages := captured(name)
			for i := range messages {
				messages[i].Body = append(make([]byte, shift), messages[i].Body...)[shift:]
			}
			got := read(messages, io.EOF)
			if got.err != nil {
				t.Fatalf("%s shifted by %d: %v", name, shift, got.err)
			}
			for i := range want.batches {
				if !sameBatch(got.batches[i], want.batches[i]) {
					t.Errorf("%s shifted by %d: batch %d differs", name, shift, i)
				}
			}
		}
	}
}

func TestPlainArraysLieInTheBody(t *testing.T) {
	t.Parallel()
	spec := batchSpec{length: 1, nodes: [][2]int64{{1, 0}}, buffers: [][]byte{nil, le(int32(7))}}
	m := spec.message(t)
	got := read([]Message{schemaOf(t, int32Field("i")), m}, io.EOF)
	if got.err != nil {
		t.Fatal(got.err)
	}
	m.Body[0] = 8
	if text := got.batches[0].Column(0).String(); text != "[8]" {
		t.Errorf("the column is %s: its buffer was copied", text)
	}
}

// TestMetadataOfBatches reads messages with metadata of their own.
func TestMetadataOfBatches(t *testing.T) {
	t.Parallel()
	schema := arrow.NewSchema([]arrow.Field{{Name: "i", Type: arrow.PrimitiveTypes.Int32}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	b.Field(0).(*array.Int32Builder).Append(1)
	plain := b.NewRecordBatch()
	batch := array.NewRecordBatchWithMetadata(schema, plain.Columns(), 1, arrow.NewMetadata([]string{"k"}, []string{"v"}))
	got := read(encode(t, schema, []arrow.RecordBatch{batch, plain}, ipc.WithLZ4()), io.EOF)
	if got.err != nil {
		t.Fatal(got.err)
	}
	for i, want := range []string{"v", ""} {
		metadata := got.batches[i].(arrow.RecordBatchWithMetadata).Metadata()
		if v, _ := metadata.GetValue("k"); v != want {
			t.Errorf("batch %d has metadata %v", i, metadata)
		}
	}
}

func TestBatchesWithoutTheirTable(t *testing.T) {
	t.Parallel()
	schema := schemaOf(t, int32Field("i"))
	b := flatbuffers.NewBuilder(64)
	b.StartObject(5)
	b.PrependByteSlot(messageHeaderType, byte(kindRecordBatch), 0)
	b.PrependInt16Slot(messageVersion, metadataV5, 0)
	b.Finish(b.EndObject())
	wantError(t, read([]Message{schema, {Header: b.FinishedBytes()}}, io.EOF).err, 1, "it lacks the RecordBatch")

	noData := Message{Header: message(t, kindDictionaryBatch, nil)}
	wantError(t, read([]Message{schema, noData}, io.EOF).err, 1, "dictionary 0 has no data")
}
