package bulk

import (
	"testing"

	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/randomrows"
)

var randomBatches = randomrows.Package[*Batch]{
	New: func(t *testing.T, capacity int) *Batch {
		schema, err := insert.SchemaOf[randomrows.Row]()
		if err != nil {
			t.Fatal(err)
		}
		b, err := NewBatch(schema, capacity)
		if err != nil {
			t.Fatal(err)
		}
		return b
	},
	AppendStructs:  AppendStructs[randomrows.Row],
	AppendPointers: AppendStructs[*randomrows.Row],
	Same:           sameColumns,
}

// A row is stored, or refused, the same from a struct and from its values.
func TestStructsAreStoredAsTheirValues(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		randomBatches.Compare(t, seed)
	}
}

func FuzzStructsAreStoredAsTheirValues(f *testing.F) {
	f.Add(uint64(0))
	f.Fuzz(randomBatches.Compare)
}
