package bulk

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// Compression is how the bodies of record batches are compressed. GreptimeDB 1.0.2
// takes all of them.
type Compression uint8

// The compressions.
const (
	None Compression = iota
	LZ4              // frames of LZ4: little CPU
	ZSTD             // the smallest
)

// String is none, lz4 or zstd.
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

// compressor appends a compressed form of src to dst.
type compressor interface {
	appendTo(dst, src []byte) ([]byte, error)
}

func newCompressor(c Compression) compressor {
	switch c {
	case LZ4:
		return newLZ4()
	case ZSTD:
		return zstdCompressor{}
	}
	return nil
}

// uncompressed, in the place of a buffer's length, says that it is left as it is.
const uncompressed = -1

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
	plain := int64(uncompressed)
	dst = binary.LittleEndian.AppendUint64(out[:start], uint64(plain))
	return append(dst, src...), nil
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

// lz4Compressor reuses one writer.
type lz4Compressor struct {
	w   *lz4.Writer
	dst []byte
}

func newLZ4() *lz4Compressor {
	c := &lz4Compressor{}
	c.w = lz4.NewWriter(c)
	return c
}

// Write takes what the LZ4 writer makes.
func (c *lz4Compressor) Write(p []byte) (int, error) {
	c.dst = append(c.dst, p...)
	return len(p), nil
}

func (c *lz4Compressor) appendTo(dst, src []byte) ([]byte, error) {
	c.dst = dst
	defer func() { c.dst = nil }()
	c.w.Reset(c)
	if err := c.w.Apply(lz4.ChecksumOption(false), lz4.BlockSizeOption(lz4.Block64Kb), lz4.ConcurrencyOption(1)); err != nil {
		return nil, err
	}
	if _, err := c.w.Write(src); err != nil {
		return nil, err
	}
	if err := c.w.Close(); err != nil {
		return nil, err
	}
	return c.dst, nil
}
