package collect

import (
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/greptime-go/greptime/internal/scan"
	"github.com/greptime-go/greptime/internal/test/race"
)

// viewsOf returns views: all valid rows have the same long value, and those of NULLs point
// outside the buffers.
func viewsOf(dtype arrow.DataType, text string, valid ...bool) arrow.Array {
	b := array.NewBinaryViewBuilder(memory.DefaultAllocator)
	b.Append([]byte(text))
	one := b.NewArray().Data()
	view := one.Buffers()[1].Bytes()[:16]
	nowhere := arrow.GetBytes([]int32{1 << 30, 0, 99, 1 << 30})
	bitmap := make([]byte, len(valid)/8+1)
	var views []byte
	for row, ok := range valid {
		if ok {
			views = append(views, view...)
			bitmap[row/8] |= 1 << (row % 8)
		} else {
			views = append(views, nowhere...)
		}
	}
	return array.MakeFromData(array.NewData(dtype, len(valid), []*memory.Buffer{memory.NewBufferBytes(bitmap), memory.NewBufferBytes(views), one.Buffers()[2]}, nil, array.UnknownNullCount, 0))
}

// dictionaryOf returns a dictionary array of values, with the indices of its rows.
func dictionaryOf(values arrow.Array, indices []byte) arrow.Array {
	dtype := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Uint8, ValueType: values.DataType()}
	data := array.NewData(dtype.IndexType, len(indices), []*memory.Buffer{nil, memory.NewBufferBytes(indices)}, nil, 0, 0)
	return array.NewDictionaryArray(dtype, array.MakeFromData(data), values)
}

// batchOf returns a record batch. Its columns are named a, b, and so on.
func batchOf(columns ...arrow.Array) arrow.RecordBatch {
	fields := make([]arrow.Field, len(columns))
	for i, c := range columns {
		fields[i] = arrow.Field{Name: string(rune('a' + i)), Type: c.DataType(), Nullable: true}
	}
	return array.NewRecordBatch(arrow.NewSchema(fields, nil), columns, int64(columns[0].Len()))
}

