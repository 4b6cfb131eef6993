package recordbatch

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/pierrec/lz4/v4"
)

// The sizes are those around which the header's block size, or the number of blocks,
// changes. Package lz4's Reader checks the header.
func TestLZ4FramesOfEverySize(t *testing.T) {
	t.Parallel()
	random := make([]byte, 9<<20)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range len(random) / 8 {
		binary.LittleEndian.PutUint64(random[8*i:], rng.Uint64())
	}
	text := bytes.Repeat([]byte("region-0001region-0002"), len(random)/22)
	mixed := append(bytes.Clone(text[:5<<20]), random[:4<<20]...)
	c := newCompressor(LZ4)
	for _, size := range []int{1, 11, 12, 13, 100, 64<<10 - 1, 64 << 10, 64<<10 + 1, 256 << 10, 256<<10 + 1, 1 << 20, 1<<20 + 1, 4 << 20, 4<<20 + 1, 9 << 20} {
		for name, src := range map[string][]byte{"random": random, "text": text, "mixed": mixed} {
			src = src[:min(size, len(src))]
			prefix := []byte("what is there already")
			out, err := c.appendTo(bytes.Clone(prefix), src)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.HasPrefix(out, prefix) {
				t.Fatalf("%d bytes, %s: it begins with %q; want what was there", size, name, out[:len(prefix)])
			}
			frame := out[len(prefix):]
			if extra := len(frame) - len(src); extra > 15+4*(len(src)>>16) {
				t.Errorf("%d bytes, %s: %d more", size, name, extra)
			}
			if name == "text" && size > 1000 && len(frame) > size/20 {
				t.Errorf("%d bytes of text take %d", size, len(frame))
			}
			back, err := io.ReadAll(lz4.NewReader(bytes.NewReader(frame)))
			if err != nil || !bytes.Equal(back, src) {
				t.Errorf("%d bytes, %s: %d come back: %v; want the same bytes", size, name, len(back), err)
			}
		}
	}
}
