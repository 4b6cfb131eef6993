package column

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"
)

// sameAsCell checks that what was appended directly is what the Cell appends; where
// nothing was appended, set may do as it likes.
func sameAsCell(t *testing.T, k Kind, direct []byte, ok bool, v any, set func(*Cell, Type) error) {
	t.Helper()
	prefix := []byte("before")
	if !ok {
		if !bytes.Equal(direct, prefix) {
			t.Errorf("%s %v: not taken, but appended %x", Of(k), v, direct)
		}
		return
	}
	var c Cell
	if err := set(&c, Of(k)); err != nil {
		t.Errorf("%s %v: taken, but the Cell says %v", Of(k), v, err)
	} else if want := Of(k).AppendValue(prefix, &c); !bytes.Equal(direct, want) {
		t.Errorf("%s %v: appended %x, the Cell %x", Of(k), v, direct, want)
	}
}

func TestDirectAppendsAreThoseOfTheCell(t *testing.T) {
	t.Parallel()
	before := func() []byte { return []byte("before") }
	numbers := []int64{0, 1, -1, math.MaxInt64, math.MinInt64}
	for shift := range 63 {
		n := int64(1) << shift
		numbers = append(numbers, n-1, n, n+1, -n, -n-1, n|0x5555555555555555>>(62-shift))
	}
	for _, n := range numbers {
		sameAsCell(t, Int64, AppendNumber(before(), Int64, uint64(n)), true, n, func(c *Cell, ct Type) error { return c.SetInt(ct, n) })
		sameAsCell(t, Float64, AppendDouble(before(), math.Float64frombits(uint64(n))), true, n,
			func(c *Cell, ct Type) error { return c.SetFloat64(ct, math.Float64frombits(uint64(n))) })
		if n == int64(int32(n)) {
			sameAsCell(t, Int32, AppendNumber(before(), Int32, uint64(n)), true, n, func(c *Cell, ct Type) error { return c.SetInt(ct, n) })
		}
		for k := Boolean; k < kinds; k++ {
			for _, at := range []time.Time{time.Unix(0, n), time.Unix(n, 0), time.Unix(n>>20, n&(1<<30-1)), time.UnixMilli(n)} {
				b := before()
				epoch, ok := Epoch(k, at)
				if ok && !k.IsTimestamp() {
					t.Fatalf("a moment was taken for %s", Of(k))
				}
				if ok {
					b = AppendEpoch(b, k, epoch)
				}
				sameAsCell(t, k, b, ok, at, func(c *Cell, ct Type) error { return c.SetTime(ct, at) })
			}
		}
	}
	for _, v := range []bool{true, false} {
		sameAsCell(t, Boolean, AppendBool(before(), v), true, v, func(c *Cell, ct Type) error { return c.SetBool(ct, v) })
	}
}

func TestDirectMomentsAreTakenUpTo2242(t *testing.T) {
	t.Parallel()
	for k := TimestampSecond; k <= TimestampNanosecond; k++ {
		for at, want := range map[time.Time]bool{
			time.Unix(0, 0): true, time.Unix(1<<33-1, 999_999_999): true, time.Now(): true,
			time.Unix(0, -1): false, time.Unix(1<<33, 0): false, {}: false,
		} {
			if _, ok := Epoch(k, at); ok != want {
				t.Errorf("%s: %v taken: %v", Of(k), at, ok)
			}
		}
	}
}

// Text of any length, with one byte of it or several that are not ASCII, at any place.
func TestDirectTextIsThatOfTheCell(t *testing.T) {
	t.Parallel()
	for size := range 140 {
		plain := strings.Repeat("abcdefghijk", 13)[:size]
		texts := []string{plain}
		for at := range size {
			texts = append(texts, plain[:at]+"\xff"+plain[at+1:], plain[:at]+"\x80"+plain[at+1:])
			if at+2 <= size {
				texts = append(texts, plain[:at]+"é"+plain[at+2:])
			}
		}
		for _, s := range texts {
			for _, room := range []int{0, 1, 200} { // with and without growing
				b, ok := AppendText(append(make([]byte, 0, len("before")+room), "before"...), s)
				if s == plain && ok != (size <= 125) {
					t.Errorf("%d bytes of ASCII taken: %v", size, ok)
				}
				sameAsCell(t, String, b, ok, s, func(c *Cell, ct Type) error { return c.SetString(ct, s) })
			}
			var c Cell
			b := make([]byte, size)
			ok := CopyUTF8(b, s)
			if valid := c.SetString(Of(String), s) == nil; ok != valid || ok && string(b) != s {
				t.Fatalf("%q: valid %v, copied %q", s, ok, b)
			}
		}
	}
}
