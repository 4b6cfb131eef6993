package wiretest

import (
	"encoding/binary"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/greptime-go/greptime/internal/test/captures"
)

func TestFlightDataKeepsEveryMessage(t *testing.T) {
	t.Parallel()
	for _, p := range captures.DoPuts() {
		for i, m := range p.Sent {
			got, err := DecodeFlightData(EncodeFlightData(m))
			if err != nil {
				t.Fatal(err)
			}
			m.Kind, m.AppMetadataText = "", ""
			if !reflect.DeepEqual(got, m) {
				t.Errorf("%s, message %d: %+v, was %+v", p.File, i, got, m)
			}
		}
	}
}

// TestFieldNumbers spells the bytes out, because a wrong number would otherwise be
// wrong on both sides.
func TestFieldNumbers(t *testing.T) {
	t.Parallel()
	got := EncodeFlightData(captures.Message{
		Header: []byte("h"), AppMetadata: []byte("m"), Body: []byte("b"),
		Descriptor: &captures.Descriptor{Type: "PATH", Path: []string{"t"}},
	})
	want := "\x0a\x05\x08\x01\x1a\x01t" + "\x12\x01h" + "\x1a\x01m" + "\xc2\x3e\x01b"
	if string(got) != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := string(EncodeTicket([]byte("t"))); got != "\x0a\x01t" {
		t.Errorf("ticket %q", got)
	}
	if got := string(EncodePutResult([]byte("r"))); got != "\x0a\x01r" {
		t.Errorf("put result %q", got)
	}
}

func FuzzDecodeFlightData(f *testing.F) {
	f.Add(EncodeFlightData(captures.DoPutByName("three_batches").Sent[0]))
	f.Add([]byte("\x0a\x02\x08\x07"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := DecodeFlightData(b)
		if err != nil {
			return
		}
		again, err := DecodeFlightData(EncodeFlightData(m))
		if err != nil {
			t.Fatal(err)
		}
		if string(again.Header) != string(m.Header) || string(again.Body) != string(m.Body) || (again.Descriptor == nil) != (m.Descriptor == nil) {
			t.Errorf("%+v, was %+v", again, m)
		}
	})
}

// TestFramesAreFollowedInAnyPieces feeds the same frames whole and cut at random.
func TestFramesAreFollowedInAnyPieces(t *testing.T) {
	t.Parallel()
	var b []byte
	frame := func(typ, flags byte, id uint32, payload []byte) {
		n := len(payload)
		b = append(b, byte(n>>16), byte(n>>8), byte(n), typ, flags)
		b = append(binary.BigEndian.AppendUint32(b, id), payload...)
	}
	message := func(n int) []byte {
		return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(n)), make([]byte, n)...)
	}
	data := slices.Concat(message(20), message(0), message(7))
	frame(4, 0, 0, make([]byte, 6)) // SETTINGS
	frame(4, 1, 0, nil)             // its acknowledgement
	frame(frameHeaders, flagEndHeaders, 1, make([]byte, 10))
	frame(frameHeaders, flagEndHeaders, 3, make([]byte, 10))
	frame(frameData, 0, 1, data[:13])
	frame(8, 0, 0, make([]byte, 4)) // WINDOW_UPDATE
	frame(frameData, 0, 1, data[13:])
	frame(frameData, 0, 3, message(5)[:7])
	frame(frameHeaders, flagEndStream, 3, make([]byte, 8))
	frame(frameContinuation, flagEndHeaders, 3, make([]byte, 2))
	const (
		response = 10 + 10 + (25 + 5 + 12) + 7 + 8 + 2
		messages = 3
	)
	for range 200 {
		var f frames
		for rest := b; len(rest) > 0; {
			piece := rest[:1+rand.IntN(len(rest))]
			for len(piece) > 0 {
				n := f.next(piece, int64(1+rand.IntN(30)))
				piece, rest = piece[n:], rest[n:]
			}
		}
		if f.response != response || !slices.Equal(f.statuses, []int64{response}) {
			t.Fatalf("%d response bytes, statuses at %v; want %d", f.response, f.statuses, response)
		}
		if got := f.messages(1).written; got != messages {
			t.Fatalf("%d messages on stream 1, want %d", got, messages)
		}
		if _, ok := f.streams[3]; ok {
			t.Fatal("stream 3 is still there")
		}
		if !f.boundary() {
			t.Fatal("not at a boundary")
		}
	}
}
