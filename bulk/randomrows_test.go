package bulk

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/randomrows"
)

// A row is stored, or refused, the same from a struct and from its values.
func TestStructsAreStoredAsTheirValues(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		compareRandomRows(t, seed)
	}
}

func FuzzStructsAreStoredAsTheirValues(f *testing.F) {
	f.Add(uint64(0))
	f.Fuzz(func(t *testing.T, seed uint64) { compareRandomRows(t, seed) })
}

func compareRandomRows(t *testing.T, seed uint64) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 0))
	schema, err := insert.SchemaOf[randomrows.Row]()
	if err != nil {
		t.Fatal(err)
	}
	newRows := func() *Batch {
		b, err := NewBatch(schema, rng.IntN(3))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	rows := make([]randomrows.Row, rng.IntN(30))
	pointers := make([]*randomrows.Row, len(rows))
	byStruct, byPointer, together, want := newRows(), newRows(), newRows(), newRows()
	var first error
	for i := range rows {
		rows[i] = randomrows.New(rng)
		pointers[i] = &rows[i]
		err := want.Append(randomrows.Values(&rows[i], insert.Valuer)...)
		if first == nil {
			first = err
		}
		if got := AppendStructs(byStruct, rows[i]); fmt.Sprint(got) != fmt.Sprint(err) {
			t.Errorf("seed %d, row %d: AppendStructs returns %v, Append %v", seed, i, got, err)
		}
		if got := AppendStructs(byPointer, pointers[i]); fmt.Sprint(got) != fmt.Sprint(err) {
			t.Errorf("seed %d, row %d: AppendStructs of a pointer returns %v, Append %v", seed, i, got, err)
		}
	}
	sameColumns(t, "AppendStructs", byStruct, want)
	sameColumns(t, "AppendStructs of pointers", byPointer, want)
	if first != nil {
		want.Reset() // all structs of a call are appended, or none
	}
	if got := AppendStructs(together, rows...); fmt.Sprint(got) != fmt.Sprint(first) {
		t.Errorf("seed %d: AppendStructs of all rows returns %v, Append %v", seed, got, first)
	}
	sameColumns(t, "AppendStructs of all rows", together, want)
}
