package transport

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// A stream of frames has as many DATA frames as were written, wherever the writes are split, and
// each counts with its header's last byte, before its content.
func FuzzFrames(f *testing.F) {
	f.Add([]byte{0, 0, 4, 0, 0, 1, 1, 200, 0, 3}, []byte{1})
	f.Add([]byte{0, 9, 0, 9, 0, 9}, []byte{3, 9, 1, 0, 30})
	f.Add([]byte{6, 255, 0, 0, 8, 4, 3, 4}, []byte{255, 7})
	f.Fuzz(func(t *testing.T, list, splits []byte) {
		stream := []byte(clientPreface)
		var begins []int // where the header of a DATA frame ends
		for i := 0; i+1 < len(list); i += 2 {
			kind, length := list[i]%10, int(list[i+1])*int(list[i]/10+1)
			stream = append(binary.BigEndian.AppendUint32(stream, uint32(length)<<8|uint32(kind)), list[i], 0, 0, 0, list[i+1])
			if kind == frameData {
				begins = append(begins, len(stream))
			}
			stream = append(stream, bytes.Repeat([]byte{0}, length)...)
		}
		counter := frames{skip: len(clientPreface)}
		var counted uint64
		for at := 0; at < len(stream); {
			n := 1
			if len(splits) > 0 {
				n, splits = int(splits[0]), append(splits[1:len(splits):len(splits)], splits[0]|1)
			}
			n = min(n, len(stream)-at)
			counted += counter.data(stream[at : at+n])
			at += n
			want := 0
			for want < len(begins) && begins[want] <= at {
				want++
			}
			if counted != uint64(want) {
				t.Fatalf("%d DATA frames in %d of %d bytes, want %d", counted, at, len(stream), want)
			}
		}
	})
}
