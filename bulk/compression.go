package bulk

import (
	"fmt"

	"github.com/greptime-go/greptime/bulk/internal/recordbatch"
)

// Compression is the compression of the bodies of record batches. GreptimeDB 1.0.2 accepts all
// of them.
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

// codec returns the codec of messages.
func (c Compression) codec() recordbatch.Codec {
	switch c {
	case LZ4:
		return recordbatch.LZ4
	case ZSTD:
		return recordbatch.ZSTD
	}
	return recordbatch.None
}
