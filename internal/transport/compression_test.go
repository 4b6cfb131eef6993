package transport

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// A frame of a few bytes can ask for any window, and the decoder allocates it at once.
func TestWindowsOfZstdAreLimited(t *testing.T) {
	t.Parallel()
	for log, want := range map[byte]error{10: nil, 27: nil, 28: zstd.ErrWindowSizeExceeded, 41: zstd.ErrWindowSizeExceeded} {
		frame := []byte{0x28, 0xb5, 0x2f, 0xfd, 0, (log - 10) << 3, 1<<3 | 1, 0, 0, 'x'} // the last block, one byte
		c := new(zstdCompressor)
		for range 2 { // the second decoder is the first one again, if that could be used
			r, err := c.Decompress(bytes.NewReader(frame))
			var content []byte
			if err == nil {
				content, err = io.ReadAll(r)
			}
			if !errors.Is(err, want) || want == nil && string(content) != "x" {
				t.Errorf("a window of 1<<%d bytes: %q, error %v, want %v", log, content, err, want)
			}
		}
	}
}
