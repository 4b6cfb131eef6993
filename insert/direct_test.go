package insert_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/greptime-go/greptime/insert"
)

// Pointers go through the Cell, and so show what values that are appended directly
// should come to. Some rows have a value that is refused.
func TestValuesAppendedDirectlyAreThoseOfTheCell(t *testing.T) {
	t.Parallel()
	schema, err := insert.NewSchema(
		insert.Tag("host", insert.String), insert.Field("cpu", insert.Float64), insert.Field("n", insert.Int64),
		insert.Field("ok", insert.Bool), insert.Field("seen", insert.Timestamp(insert.Nanosecond)), insert.Time("ts", insert.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 0))
		byCell, byAppend := schema.NewTable("t"), schema.NewTable("t")
		allByCell, byColumns := schema.NewTable("t"), schema.NewTable("t")
		var hosts []string
		var floats []float64
		var numbers []int64
		var flags []bool
		var times []time.Time
		refused := false
		for range 1 + rng.IntN(30) {
			s := strings.Repeat("x", rng.IntN(150)) + strings.Repeat("é", rng.IntN(3))
			f, n, ok := rng.NormFloat64(), int64(rng.Uint64())>>rng.IntN(64), rng.IntN(2) == 0
			at := time.Unix(rng.Int64N(1<<33+1<<32)-1<<32, rng.Int64N(1e9))
			switch rng.IntN(100) {
			case 0:
				s += "\xff"
			case 1:
				at = time.Unix(1<<62, 0)
			}
			float, pfloat := any(f), any(&f)
			if rng.IntN(5) == 0 {
				float, pfloat = nil, (*float64)(nil)
			}
			want := fmt.Sprint(byCell.Append(&s, pfloat, &n, &ok, &at, &at))
			if got := fmt.Sprint(byAppend.Append(s, float, n, ok, at, at)); got != want {
				t.Errorf("Append: %s, want %s", got, want)
			}
			refused = allByCell.Append(&s, &f, &n, &ok, &at, &at) != nil || refused
			hosts, floats, numbers, flags, times = append(hosts, s), append(floats, f), append(numbers, n), append(flags, ok), append(times, at)
		}
		sameRowsIfAny(t, byAppend, byCell)
		if refused { // all rows are appended by columns, or none
			allByCell.Reset()
		}
		err := byColumns.AppendColumns(insert.Values("host", hosts), insert.Values("cpu", floats), insert.Values("n", numbers),
			insert.Values("ok", flags), insert.Values("seen", times), insert.Values("ts", times))
		if (err != nil) != refused {
			t.Errorf("AppendColumns: %v, but rows were refused: %v", err, refused)
		}
		sameRowsIfAny(t, byColumns, allByCell)
	}
}

func sameRowsIfAny(t *testing.T, got, want *insert.Table) {
	t.Helper()
	if got.Len() != want.Len() || got.Size() != want.Size() {
		t.Fatalf("%d rows of %d bytes, want %d of %d", got.Len(), got.Size(), want.Len(), want.Size())
	}
	if want.Len() > 0 {
		sameRows(t, got, want)
	}
}
