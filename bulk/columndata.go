package bulk

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
	"slices"

	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/jsonb"
)

// columnData is the values of one column of a batch, in the layout of an Arrow array:
// what goes out is these buffers. They have room for more rows than there are, and how
// many there are only their owner knows: a value is a store by its row's number, and a
// row that is not finished is one that the next overwrites. Values are set row by row,
// since the bytes of one begin where those of the row before end.
type columnData struct {
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

var errColumnFull = errors.New("the batch has 2 GiB in this column, and an Arrow array cannot have more; write it and continue with an empty one")

// newColumnData is a column with room for so many rows.
func newColumnData(t column.Type, rows int) columnData {
	c := columnData{typ: t, width: t.ArrowWidth()}
	c.reserve(rows)
	return c
}

func (c *columnData) isBits() bool { return c.typ.Kind() == column.Boolean }

// hasOffsets reports whether the values are bytes of any length.
func (c *columnData) hasOffsets() bool { return c.width == 0 && !c.isBits() }

// reserve makes room for so many rows, apart from bytes of any length.
func (c *columnData) reserve(rows int) {
	switch {
	case c.width > 0:
		c.values = lengthened(c.values, rows*c.width)
	case c.isBits():
		c.values = lengthened(c.values, (rows+7)>>3)
	default:
		c.offsets = lengthened(c.offsets, rows+1)
	}
}

// lengthened is s with n elements or more.
func lengthened[T any](s []T, n int) []T {
	if n <= len(s) {
		return s
	}
	return slices.Grow(s, n-len(s))[:n]
}

// truncate leaves so many rows: those behind are not NULL.
func (c *columnData) truncate(rows int) {
	if n := (rows + 7) >> 3; n <= len(c.valid) {
		c.valid = c.valid[:n]
		if rest := rows & 7; rest > 0 {
			c.valid[n-1] |= 0xff << rest
		}
	}
}

// set sets the value of a row. JSON text becomes JSONB, which is what DoPut stores
// without a look at it.
func (c *columnData) set(row int, cell *column.Cell) error {
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

func (c *columnData) setBytes(row int, cell *column.Cell) error {
	start := int(c.offsets[row])
	if cell.Len() > maxColumnBytes-start {
		return errColumnFull
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

// endBytes takes over the values up to that of a row, to which its bytes were appended.
func (c *columnData) endBytes(row int, values []byte) error {
	if len(values) > maxColumnBytes {
		return errColumnFull
	}
	c.offsets[row+1] = int32(len(values))
	c.values = values[:min(cap(values), maxColumnBytes)]
	return nil
}

// setNull makes a row NULL. Its value stays what it was set to.
func (c *columnData) setNull(row int) {
	c.fillValid(row + 1)
	c.valid[row>>3] &^= 1 << (row & 7)
}

// finish makes bitmaps those of so many rows, to be sent: values of an unfinished row
// behind them are cleared.
func (c *columnData) finish(rows int) {
	if len(c.valid) > 0 {
		c.fillValid(rows)
	}
	if c.isBits() {
		truncateBits(c.values, rows)
	}
}

// fillValid makes the bitmap of validity reach over so many rows.
func (c *columnData) fillValid(rows int) {
	for len(c.valid) < (rows+7)>>3 {
		c.valid = append(c.valid, 0xff)
	}
}

func (c *columnData) isNull(row int) bool {
	return row>>3 < len(c.valid) && !bit(c.valid, row)
}

// nulls is how many of so many rows are NULL.
func (c *columnData) nulls(rows int) int {
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

// upTo is the values of so many rows, without the room behind them.
func (c *columnData) upTo(rows int) []byte {
	switch {
	case c.width > 0:
		return c.values[:rows*c.width]
	case c.isBits():
		return c.values[:(rows+7)>>3]
	}
	return c.values[:c.offsets[rows]]
}

// bytes is the value of a row, of columns with a width or with offsets.
func (c *columnData) bytes(row int) []byte {
	if c.width > 0 {
		return c.values[row*c.width : (row+1)*c.width]
	}
	return c.values[c.offsets[row]:c.offsets[row+1]]
}

// read sets cell to the value of a row; that of JSON is JSONB.
func (c *columnData) read(cell *column.Cell, row int) error {
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

// size is the number of bytes of the buffers of so many rows as they are sent
// uncompressed.
func (c *columnData) size(rows int) int {
	n := pad(len(c.upTo(rows)))
	if c.hasOffsets() {
		n += pad(4 * (rows + 1))
	}
	if c.nulls(rows) > 0 {
		n += pad((rows + 7) >> 3)
	}
	return n
}

// take is the rows in keep, in a column of its own; -1 stands for NULL.
func (c *columnData) take(keep []int) (columnData, error) {
	out := newColumnData(c.typ, len(keep))
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
				return columnData{}, err
			}
		}
		if isNull {
			out.setNull(i)
		}
	}
	return out, nil
}
