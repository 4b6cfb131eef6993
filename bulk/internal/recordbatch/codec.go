package recordbatch

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/pierrec/lz4/v4"
)

// Codec is how the bodies of messages are compressed.
type Codec uint8

// The codecs. LZ4 writes frames.
const (
	None Codec = iota
	LZ4
	ZSTD
)

// ipc returns the number of Arrow's CompressionType.
func (c Codec) ipc() byte {
	if c == ZSTD {
		return 1
	}
	return 0
}

// compressor compresses buffers, for one goroutine at a time.
type compressor interface {
	// appendTo appends a compressed form of src to dst.
	appendTo(dst, src []byte) ([]byte, error)

	// pays reports whether the compressed form is worth the time that it took.
	pays(before, after int) bool
}

// newCompressor returns the compressor of a codec; nil for None.
func newCompressor(c Codec) compressor {
	switch c {
	case LZ4:
		return &lz4Compressor{}
	case ZSTD:
		return zstdCompressor{}
	}
	return nil
}

// uncompressed, in the place of a buffer's length, means that the bytes are left as they are.
const uncompressed = -1

// appendUncompressed appends a buffer that is left as it is, as Arrow's IPC format has it in
// a body with compression: uncompressed, then the bytes.
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

// decompressed returns the buffer that appendCompressed was given.
func decompressed(b []byte, c Codec) ([]byte, error) {
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
