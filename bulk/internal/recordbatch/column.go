package recordbatch

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
	"slices"

	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/jsonb"
)

// Column holds the values of one column in the buffers of an Arrow array. The buffers have
// room for more rows than there are; only the owner of the column knows how many there are.
// Setting a value stores it at its row's number, so that the next row overwrites an
// unfinished one. Rows must be set in order, because the bytes of a value begin where those
// of the row before end.
//
// A Column is for one goroutine at a time.
type Column struct {
	// What every value that is set needs comes first, in one cache line.
	typ     column.Type
	values  []byte
	offsets []int32 // of bytes: where each value begins, and the end of the last

	width int // bytes of a value; 0 for bits and bytes
	// valid has a bit for each row, 1 where it is not NULL, as far as there are bits:
	// rows behind them are not NULL. Bits behind the last row are 1 in a column that
	// may grow.
	valid []byte
}

// maxColumnBytes is as far as the offsets of an Arrow Utf8 or Binary array reach.
const maxColumnBytes = math.MaxInt32

// ErrColumnFull reports that the values of a column take more bytes than an array can have.
var ErrColumnFull = errors.New("the batch has 2 GiB in this column, and an Arrow array cannot have more; write it and continue with an empty one")

// NewColumn returns an empty column with room for rows.
func NewColumn(t column.Type, rows int) Column {
	c := Column{typ: t, width: t.ArrowWidth()}
	c.Reserve(rows)
	return c
}

// Repeat returns a column that has the same value in each of its rows.
func Repeat(t column.Type, rows int, value *column.Cell) (Column, error) {
	c := NewColumn(t, rows)
	for row := range rows {
		if err := c.Set(row, value); err != nil {
			return Column{}, err
		}
	}
	return c, nil
}

// isBits reports whether the values are a bitmap.
func (c *Column) isBits() bool { return c.typ.Kind() == column.Boolean }

// hasOffsets reports whether the values are bytes of any length.
func (c *Column) hasOffsets() bool { return c.width == 0 && !c.isBits() }

// Reserve makes room for that many rows in all, except for bytes of any length.
func (c *Column) Reserve(rows int) {
	switch {
	case c.width > 0:
		c.values = lengthened(c.values, rows*c.width)
	case c.isBits():
		c.values = lengthened(c.values, (rows+7)>>3)
	default:
		c.offsets = lengthened(c.offsets, rows+1)
	}
}

// lengthened returns s with at least n elements.
func lengthened[T any](s []T, n int) []T {
	if n <= len(s) {
		return s
	}
	return slices.Grow(s, n-len(s))[:n]
}

// Truncate removes all rows but the first ones. The rows behind are then not NULL.
func (c *Column) Truncate(rows int) {
	if n := (rows + 7) >> 3; n <= len(c.valid) {
		c.valid = c.valid[:n]
		if rest := rows & 7; rest > 0 {
			c.valid[n-1] |= 0xff << rest
		}
	}
}

// Set sets the value of a row. It turns JSON text into JSONB, because a bulk load stores
// the bytes of a JSON column unread.
func (c *Column) Set(row int, cell *column.Cell) error {
	switch {
	case c.width > 0:
		start := row * c.width
		cell.AppendArrow(c.values[start:start], c.width) // in place, there is room
	case c.isBits():
		c.setBool(row, !cell.IsNull() && cell.Bool())
	case cell.IsNull():
		c.offsets[row+1] = c.offsets[row]
	default:
		if err := c.setBytes(row, cell); err != nil {
			return err
		}
	}
	if cell.IsNull() {
		c.setNull(row)
	}
	return nil
}

// setBytes sets the value of a row, of a column with offsets.
func (c *Column) setBytes(row int, cell *column.Cell) error {
	start := int(c.offsets[row])
	if cell.Len() > maxColumnBytes-start {
		return ErrColumnFull
	}
	b := cell.AppendBytes(c.values[:start])
	if c.typ.Kind() == column.JSON {
		text := b[start:]
		binary, err := jsonb.AppendBinary(b, text)
		if err != nil {
			return err
		}
		// The text gives way to the binary form behind it.
		n := copy(binary[start:], binary[len(b):])
		b = binary[:start+n]
	}
	return c.endBytes(row, b)
}

// endBytes ends the value of a row: values are those of the rows before, and its own bytes.
func (c *Column) endBytes(row int, values []byte) error {
	if len(values) > maxColumnBytes {
		return ErrColumnFull
	}
	c.offsets[row+1] = int32(len(values))
	c.values = values[:min(cap(values), maxColumnBytes)]
	return nil
}

