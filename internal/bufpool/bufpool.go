// Package bufpool recycles the memory of messages and record batches. GreptimeDB sends
// many batches of some ten kilobytes each; without a pool, their memory would be most
// of the garbage collector's work.
//
// Memory follows Arrow's reference counts: a [memory.Buffer] from this package returns
// its memory to the pool when its last reference is released. Code that reads the memory
// after that sees the bytes of another batch. Memory that is never released is left to
// the garbage collector, as if there were no pool.
package bufpool

import (
	"math/bits"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// Memory is recycled in classes: four sizes per power of two, less the bytes that
// alignment takes. Smaller requests cost the collector little; larger ones are too much
// to keep.
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

// Allocator is the pool as an Arrow allocator. Its memory is aligned to 64 bytes and has
// arbitrary content. It is safe for concurrent use.
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

// Reallocate returns size bytes that start with the content of b. It frees b if b is too
// small.
func (a allocator) Reallocate(size int, b []byte) []byte {
	if size <= cap(b) {
		return b[:size]
	}
	larger := a.Allocate(size)
	copy(larger, b)
	a.Free(b)
	return larger
}

// Free returns memory that came from Allocate to the pool.
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
	kept := b // the parameter itself would escape for memory that is not kept, too
	classes[class].Put(&kept)
}

// Recycles reports whether memory of size bytes is worth recycling. If it is not, it is
// left to the garbage collector.
func Recycles(size int) bool {
	return size <= capacity(len(classes)-1) && (size >= minSize || size > 0 && poison.Load())
}

// classOf returns the class that serves a request, and whether there is one.
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

// capacity returns the size of the memory of a class.
func capacity(class int) int {
	power, step := class/steps+minBits, class%steps
	return 1<<power + step<<(power-2) - alignment
}

// NewBuffer returns a buffer of size bytes. The caller holds its only reference.
func NewBuffer(size int) *memory.Buffer {
	return memory.NewBufferWithAllocator(Allocator.Allocate(size), Allocator)
}

// Live returns the number of recycled blocks of memory that are in use or were left to
// the collector.
func Live() int64 { return live.Load() }

// Poison makes the pool recycle memory of all sizes, and makes Free overwrite it, so that
// tests notice when memory is used after its release.
func Poison(on bool) { poison.Store(on) }
