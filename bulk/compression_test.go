package bulk

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A batch that fits a message when it is compressed is sent, whatever the batches before it
// were.
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
			if n < 3 { // as many as make the writer leave the column alone
				rows, value = 1000, func() float64 { return math.Float64frombits(rng.Uint64()) }
			}
			for range rows {
				if err := b.Append("host-0001", value(), 1_700_000_000); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := w.Write(short(t), b); err != nil {
				t.Fatalf("%v, batch %d: %v; want no error", codec, n, err)
			}
		}
	}
}
