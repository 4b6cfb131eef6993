package scan

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
	for _, n := range []int{0, 1, minBlockRows, maxBlockRows - 1, maxBlockRows, maxBlockRows + 1, 5*maxBlockRows + 7} {
		for _, longest := range []int{0, 5, 20, 100, 400, 2000} {
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
					for _, wanted := range []int{n, 1} {
						blocks.load(part, wanted)
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
}

// TestKeptStringsKeepLittle keeps one string of each result, as who interns or looks
// for the last value does.
func TestKeptStringsKeepLittle(t *testing.T) {
	for _, length := range []int{1, 8, 16, 17, 100, 256, 257, 5000} {
		texts := make([]string, 1024)
		for i := range texts {
			texts[i] = strings.Repeat("x", length)
		}
		for layout, arr := range textArrays(texts) {
			var blocks textBlocks
			blocks.load(arr, arr.Len())
			blocks.string(500)
			if blocks.rows == 0 {
				continue // a copy of its own
			}
			if got := len(blocks.copies[500/blocks.rows]); got > 2*maxBlockBytes {
				t.Errorf("%s: a string of %d bytes keeps %d bytes", layout, length, got)
			}
		}
	}
	// A few long ones among short ones.
	texts := make([]string, 1024)
	for i := range texts {
		if texts[i] = "short"; i/maxBlockRows == 1 {
			texts[i] = strings.Repeat("long", 10)
		}
	}
	for layout, arr := range textArrays(texts) {
		var blocks textBlocks
		blocks.load(arr, arr.Len())
		for i := range texts {
			blocks.string(i)
		}
		for i, c := range blocks.copies {
			if len(c) > 2*maxBlockBytes {
				t.Errorf("%s: block %d has %d bytes", layout, i, len(c))
			}
		}
	}
}

// sameMemory reports whether b begins within a.
func sameMemory(a, b string) bool {
	from, at := uintptr(unsafe.Pointer(unsafe.StringData(a))), uintptr(unsafe.Pointer(unsafe.StringData(b)))
	return at >= from && at < from+uintptr(len(a))
}

func TestTextBlocksShareOnlyShortStrings(t *testing.T) {
	short := make([]string, maxBlockRows)
	for i := range short {
		short[i] = "a string"
	}
	for layout, arr := range textArrays(short) {
		var blocks textBlocks
		blocks.load(arr, arr.Len())
		first := blocks.string(0)
		if whole := unsafe.String(unsafe.StringData(first), maxBlockRows*len(first)); !sameMemory(whole, blocks.string(maxBlockRows-1)) {
			t.Errorf("%s: short strings are copied one by one", layout)
		}
		if arr, ok := arr.(*array.String); ok && sameMemory(unsafe.String(unsafe.SliceData(arr.ValueBytes()), len(arr.ValueBytes())), first) {
			t.Errorf("%s: a string lies in the batch", layout)
		}
		// Few of a large dictionary.
		blocks.load(arr, 10)
		if got := testing.AllocsPerRun(10, func() { first = blocks.string(7) }); got != 1 || first != short[7] {
			t.Errorf("%s: %q takes %v allocations, want one of its own", layout, first, got)
		}
	}
}
