package flightdecode

import (
	"encoding/binary"
	"fmt"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

const (
	// bufferSize is the size of the struct Buffer in a header: offset and length
	// of a buffer in the body, 64 bits each.
	bufferSize = 16
	// prefixSize is the size of the decompressed length before a buffer of a
	// compressed body; storedRaw there marks a buffer that is not compressed.
	prefixSize = 8
	storedRaw  = -1
	// arenaAlignment is where decompressed buffers start: a cache line, as Arrow
	// recommends.
	arenaAlignment = 64
	// overrun is the room that the ZSTD decoder wants behind its output, to copy
	// in whole registers.
	overrun = 16
	// typeAlignment suffices for every type Arrow lays over a buffer.
	typeAlignment = 8
)

// body hands out the buffers of one record batch in their order. Plain buffers
// are parts of the message's body; the decompressed ones of a message share one
// allocation.
type body struct {
	data    []byte
	entries []byte // of the buffers not handed out yet, bufferSize each
	codec   codec
	arena   []byte          // the part not used yet
	slab    []memory.Buffer // the part not used yet; one allocation for all
	budget  int64           // bytes that may still be allocated
	limit   int64

	decompressor decompressor // kept from batch to batch
}

// open checks that all buffers lie within data and makes room for what will be
// decompressed.
func (b *body) open(data, entries []byte, codec codec, limit int64) error {
	b.data, b.entries, b.codec = data, entries, codec
	b.budget, b.limit = limit, limit
	size := int64(0)
	for i := 0; i < len(entries); i += bufferSize {
		content, err := b.content(entries[i:])
		if err != nil {
			return err
		}
		if codec == codecNone || len(content) == 0 {
			continue
		}
		n, err := codec.decompressedSize(content)
		if err != nil {
			return fmt.Errorf("buffer %d: %w", i/bufferSize, err)
		}
		if n > limit-size {
			return errTooLarge(limit)
		}
		size += slotSize(n)
	}
	b.budget -= size
	b.arena = make([]byte, size)
	b.slab = make([]memory.Buffer, len(entries)/bufferSize)
	return nil
}

// close forgets the batch, so that the reader does not keep its memory alive.
func (b *body) close() {
	*b = body{decompressor: b.decompressor}
}

// content returns the bytes that an entry stands for.
func (b *body) content(entry []byte) ([]byte, error) {
	offset := int64(binary.LittleEndian.Uint64(entry))
	length := int64(binary.LittleEndian.Uint64(entry[8:]))
	if length == 0 {
		return nil, nil
	}
	size := int64(len(b.data))
	if offset < 0 || length < 0 || offset > size || length > size-offset {
		return nil, fmt.Errorf("a buffer of %d bytes at %d lies outside of the body of %d bytes", length, offset, size)
	}
	return b.data[offset : offset+length : offset+length], nil
}

// next returns the next buffer, decompressed.
func (b *body) next() ([]byte, error) {
	if len(b.entries) == 0 {
		return nil, errRunsOut
	}
	content, err := b.content(b.entries)
	b.entries = b.entries[bufferSize:]
	if err != nil || b.codec == codecNone || len(content) == 0 {
		return content, err
	}
	n := int64(binary.LittleEndian.Uint64(content))
	content = content[prefixSize:]
	switch n {
	case storedRaw:
		return content, nil
	case 0:
		return nil, nil
	}
	out := b.arena[: n : n+overrun]
	b.arena = b.arena[slotSize(n):]
	if err := b.decompressor.decompress(b.codec, out, content); err != nil {
		return nil, err
	}
	return out[:n:n], nil
}

// slotSize is the part of the arena that n decompressed bytes take.
func slotSize(n int64) int64 {
	return (n + overrun + arenaAlignment - 1) &^ (arenaAlignment - 1)
}

// skip passes over a buffer that nobody needs.
func (b *body) skip() error {
	if len(b.entries) == 0 {
		return errRunsOut
	}
	b.entries = b.entries[bufferSize:]
	return nil
}

// aligned returns content at an address that any type can be laid over, which
// may be a copy.
func (b *body) aligned(content []byte) ([]byte, error) {
	if uintptr(unsafe.Pointer(unsafe.SliceData(content)))%typeAlignment == 0 {
		return content, nil
	}
	n := len(content)
	if b.budget -= int64(n); b.budget < 0 {
		return nil, errTooLarge(b.limit)
	}
	// Whole words are aligned to words; odd sizes need not be.
	out := make([]byte, (n+typeAlignment-1)&^(typeAlignment-1))
	copy(out, content)
	return out[:n:n], nil
}

// buffer wraps content.
func (b *body) buffer(content []byte) *memory.Buffer {
	if len(b.slab) == 0 {
		return memory.NewBufferBytes(content)
	}
	buf := &b.slab[0]
	b.slab = b.slab[1:]
	buf.Reset(content)
	return buf
}
