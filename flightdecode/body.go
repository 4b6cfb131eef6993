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

// piece is a buffer of a record batch: a part of memory that a Buffer holds. The zero
// piece is an absent buffer.
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

// buffer returns the piece as a buffer that keeps the memory alive, nil if it is
// absent. The caller releases it.
func (p piece) buffer() *memory.Buffer {
	switch {
	case p.memory == nil:
		return nil
	case p.length == 0:
		return emptyBuffer
	}
	return memory.SliceBuffer(p.memory, p.offset, p.length)
}

// emptyBuffer begins nowhere: readers lay their types over what follows the beginning of
// a buffer, if anything does, even if its length is zero. It has no references to count.
var emptyBuffer = memory.NewBufferBytes(nil)

// body hands out the buffers of one record batch in their order. Plain buffers
// are parts of the message's body; the decompressed ones of a message share one
// piece of memory.
type body struct {
	message *memory.Buffer // begins with data
	data    []byte         // the message's body
	entries []byte         // of the buffers not handed out yet, bufferSize each
	codec   codec
	arena   *memory.Buffer   // nil if nothing is decompressed
	used    int64            // bytes of arena
	copies  []*memory.Buffer // of what was not aligned
	budget  int64            // bytes that may still be allocated
	limit   int64

	allocator    memory.Allocator
	decompressor decompressor // kept from batch to batch
}

// open checks that all buffers lie within the message's body and makes room for what
// will be decompressed.
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

// allocate returns memory of n bytes.
func (b *body) allocate(n int) *memory.Buffer {
	return memory.NewBufferWithAllocator(b.allocator.Allocate(n), b.allocator)
}

// close forgets the batch. Its memory is now that of the buffers made of it.
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

// content returns the bytes that an entry stands for, and where they begin in data.
func (b *body) content(entry []byte) (int64, []byte, error) {
	offset := int64(binary.LittleEndian.Uint64(entry))
	length := int64(binary.LittleEndian.Uint64(entry[8:]))
	if length == 0 {
		return 0, nil, nil
	}
	size := int64(len(b.data))
	if offset < 0 || length < 0 || offset > size || length > size-offset {
		return 0, nil, fmt.Errorf("a buffer of %d bytes at %d lies outside of the body of %d bytes", length, offset, size)
	}
	return offset, b.data[offset : offset+length : offset+length], nil
}

// next returns the next buffer, decompressed.
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

// aligned returns p at an address that any type can be laid over, which may be a
// copy.
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
