package column

import "math"

// form identifies the part of a Cell that holds the value.
type form uint8

const (
	formNull   form = iota
	formNumber      // n: integers, bool, bits of floats, times; n and hi: decimals
	formText        // text
	formBytes       // bytes
	formVector      // vector
)

// Cell is a value as a column of one type stores it, or NULL. The zero Cell is NULL. You
// can reuse a Cell: each Set method replaces its value. After a Set method has returned
// an error, set the Cell again before you read it.
//
// A Cell refers to the strings and slices that were passed to it.
type Cell struct {
	form   form
	n, hi  uint64
	text   string
	bytes  []byte
	vector []float32

	json   []byte    // memory for checking JSON text
	floats []float32 // memory for the text of a vector
}

// SetNull sets the cell to NULL.
func (c *Cell) SetNull() { c.form = formNull }

// IsNull reports whether the cell is NULL.
func (c *Cell) IsNull() bool { return c.form == formNull }

// Bool returns the value of a BOOLEAN.
func (c *Cell) Bool() bool { return c.n != 0 }

// Int returns the value of a signed integer, the days since 1970 of a DATE, the epoch of
// a timestamp in its unit, or the units since midnight of a TIME.
func (c *Cell) Int() int64 { return int64(c.n) }

// Uint returns the value of an unsigned integer.
func (c *Cell) Uint() uint64 { return c.n }

// Float32 returns the value of a FLOAT.
func (c *Cell) Float32() float32 { return math.Float32frombits(uint32(c.n)) }

// Float64 returns the value of a DOUBLE.
func (c *Cell) Float64() float64 { return math.Float64frombits(c.n) }

// Decimal returns the unscaled value of a DECIMAL, 128 bits in two's complement.
func (c *Cell) Decimal() (hi int64, lo uint64) { return int64(c.hi), c.n }

// AppendBytes appends the value of a STRING, VARBINARY or JSON, or the little-endian
// numbers of a VECTOR.
func (c *Cell) AppendBytes(dst []byte) []byte {
	switch c.form {
	case formText:
		return append(dst, c.text...)
	case formBytes:
		return append(dst, c.bytes...)
	case formVector:
		for _, f := range c.vector {
			bits := math.Float32bits(f)
			dst = append(dst, byte(bits), byte(bits>>8), byte(bits>>16), byte(bits>>24))
		}
	}
	return dst
}

// Len returns the number of bytes that AppendBytes appends.
func (c *Cell) Len() int {
	switch c.form {
	case formText:
		return len(c.text)
	case formBytes:
		return len(c.bytes)
	case formVector:
		return 4 * len(c.vector)
	}
	return 0
}

func (c *Cell) setNumber(n uint64) error {
	c.form, c.n = formNumber, n
	return nil
}

func (c *Cell) setText(s string) error {
	c.form, c.text = formText, s
	return nil
}

func (c *Cell) setBytes(b []byte) error {
	c.form, c.bytes = formBytes, b
	return nil
}

func (c *Cell) setDecimal(d int128) error {
	c.form, c.hi, c.n = formNumber, d.hi, d.lo
	return nil
}
