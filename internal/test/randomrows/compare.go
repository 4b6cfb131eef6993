package randomrows

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// Appender is a table or batch, to which rows are appended.
type Appender interface {
	Append(values ...any) error
	Reset()
}

// Package is what a package has for rows from structs.
type Package[A Appender] struct {
	New            func(t *testing.T, capacity int) A // with the columns of a Row
	AppendStructs  func(to A, rows ...Row) error
	AppendPointers func(to A, rows ...*Row) error
	Same           func(t *testing.T, name string, got, want A) // reports a difference
}

// Compare appends the random rows of a seed as structs, as pointers to structs and as values,
// and compares what is stored and what is refused.
func (p Package[A]) Compare(t *testing.T, seed uint64) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 0))
	empty := func() A { return p.New(t, rng.IntN(3)) }
	byStruct, byPointer, together, want := empty(), empty(), empty(), empty()
	rows := make([]Row, rng.IntN(30))
	var first error
	for i := range rows {
		rows[i] = newRow(rng)
		err := want.Append(values(&rows[i])...)
		if first == nil {
			first = err
		}
		if got := p.AppendStructs(byStruct, rows[i]); fmt.Sprint(got) != fmt.Sprint(err) {
			t.Errorf("seed %d, row %d: AppendStructs returns %v, Append %v", seed, i, got, err)
		}
		if got := p.AppendPointers(byPointer, &rows[i]); fmt.Sprint(got) != fmt.Sprint(err) {
			t.Errorf("seed %d, row %d: AppendStructs of a pointer returns %v, Append %v", seed, i, got, err)
		}
	}
	p.Same(t, "AppendStructs", byStruct, want)
	p.Same(t, "AppendStructs of pointers", byPointer, want)
	if first != nil {
		want.Reset() // all structs of a call are appended, or none
	}
	if got := p.AppendStructs(together, rows...); fmt.Sprint(got) != fmt.Sprint(first) {
		t.Errorf("seed %d: AppendStructs of all rows returns %v, Append %v", seed, got, first)
	}
	p.Same(t, "AppendStructs of all rows", together, want)
}
