package bulk

import (
	"encoding/binary"
	"math"
	"slices"
	"time"

	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/govalue"
	"github.com/greptime-go/greptime/internal/rowvalue"
)

// appendValues appends a row's values. Those of just the Go type of which columns of a
// type are usually made go straight to the column's buffers; for all others, for
// conversions, NULL and refusals, it is the Cell that decides. A row of ten or twelve
// columns takes less than a quarter of the time (BenchmarkRows/Append: 41 and 50 ns, not
// 216 and 230).
//
// What most values are, floats and tags, is done in the loop: a call for each value
// takes 12 ns more a row.
func (b *Batch) appendValues(values []any) error {
	row, columns := b.rows, b.columns[:len(values)]
	for i, v := range values {
		c := &columns[i]
		switch c.typ.Kind() {
		case column.Float64:
			if v, ok := v.(float64); ok {
				c.setWord(row, math.Float64bits(v))
				continue
			}
		case column.String:
			if v, ok := v.(string); ok {
				if n := len(v); n >= 8 && n <= 16 && c.setWords(row, n, word(v), word(v[n-8:])) {
					continue
				}
			}
		}
		if err := b.setValue(i, v); err != nil {
			return err
		}
	}
	return nil
}

// setValue sets the row's value of column i.
func (b *Batch) setValue(i int, v any) error {
	row, c := b.rows, &b.columns[i]
	switch k := c.typ.Kind(); k {
	case column.String:
		if v, ok := v.(string); ok && c.setText(row, v) {
			return nil
		}
	case column.TimestampSecond, column.TimestampMillisecond, column.TimestampMicrosecond, column.TimestampNanosecond:
		if v, ok := v.(time.Time); ok {
			if n, ok := column.Epoch(k, v); ok {
				c.setWord(row, uint64(n))
				return nil
			}
		}
	case column.Int64:
		switch v := v.(type) {
		case int64:
			c.setWord(row, uint64(v))
			return nil
		case int:
			c.setWord(row, uint64(v))
			return nil
		}
	case column.Boolean:
		if v, ok := v.(bool); ok {
			c.setBool(row, v)
			return nil
		}
	}
	if err := govalue.Set(&b.cell, c.typ, v); err != nil {
		return b.refuse(i, err)
	}
	return b.put(i, &b.cell)
}

// setDirect sets values of a column from a row on as appendValues does, up to the first
// that is not of just the type, and returns how many it has set.
func setDirect(c *columnData, row int, values rowvalue.Values) int {
	k := c.typ.Kind()
	switch values := values.(type) {
	case rowvalue.Slice[float64]:
		if k != column.Float64 {
			return 0
		}
		for i, v := range values {
			c.setWord(row+i, math.Float64bits(v))
		}
	case rowvalue.Slice[string]:
		if k != column.String {
			return 0
		}
		for i, v := range values {
			if !c.setText(row+i, v) {
				return i
			}
		}
	case rowvalue.Slice[time.Time]:
		for i, v := range values {
			n, ok := column.Epoch(k, v)
			if !ok {
				return i
			}
			c.setWord(row+i, uint64(n))
		}
	case rowvalue.Slice[int64]:
		if k != column.Int64 {
			return 0
		}
		for i, v := range values {
			c.setWord(row+i, uint64(v))
		}
	case rowvalue.Slice[bool]:
		if k != column.Boolean {
			return 0
		}
		for i, v := range values {
			c.setBool(row+i, v)
		}
	default:
		return 0
	}
	return values.Len()
}

// setWord sets a value of eight bytes.
func (c *columnData) setWord(row int, n uint64) {
	binary.LittleEndian.PutUint64(c.values[8*row:], n)
}

// setText sets a value of a STRING column, unless it is not valid UTF-8 or the column
// is full.
func (c *columnData) setText(row int, v string) bool {
	if n := len(v); n >= 8 && n <= 16 && c.setWords(row, n, word(v), word(v[n-8:])) {
		return true
	}
	return c.setAnyText(row, v)
}

// setWords is setText for what most tags are, 8 to 16 bytes of ASCII, if there is room:
// two words, which may overlap.
func (c *columnData) setWords(row, n int, first, last uint64) bool {
	offsets := c.offsets[row : row+2]
	start := int(offsets[0])
	if n > len(c.values)-start || (first|last)&0x80808080_80808080 != 0 {
		return false
	}
	dst := c.values[start : start+n]
	binary.LittleEndian.PutUint64(dst, first)
	binary.LittleEndian.PutUint64(dst[n-8:], last)
	offsets[1] = int32(start + n)
	return true
}

// setAnyText is setText of any length and any text.
func (c *columnData) setAnyText(row int, v string) bool {
	n, start := len(v), int(c.offsets[row])
	if n > len(c.values)-start && !c.reserveBytes(start, n) {
		return false
	}
	if !column.CopyUTF8(c.values[start:start+n], v) {
		return false
	}
	c.offsets[row+1] = int32(start + n)
	return true
}

// reserveBytes makes room for n bytes behind those that end at start, unless the column
// is full then.
func (c *columnData) reserveBytes(start, n int) bool {
	if n > maxColumnBytes-start {
		return false
	}
	values := slices.Grow(c.values[:start], n)
	c.values = values[:min(cap(values), maxColumnBytes)]
	return true
}

// word is the first eight bytes.
func word(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// setBool sets a value of a BOOLEAN column, and clears the bits behind it.
func (c *columnData) setBool(row int, v bool) {
	bits := &c.values[row>>3]
	*bits &= 1<<(row&7) - 1
	if v {
		*bits |= 1 << (row & 7)
	}
}
