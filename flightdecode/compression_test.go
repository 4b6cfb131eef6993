package flightdecode

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"github.com/greptime-go/greptime/internal/test/race"
)

// lz4Frame compresses data with the library's writer.
func lz4Frame(t testing.TB, data []byte, opts ...lz4.Option) []byte {
	t.Helper()
	var out bytes.Buffer
	w := lz4.NewWriter(&out)
	if err := w.Apply(opts...); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zstdFrame(t testing.TB, data []byte, opts ...zstd.EOption) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil, append(opts, zstd.WithEncoderConcurrency(1))...)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return w.EncodeAll(data, nil)
}

// plainLZ4 compresses as GreptimeDB does: no checksum, 64 KiB blocks.
var plainLZ4 = []lz4.Option{lz4.ChecksumOption(false), lz4.BlockSizeOption(lz4.Block64Kb)}

// samples are contents that compress well, badly, in one block and in many.
func samples() map[string][]byte {
	rng := rand.New(rand.NewPCG(3, 4))
	random := make([]byte, 70_000)
	for i := range random {
		random[i] = byte(rng.Uint32())
	}
	mixed := bytes.Repeat([]byte("2024-01-01T00:00:00Z host-1 0.25 "), 5_000)
	copy(mixed[70_000:], random)
	return map[string][]byte{
		"one byte":    {7},
		"short":       []byte("short"),
		"zeros":       make([]byte, 150_000),
		"random":      random,
		"mixed":       mixed,
		"block":       mixed[:64<<10],
		"block and 1": mixed[:64<<10+1],
	}
}

func TestDecompressesEveryFrame(t *testing.T) {
	if race.Enabled {
		t.Skip("takes long under the race detector")
	}
	t.Parallel()
	var d decompressor
	check := func(name string, c codec, want, frame []byte) {
		t.Helper()
		got := make([]byte, len(want))
		if err := d.decompress(c, got, frame); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !bytes.Equal(got, want) {
			t.Errorf("%s: wrong bytes", name)
		}
	}
	for name, data := range samples() {
		size := uint64(len(data))
		for what, opts := range map[string][]lz4.Option{
			"plain":          plainLZ4,
			"checksum":       {lz4.ChecksumOption(true)},
			"block checksum": {lz4.BlockChecksumOption(true)},
			"size":           {lz4.SizeOption(size), lz4.ChecksumOption(false)},
			"4 MiB blocks":   {lz4.ChecksumOption(false), lz4.BlockSizeOption(lz4.Block4Mb)},
			"best":           {lz4.CompressionLevelOption(lz4.Level9)},
			"legacy":         {lz4.LegacyOption(true)},
		} {
			check(fmt.Sprintf("LZ4 %s, %s", what, name), codecLZ4, data, lz4Frame(t, data, opts...))
		}
		for what, opts := range map[string][]zstd.EOption{
			"default":        nil,
			"without size":   {zstd.WithSingleSegment(false), zstd.WithEncoderCRC(false)},
			"single segment": {zstd.WithSingleSegment(true)},
			"best":           {zstd.WithEncoderLevel(zstd.SpeedBestCompression)},
		} {
			check(fmt.Sprintf("ZSTD %s, %s", what, name), codecZSTD, data, zstdFrame(t, data, opts...))
		}
	}
}

func TestFramesThatAreRefused(t *testing.T) {
	t.Parallel()
	data := samples()["mixed"][60_000:130_000]
	frames := map[string]struct {
		codec codec
		frame []byte
	}{
		"plain LZ4":        {codecLZ4, lz4Frame(t, data, plainLZ4...)},
		"LZ4 of checksums": {codecLZ4, lz4Frame(t, data, lz4.BlockChecksumOption(true))},
		"ZSTD":             {codecZSTD, zstdFrame(t, data)},
	}
	var d decompressor
	for name, f := range frames {
		try := func(what string, size int, frame []byte) {
			t.Helper()
			if err := d.decompress(f.codec, make([]byte, size), frame); err == nil {
				t.Errorf("%s: %s was accepted", name, what)
			}
		}
		for n := 0; n < len(f.frame); n += 1 + n/8 {
			try(fmt.Sprintf("cut to %d bytes", n), len(data), f.frame[:n])
		}
		try("without its last byte", len(data), f.frame[:len(f.frame)-1])
		try("one byte more", len(data)+1, f.frame)
		try("one byte less", len(data)-1, f.frame)
		try("bytes behind it", len(data), append(bytes.Clone(f.frame), 0, 0, 0, 0, 0, 0, 0, 0))
		corrupt := bytes.Clone(f.frame)
		corrupt[0] ^= 1
		try("wrong magic", len(data), corrupt)
	}
	// Only a checksum reveals every corrupt block.
	for _, name := range []string{"LZ4 of checksums", "ZSTD"} {
		f := frames[name]
		corrupt := bytes.Clone(f.frame)
		corrupt[len(corrupt)/2] ^= 0xff
		if err := d.decompress(f.codec, make([]byte, len(data)), corrupt); err == nil {
			t.Errorf("%s: a corrupt block was accepted", name)
		}
	}
	// Failures leave nothing behind.
	for name, f := range frames {
		got := make([]byte, len(data))
		if err := d.decompress(f.codec, got, f.frame); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: after failures: %v", name, err)
		}
	}
}

