package recordbatch

import (
	"sync"

	"github.com/klauspost/compress/zstd"
)

// The zstd coders are shared: each call of EncodeAll or DecodeAll takes one of their
// states, of which there are as many as CPUs.
// The options are constants that both accept, so there is no error.
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
