package recordbatch

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/greptime-go/greptime/internal/column"
)

// isCompressed reports whether the values of a column of an encoded message are.
func isCompressed(m *Message, column int) bool {
	s := m.columns[column].values
	length := int64(binary.LittleEndian.Uint64(m.body.Bytes[s.offset:]))
	return length != uncompressed
}

func TestColumnsThatGainNothingAreLeftAlone(t *testing.T) {
	t.Parallel()
	for _, codec := range []Codec{LZ4, ZSTD} {
		const host, cpu = 0, 1
		e := NewEncoder(codec)
		rng := rand.New(rand.NewPCG(1, 2))
		var m *Message
		encodeRows := func(value func() float64) {
			t.Helper()
			columns := []Column{NewColumn(column.Of(column.String), 1000), NewColumn(column.Of(column.Float64), 1000)}
			for row := range 1000 {
				if n := SetRow(columns, row, []any{"host-0001", value()}); n != len(columns) {
					t.Fatalf("row %d: SetRow returns %d, want %d", row, n, len(columns))
				}
			}
			m, _ = encode(t, e, 1000, columns)
			if !isCompressed(m, host) {
				t.Fatalf("codec %d: tags are not compressed", codec)
			}
			// What is left alone is decoded, too.
			back, err := m.Decode()
			if err != nil || !bytes.Equal(back[cpu].values, columns[cpu].upTo(1000)) {
				t.Fatalf("codec %d: %v: other values", codec, err)
			}
		}
		noise := func() float64 { return math.Float64frombits(rng.Uint64()) }
		same := func() float64 { return 21.5 }
		for range poorBuffers {
			encodeRows(noise)
		}
		for range skippedBuffers { // it is not looked at what they are
			if encodeRows(same); isCompressed(m, cpu) {
				t.Fatalf("codec %d: a column of noise is tried all the time", codec)
			}
		}
		encodeRows(noise)
		if encodeRows(same); isCompressed(m, cpu) {
			t.Errorf("codec %d: one more poor buffer did not suffice", codec)
		}
		for range skippedBuffers - 1 {
			encodeRows(same)
		}
		for range 3 {
			if encodeRows(same); !isCompressed(m, cpu) {
				t.Fatalf("codec %d: a column that compresses well now was not found out", codec)
			}
		}
		encodeRows(noise) // once is no habit
		if encodeRows(same); !isCompressed(m, cpu) {
			t.Errorf("codec %d: one poor buffer turned it off", codec)
		}
	}
}
