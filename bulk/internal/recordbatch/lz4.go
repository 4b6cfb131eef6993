package recordbatch

import (
	"encoding/binary"
	"slices"

	"github.com/pierrec/lz4/v4"
)

// lz4Compressor writes frames as package lz4's Writer does, but blocks go straight to
// where they belong.
type lz4Compressor struct{ blocks lz4.Compressor }

// A frame of independent blocks without checksums.
const (
	frameMagic = 0x184d2204
	frameFlags = 0x60
	rawBlock   = 1 << 31 // in a block's length: it is not compressed
)

// blockSizes are the sizes that a frame's blocks can have, with the code of each in the header
// and the header's check byte.
var blockSizes = [...]struct {
	most        int
	code, check byte
}{
	{64 << 10, 0x40, 0x82},
	{256 << 10, 0x50, 0xfb},
	{1 << 20, 0x60, 0x51},
	{4 << 20, 0x70, 0x73},
}

func (c *lz4Compressor) appendTo(dst, src []byte) ([]byte, error) {
	size := blockSizes[0]
	for _, s := range blockSizes[1:] {
		if len(src) > size.most {
			size = s
		}
	}
	dst = binary.LittleEndian.AppendUint32(dst, frameMagic)
	dst = append(dst, frameFlags, size.code, size.check)
	for len(src) > 0 {
		block := src[:min(len(src), size.most)]
		src = src[len(block):]
		start, bound := len(dst)+4, lz4.CompressBlockBound(len(block))
		dst = slices.Grow(dst, 4+bound)
		n, err := c.blocks.CompressBlock(block, dst[start:start+bound])
		if err != nil {
			return nil, err
		}
		if 0 < n && n < len(block) {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(n))[:start+n]
		} else {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(len(block))|rawBlock)
			dst = append(dst, block...)
		}
	}
	return append(dst, 0, 0, 0, 0), nil
}

// pays is true if half of the bytes are saved, as with tags. What LZ4 saves of numbers
// costs more time than sending it.
func (*lz4Compressor) pays(before, after int) bool { return after <= before/2 }
