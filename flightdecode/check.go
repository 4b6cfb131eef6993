package flightdecode

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"

	"github.com/apache/arrow-go/v18/arrow"
)

// countNulls counts the zeros among the first n bits of a bitmap.
func countNulls(bitmap []byte, n int) int {
	valid := 0
	i := 0
	for ; i+64 <= n; i += 64 {
		valid += bits.OnesCount64(binary.LittleEndian.Uint64(bitmap[i/8:]))
	}
	for ; i+8 <= n; i += 8 {
		valid += bits.OnesCount8(bitmap[i/8])
	}
	if i < n {
		valid += bits.OnesCount8(bitmap[i/8] & (1<<(n-i) - 1))
	}
	return n - valid
}

// isNull reports whether value i is null. Without a bitmap no value is.
func isNull(bitmap []byte, i int) bool {
	return bitmap != nil && bitmap[i/8]&(1<<(i%8)) == 0
}

// lastOffset returns the last offset. It reports whether the offsets ascend and none
// of them is negative.
func lastOffset[T int32 | int64](offsets []T) (int64, bool) {
	previous := offsets[0]
	wrong := previous
	for _, next := range offsets[1:] {
		// The sign bit of either term reveals a fault. Up to the first fault both
		// terms consist of offsets that are not negative, so nothing overflows.
		wrong |= next | (next - previous)
		previous = next
	}
	return int64(previous), wrong >= 0
}

// maxInlineView is the greatest length of a value that a view holds itself.
const maxInlineView = 12

// checkViews returns an error that describes the first view that is not null and does
// not point into the data.
func checkViews(views, bitmap []byte, data []piece) error {
	for i := 0; len(views) > 0; i++ {
		size := int32(binary.LittleEndian.Uint32(views))
		index := int32(binary.LittleEndian.Uint32(views[8:]))
		offset := int32(binary.LittleEndian.Uint32(views[12:]))
		views = views[arrow.ViewHeaderSizeBytes:]
		if 0 <= size && size <= maxInlineView || isNull(bitmap, i) {
			continue
		}
		if size < 0 || index < 0 || int(index) >= len(data) {
			return fmt.Errorf("view %d of %d bytes in buffer %d is impossible: there are %d buffers", i, size, index, len(data))
		}
		// arrow-go computes the end of a value with 32 bits.
		end := min(int64(data[index].length), math.MaxInt32)
		if offset < 0 || int64(offset)+int64(size) > end {
			return fmt.Errorf("view %d of %d bytes at %d lies outside its buffer of %d bytes", i, size, offset, data[index].length)
		}
	}
	return nil
}

// indexOutside looks for an index that is not null and not below limit. It returns
// the position of the first one and false, or true if there is none.
func indexOutside(id arrow.Type, indices []byte, bitmap []byte, limit int) (int, bool) {
	switch id {
	case arrow.INT8:
		return outside[int8](indices, bitmap, limit)
	case arrow.UINT8:
		return outside[uint8](indices, bitmap, limit)
	case arrow.INT16:
		return outside[int16](indices, bitmap, limit)
	case arrow.UINT16:
		return outside[uint16](indices, bitmap, limit)
	case arrow.INT32:
		return outside[int32](indices, bitmap, limit)
	case arrow.UINT32:
		return outside[uint32](indices, bitmap, limit)
	case arrow.INT64:
		return outside[int64](indices, bitmap, limit)
	default: // the last type that intType returns
		return outside[uint64](indices, bitmap, limit)
	}
}

func outside[T arrow.IntType | arrow.UintType](content []byte, bitmap []byte, limit int) (int, bool) {
	for i, index := range arrow.GetData[T](content) {
		// Negative indices become huge.
		if uint64(index) >= uint64(limit) && !isNull(bitmap, i) {
			return i, false
		}
	}
	return 0, true
}
