package flightdecode

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// codec is the compression of the buffers of a body.
type codec int8

const (
	codecNone codec = iota
	codecLZ4
	codecZSTD
)

// Slots of BodyCompression, and its values.
const (
	compressionCodec = iota
	compressionMethod
)

// bodyCodec reads the BodyCompression of a RecordBatch.
func bodyCodec(t table) (codec, error) {
	compression, ok := t.table(batchCompression)
	if !ok {
		return codecNone, nil
	}
	if method := compression.uint8(compressionMethod); method != 0 {
		return codecNone, fmt.Errorf("body compression method %d is unknown; only buffers of their own are supported", method)
	}
	switch c := compression.uint8(compressionCodec); c {
	case 0:
		return codecLZ4, nil
	case 1:
		return codecZSTD, nil
	default:
		return codecNone, fmt.Errorf("body compression codec %d is unknown; LZ4_FRAME and ZSTD are supported", c)
	}
}

// maxRatio is the most that a codec can save: an LZ4 block encodes up to 255 bytes
// in one byte, a ZSTD block up to 128 KiB in 4 bytes. A length prefix beyond this
// ratio is wrong, which is found before memory is allocated for it.
var maxRatio = [...]int64{codecLZ4: 255, codecZSTD: 1 << 15}

// decompressedSize reads the prefix of a buffer that is not empty: the number of
// bytes to allocate for it.
func (c codec) decompressedSize(content []byte) (int64, error) {
	if len(content) < prefixSize {
		return 0, fmt.Errorf("a compressed buffer of %d bytes cannot hold its length prefix", len(content))
	}
	n := int64(binary.LittleEndian.Uint64(content))
	switch {
	case n == storedRaw:
		return 0, nil
	case n < 0, n/maxRatio[c] > int64(len(content)-prefixSize):
		return 0, fmt.Errorf("%d bytes cannot decompress to %d", len(content)-prefixSize, n)
	}
	return n, nil
}

// decompressor keeps the state of the codecs, for reuse from buffer to buffer.
type decompressor struct {
	lz4  *lz4.Reader
	zstd *zstd.Decoder
}

// decompress fills dst from src, which must decompress to exactly len(dst) bytes.
// Bytes between the length and the capacity of dst may be overwritten.
func (d *decompressor) decompress(c codec, dst, src []byte) error {
	if c == codecZSTD {
		if err := d.unzstd(dst, src); err != nil {
			return fmt.Errorf("ZSTD buffer: %w", err)
		}
		return nil
	}
	if err := d.unlz4(dst, src); err != nil {
		return fmt.Errorf("LZ4 buffer: %w", err)
	}
	return nil
}

var (
	errShortOutput = errors.New("it decompresses to fewer bytes than announced")
	errLongOutput  = errors.New("it decompresses to more bytes than announced")
	errShortInput  = errors.New("it is cut short")
)

func (d *decompressor) unzstd(dst, src []byte) error {
	if d.zstd == nil {
		var err error
		d.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true))
		if err != nil {
			return err
		}
	}
	out, err := d.zstd.DecodeAll(src, dst[:0])
	switch {
	case errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return errLongOutput
	case err != nil:
		return err
	case len(out) != len(dst):
		return errShortOutput
	}
	return nil
}

// Parts of an LZ4 frame.
const (
	lz4Magic         = 0x184D2204
	lz4HeaderSize    = 7    // magic, FLG, BD, header checksum; no optional fields
	lz4PlainFlags    = 0x60 // version 01, independent blocks, no optional field
	lz4BlockSize     = 4
	lz4StoredRawFlag = 1 << 31
)

// unlz4 decompresses blocks straight into dst if the frame has no checksums and
// independent blocks, as GreptimeDB's frames do. This is several times as fast as
// lz4.Reader, which handles all other frames. The header's own checksum is not
// verified: there is only one possible header of this plain kind.
func (d *decompressor) unlz4(dst, src []byte) error {
	if len(src) < lz4HeaderSize || binary.LittleEndian.Uint32(src) != lz4Magic || src[4] != lz4PlainFlags {
		return d.unlz4Stream(dst, src)
	}
	src = src[lz4HeaderSize:]
	for {
		if len(src) < lz4BlockSize {
			return errShortInput
		}
		size := binary.LittleEndian.Uint32(src)
		src = src[lz4BlockSize:]
		if size == 0 {
			break
		}
		raw := size&lz4StoredRawFlag != 0
		size &^= lz4StoredRawFlag
		if int64(size) > int64(len(src)) {
			return errShortInput
		}
		block := src[:size]
		src = src[size:]
		var n int
		switch {
		case raw:
			if n = copy(dst, block); n < len(block) {
				return errLongOutput
			}
		case len(dst) == 0:
			return errLongOutput
		default:
			var err error
			if n, err = lz4.UncompressBlock(block, dst); err != nil {
				return fmt.Errorf("a block is corrupt or longer than announced: %w", err)
			}
		}
		dst = dst[n:]
	}
	switch {
	case len(dst) != 0:
		return errShortOutput
	case len(src) != 0:
		return errors.New("bytes follow the end of its frame")
	}
	return nil
}

func (d *decompressor) unlz4Stream(dst, src []byte) error {
	if d.lz4 == nil {
		d.lz4 = lz4.NewReader(nil)
	}
	d.lz4.Reset(bytes.NewReader(src))
	// The reader must not keep the message alive.
	defer d.lz4.Reset(nil)
	switch _, err := io.ReadFull(d.lz4, dst); err {
	case nil:
	case io.EOF, io.ErrUnexpectedEOF:
		return errShortOutput
	default:
		return err
	}
	// The end of the frame, which holds checksums, has not been read yet.
	var more [1]byte
	switch n, err := d.lz4.Read(more[:]); {
	case n > 0:
		return errLongOutput
	case err != io.EOF:
		return fmt.Errorf("the end of its frame: %w", err)
	}
	return nil
}
