//go:build !race

package flight

import (
	"testing"

	"google.golang.org/grpc/mem"
)

// TestAllocationsOfMessages pins what a message costs beside its memory, which is
// recycled if it is large: what holds the memory.
func TestAllocationsOfMessages(t *testing.T) {
	for _, test := range []struct {
		name string
		data FlightData
		most float64
	}{
		{"affected rows", FlightData{DataHeader: make([]byte, 20), AppMetadata: make([]byte, 4)}, 1},
		{"a record batch", FlightData{DataHeader: make([]byte, 600), DataBody: make([]byte, 45_000)}, 2},
	} {
		sent, err := Codec{}.Marshal(&test.data)
		if err != nil {
			t.Fatal(err)
		}
		wire := split(sent.Materialize(), 16<<10)
		var got FlightData
		if n := testing.AllocsPerRun(100, func() {
			if err := (Codec{}).Unmarshal(wire, &got); err != nil {
				t.Fatal(err)
			}
			if got.Memory != nil {
				got.Memory.Release()
			}
		}); n > test.most {
			t.Errorf("%s: %.0f allocations to receive, want at most %.0f", test.name, n, test.most)
		}
		if n := testing.AllocsPerRun(100, func() {
			var b mem.BufferSlice
			if b, err = (Codec{}).Marshal(&test.data); err != nil {
				t.Fatal(err)
			}
			b.Free()
		}); n > 5 {
			t.Errorf("%s: %.0f allocations to send, want at most 5", test.name, n)
		}
	}
}
