package greptime

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// textArrays are arrays of the same strings in each layout, and what they hold; "-" is
// null.
func textArrays(texts []string) map[string]textArray {
	out := map[string]textArray{}
	for _, dtype := range []arrow.DataType{arrow.BinaryTypes.String, arrow.BinaryTypes.LargeString, arrow.BinaryTypes.StringView} {
		b := array.NewBuilder(memory.DefaultAllocator, dtype)
		for _, text := range texts {
			if text == "-" {
				b.AppendNull()
			} else if err := b.AppendValueFromString(text); err != nil {
				panic(err)
			}
		}
		out[dtype.Name()] = b.NewArray().(textArray)
	}
	return out
}

func TestTextBlocksHandOutEveryString(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, blockRows - 1, blockRows, blockRows + 1, 5*blockRows + 7} {
		for _, longest := range []int{0, 5, 100, 400} {
			texts := make([]string, n)
			for i := range texts {
				if texts[i] = strings.Repeat(fmt.Sprint(i%10), rng.IntN(longest+1)); rng.IntN(9) == 0 {
					texts[i] = "-"
				}
			}
			for layout, arr := range textArrays(texts) {
				var blocks textBlocks
				// A slice of an array begins within its memory.
				for _, from := range []int{0, n / 3} {
					part := array.NewSlice(arr, int64(from), int64(n)).(textArray)
					blocks.load(part)
					for _, i := range rng.Perm(n - from) {
						if want := texts[from+i]; want != "-" && blocks.string(i) != want {
							t.Fatalf("%s, %d strings up to %d bytes from %d: string %d is %q, want %q", layout, n, longest, from, i, blocks.string(i), want)
						}
					}
				}
			}
		}
	}
}

// sameMemory says whether b begins within a.
func sameMemory(a, b string) bool {
	from, at := uintptr(unsafe.Pointer(unsafe.StringData(a))), uintptr(unsafe.Pointer(unsafe.StringData(b)))
	return at >= from && at < from+uintptr(len(a))
}

func TestTextBlocksShareOnlyShortStrings(t *testing.T) {
	short, long := make([]string, blockRows), make([]string, blockRows)
	for i := range short {
		short[i], long[i] = "a string", strings.Repeat("long", 100)
	}
	for layout, arr := range textArrays(append(short, long...)) {
		var blocks textBlocks
		blocks.load(arr)
		first := blocks.string(0)
		if whole := unsafe.String(unsafe.StringData(first), blockRows*len(first)); !sameMemory(whole, blocks.string(blockRows-1)) {
			t.Errorf("%s: short strings are copied one by one", layout)
		}
		if arr, ok := arr.(*array.String); ok && sameMemory(unsafe.String(unsafe.SliceData(arr.ValueBytes()), len(arr.ValueBytes())), first) {
			t.Errorf("%s: a string lies in the batch", layout)
		}
		if got := testing.AllocsPerRun(10, func() { blocks.string(blockRows) }); got != 1 {
			t.Errorf("%s: a string of a large block takes %v allocations, want one of its own", layout, got)
		}
	}
}
