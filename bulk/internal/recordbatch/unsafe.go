package recordbatch

import (
	"encoding/binary"
	"unsafe"
)

var bigEndian = binary.NativeEndian.Uint16([]byte{0, 1}) == 1

// bytesOf returns offsets as they are sent: little-endian. On most machines the result is
// their own memory.
func bytesOf(offsets []int32) []byte {
	if bigEndian {
		b := make([]byte, 0, 4*len(offsets))
		for _, v := range offsets {
			b = binary.LittleEndian.AppendUint32(b, uint32(v))
		}
		return b
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(offsets))), 4*len(offsets))
}

// int32sOf returns a copy of the offsets that bytesOf made b of.
func int32sOf(b []byte) []int32 {
	offsets := make([]int32, len(b)/4)
	for i := range offsets {
		offsets[i] = int32(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return offsets
}