// compressed is a batch of one column whose values are a compressed buffer that
// claims to hold size bytes.
func compressed(c byte, size int64, frame []byte) batchSpec {
	return batchSpec{
		length: 1, nodes: [][2]int64{{1, 0}}, compression: map[int]any{compressionCodec: c},
		buffers: [][]byte{nil, append(binary.LittleEndian.AppendUint64(nil, uint64(size)), frame...)},
	}
}

// TestBombs announces sizes that are implausible or exceed the limit. It measures the
// memory of the whole process, so it runs alone.
func TestBombs(t *testing.T) {
	zeros := make([]byte, 10<<20)
	bomb := zstdFrame(t, zeros)
	schema := schemaOf(t, int32Field("i"))
	tests := []struct {
		name  string
		batch batchSpec
		limit int64
		want  string // "" for none
	}{
		{"LZ4 lie", compressed(0, 1<<29, make([]byte, 1000)), 0, "buffer 1: 1000 bytes cannot decompress to 536870912"},
		{"ZSTD lie", compressed(1, 1<<29, make([]byte, 1000)), 0, "cannot decompress"},
		{"negative size", compressed(0, -2, make([]byte, 1000)), 0, "cannot decompress to -2"},
		{"greatest size", compressed(1, 1<<63-1, make([]byte, 1000)), 1<<63 - 1, "cannot decompress"},
		{"beyond the limit", compressed(1, 10<<20, bomb), 10<<20 - 1, "exceeds the limit of 10485759 bytes"},
		{"beyond its claim", compressed(1, 1<<10, bomb), 0, "ZSTD buffer: it decompresses to more bytes"},
		{"short of its claim", compressed(1, 1<<10, zstdFrame(t, zeros[:100])), 0, "ZSTD buffer: it decompresses to fewer bytes"},
		{"no frame", compressed(0, 8, []byte("nothing")), 0, "LZ4 buffer"},
		{"no prefix", batchSpec{length: 1, nodes: [][2]int64{{1, 0}}, compression: map[int]any{}, buffers: [][]byte{nil, {1, 2, 3}}}, 0, "a compressed buffer of 3 bytes"},
		{"misaligned beyond the limit", batchSpec{length: 100, nodes: [][2]int64{{100, 0}}, buffers: [][]byte{make([]byte, 408)}, entries: [][2]int64{{0, 0}, {1, 400}}}, 399, "exceeds the limit of 399 bytes"},
	}
	for _, test := range tests {
		m := test.batch.message(t)
		var got answer
		used := allocated(func() {
			got = readWith([]Message{schema, m}, io.EOF, Options{MaxBatchBytes: test.limit})
		})
		wantError(t, got.err, 1, test.want)
		if used > 8<<20 {
			t.Errorf("%s: took %d bytes of memory", test.name, used)
		}
	}
	if got := readWith([]Message{schema, compressed(1, 10<<20, bomb).message(t)}, io.EOF, Options{MaxBatchBytes: 10 << 20}); got.err != nil {
		t.Errorf("within the limit: %v", got.err)
	}
}

// TestManyBuffersOfOneRegion decompresses overlapping buffers: a small body can be
// decompressed many times, and the limit counts each time.
func TestManyBuffersOfOneRegion(t *testing.T) {
	t.Parallel()
	frame := zstdFrame(t, make([]byte, 1<<20))
	content := append(binary.LittleEndian.AppendUint64(nil, 1<<20), frame...)
	spec := batchSpec{length: 1, compression: map[int]any{compressionCodec: byte(1)}, buffers: [][]byte{content}}
	var fields []fieldSpec
	for i := range 100 {
		fields = append(fields, int32Field(strings.Repeat("x", i)))
		spec.nodes = append(spec.nodes, [2]int64{1, 0})
		spec.entries = append(spec.entries, [2]int64{}, [2]int64{0, int64(len(content))})
	}
	stream := []Message{schemaOf(t, fields...), spec.message(t)}
	wantError(t, readWith(stream, io.EOF, Options{MaxBatchBytes: 50 << 20}).err, 1, "exceeds the limit")
}

func FuzzDecompress(f *testing.F) {
	for _, data := range [][]byte{[]byte("short"), make([]byte, 1000), bytes.Repeat([]byte("ab 1"), 50)} {
		f.Add(byte(codecLZ4), uint16(len(data)), lz4Frame(f, data, plainLZ4...))
		f.Add(byte(codecLZ4), uint16(len(data)), lz4Frame(f, data, lz4.BlockChecksumOption(true)))
		f.Add(byte(codecZSTD), uint16(len(data)), zstdFrame(f, data))
	}
	f.Fuzz(func(t *testing.T, c byte, size uint16, frame []byte) {
		codec := codecLZ4
		if c == byte(codecZSTD) {
			codec = codecZSTD
		}
		const guard = 64
		out := bytes.Repeat([]byte{0xa5}, int(size)+guard)
		var d decompressor
		err := d.decompress(codec, out[:size:size], frame)
		if !bytes.Equal(out[size:], bytes.Repeat([]byte{0xa5}, guard)) {
			t.Error("bytes behind the buffer were written")
		}
		if err != nil || codec != codecLZ4 {
			return
		}
		// The library must read the same as the fast path.
		want := make([]byte, size)
		if _, err := io.ReadFull(lz4.NewReader(bytes.NewReader(frame)), want); err == nil && !bytes.Equal(out[:size], want) {
			t.Error("lz4.Reader reads other bytes")
		}
	})
}
