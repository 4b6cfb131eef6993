package collect

import (
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
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

// batchOf returns a record batch of columns that are named a, b, and so on.
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
