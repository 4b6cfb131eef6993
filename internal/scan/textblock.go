package scan

import (
	"math"
	"strings"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// textArray is the interface that the three Arrow layouts of strings share.
type textArray interface {
	arrow.Array
	Value(int) string
}

// textBlocks returns copies of the strings of an array, which belong to the caller. It
// copies a block of neighbours when the first of them is wanted, so that it allocates once
// per block and not once per string. A string keeps its block alive. Therefore a block has
// only a few kilobytes, and long strings are copied one by one.
type textBlocks struct {
	arr     textArray
	rows    int      // of a block; 0 if strings are copied one by one
	offsets []int32  // of the strings, as if all copies were concatenated
	copies  []string // by block; empty if not copied yet
	own     []int32  // memory for offsets
}

const (
	maxBlockRows  = 256
	minBlockRows  = 16
	maxBlockBytes = 4 << 10 // on average over an array, and twice that for any block
)

// load makes arr the current array. wanted is roughly how many strings will be wanted.
func (t *textBlocks) load(arr textArray, wanted int) {
	t.arr, t.rows = arr, 0
	// Few of a dictionary's values may be wanted, and not in their order.
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

// measure computes the offsets of an array that does not have 32-bit ones. It returns false
// if the strings are too long for 32-bit offsets.
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

// split chooses the number of rows of a block.
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
	if t.copies[block] == "" && !t.copyBlock(block) {
		return strings.Clone(t.arr.Value(i))
	}
	start := t.offsets[first]
	return t.copies[block][t.offsets[i]-start : t.offsets[i+1]-start]
}

// copyBlock copies a block. It returns false if the block is too long.
func (t *textBlocks) copyBlock(block int) bool {
	first := block * t.rows
	last := min(first+t.rows, t.arr.Len())
	if t.offsets[last]-t.offsets[first] > 2*maxBlockBytes {
		return false
	}
	t.copies[block] = t.copy(first, last)
	return true
}

// fill writes strings into memory, none of which is null.
func (t *textBlocks) fill(r Rows) {
	for k := 0; k < r.N; {
		i := r.From + k
		end := r.N // of the block, as k
		if t.rows > 0 {
			block := i / t.rows
			end = min(r.N, (block+1)*t.rows-r.From)
			if t.copies[block] != "" || t.copyBlock(block) {
				text, start := t.copies[block], t.offsets[block*t.rows]
				ends := t.offsets[i : i+end-k+1]
				from, offset := ends[0]-start, uintptr(k)*r.Stride
				for _, to := range ends[1:] {
					to -= start
					*(*string)(unsafe.Add(r.At, offset)) = text[from:to]
					from, offset = to, offset+r.Stride
				}
				k = end
				continue
			}
		}
		for ; k < end; k++ {
			*(*string)(r.at(k)) = strings.Clone(t.arr.Value(r.From + k))
		}
	}
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
