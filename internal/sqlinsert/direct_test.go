package sqlinsert

import (
	"bytes"
	"database/sql/driver"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/test/columntypes"
)

// appendArgs takes nothing that a Cell refuses, and writes what a Cell writes.
func TestArgumentsAppendedDirectlyAreWhatTheCellSays(t *testing.T) {
	t.Parallel()
	values := []any{
		nil, []byte("x"), float32(1.5), uint8(1), // left to the Cell
		0.0, math.Copysign(0, -1), 1.5, 1e300, math.NaN(), math.Inf(-1),
		"", "a", "seven..", "eight...", "ünïcödé", strings.Repeat("x", 125), strings.Repeat("x", 126), "\xff", "2024-01-01", "1",
		int64(0), int64(-1), int64(math.MinInt64), int64(math.MaxInt64), 0, int64(1 << 40), 1 << 30, -7, int32(0), int32(math.MinInt32), int32(math.MaxInt32), true, false,
		time.Time{}, time.Unix(0, 0), time.Unix(0, -1), time.Unix(1704067200, 123456789), time.Unix(1<<33-1, 999999999), time.Unix(1<<33, 0),
		time.Date(2262, 4, 12, 0, 0, 0, 0, time.UTC), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix(1704067200, 0).In(time.FixedZone("", 3600)),
	}
	taken := map[column.Kind]int{}
	for _, utc := range []bool{true, false} {
		for _, typ := range columntypes.All() {
			for _, v := range values {
				got, n := appendArgs([]byte("before"), []column.Kind{typ.Kind()}, []driver.NamedValue{{Ordinal: 1, Value: v}})
				if n == 0 {
					if string(got) != "before" {
						t.Errorf("%v as %v: not taken, but %q was appended", v, typ, got)
					}
					continue
				}
				taken[typ.Kind()]++
				c := Cell{UTC: utc}
				if err := c.SetArg(typ, v); err != nil {
					t.Errorf("%v as %v is taken; the Cell says %v", v, typ, err)
				} else if want := c.AppendValue([]byte("before"), typ); !bytes.Equal(got, want) {
					t.Errorf("%v as %v: %x, want %x", v, typ, got, want)
				}
			}
		}
	}
	for _, k := range []column.Kind{column.Float64, column.String, column.Int64, column.Int32, column.Boolean,
		column.TimestampSecond, column.TimestampMillisecond, column.TimestampMicrosecond, column.TimestampNanosecond} {
		if taken[k] == 0 {
			t.Errorf("nothing is taken for %v", column.Of(k))
		}
	}
}

// BenchmarkAppendArgs is three arguments by appendArgs and by a Cell.
func BenchmarkAppendArgs(b *testing.B) {
	types := []column.Type{column.Of(column.String), column.Of(column.Float64), column.Of(column.TimestampMillisecond)}
	kinds := []column.Kind{column.String, column.Float64, column.TimestampMillisecond}
	args := []driver.NamedValue{{Value: "host-17"}, {Value: 0.37}, {Value: time.Unix(1704067200, 0)}}
	dst := make([]byte, 0, 64)
	b.Run("appendArgs", func(b *testing.B) {
		for b.Loop() {
			dst, _ = appendArgs(dst[:0], kinds, args)
		}
	})
	b.Run("Cell", func(b *testing.B) {
		var c Cell
		for b.Loop() {
			dst = dst[:0]
			for i := range args {
				if err := c.SetArg(types[i], args[i].Value); err != nil {
					b.Fatal(err)
				}
				dst = c.AppendValue(dst, types[i])
			}
		}
	})
}
