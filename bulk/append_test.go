package bulk

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/greptime-go/greptime/insert"
)

// sameColumns compares two batches as they are sent.
func sameColumns(t *testing.T, what string, got, want *Batch) {
	t.Helper()
	if got.Len() != want.Len() {
		t.Fatalf("%s: %d rows, want %d", what, got.Len(), want.Len())
	}
	gotData, _ := encodeBatch(t, got, None)
	wantData, _ := encodeBatch(t, want, None)
	if !bytes.Equal(gotData.Header, wantData.Header) || !bytes.Equal(gotData.Body, wantData.Body) {
		t.Errorf("%s: message %x %x\nwant %x %x", what, gotData.Header, gotData.Body, wantData.Header, wantData.Body)
	}
}

// Pointers go through the Cell, and so show what values that are appended directly
// should come to. Some rows have a value that is refused.
func TestValuesAppendedDirectlyAreThoseOfTheCell(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 0))
		batches := make([]*Batch, 3)
		for i := range batches {
			var err error
			if batches[i], err = NewBatch(loadSchema(t), 0); err != nil {
				t.Fatal(err)
			}
		}
		byCell, byAppend, byColumns := batches[0], batches[1], batches[2]
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
			if got := byAppend.Append(s[0], s[1], s[2], s[3], float, f, f, f, f, n, ok, at); fmt.Sprint(got) != fmt.Sprint(err) {
				t.Errorf("error %v, want %v", got, err)
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
		err := byColumns.AppendColumns(insert.Values("region", names[0]), insert.Values("host", names[1]), insert.Values("rack", names[2]), insert.Values("os", names[3]),
			insert.Values("a", floats[0]), insert.Values("b", floats[1]), insert.Values("c", floats[2]), insert.Values("d", floats[3]), insert.Values("e", floats[4]),
			insert.Values("n", numbers), insert.Values("ok", flags), insert.Values("ts", times))
		if (err != nil) != refused {
			t.Errorf("AppendColumns: %v, but rows were refused: %v", err, refused)
		}
		sameColumns(t, "AppendColumns", byColumns, byCell)
	}
}

// What an unfinished or refused row has left in the buffers is in no other row, and not
// in what is sent.
func TestAnUnfinishedRowLeavesNothing(t *testing.T) {
	t.Parallel()
	newRows := func() *Batch {
		b, err := NewBatch(loadSchema(t), 0)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	at := time.UnixMilli(1_700_000_000_000)
	appendRow := func(b *Batch, v any, ok bool) {
		t.Helper()
		if err := b.Append("region-0001", "h", "", nil, v, 2.0, 3.0, 4.0, 5.0, 6, ok, at); err != nil {
			t.Fatal(err)
		}
	}
	for name, unfinished := range map[string]func(*Batch){
		"a row by name": func(b *Batch) {
			b.NewRow().Set("host", "a longer text than that of the next row").Set("ok", true)
		},
		"Append": func(b *Batch) { _ = b.Append(nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, true, "no time") },
		"Row":    func(b *Batch) { _ = b.NewRow().Set("ok", true).End() },
		"AppendColumns": func(b *Batch) {
			_ = b.AppendColumns(insert.Values("ok", []bool{true, true}), insert.Values("ts", []any{at, nil}))
		},
		"AppendStructs":  func(b *Batch) { _ = AppendStructs(b, struct{ X int }{1}) },
		"a batch before": func(b *Batch) { appendRow(b, nil, true); b.Reset() },
	} {
		for rows := range 20 {
			got, want := newRows(), newRows()
			for i := range rows {
				v := any(float64(i))
				if i%3 == 0 {
					v = nil
				}
				if name != "a batch before" || i == 0 {
					unfinished(got)
				}
				appendRow(got, v, i%2 == 0)
				appendRow(want, v, i%2 == 0)
			}
			if name != "a batch before" {
				unfinished(got)
				if got.Size() != want.Size() {
					t.Errorf("%s, %d rows: %d bytes, want %d", name, rows, got.Size(), want.Size())
				}
				got.abandon() // as WriteAsync does
			}
			sameColumns(t, name, got, want)
		}
	}
}

// Looking at a batch does nothing to the row being built.
func TestABatchCanBeLookedAtWhileARowIsBuilt(t *testing.T) {
	t.Parallel()
	b, err := NewBatch(loadSchema(t), 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		r := b.NewRow().Set("region", "a").Set("host", "b").Set("os", "d").Set("b", 2.0).Set("c", 3.0).Set("d", 4.0).Set("e", 5.0).Set("n", 6).Set("ok", true)
		before := b.Size()
		if _, err := b.Row(max(i-1, 0)).Bool("ok"); err != nil && i > 0 {
			t.Error(err)
		}
		if err := r.Set("ts", time.UnixMilli(int64(i))).End(); err != nil {
			t.Fatal(err)
		}
		if b.Size() < before {
			t.Errorf("%d bytes with row %d, %d before; want no fewer", b.Size(), i, before)
		}
		ok, err := b.Row(i).Bool("ok")
		if err != nil || !ok {
			t.Errorf("row %d: %v, %v; want true", i, ok, err)
		}
		if isNull, err := b.Row(i).IsNull("a"); err != nil || !isNull {
			t.Errorf("row %d: NULL is %v, %v; want true", i, isNull, err)
		}
	}
}
