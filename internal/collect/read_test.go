package collect

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
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
