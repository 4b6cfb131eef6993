package bulk

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
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
				t.Fatalf("%d bytes, %s: it begins with %q", size, name, out[:len(prefix)])
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
				t.Errorf("%d bytes, %s: %d come back: %v", size, name, len(back), err)
			}
		}
	}
}

// isCompressed reports whether the values of a column of an encoded message are.
func isCompressed(m *message, column int) bool {
	s := m.columns[column].values
	length := int64(binary.LittleEndian.Uint64(m.body.Bytes[s.offset:]))
	return length != uncompressed
}

func TestColumnsThatGainNothingAreLeftAlone(t *testing.T) {
	t.Parallel()
	for _, codec := range []Compression{LZ4, ZSTD} {
		const host, cpu = 0, 1
		e, m := newEncoder(codec), &message{}
		b, err := NewBatch(testSchema(t), 0)
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(1, 2))
		encode := func(value func() float64) {
			t.Helper()
			b.Reset()
			for i := range 1000 {
				if err := b.Append("host-0001", value(), i); err != nil {
					t.Fatal(err)
				}
			}
			if err := e.encode(m, 1, b.rows, b.columns); err != nil {
				t.Fatal(err)
			}
			if !isCompressed(m, host) {
				t.Fatalf("%v: tags are not compressed", codec)
			}
			// What is left alone is handed back, too.
			back, err := m.decode(b.columns)
			if err != nil || !bytes.Equal(back[cpu].values, b.columns[cpu].upTo(b.rows)) {
				t.Fatalf("%v: %v: other values", codec, err)
			}
		}
		noise := func() float64 { return math.Float64frombits(rng.Uint64()) }
		same := func() float64 { return 21.5 }
		for range poorBuffers {
			encode(noise)
		}
		for range skippedBuffers { // it is not looked at what they are
			if encode(same); isCompressed(m, cpu) {
				t.Fatalf("%v: a column of noise is tried all the time", codec)
			}
		}
		encode(noise)
		if encode(same); isCompressed(m, cpu) {
			t.Errorf("%v: one more poor buffer did not suffice", codec)
		}
		for range skippedBuffers - 1 {
			encode(same)
		}
		for range 3 {
			if encode(same); !isCompressed(m, cpu) {
				t.Fatalf("%v: a column that compresses well now was not found out", codec)
			}
		}
		encode(noise) // once is no habit
		if encode(same); !isCompressed(m, cpu) {
			t.Errorf("%v: one poor buffer turned it off", codec)
		}
	}
}

// TestHistoryRefusesNothing: a batch that fits a message when it is compressed is sent,
// whatever the batches before it were.
func TestHistoryRefusesNothing(t *testing.T) {
	t.Parallel()
	for _, codec := range []Compression{LZ4, ZSTD} {
		s := putServer(t, acknowledgeAll(nil))
		w := openWriter(t, s.DSN("max_message_size=131072"), Options{Streams: 1, Compression: codec})
		rng := rand.New(rand.NewPCG(1, 2))
		b := w.NewBatch(0)
		for n := range 8 {
			b.Reset()
			rows, value := 20_000, func() float64 { return 21.5 }
			if n < poorBuffers {
				rows, value = 1000, func() float64 { return math.Float64frombits(rng.Uint64()) }
			}
			for range rows {
				if err := b.Append("host-0001", value(), 1_700_000_000); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := w.Write(short(t), b); err != nil {
				t.Fatalf("%v, batch %d: %v", codec, n, err)
			}
		}
	}
}
