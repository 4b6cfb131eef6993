package flightdecode

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// pack writes messages as one byte slice that a fuzzer can mutate: lengths of
// header, metadata and body, 24 bits each, then the three.
func pack(messages []Message) []byte {
	var b []byte
	for _, m := range messages {
		for _, part := range [][]byte{m.Header, m.AppMetadata, m.Body} {
			b = append(b, byte(len(part)), byte(len(part)>>8), byte(len(part)>>16))
		}
		b = append(b, m.Header...)
		b = append(b, m.AppMetadata...)
		b = append(b, m.Body...)
	}
	return b
}

// unpack splits any bytes into messages. A part that lacks bytes is cut.
func unpack(b []byte) (messages []Message) {
	for len(b) >= 9 {
		var m Message
		lengths := b[:9]
		b = b[9:]
		for i, part := range []*[]byte{&m.Header, &m.AppMetadata, &m.Body} {
			l := lengths[3*i:]
			n := min(int(l[0])|int(l[1])<<8|int(l[2])<<16, len(b))
			*part = b[:n:n]
			b = b[n:]
		}
		messages = append(messages, m)
	}
	return messages
}

// FuzzReader feeds mutated streams: no input may panic, and all batches must read in
// full.
func FuzzReader(f *testing.F) {
	const small = 8 << 10 // larger seeds only slow mutation down
	for _, exchange := range answers() {
		if b := pack(messagesOf(exchange)); len(b) > 0 && len(b) < small {
			f.Add(b)
		}
	}
	f.Add(pack([]Message{schemaOf(f, encoded(utf8Field, 3)), texts("a").dictionary(f, 3, true), indices(0).message(f)}))
	f.Add(pack([]Message{schemaOf(f, mapField()), batchSpec{length: 1, nodes: make([][2]int64, 4), buffers: make([][]byte, 7)}.message(f)}))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, m := range unpack(b) {
			if n, err := BodyLength(m.Header); err == nil && n < 0 {
				t.Errorf("a body of %d bytes", n)
			}
		}
		got := readWith(recycled(unpack(b)), io.EOF, Options{MaxBatchBytes: 16 << 20})
		for _, batch := range got.batches {
			render(t, batch)
			batch.Release()
		}
		var e *Error
		if got.err != nil && !errors.As(got.err, &e) {
			t.Errorf("error %v is not an *Error", got.err)
		}
	})
}

// hasGroup reports whether a message has fields of a kind that only protobuf itself reads.
func hasGroup(m proto.Message) bool {
	for b := m.ProtoReflect().GetUnknown(); len(b) > 0; {
		_, typ, n := protowire.ConsumeField(b)
		if n < 0 || typ == protowire.StartGroupType {
			return true
		}
		b = b[n:]
	}
	return false
}

// FuzzFlightMetadata feeds any bytes. If they decode, fields appended to them must win.
func FuzzFlightMetadata(f *testing.F) {
	for _, exchange := range answers() {
		for _, m := range exchange.Messages {
			if len(m.AppMetadata) > 0 && len(m.AppMetadata) < 1000 {
				f.Add(m.AppMetadata)
			}
		}
	}
	f.Add([]byte{0x08, 1, 0x15, 1, 2, 3, 4, 0x19, 1, 2, 3, 4, 5, 6, 7, 8, 0x0a, 2, 8, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := readFlightMetadata(b)
		var want greptimev1.FlightMetadata
		if proto.Unmarshal(b, &want) == nil {
			if err != nil {
				if !hasGroup(&want) && !hasGroup(want.AffectedRows) && !hasGroup(want.Metrics) {
					t.Errorf("%x: %v, protobuf reads %v", b, err, &want)
				}
				return
			}
			if m.hasAffectedRows != (want.AffectedRows != nil) || uint32(m.affectedRows) != want.AffectedRows.GetValue() || m.hasMetrics != (want.Metrics != nil) || !bytes.Equal(m.metrics, want.Metrics.GetMetrics()) {
				t.Errorf("%x is %+v, protobuf reads %v", b, m, &want)
			}
		}
		if err != nil {
			return
		}
		// Later fields override earlier ones.
		again := append(b[:len(b):len(b)], 0x0a, 2, 8, 7, 0x12, 3, 0x0a, 1, '!')
		next, err := readFlightMetadata(again)
		if err != nil || next.affectedRows != 7 || string(next.metrics) != "!" {
			t.Errorf("%+v, then %+v, %v", m, next, err)
		}
	})
}

func TestFlightMetadata(t *testing.T) {
	t.Parallel()
	rows := func(n uint64) []byte {
		value := binary.AppendUvarint([]byte{0x08}, n)
		return append([]byte{0x0a, byte(len(value))}, value...)
	}
	tests := []struct {
		name  string
		bytes []byte
		want  flightMetadata
	}{
		{"empty", nil, flightMetadata{}},
		{"no rows", []byte{0x0a, 0}, flightMetadata{hasAffectedRows: true}},
		{"two rows", rows(2), flightMetadata{hasAffectedRows: true, affectedRows: 2}},
		{"64 bits", rows(1<<64 - 1), flightMetadata{hasAffectedRows: true, affectedRows: 1<<64 - 1}},
		{"unknown fields", append([]byte{0x08, 9, 0x1a, 1, 'x', 0x25, 1, 2, 3, 4, 0x29, 1, 2, 3, 4, 5, 6, 7, 8}, rows(3)...),
			flightMetadata{hasAffectedRows: true, affectedRows: 3}},
		{"unknown fields within", []byte{0x0a, 7, 0x10, 1, 0x0a, 1, 'x', 0x08, 4}, flightMetadata{hasAffectedRows: true, affectedRows: 4}},
	}
	for _, test := range tests {
		m, err := readFlightMetadata(test.bytes)
		if err != nil || m.affectedRows != test.want.affectedRows || m.hasAffectedRows != test.want.hasAffectedRows || m.hasMetrics {
			t.Errorf("%s: %+v, %v", test.name, m, err)
		}
	}
	for _, broken := range [][]byte{{0x0a}, {0x0a, 1}, {0x0a, 0xff}, {0x80}, {0x08}, {0x09, 1}, {0x0d, 1}, {0x0b}, {0x0a, 1, 0x08}, {0x12, 2, 0x0a, 5}} {
		if m, err := readFlightMetadata(broken); err == nil {
			t.Errorf("%x was accepted as %+v", broken, m)
		}
	}
}
