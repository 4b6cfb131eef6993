// Package bufpool recycles the memory of messages and record batches. What
// GreptimeDB sends are many batches of some ten kilobytes each, so that their memory
// would be most of what the collector has to do.
//
// Memory comes and goes by Arrow's reference counts: a [memory.Buffer] from here
// gives its memory back when its last reference is released, and whoever looks at it
// later sees the bytes of another batch. What is never released is the garbage
// collector's, as if there were no pool.
package bufpool

import (
	"math/bits"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// Memory is recycled in sizes of four steps to the power of two, less what aligning
// takes. Smaller requests cost the collector little, larger ones are too much to keep.
const (
	minBits   = 14 // 16 KiB
	maxBits   = 26 // 64 MiB
	steps     = 4
	alignment = 64
	minSize   = 8 << 10
)

var (
	classes [(maxBits-minBits)*steps + 1]sync.Pool // of *[]byte
	plain   = memory.NewGoAllocator()
	live    atomic.Int64
	poison  atomic.Bool
)

// Allocator is the pool as Arrow's allocator. Memory is aligned to 64 bytes; its
// content is arbitrary. It is for any number of goroutines.
var Allocator memory.Allocator = allocator{}

type allocator struct{}

// Allocate returns size bytes.
func (allocator) Allocate(size int) []byte {
	class, ok := classOf(size)
	if !ok {
		return plain.Allocate(size)
	}
	live.Add(1)
	if b, ok := classes[class].Get().(*[]byte); ok {
		return (*b)[:size]
	}
	return plain.Allocate(capacity(class))[:size]
}

// Reallocate returns size bytes that begin with those of b, which is freed if it was
// too small.
func (a allocator) Reallocate(size int, b []byte) []byte {
	if size <= cap(b) {
		return b[:size]
	}
	larger := a.Allocate(size)
	copy(larger, b)
	a.Free(b)
	return larger
}

// Free takes back what Allocate returned.
func (allocator) Free(b []byte) {
	class, ok := classOf(cap(b))
	if !ok || cap(b) != capacity(class) {
		return
	}
	live.Add(-1)
	b = b[:cap(b)]
	if poison.Load() {
		b[0] = 0xDB
		for n := 1; n < len(b); n *= 2 {
			copy(b[n:], b[:n])
		}
	}
	classes[class].Put(&b)
}

// Recycles says whether memory of size bytes is worth recycling; if not, it is the
// garbage collector's.
func Recycles(size int) bool {
	return size <= capacity(len(classes)-1) && (size >= minSize || size > 0 && poison.Load())
}

// classOf is the class that serves a request, if one does.
func classOf(size int) (class int, ok bool) {
	if !Recycles(size) {
		return 0, false
	}
	n := size + alignment - 1
	power := bits.Len(uint(n)) - 1 // 2^power ≤ n < 2^(power+1)
	if power < minBits {
		return 0, true
	}
	step := n >> (power - 2) & (steps - 1)
	return (power-minBits)*steps + step + 1, true
}

// capacity is the size of the memory of a class.
func capacity(class int) int {
	power, step := class/steps+minBits, class%steps
	return 1<<power + step<<(power-2) - alignment
}

// NewBuffer is a buffer of size bytes, of which the caller has the one reference.
func NewBuffer(size int) *memory.Buffer {
	return memory.NewBufferWithAllocator(Allocator.Allocate(size), Allocator)
}

// Live is the number of recycled pieces of memory that are in use, or were left to the
// collector.
func Live() int64 { return live.Load() }

// Poison has memory of all sizes recycled, and Free overwrite it, so that tests see it
// when memory is used after its release.
func Poison(on bool) { poison.Store(on) }
