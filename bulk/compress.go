package bulk

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// Compression says how the bodies of record batches are compressed. GreptimeDB 1.0.2
// takes all of them.
type Compression uint8

// The compressions.
const (
	None Compression = iota
	LZ4              // frames of LZ4: little CPU, on columns that it halves, such as tags
	ZSTD             // the smallest
)

// String returns none, lz4 or zstd.
func (c Compression) String() string {
	switch c {
	case None:
		return "none"
	case LZ4:
		return "lz4"
	case ZSTD:
		return "zstd"
	}
	return fmt.Sprintf("Compression(%d)", uint8(c))
}

// ipc is the number of Arrow's CompressionType.
func (c Compression) ipc() byte {
	if c == ZSTD {
		return 1
	}
	return 0
}

// compressor compresses buffers for one goroutine at a time.
type compressor interface {
	// appendTo appends a compressed form of src to dst.
	appendTo(dst, src []byte) ([]byte, error)

	// pays reports whether the compressed form is worth the time that it took.
	pays(before, after int) bool
}

func newCompressor(c Compression) compressor {
	switch c {
	case LZ4:
		return &lz4Compressor{}
	case ZSTD:
		return zstdCompressor{}
	}
	return nil
}

// uncompressed, in the place of a buffer's length, says that it is left as it is.
const uncompressed = -1

// appendUncompressed appends a buffer as Arrow's IPC format has it in a body with
// compression: uncompressed, and the bytes.
func appendUncompressed(dst, src []byte) []byte {
	plain := int64(uncompressed)
	return append(binary.LittleEndian.AppendUint64(dst, uint64(plain)), src...)
}

// appendCompressed appends a buffer as Arrow's IPC format has it: the length, then the
// compressed bytes, or the bytes themselves if these are fewer.
func appendCompressed(dst, src []byte, c compressor) ([]byte, error) {
	start := len(dst)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(len(src)))
	out, err := c.appendTo(dst, src)
	if err != nil {
		return nil, fmt.Errorf("greptime: bulk: compression: %w", err)
	}
	if len(out)-start-8 < len(src) {
		return out, nil
	}
	return appendUncompressed(out[:start], src), nil
}

// history is how well a column's buffers could be compressed so far: most columns go on
// as they began, and of those that gain too little only one buffer in many is tried.
type history struct {
	poor int // buffers, one after the other, that gained too little
	skip int // how many are not tried
}

// When a column is left alone, and for how long.
const (
	poorBuffers    = 2
	skippedBuffers = 30
)

// shouldTry reports whether to try the next buffer.
func (h *history) shouldTry() bool {
	if h.skip == 0 {
		return true
	}
	h.skip--
	return false
}

// record notes whether compressing a buffer paid.
func (h *history) record(pays bool) {
	if pays {
		h.poor = 0
	} else if h.poor++; h.poor >= poorBuffers {
		h.skip = skippedBuffers
	}
}

// decompressed is what appendCompressed was given.
func decompressed(b []byte, c Compression) ([]byte, error) {
	if len(b) < 8 {
		return nil, io.ErrUnexpectedEOF
	}
	length := int64(binary.LittleEndian.Uint64(b))
	b = b[8:]
	switch {
	case length == uncompressed:
		return bytes.Clone(b), nil
	case c == ZSTD:
		return zstdReader().DecodeAll(b, nil)
	}
	out := make([]byte, length)
	_, err := io.ReadFull(lz4.NewReader(bytes.NewReader(b)), out)
	return out, err
}

// The zstd coders are shared: each call of EncodeAll or DecodeAll takes one of their
// states, of which there are as many as CPUs.
// The options are constants that both take, so there is no error.
var (
	zstdWriter = sync.OnceValue(func() *zstd.Encoder {
		w, _ := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false), zstd.WithLowerEncoderMem(true))
		return w
	})
	zstdReader = sync.OnceValue(func() *zstd.Decoder {
		r, _ := zstd.NewReader(nil)
		return r
	})
)

type zstdCompressor struct{}

func (zstdCompressor) appendTo(dst, src []byte) ([]byte, error) {
	return zstdWriter().EncodeAll(src, dst), nil
}

// pays is true for whatever makes it smaller: random bytes, which cannot be, take no
// time.
func (zstdCompressor) pays(before, after int) bool { return after < before }

// lz4Compressor writes frames as package lz4's Writer does, but blocks go straight to
// where they belong.
type lz4Compressor struct{ blocks lz4.Compressor }

// A frame of independent blocks without checksums.
const (
	frameMagic = 0x184d2204
	frameFlags = 0x60
	rawBlock   = 1 << 31 // in a block's length: it is not compressed
)

// blockSizes are how large a frame's blocks can be, with the code of that in its header
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
