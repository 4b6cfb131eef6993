package bulk

import (
	"errors"
	"math"

	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/jsonb"
)

// columnData is the values of one column of a batch, in the layout of an Arrow array:
// what goes out is these buffers.
type columnData struct {
	// What every value that is appended needs comes first, in one cache line.
	typ     column.Type
	rows    int
	values  []byte
	offsets []int32 // of bytes: where each value begins, and the end of the last

	width int // bytes of a value; 0 for bits and bytes
	nulls int
	// valid has a bit for each row, 1 where it is not NULL, as far as there are bits:
	// rows behind them are not NULL.
	valid []byte
}

// maxColumnBytes is as far as the offsets of an Arrow Utf8 or Binary array reach.
const maxColumnBytes = math.MaxInt32

var errColumnFull = errors.New("the batch has 2 GiB in this column, and an Arrow array cannot have more; write it and go on with an empty one")

func newColumnData(t column.Type, capacity int) columnData {
	c := columnData{typ: t, width: t.ArrowWidth()}
	switch {
	case c.width > 0:
		c.values = make([]byte, 0, capacity*c.width)
	case c.isBits():
		c.values = make([]byte, 0, (capacity+7)/8)
	default:
		c.offsets = append(make([]int32, 0, capacity+1), 0)
	}
	return c
}

func (c *columnData) isBits() bool { return c.typ.Kind() == column.Boolean }

// hasOffsets says whether the values are bytes of any length.
func (c *columnData) hasOffsets() bool { return c.width == 0 && !c.isBits() }

// reset takes the rows out and keeps the memory.
func (c *columnData) reset() {
	c.rows, c.nulls = 0, 0
	c.valid, c.values = c.valid[:0], c.values[:0]
	if c.hasOffsets() {
		c.offsets = append(c.offsets[:0], 0)
	}
}

// append adds a cell. JSON text becomes JSONB, which is what DoPut stores without a
// look at it.
func (c *columnData) append(cell *column.Cell) error {
	isNull := cell.IsNull()
	switch {
	case c.width > 0:
		c.values = cell.AppendArrow(c.values, c.width)
	case c.isBits():
		c.values = appendBit(c.values, c.rows, !isNull && cell.Bool())
	default:
		if !isNull {
			if err := c.appendBytes(cell); err != nil {
				return err
			}
		}
		c.offsets = append(c.offsets, int32(len(c.values)))
	}
	c.endRow(!isNull)
	return nil
}

func (c *columnData) appendBytes(cell *column.Cell) error {
	start := len(c.values)
	if start+cell.Len() > maxColumnBytes {
		return errColumnFull
	}
	c.values = cell.AppendBytes(c.values)
	if c.typ.Kind() == column.JSON {
		text := c.values[start:]
		binary, err := jsonb.AppendBinary(c.values, text)
		if err != nil {
			c.values = c.values[:start]
			return err
		}
		// The text gives way to the binary form behind it.
		n := copy(binary[start:], binary[start+len(text):])
		c.values = binary[:start+n]
	}
	if len(c.values) > maxColumnBytes {
		c.values = c.values[:start]
		return errColumnFull
	}
	return nil
}

// endRow ends a row.
func (c *columnData) endRow(valid bool) {
	if !valid {
		c.nulls++
		c.fillValid(c.rows + 1)
		c.valid[c.rows>>3] &^= 1 << (c.rows & 7)
	}
	c.rows++
}

// fillValid makes the bitmap reach over so many rows.
func (c *columnData) fillValid(rows int) {
	for len(c.valid) < (rows+7)>>3 {
		c.valid = append(c.valid, 0xff)
	}
}

// dropLast takes the last row out.
func (c *columnData) dropLast() {
	c.rows--
	switch {
	case c.width > 0:
		c.values = c.values[:c.rows*c.width]
	case c.isBits():
		c.values = truncateBits(c.values, c.rows)
	default:
		c.offsets = c.offsets[:c.rows+1]
		c.values = c.values[:c.offsets[c.rows]]
	}
	if c.isNull(c.rows) {
		c.nulls--
		c.valid[c.rows>>3] |= 1 << (c.rows & 7)
	}
}

func (c *columnData) isNull(row int) bool {
	return c.nulls > 0 && row>>3 < len(c.valid) && !bit(c.valid, row)
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

// size is the number of bytes of the buffers as they are sent uncompressed.
func (c *columnData) size() int {
	n := pad(len(c.values)) + pad(4*len(c.offsets))
	if c.nulls > 0 {
		n += pad((c.rows + 7) >> 3)
	}
	return n
}

// take is the rows in keep, in a column of its own; -1 stands for NULL.
func (c *columnData) take(keep []int) (columnData, error) {
	out := newColumnData(c.typ, len(keep))
	var zeros [16]byte
	for _, row := range keep {
		isNull := row < 0 || c.isNull(row)
		switch {
		case c.isBits():
			out.values = appendBit(out.values, out.rows, !isNull && bit(c.values, row))
		case c.width > 0 && isNull:
			out.values = append(out.values, zeros[:c.width]...)
		case c.width > 0:
			out.values = append(out.values, c.bytes(row)...)
		default:
			if !isNull {
				out.values = append(out.values, c.bytes(row)...)
			}
			if len(out.values) > maxColumnBytes {
				return columnData{}, errColumnFull
			}
			out.offsets = append(out.offsets, int32(len(out.values)))
		}
		out.endRow(!isNull)
	}
	return out, nil
}
