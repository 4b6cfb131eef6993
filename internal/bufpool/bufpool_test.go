package bufpool

import (
	"bytes"
	"testing"
	"unsafe"
)

func TestSizes(t *testing.T) {
	for _, size := range []int{
		0, 1, minSize - 1, minSize, 16_320, 16_321, 20_416, 20_417, 60_000, 1 << 20,
		1<<maxBits - alignment, 1<<maxBits - alignment + 1, 1 << maxBits,
	} {
		for range 2 { // fresh, then recycled
			b := Allocator.Allocate(size)
			if len(b) != size {
				t.Fatalf("%d bytes instead of %d", len(b), size)
			}
			if at := uintptr(unsafe.Pointer(unsafe.SliceData(b))); size > 0 && at%alignment != 0 {
				t.Fatalf("%d bytes at %x, which is not aligned", size, at)
			}
			Allocator.Free(b)
		}
	}
}

func TestSizesAreCloseToWhatIsAsked(t *testing.T) {
	for size := minSize; Recycles(size); size += 1 + size/100 {
		class, _ := classOf(size)
		got := capacity(class)
		if got < size || class > 0 && (capacity(class-1) >= size || got > size+size/4+alignment) {
			t.Fatalf("%d bytes are served by %d", size, got)
		}
		if again, _ := classOf(got); again != class {
			t.Fatalf("memory of class %d goes to class %d", class, again)
		}
	}
	if largest := capacity(len(classes) - 1); largest != 1<<maxBits-alignment || Recycles(largest+1) || !Recycles(largest) {
		t.Errorf("the largest are of %d bytes", largest)
	}
}

func TestFreedMemoryIsCountedOnce(t *testing.T) {
	before := Live()
	for _, size := range []int{1, minSize, 100_000, 1 << maxBits} {
		b := NewBuffer(size)
		b.Retain()
		b.Release()
		b.Release()
	}
	Allocator.Free(make([]byte, 50_000)) // not from here
	Allocator.Free(nil)
	if got := Live(); got != before {
		t.Errorf("%d pieces in use, %d before", got, before)
	}
}

func TestReallocateKeepsContent(t *testing.T) {
	b := Allocator.Allocate(30_000)
	for i := range b {
		b[i] = byte(i)
	}
	want := bytes.Clone(b)
	b = Allocator.Reallocate(200_000, b)
	if len(b) != 200_000 || !bytes.Equal(b[:30_000], want) {
		t.Error("its content was lost")
	}
	if b = Allocator.Reallocate(10, b); len(b) != 10 {
		t.Errorf("%d bytes instead of 10", len(b))
	}
	Allocator.Free(b)
}

func TestPoisonOverwrites(t *testing.T) {
	Poison(true)
	defer Poison(false)
	for _, size := range []int{1, 30_000} {
		b := Allocator.Allocate(size)
		clear(b)
		Allocator.Free(b)
		if b[0] == 0 || b[size-1] == 0 {
			t.Errorf("%d bytes: freed memory still has its content", size)
		}
	}
}
