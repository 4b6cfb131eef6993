package column

import (
	"math"
	"testing"
)

func TestFixedWidthValuesComeBackFromArrow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typ Type
		set func(c *Cell, t Type) error
		hex string // little-endian
	}{
		{Of(Int8), func(c *Cell, t Type) error { return c.SetInt(t, math.MinInt8) }, "\x80"},
		{Of(Uint8), func(c *Cell, t Type) error { return c.SetInt(t, math.MaxUint8) }, "\xff"},
		{Of(Int16), func(c *Cell, t Type) error { return c.SetInt(t, -2) }, "\xfe\xff"},
		{Of(Uint16), func(c *Cell, t Type) error { return c.SetInt(t, 0x1234) }, "\x34\x12"},
		{Of(Int32), func(c *Cell, t Type) error { return c.SetInt(t, math.MinInt32) }, "\x00\x00\x00\x80"},
		{Of(Uint32), func(c *Cell, t Type) error { return c.SetInt(t, math.MaxUint32) }, "\xff\xff\xff\xff"},
		{Of(Date), func(c *Cell, t Type) error { return c.SetDate(t, -1) }, "\xff\xff\xff\xff"},
		{Of(TimeSecond), func(c *Cell, t Type) error { return c.SetTimeOfDay(t, 86399e9) }, "\x7f\x51\x01\x00"},
		{Of(TimeNanosecond), func(c *Cell, t Type) error { return c.SetTimeOfDay(t, 1) }, "\x01\x00\x00\x00\x00\x00\x00\x00"},
		{Of(Float32), func(c *Cell, t Type) error { return c.SetFloat32(t, -2.5) }, "\x00\x00\x20\xc0"},
		{Of(Float64), func(c *Cell, t Type) error { return c.SetFloat64(t, 1) }, "\x00\x00\x00\x00\x00\x00\xf0\x3f"},
		{Of(Int64), func(c *Cell, t Type) error { return c.SetInt(t, math.MinInt64) }, "\x00\x00\x00\x00\x00\x00\x00\x80"},
		{Of(Uint64), func(c *Cell, t Type) error { return c.SetUint(t, math.MaxUint64) }, "\xff\xff\xff\xff\xff\xff\xff\xff"},
		{Of(TimestampSecond), func(c *Cell, t Type) error { return c.SetInt(t, -1) }, "\xff\xff\xff\xff\xff\xff\xff\xff"},
		{DecimalOf(38, 0), func(c *Cell, t Type) error { return c.SetDecimal(t, "-18446744073709551617") },
			"\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff\xff\xff\xff\xff"},
	} {
		var cell, back Cell
		if err := c.set(&cell, c.typ); err != nil {
			t.Fatalf("%v: %v", c.typ, err)
		}
		b := cell.AppendArrow(nil, c.typ.ArrowWidth())
		if string(b) != c.hex || len(b) != c.typ.ArrowWidth() {
			t.Errorf("%v: %x, want %x", c.typ, b, c.hex)
		}
		back.ReadArrow(c.typ, b)
		if string(c.typ.AppendValue(nil, &back)) != string(c.typ.AppendValue(nil, &cell)) {
			t.Errorf("%v: read back as %v", c.typ, back)
		}
		cell.SetNull()
		if null := cell.AppendArrow(nil, c.typ.ArrowWidth()); len(null) != len(b) || string(null) != string(make([]byte, len(b))) {
			t.Errorf("%v: NULL is %x", c.typ, null)
		}
	}
	for _, k := range []Kind{Boolean, String, Binary, JSON} {
		var cell Cell
		if Of(k).ArrowWidth() != 0 || len(cell.AppendArrow(nil, 0)) != 0 {
			t.Errorf("%v has a width", Of(k))
		}
	}
}
