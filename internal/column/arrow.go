package column

import "encoding/binary"

// ArrowWidth returns the number of bytes that a value of the type takes in an Arrow array.
// It returns 0 if that depends on the value, and for BOOLEAN, whose values take a bit.
func (t Type) ArrowWidth() int {
	switch t.Kind() {
	case Int8, Uint8:
		return 1
	case Int16, Uint16:
		return 2
	case Int32, Uint32, Float32, Date, TimeSecond, TimeMillisecond:
		return 4
	case Int64, Uint64, Float64, TimeMicrosecond, TimeNanosecond,
		TimestampSecond, TimestampMillisecond, TimestampMicrosecond, TimestampNanosecond:
		return 8
	case Decimal:
		return 16
	}
	return 0
}

// AppendArrow appends a value of fixed width as an Arrow array stores it, and zeros for
// NULL. width is the ArrowWidth of the cell's type.
func (c *Cell) AppendArrow(dst []byte, width int) []byte {
	n, hi := c.n, c.hi
	if c.form == formNull {
		n, hi = 0, 0
	}
	switch width {
	case 8:
		return binary.LittleEndian.AppendUint64(dst, n)
	case 4:
		return binary.LittleEndian.AppendUint32(dst, uint32(n))
	case 1:
		return append(dst, byte(n))
	case 2:
		return binary.LittleEndian.AppendUint16(dst, uint16(n))
	case 16:
		return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(dst, n), hi)
	}
	return dst
}

// ReadArrow sets the cell to a value of fixed width from the bytes that AppendArrow
// appended.
func (c *Cell) ReadArrow(t Type, b []byte) {
	c.form, c.hi = formNumber, 0
	switch k := t.Kind(); t.ArrowWidth() {
	case 1:
		c.n = uint64(b[0])
		if k == Int8 {
			c.n = uint64(int8(b[0]))
		}
	case 2:
		v := binary.LittleEndian.Uint16(b)
		c.n = uint64(v)
		if k == Int16 {
			c.n = uint64(int16(v))
		}
	case 4:
		v := binary.LittleEndian.Uint32(b)
		c.n = uint64(v)
		if k != Uint32 && k != Float32 {
			c.n = uint64(int32(v))
		}
	case 8:
		c.n = binary.LittleEndian.Uint64(b)
	case 16:
		c.n, c.hi = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
	}
}
