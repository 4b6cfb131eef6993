package collect

import (
	"database/sql"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// A result larger than what is held is read in parts, and is the same.
func TestAllReadsLargeResultsInParts(t *testing.T) {
	t.Parallel()
	batch := sampleBatch(1000)
	list := []arrow.RecordBatch{batch, batch.NewSlice(0, 0), batch.NewSlice(0, 700), batch}
	for _, limit := range []int{1, 1 << 10, 60 << 10, 1 << 30} {
		rd, err := array.NewRecordReader(batch.Schema(), list)
		if err != nil {
			t.Fatal(err)
		}
		d, err := New[sample](batch.Schema(), time.UTC, Options{})
		if err != nil {
			t.Fatal(err)
		}
		rows, err := all(rd, d, limit)
		if err != nil || len(rows) != 2700 {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		for i, row := range rows {
			k := i % 1000
			if i >= 1700 {
				k = i - 1700
			}
			if want := rows[k]; row != want || row.N != int64(k)*7919 {
				t.Fatalf("limit %d: row %d is %v, want %v", limit, i, row, want)
			}
		}
		rd.Release()
	}
}

// A short message of a hostile server may claim two billion rows of NULL.
func TestAllLimitsTheRowsOfABatch(t *testing.T) {
	t.Parallel()
	schema := arrow.NewSchema([]arrow.Field{{Name: "x", Type: arrow.Null, Nullable: true}}, nil)
	null := array.NewNull(math.MaxInt32)
	defer null.Release()
	batch := array.NewRecordBatch(schema, []arrow.Array{null}, math.MaxInt32)
	rd, err := array.NewRecordReader(schema, []arrow.RecordBatch{batch})
	if err != nil {
		t.Fatal(err)
	}
	defer rd.Release()
	d, err := New[*int64](schema, time.UTC, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if rows, err := All(rd, d); err == nil || !strings.Contains(err.Error(), "a record batch has 2147483647 rows") || rows != nil {
		t.Errorf("%d rows, %v; want an error", len(rows), err)
	}
}

// No pointer leaves the memory of the rows, even where no value is written through it. Only
// the checks of pointers that the race detector turns on find that, and only where the rows
// end with their piece of memory.
func TestPointersStayInsideTheRows(t *testing.T) {
	t.Parallel()
	for n := range 130 {
		batch := sampleBatch(n)
		collectAll[sample](t, batch)
		collectAll[time.Time](t, onlyColumn(batch, 0))
		collectAll[string](t, onlyColumn(batch, 1))
		collectAll[*string](t, onlyColumn(batch, 1))
		collectAll[sql.Null[float64]](t, onlyColumn(batch, 2))
		collectAll[float64](t, onlyColumn(batch, 3))
		collectAll[int64](t, onlyColumn(batch, 4))
		collectAll[any](t, onlyColumn(batch, 4))
		collectAll[ignored](t, onlyColumn(batch, 4))
	}
}

// ignored takes any value and keeps none, so that its rows take no memory.
type ignored struct{}

func (*ignored) Scan(any) error { return nil }

// onlyColumn returns a record batch of one column.
func onlyColumn(batch arrow.RecordBatch, i int) arrow.RecordBatch {
	schema := arrow.NewSchema([]arrow.Field{batch.Schema().Field(i)}, nil)
	return array.NewRecordBatch(schema, []arrow.Array{batch.Column(i)}, batch.NumRows())
}

func collectAll[T any](t *testing.T, batch arrow.RecordBatch) {
	t.Helper()
	rd, err := array.NewRecordReader(batch.Schema(), []arrow.RecordBatch{batch})
	if err != nil {
		t.Fatal(err)
	}
	defer rd.Release()
	d, err := New[T](batch.Schema(), time.UTC, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if rows, err := All(rd, d); err != nil || int64(len(rows)) != batch.NumRows() {
		t.Errorf("%d rows of %d, %v", len(rows), batch.NumRows(), err)
	}
}

// A server may send a dictionary with each batch, and these are held with the batches.
func TestHeldBatchesIncludeTheirDictionaries(t *testing.T) {
	t.Parallel()
	const length = 1 << 20
	text := strings.Repeat("x", length)
	one := dictionaryOf(textsOf(text), []byte{0})
	same := array.NewSlice(one, 0, 1)
	other := dictionaryOf(textsOf(text), []byte{0})
	list := func(child arrow.Array) arrow.Array {
		return array.MakeFromData(array.NewData(arrow.ListOf(child.DataType()), 1, []*memory.Buffer{nil, memory.NewBufferBytes(arrow.GetBytes([]int32{0, 1}))}, []arrow.ArrayData{child.Data()}, 0, 0))
	}
	for _, test := range []struct {
		name    string
		columns []arrow.Array
		want    int // dictionaries
	}{
		{"one dictionary", []arrow.Array{one, same, same}, 1},
		{"a dictionary for each batch", []arrow.Array{one, other, one}, 3},
		{"in lists", []arrow.Array{list(one), list(same), list(other)}, 2},
		{"of lists", []arrow.Array{dictionaryOf(list(one), []byte{0}), dictionaryOf(list(other), []byte{0})}, 2},
	} {
		var held batches
		for _, column := range test.columns {
			held.add(batchOf(column))
		}
		if got := held.bytes / length; got != test.want {
			t.Errorf("%s: %d bytes are held, which are %d dictionaries, want %d", test.name, held.bytes, got, test.want)
		}
		held.release()
	}
}