// readerOf returns a reader of record batches, and a decoder for them.
func readerOf[T any](t *testing.T, batches ...arrow.RecordBatch) (array.RecordReader, *Decoder[T]) {
	t.Helper()
	rd, err := array.NewRecordReader(batches[0].Schema(), batches)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(rd.Release)
	d, err := New[T](batches[0].Schema(), time.UTC, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return rd, d
}

// A server may leave any bytes in the view of a NULL.
func TestViewsOfNullsMayPointNowhere(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("x", 2*maxStep/step)
	for _, dtype := range []arrow.DataType{arrow.BinaryTypes.StringView, arrow.BinaryTypes.BinaryView} {
		views := viewsOf(dtype, text, false, true, false)
		for name, column := range map[string]arrow.Array{
			"views":           views,
			"through indices": dictionaryOf(views, []byte{0, 1, 2}),
		} {
			batch := batchOf(column)
			rd, d := readerOf[*string](t, batch)
			rows, err := All(rd, d)
			if err != nil || len(rows) != 3 || rows[0] != nil || rows[1] == nil || *rows[1] != text || rows[2] != nil {
				t.Errorf("%v, %s: %d rows, error %v", dtype, name, len(rows), err)
			}
			rd, d = readerOf[*string](t, batch)
			n := 0
			Each(rd, d, func(row *string, err error) bool {
				if err != nil || (row == nil) != (n != 1) {
					t.Errorf("%v, %s: row %d is %v, error %v", dtype, name, n, row, err)
				}
				n++
				return true
			})
			if n != 3 {
				t.Errorf("%v, %s: Each read %d rows", dtype, name, n)
			}
		}
	}
}

// textsOf returns an array of texts.
func textsOf(texts ...string) arrow.Array {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	b.AppendValues(texts, nil)
	return b.NewArray()
}

// Values that are short for a few rows may be long for all rows of a batch.
func TestAllLimitsTheSharedValuesOfABatch(t *testing.T) {
	t.Parallel()
	const length = 255 << 10
	rows := maxRows/length + 1
	long := strings.Repeat("x", length)
	valid := make([]bool, rows)
	for i := range valid {
		valid[i] = true
	}
	once := append([]byte{1}, make([]byte, rows-1)...)
	fixed := array.NewFixedSizeBinaryBuilder(memory.DefaultAllocator, &arrow.FixedSizeBinaryType{ByteWidth: length})
	fixed.Append([]byte(long))
	halves := dictionaryOf(textsOf(long[:length/2]), make([]byte, rows))
	for _, test := range []struct {
		name    string
		columns []arrow.Array
		refused bool
	}{
		{"a dictionary of texts", []arrow.Array{dictionaryOf(textsOf(long), make([]byte, rows))}, true},
		{"a dictionary of bytes of one length", []arrow.Array{dictionaryOf(fixed.NewArray(), make([]byte, rows))}, true},
		{"a dictionary of views", []arrow.Array{dictionaryOf(viewsOf(arrow.BinaryTypes.StringView, long, true), make([]byte, rows))}, true},
		{"views", []arrow.Array{viewsOf(arrow.BinaryTypes.BinaryView, long, valid...)}, true},
		{"columns together", []arrow.Array{halves, halves, halves}, true},
		{"one row has the long value", []arrow.Array{dictionaryOf(textsOf("", long), once)}, false},
		{"all values are NULL but one", []arrow.Array{viewsOf(arrow.BinaryTypes.StringView, long, append([]bool{true}, make([]bool, rows-1)...)...)}, false},
	} {
		rd, d := readerOf[map[string]any](t, batchOf(test.columns...))
		list, err := All(rd, d)
		if test.refused && (err == nil || !strings.Contains(err.Error(), "MiB of memory")) {
			t.Errorf("%s: %d rows, error %v", test.name, len(list), err)
		}
		if !test.refused && (err != nil || len(list) != rows) {
			t.Errorf("%s: %d rows, error %v", test.name, len(list), err)
		}
	}
}

// Each reads fewer rows at once the more columns share a value.
func TestEachLimitsTheSharedValuesOfAllColumns(t *testing.T) {
	t.Parallel()
	for _, length := range []int{1 << 10, 100 << 10, 1 << 20} {
		column := dictionaryOf(textsOf(strings.Repeat("x", length)), make([]byte, 2*step))
		columns := make([]arrow.Array, 500)
		for i := range columns {
			columns[i] = column
		}
		batch := batchOf(columns...)
		_, d := readerOf[map[string]any](t, batch)
		if err := d.Load(batch); err != nil {
			t.Fatal(err)
		}
		n := d.fitting(7, step)
		if bytes := n * length * len(columns); n > 1 && bytes > maxStep || 2*n <= step && 2*bytes <= maxStep {
			t.Errorf("values of %d bytes: %d rows at once, which take %d bytes", length, n, bytes)
		}
	}
}

// Short values that rows share are not counted.
func TestOrdinarySharedValuesAreNotCounted(t *testing.T) {
	batch := batchOf(dictionaryOf(textsOf("a", "b"), make([]byte, 8192)), textsOf(make([]string, 8192)...))
	_, d := readerOf[map[string]any](t, batch)
	if err := d.Load(batch); err != nil {
		t.Fatal(err)
	}
	if len(d.shared) != 1 || d.sharedRow > maxRows/8192 || d.sharedRow > maxStep/step {
		t.Errorf("%d columns are shared, of %d bytes", len(d.shared), d.sharedRow)
	}
	if got := testing.AllocsPerRun(10, func() { d.loadShared(batch) }); got != 0 {
		t.Errorf("%v allocations", got)
	}
}

// unread drops what it is read from.
type unread struct{}

func (*unread) Scan(any) error { return nil }

// The JSON of one value may be short enough, and that of all rows too long. Each reads one row at
// a time, so that it has the JSON of one.
func TestJSONOfAllRowsIsLimited(t *testing.T) {
	t.Parallel()
	if race.Enabled {
		t.Skip("writing 1 GiB of JSON takes a minute under the race detector")
	}
	const length = 6 << 20 // 8 MiB as base64
	values := array.NewBinaryBuilder(memory.DefaultAllocator, arrow.BinaryTypes.Binary)
	values.Append(make([]byte, length))
	const rows = maxRows / (8 << 20)
	shared := dictionaryOf(values.NewArray(), make([]byte, rows))
	ends := make([]int32, rows+1)
	for i := range ends {
		ends[i] = int32(i)
	}
	list := array.MakeFromData(array.NewData(arrow.ListOf(shared.DataType()), rows, []*memory.Buffer{nil, memory.NewBufferBytes(arrow.GetBytes(ends))}, []arrow.ArrayData{shared.Data()}, 0, 0))
	one := array.NewSlice(list, 0, 1)
	for _, test := range []struct {
		name    string
		column  arrow.Array
		refused bool
	}{
		{"lists", list, true},
		{"fewer lists", array.NewSlice(list, 0, rows/8), false},
		{"a dictionary of a list", dictionaryOf(one, make([]byte, 2)), false},
	} {
		batch := batchOf(test.column)
		rd, d := readerOf[unread](t, batch)
		got, err := All(rd, d)
		if test.refused && (err == nil || !strings.Contains(err.Error(), "MiB of memory")) || !test.refused && (err != nil || len(got) != test.column.Len()) {
			t.Errorf("%s: %d rows, error %v", test.name, len(got), err)
		}
		if bytes := scan.WrittenJSON(d.nested[0].Column); !test.refused && bytes < int64(len(got))*8<<20 {
			t.Errorf("%s: %d bytes of JSON were counted", test.name, bytes)
		}
		if n := d.fitting(0, 10); n != 1 {
			t.Errorf("%s: Each reads %d rows at once", test.name, n)
		}
	}
}
