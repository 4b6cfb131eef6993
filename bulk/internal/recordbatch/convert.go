package recordbatch

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/greptime-go/greptime/internal/column"
)

var errNoCast = errors.New("does not fit the column, and there is no exact cast; cast it first")

// RowError reports a value of an array that a column cannot have.
type RowError struct {
	Row int // counted from 0
	Err error
}

// Error returns the text of Err.
func (e *RowError) Error() string { return e.Err.Error() }

// errHost reports that the values of an array are not as they are sent.
var errHost = errors.New("the values of Arrow arrays are big endian on this machine, are sent as little endian, and are not converted; append rows of Go values instead")

// FromArray returns the values of an array as a column of type t. It makes exact casts only.
// Buffers that need no change are not copied, so the column is valid as long as the array.
// The error is a *[RowError] if it is about a value.
func FromArray(t column.Type, a arrow.Array) (c Column, err error) {
	if bigEndian {
		return Column{}, errHost
	}
	defer func() { // the methods of an array that is not in Arrow's layout panic
		if cause := recover(); cause != nil {
			c, err = Column{}, fmt.Errorf("the array is not in Arrow's layout: %v", cause)
		}
	}()
	return convert(t, a)
}

// convert is FromArray for arrays in Arrow's layout. For others it may panic.
func convert(t column.Type, a arrow.Array) (Column, error) {
	switch a := a.(type) {
	case *array.Null:
		return allNull(t, a.Len())
	case array.ExtensionArray:
		return convert(t, a.Storage())
	case *array.Dictionary:
		return convertDictionary(t, a)
	case *array.RunEndEncoded:
		return convertRuns(t, a)
	}
	switch k := t.Kind(); {
	case k == column.Boolean:
		if b, ok := a.(*array.Boolean); ok {
			return booleans(t, b)
		}
	case k == column.String:
		return convertStrings(t, a)
	case k == column.Binary:
		return convertBinary(t, a)
	case k == column.JSON:
		return convertJSON(t, a)
	case k == column.Vector:
		return convertVectors(t, a)
	case k.IsTimestamp() || k.IsTimeOfDay():
		return convertTimes(t, a)
	case k == column.Date:
		return convertDates(t, a)
	case k == column.Decimal:
		return convertDecimals(t, a)
	default:
		return convertNumbers(t, a)
	}
	return Column{}, errNoCast
}

// allNull returns a column of NULLs.
func allNull(t column.Type, rows int) (Column, error) {
	var null column.Cell
	return Repeat(t, rows, &null)
}

// withNulls sets the validity of an array. An array without validity has no NULLs, whatever
// its number of them is.
func (c *Column) withNulls(a arrow.Array) {
	if bitmap := a.NullBitmapBytes(); len(bitmap) > 0 && a.NullN() > 0 {
		offset := a.Data().Offset()
		c.valid = bitmap[offset>>3:]
		if offset&7 != 0 {
			c.valid = copyBits(nil, bitmap, offset, a.Len())
		}
		c.valid = c.valid[:(a.Len()+7)>>3]
	}
}

// errNoValues reports an array that is not in Arrow's layout.
var errNoValues = errors.New("the array has no values for rows that are not NULL")

// fixedWidth returns the column of an array whose values have as many bytes as the
// column's.
func fixedWidth(t column.Type, a arrow.Array) (Column, error) {
	c := Column{typ: t, width: t.ArrowWidth()}
	c.withNulls(a)
	offset, values := a.Data().Offset(), valueBytes(a, 1)
	if end := (offset + a.Len()) * c.width; end <= len(values) {
		c.values = values[offset*c.width : end]
		return c, nil
	}
	return c.withoutValues(a)
}

// booleans returns the column of a Boolean array.
func booleans(t column.Type, a *array.Boolean) (Column, error) {
	c := Column{typ: t}
	c.withNulls(a)
	offset, values := a.Data().Offset(), valueBytes(a, 1)
	if offset+a.Len() <= 8*len(values) {
		c.values = copyBits(nil, values, offset, a.Len())
		return c, nil
	}
	return c.withoutValues(a)
}

// withoutValues returns the column of an array that has no values: of NULLs, which need
// none, or of no rows.
func (c *Column) withoutValues(a arrow.Array) (Column, error) {
	if c.nulls(a.Len()) < a.Len() {
		return Column{}, errNoValues
	}
	return allNull(c.typ, a.Len())
}

// valueBytes returns the array's buffer i, which may be missing.
func valueBytes(a arrow.Array, i int) []byte {
	if b := a.Data().Buffers()[i]; b != nil {
		return b.Bytes()
	}
	return nil
}

// copyValues returns a column of the rows of an array. value appends the value of a row that
// is not NULL to dst.
func copyValues(t column.Type, a arrow.Array, value func(dst []byte, row int) ([]byte, error)) (Column, error) {
	out := NewColumn(t, a.Len())
	if v, ok := a.(array.ViewLike); ok && out.hasOffsets() {
		size := 0 // of the values, which rows may share
		for row := range a.Len() {
			if a.IsValid(row) {
				size += v.ValueHeader(row).Len()
			}
			if size > maxColumnBytes {
				return Column{}, ErrColumnFull
			}
		}
	}
	var null column.Cell
	for row := range a.Len() {
		if a.IsNull(row) {
			_ = out.Set(row, &null) // NULL fits every type
			continue
		}
		values, err := value(out.upTo(row), row)
		if err != nil {
			return Column{}, &RowError{row, err}
		}
		if out.hasOffsets() { // otherwise there is room, and the value in its place
			if err := out.endBytes(row, values); err != nil {
				return Column{}, err
			}
		}
	}
	return out, nil
}

// appendInt appends an integer in as many bytes as the column's values have.
func appendInt(dst []byte, t column.Type, v int64) []byte {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(v))
	return append(dst, b[:t.ArrowWidth()]...)
}
