package load

import (
	"encoding/binary"
	"errors"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// builder makes an array of the texts of one column. Unlike those of arrow-go it can take
// values back, and it reuses its memory.
type builder struct {
	typ   arrow.DataType
	width int // of a value in bytes; 0 if values have offsets
	parse parser

	rows    int
	nulls   int
	values  []byte
	offsets []byte // as Arrow has them, one more than rows
	valid   []byte // a bit for each row
	bits    []byte // of booleans, in the array
}

func newBuilder(typ arrow.DataType, parse parser) *builder {
	b := &builder{typ: typ, parse: parse}
	switch fixed, ok := typ.(arrow.FixedWidthDataType); {
	case typ.ID() == arrow.BOOL:
		b.width = 1
	case ok:
		b.width = fixed.BitWidth() / 8
	}
	b.truncate(0)
	return b
}

// truncate removes all values but the first ones.
func (b *builder) truncate(rows int) {
	for i := rows; i < b.rows; i++ {
		if b.valid[i>>3]&(1<<(i&7)) == 0 {
			b.nulls--
		}
	}
	b.rows = rows
	b.valid = b.valid[:(rows+7)>>3]
	if rows&7 != 0 {
		b.valid[rows>>3] &= 1<<(rows&7) - 1
	}
	if b.width > 0 {
		b.values = b.values[:rows*b.width]
		return
	}
	if rows == 0 {
		b.offsets = append(b.offsets[:0], 0, 0, 0, 0)
	}
	b.offsets = b.offsets[:4*(rows+1)]
	b.values = b.values[:binary.LittleEndian.Uint32(b.offsets[4*rows:])]
}

// errTooMuchText reports that a column of a piece has more than 2 GiB.
var errTooMuchText = errors.New("more than 2 GiB of text")

// append appends the value of a text. After an error the column is as it was.
func (b *builder) append(text []byte) error {
	values, err := b.parse(b.values, text)
	if err != nil {
		return err
	}
	if b.width == 0 {
		if len(values) > 1<<31-1 {
			return errTooMuchText
		}
		b.offsets = binary.LittleEndian.AppendUint32(b.offsets, uint32(len(values)))
	}
	b.values = values
	b.mark(true)
	return nil
}

func (b *builder) appendNull() {
	for range b.width {
		b.values = append(b.values, 0)
	}
	if b.width == 0 {
		b.offsets = append(b.offsets, b.offsets[len(b.offsets)-4:]...)
	}
	b.nulls++
	b.mark(false)
}

// mark ends a row.
func (b *builder) mark(valid bool) {
	if b.rows&7 == 0 {
		b.valid = append(b.valid, 0)
	}
	if valid {
		b.valid[b.rows>>3] |= 1 << (b.rows & 7)
	}
	b.rows++
}

// array returns the values. It is valid until the builder changes.
func (b *builder) array() arrow.Array {
	buffers := []*memory.Buffer{nil, memory.NewBufferBytes(b.values)}
	if b.nulls > 0 {
		buffers[0] = memory.NewBufferBytes(b.valid)
	}
	switch {
	case b.width == 0:
		buffers = []*memory.Buffer{buffers[0], memory.NewBufferBytes(b.offsets), buffers[1]}
	case b.typ.ID() == arrow.BOOL:
		b.bits = b.bits[:0]
		for i, v := range b.values {
			if i&7 == 0 {
				b.bits = append(b.bits, 0)
			}
			b.bits[i>>3] |= v << (i & 7)
		}
		buffers[1] = memory.NewBufferBytes(b.bits)
	}
	data := array.NewData(b.typ, b.rows, buffers, nil, b.nulls, 0)
	defer data.Release()
	return array.MakeFromData(data)
}
