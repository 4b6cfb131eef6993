package insert_test

import (
	"testing"

	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/randomrows"
)

var randomTables = randomrows.Package[*insert.Table]{
	New:            func(*testing.T, int) *insert.Table { return insert.TableOf[randomrows.Row]("t") },
	AppendStructs:  insert.AppendStructs[randomrows.Row],
	AppendPointers: insert.AppendStructs[*randomrows.Row],
	Same:           func(t *testing.T, _ string, got, want *insert.Table) { sameRowsIfAny(t, got, want) },
}

// A row is stored, or refused, the same from a struct and from its values.
func TestStructsAreStoredAsTheirValues(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		randomTables.Compare(t, seed)
	}
}

func FuzzStructsAreStoredAsTheirValues(f *testing.F) {
	f.Add(uint64(0))
	f.Fuzz(randomTables.Compare)
}
