package flightdecode

import (
	"encoding/binary"
	"fmt"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

const (
	// bufferSize is the size of the struct Buffer in a header: the offset and the
	// length of a buffer in the body, 64 bits each.
	bufferSize = 16
	// prefixSize is the size of the decompressed length that precedes a buffer of a
	// compressed body. If that length is storedRaw, the buffer is not compressed.
	prefixSize = 8
	storedRaw  = -1
	// arenaAlignment is the alignment of decompressed buffers: a cache line, as Arrow
	// recommends.
	arenaAlignment = 64
	// overrun is the spare room that the ZSTD decoder wants after its output, so
	// that it can copy in whole registers.
	overrun = 16
	// typeAlignment is sufficient for every type that Arrow lays over a buffer.
	typeAlignment = 8
)

// piece is a buffer of a record batch: a part of the memory that a Buffer holds. The
// zero piece is an absent buffer.
type piece struct {
	memory         *memory.Buffer
	offset, length int
}

func (p piece) bytes() []byte {
	if p.length == 0 {
		return nil
	}
	return p.memory.Bytes()[p.offset : p.offset+p.length : p.offset+p.length]
}

// buffer returns the piece as a buffer that keeps the memory alive, or nil if the
// piece is absent. The caller releases it.
func (p piece) buffer() *memory.Buffer {
	switch {
	case p.memory == nil:
		return nil
	case p.length == 0:
		return emptyBuffer
	}
	return memory.SliceBuffer(p.memory, p.offset, p.length)
}

// emptyBuffer has no memory at all. Readers lay their types over the memory of a
// buffer whenever it has any, even if its length is zero. There are no references
// to count.
var emptyBuffer = memory.NewBufferBytes(nil)

// body hands out the buffers of one record batch in order. Plain buffers are parts
// of the message's body. All decompressed buffers of a message share one block of
// memory.
type body struct {
	message *memory.Buffer // starts with data
	data    []byte         // the message's body
	entries []byte         // the Buffer structs not handed out yet, bufferSize bytes each
	codec   codec
	arena   *memory.Buffer   // nil if nothing is decompressed
	used    int64            // bytes of arena in use
	copies  []*memory.Buffer // aligned copies of buffers that were not
	budget  int64            // bytes that may still be allocated
	limit   int64

	allocator    memory.Allocator
	decompressor decompressor // reused for every batch
}

// open checks that all buffers lie within the message's body, and makes room for the
// buffers that are compressed.
func (b *body) open(m *Message, entries []byte, codec codec, limit int64) error {
	b.data, b.entries, b.codec = m.Body, entries, codec
	b.budget, b.limit = limit, limit
	size := int64(0)
	for i := 0; i < len(entries); i += bufferSize {
		_, content, err := b.content(entries[i:])
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
	b.message = m.memory()
	if size > 0 {
		b.arena = b.allocate(int(size))
	}
	return nil
}

// allocate returns n bytes of memory.
func (b *body) allocate(n int) *memory.Buffer {
	return memory.NewBufferWithAllocator(b.allocator.Allocate(n), b.allocator)
}

// close drops the references to the batch. The buffers made from its memory own that
// memory now.
func (b *body) close() {
	if b.arena != nil {
		b.arena.Release()
	}
	for _, c := range b.copies {
		c.Release()
	}
	clear(b.copies)
	*b = body{copies: b.copies[:0], allocator: b.allocator, decompressor: b.decompressor}
}

// content returns the bytes that an entry refers to, and their position in data.
func (b *body) content(entry []byte) (int64, []byte, error) {
	offset := int64(binary.LittleEndian.Uint64(entry))
	length := int64(binary.LittleEndian.Uint64(entry[8:]))
	if length == 0 {
		return 0, nil, nil
	}
	size := int64(len(b.data))
	if offset < 0 || length < 0 || offset > size || length > size-offset {
		return 0, nil, fmt.Errorf("a buffer of %d bytes at %d lies outside the body of %d bytes", length, offset, size)
	}
	return offset, b.data[offset : offset+length : offset+length], nil
}

// next returns the next buffer, decompressed if necessary.
func (b *body) next() (piece, error) {
	if len(b.entries) == 0 {
		return piece{}, errRunsOut
	}
	offset, content, err := b.content(b.entries)
	b.entries = b.entries[bufferSize:]
	plain := piece{b.message, int(offset), len(content)}
	if err != nil || b.codec == codecNone || len(content) == 0 {
		return plain, err
	}
	n := int64(binary.LittleEndian.Uint64(content))
	content = content[prefixSize:]
	switch n {
	case storedRaw:
		return piece{b.message, plain.offset + prefixSize, len(content)}, nil
	case 0:
		return piece{memory: b.message}, nil
	}
	out := b.arena.Bytes()[b.used : b.used+n : b.used+n+overrun]
	if err := b.decompressor.decompress(b.codec, out, content); err != nil {
		return piece{}, err
	}
	p := piece{b.arena, int(b.used), int(n)}
	b.used += slotSize(n)
	return p, nil
}

// slotSize returns the number of arena bytes that n decompressed bytes take.
func slotSize(n int64) int64 {
	return (n + overrun + arenaAlignment - 1) &^ (arenaAlignment - 1)
}

// skip passes over a buffer that is not needed.
func (b *body) skip() error {
	if len(b.entries) == 0 {
		return errRunsOut
	}
	b.entries = b.entries[bufferSize:]
	return nil
}

// aligned returns p at an address that suits every type. The result may be a copy.
func (b *body) aligned(p piece) (piece, error) {
	content := p.bytes()
	if uintptr(unsafe.Pointer(unsafe.SliceData(content)))%typeAlignment == 0 {
		return p, nil
	}
	if b.budget -= int64(len(content)); b.budget < 0 {
		return piece{}, errTooLarge(b.limit)
	}
	// Arrow's allocators align to 64 bytes.
	c := b.allocate(len(content))
	copy(c.Bytes(), content)
	b.copies = append(b.copies, c)
	return piece{c, 0, len(content)}, nil
}
