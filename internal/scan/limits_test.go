package scan

import (
	"math"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/greptime-go/greptime/internal/test/cells"
)

// What does not fit the Go type must be an error, and nothing else may be one.
func TestTimesBeyondTheGoTypeAreErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		dtype  arrow.DataType
		value  int64
		beyond bool
	}{
		{&arrow.TimestampType{Unit: arrow.Second}, math.MaxInt64, false},
		{&arrow.TimestampType{Unit: arrow.Second}, math.MinInt64, false},
		{&arrow.TimestampType{Unit: arrow.Millisecond}, math.MaxInt64, false},
		{&arrow.TimestampType{Unit: arrow.Millisecond}, math.MinInt64, false},
		{&arrow.TimestampType{Unit: arrow.Microsecond}, math.MaxInt64, false},
		{&arrow.TimestampType{Unit: arrow.Microsecond}, math.MinInt64, false},
		{&arrow.TimestampType{Unit: arrow.Nanosecond}, math.MaxInt64, false},
		{&arrow.TimestampType{Unit: arrow.Nanosecond}, math.MinInt64, false},
		{arrow.FixedWidthTypes.Time64us, math.MaxInt64/1000 + 1, true},
		{arrow.FixedWidthTypes.Time64us, math.MinInt64/1000 - 1, true},
		{arrow.FixedWidthTypes.Time64us, math.MaxInt64 / 1000, false},
		{arrow.FixedWidthTypes.Time64ns, math.MinInt64, false},
		{arrow.FixedWidthTypes.Duration_s, math.MaxInt64/1_000_000_000 + 1, true},
		{arrow.FixedWidthTypes.Duration_s, math.MinInt64 / 1_000_000_000, false},
	}
	for _, test := range tests {
		arr := cells.FixedWidthArray(test.dtype, []int64{test.value})
		c, err := New(arrow.Field{Name: "c", Type: test.dtype}, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Load(arr); err != nil {
			t.Fatal(err)
		}
		value, err := c.Value(0)
		if (err != nil) != test.beyond {
			t.Errorf("%s %d is %v, error %v", test.dtype, test.value, value, err)
		}
		if at, ok := value.(time.Time); ok && epoch(at, test.dtype) != test.value {
			t.Errorf("%s %d is %v", test.dtype, test.value, at)
		}
		list := array.NewData(arrow.ListOf(test.dtype), 1, []*memory.Buffer{nil, memory.NewBufferBytes(arrow.GetBytes([]int32{0, 1}))}, []arrow.ArrayData{arr.Data()}, 0, 0)
		if text, err := appendJSON(nil, array.MakeFromData(list), 0, time.UTC); (err != nil) != test.beyond {
			t.Errorf("%s %d in a list is %s, error %v", test.dtype, test.value, text, err)
		}
	}
}

// epoch counts a time in the unit of a timestamp.
func epoch(at time.Time, dtype arrow.DataType) int64 {
	switch dtype.(*arrow.TimestampType).Unit {
	case arrow.Second:
		return at.Unix()
	case arrow.Millisecond:
		return at.UnixMilli()
	case arrow.Microsecond:
		return at.UnixMicro()
	}
	return at.UnixNano()
}

// Text that an INSERT left in a VECTOR column may be as long as the numbers.
func TestVectorTextAsLongAsTheNumbers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"[12]":     "[12]",
		" [1]":     "[1]",
		"[1.5,20]": "[1.5,20]",
		"[1,2,30]": "", // three numbers in VECTOR(2)
		"[abcdef]": "",
	} {
		c := &vectorColumn{dim: len(text) / 4}
		b := array.NewBinaryBuilder(memory.DefaultAllocator, arrow.BinaryTypes.Binary)
		b.Append([]byte(text))
		if err := c.Load(b.NewArray()); err != nil {
			t.Fatal(err)
		}
		got, err := c.Value(0)
		if err != nil || want != "" && got != want || want == "" && len(got.(string)) < 10 {
			t.Errorf("%s of VECTOR(%d) is %v, error %v; want %s", text, c.dim, got, err, want)
		}
	}
}
