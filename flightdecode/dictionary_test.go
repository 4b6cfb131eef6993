package flightdecode

import (
	"fmt"
	"io"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// encoded makes a field dictionary-encoded with 8-bit indices.
func encoded(f fieldSpec, id int64) fieldSpec {
	f.encoding = map[int]any{encodingID: id}
	f.index = map[int]any{intBitWidth: int32(8), intIsSigned: true}
	return f
}

// texts is the content of a dictionary of strings.
func texts(values ...string) batchSpec {
	offsets := []int32{0}
	var data []byte
	for _, v := range values {
		data = append(data, v...)
		offsets = append(offsets, int32(len(data)))
	}
	return batchSpec{length: int64(len(values)), nodes: [][2]int64{{int64(len(values)), 0}}, buffers: [][]byte{nil, le(offsets), data}}
}

// indices is a batch of one dictionary-encoded column.
func indices(values ...int8) batchSpec {
	return batchSpec{length: int64(len(values)), nodes: [][2]int64{{int64(len(values)), 0}}, buffers: [][]byte{nil, le(values)}}
}

// valuesOf formats the values that a dictionary column refers to.
func valuesOf(column arrow.Array) string {
	var list []string
	for i := range column.Len() {
		list = append(list, column.ValueStr(i))
	}
	return fmt.Sprint(list)
}

func TestDictionariesAreReplacedAndExtended(t *testing.T) {
	t.Parallel()
	stream := []Message{
		schemaOf(t, encoded(utf8Field, 3)),
		indices().message(t), // no dictionary needed
		texts("a", "b").dictionary(t, 3, false),
		indices(1, 0).message(t),
		indices(0).message(t), // kept
		texts("c").dictionary(t, 3, true),
		indices(2, 0).message(t),
		texts().dictionary(t, 3, true),
		indices(2).message(t),
		texts("d").dictionary(t, 3, false),
		indices(0).message(t),
	}
	got := read(stream, io.EOF)
	if got.err != nil {
		t.Fatal(got.err)
	}
	// All batches were retained to the end: later messages must not change them.
	want := []string{"[]", "[b a]", "[a]", "[c a]", "[c]", "[d]"}
	for i, batch := range got.batches {
		render(t, batch)
		if text := valuesOf(batch.Column(0)); text != want[i] {
			t.Errorf("batch %d is %s, want %s", i, text, want[i])
		}
	}
	if len(got.batches) != len(want) {
		t.Errorf("%d batches, want %d", len(got.batches), len(want))
	}

	shrunk := append(stream[:len(stream):len(stream)], indices(1).message(t))
	wantError(t, read(shrunk, io.EOF).err, len(stream), "value 0 lies outside dictionary 3, which has 1 values")
}

func TestDictionaryIsSharedByColumns(t *testing.T) {
	t.Parallel()
	two := indices(1)
	two.nodes = append(two.nodes, two.nodes...)
	two.buffers = append(two.buffers, two.buffers...)
	got := read([]Message{
		schemaOf(t, encoded(utf8Field, 3), encoded(utf8Field, 3)),
		texts("a", "b").dictionary(t, 3, false), two.message(t),
	}, io.EOF)
	if got.err != nil {
		t.Fatal(got.err)
	}
	for i := range 2 {
		if text := valuesOf(got.batches[0].Column(i)); text != "[b]" {
			t.Errorf("column %d is %s", i, text)
		}
	}
}

// TestDictionariesWithinOthers: a list of encoded values, and a dictionary of
// structs with an encoded field.
func TestDictionariesWithinOthers(t *testing.T) {
	t.Parallel()
	list := listField(typeList, encoded(utf8Field, 1))
	structs := encoded(fieldSpec{name: "st", id: typeStruct, nullable: true, children: []fieldSpec{encoded(utf8Field, 2)}}, 9)
	got := read([]Message{
		schemaOf(t, list, structs),
		texts("a", "b").dictionary(t, 1, false),
		texts("x", "y").dictionary(t, 2, false),
		batchSpec{length: 2, nodes: [][2]int64{{2, 0}, {2, 0}}, buffers: [][]byte{nil, nil, {1, 0}}}.dictionary(t, 9, false),
		texts("z").dictionary(t, 2, false), // too late for the earlier structs
		batchSpec{
			length: 1, nodes: [][2]int64{{1, 0}, {3, 0}, {1, 0}},
			buffers: [][]byte{nil, le(int32(0), int32(3)), nil, {1, 0, 1}, nil, {0}},
		}.message(t),
	}, io.EOF)
	if got.err != nil {
		t.Fatal(got.err)
	}
	render(t, got.batches[0])
	inner := got.batches[0].Column(0).(*array.List).ListValues()
	if text := valuesOf(inner); text != "[b a b]" {
		t.Errorf("list is %s", text)
	}
	if text := valuesOf(got.batches[0].Column(1)); text != `[{"s":"y"}]` {
		t.Errorf("struct is %s", text)
	}
}

func TestDictionaryFaults(t *testing.T) {
	t.Parallel()
	schema := schemaOf(t, encoded(utf8Field, 3))
	unsigned := encoded(utf8Field, 3)
	unsigned.index = map[int]any{intBitWidth: int32(64)}
	null := indices(5, 0)
	null.nodes[0][1], null.buffers[0] = 1, []byte{2}
	longer := texts("a")
	longer.length = 2
	extra := texts("a")
	extra.buffers = append(extra.buffers, nil)
	tests := []struct {
		name     string
		messages []Message
		index    int
		want     string // "" for no error
	}{
		{"none came", []Message{schema, indices(0).message(t)}, 1, "refers to dictionary 3, for which no DictionaryBatch has arrived"},
		{"index too great", []Message{schema, texts("a").dictionary(t, 3, false), indices(0, 1).message(t)}, 2, `column "s": value 1 lies outside dictionary 3, which has 1 values`},
		{"index negative", []Message{schema, texts("a").dictionary(t, 3, false), indices(-1).message(t)}, 2, "value 0 lies outside"},
		{"index huge", []Message{schemaOf(t, unsigned), texts("a").dictionary(t, 3, false),
			batchSpec{length: 1, nodes: [][2]int64{{1, 0}}, buffers: [][]byte{nil, le(uint64(1 << 63))}}.message(t)}, 2, "lies outside"},
		{"null index too great", []Message{schema, texts("a").dictionary(t, 3, false), null.message(t)}, 0, ""},
		{"indices too short", []Message{schema, batchSpec{length: 2, nodes: [][2]int64{{2, 0}}, buffers: [][]byte{nil, {0}}}.message(t)}, 1, "too short"},
		{"unknown id", []Message{schema, texts("a").dictionary(t, 4, false)}, 1, "no column of the schema has dictionary 4"},
		{"length does not fit", []Message{schema, longer.dictionary(t, 3, false)}, 1, "dictionary 3: it has 1 values in a batch of 2 rows"},
		{"too many buffers", []Message{schema, extra.dictionary(t, 3, false)}, 1, "1 buffers and 0 variadic counts are left over"},
		{"malformed values", []Message{schema, batchSpec{length: 1, nodes: [][2]int64{{1, 0}}, buffers: [][]byte{nil, nil, nil}}.dictionary(t, 3, false)}, 1, `dictionary 3: column "s"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := read(test.messages, io.EOF)
			if test.want != "" {
				wantError(t, got.err, test.index, test.want)
				return
			}
			if got.err != nil {
				t.Fatal(got.err)
			}
			render(t, got.batches[0])
		})
	}
}

func TestDictionariesThatGrowAreBounded(t *testing.T) {
	t.Parallel()
	stream := []Message{schemaOf(t, encoded(utf8Field, 3))}
	for range 20 {
		stream = append(stream, texts("0123456789").dictionary(t, 3, true))
	}
	if got := readWith(stream, io.EOF, Options{MaxBatchBytes: 1000}); got.err != nil {
		t.Error(got.err)
	}
	wantError(t, readWith(stream, io.EOF, Options{MaxBatchBytes: 200}).err, 14, "raise Options.MaxBatchBytes")
}

// TestDictionariesAreBoundedTogether has many dictionaries, each of which is within the limit.
func TestDictionariesAreBoundedTogether(t *testing.T) {
	t.Parallel()
	var fields []fieldSpec
	for id := range int64(20) {
		fields = append(fields, encoded(utf8Field, id))
	}
	full := texts("0123456789")
	for _, delta := range []bool{false, true} {
		stream := []Message{schemaOf(t, fields...)}
		for range 3 { // in place of what is there, which counts once
			for id := range int64(10) {
				stream = append(stream, full.dictionary(t, id, false))
			}
		}
		for id := range int64(10) {
			stream = append(stream, full.dictionary(t, 10+id, delta))
		}
		if got := readWith(stream, io.EOF, Options{MaxBatchBytes: 20 * 24}); got.err != nil {
			t.Error(got.err)
		}
		wantError(t, readWith(stream, io.EOF, Options{MaxBatchBytes: 19 * 18}).err, 1+30+(map[bool]int{false: 4, true: 5}[delta]), "raise Options.MaxBatchBytes")
	}
}

// TestColumnsWithoutADictionaryStillReadInFull reads columns that need no dictionary,
// because they have only nulls or no rows. Dictionary() must still return one, for
// values of any type.
func TestColumnsWithoutADictionaryStillReadInFull(t *testing.T) {
	t.Parallel()
	null := indices(0)
	null.nodes[0][1], null.buffers[0] = 1, []byte{0}
	for _, values := range []fieldSpec{
		utf8Field, largeUtf8Field, viewField, boolField, nullField, int32Field("i"), mapField(),
		listField(typeList, utf8Field), listField(typeLargeList, viewField),
		{name: "d", id: typeDecimal, params: map[int]any{decimalPrecision: int32(5)}},
		{name: "f", id: typeFixedSizeBinary, params: map[int]any{fixedSizeBinaryWidth: int32(3)}},
		{name: "st", id: typeStruct, children: []fieldSpec{utf8Field, encoded(largeUtf8Field, 8)}},
	} {
		got := read([]Message{schemaOf(t, encoded(values, 3)), null.message(t), indices().message(t)}, io.EOF)
		if got.err != nil {
			t.Fatalf("type %d: %v", values.id, got.err)
		}
		for _, batch := range got.batches {
			render(t, batch)
			if n := batch.Column(0).(*array.Dictionary).Dictionary().Len(); n != 0 {
				t.Errorf("type %d: a dictionary of %d values", values.id, n)
			}
		}
	}
	for _, values := range leafTypes {
		dtype := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: values}
		payload := ipc.GetSchemaPayload(arrow.NewSchema([]arrow.Field{{Name: "c", Type: dtype}}, nil), memory.DefaultAllocator)
		got := read([]Message{{Header: payload.Meta().Bytes()}, null.message(t), indices().message(t)}, io.EOF)
		if got.err != nil {
			t.Fatalf("%s: %v", dtype, got.err)
		}
		for _, batch := range got.batches {
			render(t, batch)
		}
	}
}
