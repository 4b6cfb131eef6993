package column

import (
	"encoding/binary"

	"google.golang.org/protobuf/encoding/protowire"
)

// tagValues is the tag of the field values of a greptime.v1.Row.
const tagValues = 1<<3 | byte(protowire.BytesType)

// AppendValue appends a cell to the values of a greptime.v1.Row: the bytes that the
// generated code would produce. NULL is a Value that has no field set.
func (t Type) AppendValue(dst []byte, c *Cell) []byte {
	if c.form == formNull {
		return append(dst, tagValues, 0)
	}
	k := t.Kind()
	arm := k.info().arm
	switch k {
	case Float64:
		dst = append(dst, tagValues, 9, arm<<3|byte(protowire.Fixed64Type))
		return binary.LittleEndian.AppendUint64(dst, c.n)
	case Float32:
		dst = append(dst, tagValues, 5, arm<<3|byte(protowire.Fixed32Type))
		return binary.LittleEndian.AppendUint32(dst, uint32(c.n))
	case String, Binary, JSON, Vector:
		size := c.Len()
		length := 1 + protowire.SizeBytes(size)
		if length < 0x80 {
			dst = append(dst, tagValues, byte(length), arm<<3|byte(protowire.BytesType), byte(size))
		} else {
			dst = protowire.AppendVarint(append(dst, tagValues), uint64(length))
			dst = protowire.AppendVarint(append(dst, arm<<3|byte(protowire.BytesType)), uint64(size))
		}
		return c.AppendBytes(dst)
	case Decimal:
		// The fields hi and lo are both int64. proto3 omits zeros.
		size := sizeDecimalPart(c.hi) + sizeDecimalPart(c.n)
		dst = append(dst, tagValues, byte(3+size))
		dst = protowire.AppendTag(dst, protowire.Number(arm), protowire.BytesType)
		dst = append(dst, byte(size))
		dst = appendDecimalPart(dst, 1, c.hi)
		return appendDecimalPart(dst, 2, c.n)
	}
	if arm < 16 { // the tag has one byte
		dst = append(dst, tagValues, byte(1+protowire.SizeVarint(c.n)), arm<<3)
	} else {
		dst = append(dst, tagValues, byte(2+protowire.SizeVarint(c.n)), arm<<3|0x80, arm>>4)
	}
	return protowire.AppendVarint(dst, c.n)
}

func sizeDecimalPart(n uint64) int {
	if n == 0 {
		return 0
	}
	return 1 + protowire.SizeVarint(n)
}

func appendDecimalPart(dst []byte, field byte, n uint64) []byte {
	if n == 0 {
		return dst
	}
	return protowire.AppendVarint(append(dst, field<<3), n)
}

// Read sets the cell to the first value of row and returns the rest. row is the contents of
// a greptime.v1.Row whose columns have the type, as AppendValue wrote it. The cell refers
// to the row's bytes. ok is false if row does not start with such a value.
func (c *Cell) Read(t Type, row []byte) (rest []byte, ok bool) {
	if len(row) == 0 || row[0] != tagValues {
		return nil, false
	}
	value, n := protowire.ConsumeBytes(row[1:])
	if n < 0 {
		return nil, false
	}
	rest = row[1+n:]
	if len(value) == 0 {
		c.SetNull()
		return rest, true
	}
	num, _, n := protowire.ConsumeTag(value)
	if n < 0 || num != protowire.Number(t.Kind().info().arm) {
		return nil, false
	}
	return rest, c.readArm(t.Kind(), value[n:])
}

func (c *Cell) readArm(k Kind, b []byte) bool {
	c.form, c.hi = formNumber, 0
	var n int
	switch k {
	case Float64:
		c.n, n = protowire.ConsumeFixed64(b)
	case Float32:
		var bits uint32
		bits, n = protowire.ConsumeFixed32(b)
		c.n = uint64(bits)
	case String, Binary, JSON, Vector:
		c.form = formBytes
		c.bytes, n = protowire.ConsumeBytes(b)
	case Decimal:
		var parts []byte
		parts, n = protowire.ConsumeBytes(b)
		c.n = 0
		for n >= 0 && len(parts) > 1 {
			v, m := protowire.ConsumeVarint(parts[1:])
			if m < 0 {
				return false
			}
			if parts[0] == 1<<3 {
				c.hi = v
			} else {
				c.n = v
			}
			parts = parts[1+m:]
		}
	default:
		c.n, n = protowire.ConsumeVarint(b)
	}
	return n == len(b)
}
