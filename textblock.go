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
// when the first of a block is wanted. A string that is kept keeps its block alive:
// hence blocks are of a few kilobytes, and long strings are copied one by one.
type textBlocks struct {
	arr     textArray
	rows    int      // of a block; 0 if strings are copied one by one
	offsets []int32  // of the strings, in what their copies would make in one piece
	copies  []string // by block; empty if there is none yet
	own     []int32  // memory for offsets
}

const (
	maxBlockRows  = 256
	minBlockRows  = 16
	maxBlockBytes = 4 << 10 // on average over an array, and twice that for any block
)

// load makes arr the current array, of which about so many strings will be wanted.
func (t *textBlocks) load(arr textArray, wanted int) {
	t.arr, t.rows = arr, 0
	// Of a dictionary's values few may be wanted, and not in their order.
	if n := arr.Len(); n == 0 || wanted < n {
		return
	}
	if s, ok := arr.(*array.String); ok {
		t.offsets = s.ValueOffsets()
	} else if !t.measure() {
		return
	}
	t.split()
}

// measure computes the offsets of an array that has none, or others. It returns false
// if its strings are too long for them.
func (t *textBlocks) measure() bool {
	t.own = append(t.own[:0], 0)
	end := int64(0)
	for i := range t.arr.Len() {
		if t.arr.IsValid(i) {
			end += int64(len(t.arr.Value(i)))
		}
		if end > math.MaxInt32 {
			return false
		}
		t.own = append(t.own, int32(end))
	}
	t.offsets = t.own
	return true
}

// split chooses the size of blocks.
func (t *textBlocks) split() {
	n := t.arr.Len()
	size := int64(t.offsets[n] - t.offsets[0])
	rows := maxBlockRows
	for size*int64(rows) > maxBlockBytes*int64(n) {
		if rows /= 2; rows < minBlockRows {
			return
		}
	}
	t.rows = rows
	blocks := (n + rows - 1) / rows
	clear(t.copies)
	if cap(t.copies) < blocks {
		t.copies = make([]string, blocks)
	}
	t.copies = t.copies[:blocks]
}

// string returns string i, which is not null.
func (t *textBlocks) string(i int) string {
	if t.rows == 0 {
		return strings.Clone(t.arr.Value(i))
	}
	block := i / t.rows
	first := block * t.rows
	if t.copies[block] == "" {
		last := min(first+t.rows, t.arr.Len())
		if t.offsets[last]-t.offsets[first] > 2*maxBlockBytes {
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
