package greptime

import (
	"math"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// textArray is what the three Arrow layouts of strings have in common.
type textArray interface {
	arrow.Array
	Value(int) string
}

// textBlocks hands out the strings of an array as the caller's own. They are copied
// by blocks of neighbours, an allocation for a block instead of one for each string,
// when the first of a block is wanted. A string that is kept keeps its block alive,
// so the strings of a large block are copied one by one.
type textBlocks struct {
	arr     textArray
	offsets []int32  // of the strings, in what their copies would make in one piece
	copies  []string // by block; empty if there is none yet
	own     []int32  // memory for offsets
}

const (
	blockRows     = 256
	maxBlockBytes = 32 << 10
)

// load makes arr the current array.
func (t *textBlocks) load(arr textArray) {
	t.arr = arr
	clear(t.copies)
	blocks := (arr.Len() + blockRows - 1) / blockRows
	if cap(t.copies) < blocks {
		t.copies = make([]string, blocks)
	}
	t.copies = t.copies[:blocks]
	if blocks == 0 {
		return
	}
	if s, ok := arr.(*array.String); ok {
		t.offsets = s.ValueOffsets()
		return
	}
	t.measure()
}

// measure computes the offsets of an array that has none, or others. Of one whose
// strings are too long for them it leaves them out.
func (t *textBlocks) measure() {
	t.own = append(t.own[:0], 0)
	end := int64(0)
	for i := range t.arr.Len() {
		if t.arr.IsValid(i) {
			end += int64(len(t.arr.Value(i)))
		}
		if end > math.MaxInt32 {
			t.offsets = nil
			return
		}
		t.own = append(t.own, int32(end))
	}
	t.offsets = t.own
}

// string returns string i, which is not null.
func (t *textBlocks) string(i int) string {
	if t.offsets == nil {
		return strings.Clone(t.arr.Value(i))
	}
	block := i / blockRows
	first := block * blockRows
	if t.copies[block] == "" {
		last := min(first+blockRows, t.arr.Len())
		if t.offsets[last]-t.offsets[first] > maxBlockBytes {
			return strings.Clone(t.arr.Value(i))
		}
		t.copies[block] = t.copy(first, last)
	}
	start := t.offsets[first]
	return t.copies[block][t.offsets[i]-start : t.offsets[i+1]-start]
}

// copy returns strings from first to before last in one piece.
func (t *textBlocks) copy(first, last int) string {
	if s, ok := t.arr.(*array.String); ok {
		start := t.offsets[0]
		return string(s.ValueBytes()[t.offsets[first]-start : t.offsets[last]-start])
	}
	var b strings.Builder
	b.Grow(int(t.offsets[last] - t.offsets[first]))
	for i := first; i < last; i++ {
		if t.arr.IsValid(i) {
			b.WriteString(t.arr.Value(i))
		}
	}
	return b.String()
}