// setNull makes a row NULL. The bytes of its value remain.
func (c *Column) setNull(row int) {
	c.fillValid(row + 1)
	c.valid[row>>3] &^= 1 << (row & 7)
}

// finish cuts the bitmaps to the number of rows, so that they can be sent. It clears bits of
// an unfinished row behind them.
func (c *Column) finish(rows int) {
	if len(c.valid) > 0 {
		c.fillValid(rows)
	}
	if c.isBits() {
		truncateBits(c.values, rows)
	}
}

// fillValid extends the validity bitmap to the number of rows.
func (c *Column) fillValid(rows int) {
	for len(c.valid) < (rows+7)>>3 {
		c.valid = append(c.valid, 0xff)
	}
}

// isNull reports whether the value of a row is NULL.
func (c *Column) isNull(row int) bool {
	return row>>3 < len(c.valid) && !bit(c.valid, row)
}

// nulls returns how many of the first rows are NULL.
func (c *Column) nulls(rows int) int {
	valid := c.valid[:min(len(c.valid), (rows+7)>>3)]
	n := 8 * len(valid)
	if n > rows { // what is behind them in the last byte does not count
		last := valid[len(valid)-1] | 0xff<<(rows&7)
		valid = valid[:len(valid)-1]
		n -= bits.OnesCount8(last)
	}
	for ; len(valid) >= 8; valid = valid[8:] {
		n -= bits.OnesCount64(binary.LittleEndian.Uint64(valid))
	}
	for _, b := range valid {
		n -= bits.OnesCount8(b)
	}
	return n
}

// FirstNull returns the first of the rows that is NULL, or -1 if none is.
func (c *Column) FirstNull(rows int) int {
	if c.nulls(rows) == 0 {
		return -1
	}
	row := 0
	for !c.isNull(row) {
		row++
	}
	return row
}

// upTo returns the values of the first rows, without the room behind them.
func (c *Column) upTo(rows int) []byte {
	switch {
	case c.width > 0:
		return c.values[:rows*c.width]
	case c.isBits():
		return c.values[:(rows+7)>>3]
	}
	return c.values[:c.offsets[rows]]
}

// bytes returns the value of a row, of a column with a width or with offsets.
func (c *Column) bytes(row int) []byte {
	if c.width > 0 {
		return c.values[row*c.width : (row+1)*c.width]
	}
	return c.values[c.offsets[row]:c.offsets[row+1]]
}

// Read sets cell to the value of a row. JSON is JSONB.
func (c *Column) Read(row int, cell *column.Cell) error {
	switch {
	case c.isNull(row):
		cell.SetNull()
		return nil
	case c.isBits():
		return cell.SetBool(c.typ, bit(c.values, row))
	case c.width > 0:
		cell.ReadArrow(c.typ, c.bytes(row))
		return nil
	}
	b := c.bytes(row)
	if b == nil { // which a Cell takes for NULL
		b = []byte{}
	}
	return cell.SetBytes(column.Of(column.Binary), b)
}

// Size returns the number of bytes that the buffers of the first rows have when they are
// sent uncompressed.
func (c *Column) Size(rows int) int {
	n := pad(len(c.upTo(rows)))
	if c.hasOffsets() {
		n += pad(4 * (rows + 1))
	}
	if c.nulls(rows) > 0 {
		n += pad((rows + 7) >> 3)
	}
	return n
}

// take returns a new column of the rows in keep; -1 stands for NULL.
func (c *Column) take(keep []int) (Column, error) {
	out := NewColumn(c.typ, len(keep))
	if c.hasOffsets() {
		size := 0 // of the values, which rows may share
		for _, row := range keep {
			if row >= 0 && !c.isNull(row) {
				if size += len(c.bytes(row)); size > maxColumnBytes {
					return Column{}, ErrColumnFull
				}
			}
		}
		out.values = make([]byte, size)
	}
	var zeros [16]byte
	for i, row := range keep {
		isNull := row < 0 || c.isNull(row)
		switch {
		case c.isBits():
			out.setBool(i, !isNull && bit(c.values, row))
		case c.width > 0 && isNull:
			copy(out.bytes(i), zeros[:])
		case c.width > 0:
			copy(out.bytes(i), c.bytes(row))
		case isNull:
			out.offsets[i+1] = out.offsets[i]
		default:
			if err := out.endBytes(i, append(out.values[:out.offsets[i]], c.bytes(row)...)); err != nil {
				return Column{}, err
			}
		}
		if isNull {
			out.setNull(i)
		}
	}
	return out, nil
}
