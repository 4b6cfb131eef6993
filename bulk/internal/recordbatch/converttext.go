package recordbatch

import (
	"fmt"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/greptime-go/greptime/internal/column"
)

// bytesArray is an array of any type whose values are bytes.
type bytesArray interface {
	arrow.Array
	Value(i int) []byte
}

// variableWidth returns the column of a Utf8 or Binary array. For other arrays ok is false.
func variableWidth(t column.Type, a arrow.Array) (c Column, ok bool) {
	var offsetsOf func() []int32
	switch a := a.(type) {
	case *array.String:
		offsetsOf = a.ValueOffsets
	case *array.Binary:
		offsetsOf = a.ValueOffsets
	default:
		return c, false
	}
	c.typ = t
	c.withNulls(a)
	rows := a.Len()
	if rows == 0 { // it need not have offsets
		c.offsets = []int32{0}
		return c, true
	}
	offsets, values := offsetsOf(), valueBytes(a, 2)
	checkOffsets(offsets[:rows+1])
	first := offsets[0]
	c.values = values[first:offsets[rows]]
	c.offsets = offsets[:rows+1]
	if first != 0 {
		c.offsets = make([]int32, rows+1)
		for i := range c.offsets {
			c.offsets[i] = offsets[i] - first
		}
	}
	return c, true
}

// checkOffsets panics, as FromArray expects, if offsets decrease. It finds the sign of any
// difference without a branch for each row.
func checkOffsets(offsets []int32) {
	last := offsets[0]
	signs := last
	for _, o := range offsets[1:] {
		signs |= o | (o - last)
		last = o
	}
	if signs >= 0 {
		return
	}
	for i := range len(offsets) - 1 {
		if offsets[i] < 0 || offsets[i] > offsets[i+1] {
			panic(fmt.Sprintf("the bytes of row %d (index %d) end before they begin", i+1, i))
		}
	}
	panic("an offset is negative")
}

// convertStrings returns a STRING column.
func convertStrings(t column.Type, a arrow.Array) (Column, error) {
	s, ok := a.(array.StringLike)
	if !ok {
		return Column{}, errNoCast
	}
	if c, ok := variableWidth(t, a); ok && c.validUTF8() {
		return c, nil
	}
	return copyValues(t, a, func(dst []byte, row int) ([]byte, error) {
		if v := s.Value(row); utf8.ValidString(v) {
			return append(dst, v...), nil
		}
		return nil, &column.Error{Type: t, Value: string([]byte(s.Value(row))), Reason: "not valid UTF-8"}
	})
}

// validUTF8 reports whether all values are valid, those of NULLs included.
func (c *Column) validUTF8() bool {
	if !utf8.Valid(c.values) {
		return false
	}
	for _, at := range c.offsets {
		if int(at) < len(c.values) && !utf8.RuneStart(c.values[at]) {
			return false
		}
	}
	return true
}

// convertBinary returns a VARBINARY column.
func convertBinary(t column.Type, a arrow.Array) (Column, error) {
	if _, isText := a.(array.StringLike); isText {
		return Column{}, errNoCast
	}
	if c, ok := variableWidth(t, a); ok {
		return c, nil
	}
	b, ok := a.(bytesArray)
	if !ok {
		return Column{}, errNoCast
	}
	return copyValues(t, a, func(dst []byte, row int) ([]byte, error) { return append(dst, b.Value(row)...), nil })
}
