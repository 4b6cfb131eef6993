package bulk

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// sameColumns compares the buffers of two batches.
func sameColumns(t *testing.T, what string, got, want *Batch) {
	t.Helper()
	if got.Len() != want.Len() {
		t.Fatalf("%s: %d rows, want %d", what, got.Len(), want.Len())
	}
	for i := range want.columns {
		g, w := &got.columns[i], &want.columns[i]
		if g.rows != w.rows || g.nulls != w.nulls || !bytes.Equal(g.valid, w.valid) || !slices.Equal(g.offsets, w.offsets) || !bytes.Equal(g.values, w.values) {
			t.Errorf("%s: column %d: %d rows, %d NULL, %x %v %x\nwant %d rows, %d NULL, %x %v %x",
				what, i, g.rows, g.nulls, g.valid, g.offsets, g.values, w.rows, w.nulls, w.valid, w.offsets, w.values)
		}
	}
}

// Pointers go through the Cell, and so show what values that are appended directly
// should come to. Some rows have a value that is refused.
func TestValuesAppendedDirectlyAreThoseOfTheCell(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 0))
		batches := make([]*Batch, 4)
		for i := range batches {
			var err error
			if batches[i], err = NewBatch(loadSchema(t), 0); err != nil {
				t.Fatal(err)
			}
		}
		byCell, byAppend, byTyped, byColumns := batches[0], batches[1], batches[2], batches[3]
		names := [4][]string{}
		floats := [5][]float64{}
		var numbers []int64
		var flags []bool
		var times []time.Time
		for range rng.IntN(60) {
			var s [4]string
			for i := range s {
				s[i] = strings.Repeat("x", rng.IntN(20)) + strings.Repeat("é", rng.IntN(3))
				if rng.IntN(200) == 0 {
					s[i] += "\xff" // refused
				}
			}
			f, n, ok := rng.NormFloat64(), rng.Int64()>>rng.IntN(64), rng.IntN(2) == 0
			at := time.Unix(rng.Int64N(1<<34)-1<<32, rng.Int64N(1e9))
			if rng.IntN(50) == 0 {
				at = time.Unix(1<<62, 0) // refused
			}
			isNull := rng.IntN(5) == 0
			float, pfloat := any(f), any(&f)
			if isNull {
				float, pfloat = nil, (*float64)(nil)
			}
			err := byCell.Append(&s[0], &s[1], &s[2], &s[3], pfloat, &f, &f, &f, &f, &n, &ok, &at)
			errs := []error{byAppend.Append(s[0], s[1], s[2], s[3], float, f, f, f, f, n, ok, at)}
			r := byTyped.Typed().String(s[0]).String(s[1]).String(s[2]).String(s[3])
			if isNull {
				r = r.Null()
			} else {
				r = r.Float64(f)
			}
			errs = append(errs, r.Float64(f).Float64(f).Float64(f).Float64(f).Int64(n).Bool(ok).Time(at).End())
			for _, e := range errs {
				if fmt.Sprint(e) != fmt.Sprint(err) {
					t.Errorf("error %v, want %v", e, err)
				}
			}
			for i := range s {
				names[i] = append(names[i], s[i])
			}
			for i := range floats {
				floats[i] = append(floats[i], f)
			}
			numbers, flags, times = append(numbers, n), append(flags, ok), append(times, at)
		}
		sameColumns(t, "Append", byAppend, byCell)
		sameColumns(t, "Typed", byTyped, byCell)

		// By columns all rows are appended or none.
		byCell.Reset()
		var refused bool
		for i := range times {
			if byCell.Append(&names[0][i], &names[1][i], &names[2][i], &names[3][i], &floats[0][i], &floats[1][i], &floats[2][i], &floats[3][i], &floats[4][i], &numbers[i], &flags[i], &times[i]) != nil {
				refused = true
			}
		}
		if refused {
			byCell.Reset()
		}
		err := byColumns.AppendColumns(Values("region", names[0]), Values("host", names[1]), Values("rack", names[2]), Values("os", names[3]),
			Values("a", floats[0]), Values("b", floats[1]), Values("c", floats[2]), Values("d", floats[3]), Values("e", floats[4]),
			Values("n", numbers), Values("ok", flags), Values("ts", times))
		if (err != nil) != refused {
			t.Errorf("AppendColumns: %v, but rows were refused: %v", err, refused)
		}
		sameColumns(t, "AppendColumns", byColumns, byCell)
	}
}
