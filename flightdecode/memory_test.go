package flightdecode

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/greptime-go/greptime/internal/bufpool"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/testmain"
)

func TestMain(m *testing.M) { testmain.Run(m) }

// recycled returns copies of the messages whose bodies lie in recycled memory.
func recycled(messages []Message) []Message {
	out := make([]Message, len(messages))
	for i, m := range messages {
		out[i] = Message{Header: m.Header, AppMetadata: m.AppMetadata}
		if len(m.Body) > 0 {
			out[i].Buffer = bufpool.NewBuffer(len(m.Body))
			out[i].Body = out[i].Buffer.Bytes()[:copy(out[i].Buffer.Bytes(), m.Body)]
		}
	}
	return out
}

// TestRecycledMemoryKeepsBatches reads all recorded answers from recycled memory,
// which is overwritten when the reader releases it, and retains their batches.
func TestRecycledMemoryKeepsBatches(t *testing.T) {
	before := bufpool.Live()
	for _, exchange := range captures.DoGets() {
		messages := messagesOf(exchange)
		want, got := read(messages, io.EOF), read(recycled(messages), io.EOF)
		if (want.err == nil) != (got.err == nil) || len(got.batches) != len(want.batches) {
			t.Fatalf("%s: %d batches, %v; want %d, %v", exchange.Name, len(got.batches), got.err, len(want.batches), want.err)
		}
		for i := range want.batches {
			if !sameBatch(got.batches[i], want.batches[i]) {
				t.Errorf("%s: batch %d is %v, want %v", exchange.Name, i, got.batches[i], want.batches[i])
			}
			got.batches[i].Release()
			want.batches[i].Release()
		}
	}
	if live := bufpool.Live(); live != before {
		t.Errorf("%d pieces of memory are in use after all was released, %d before", live, before)
	}
}

// TestAllMemoryIsReleased reads recorded answers to their end, up to each message,
// and with a fault in each message, with an allocator that counts.
func TestAllMemoryIsReleased(t *testing.T) {
	before := bufpool.Live()
	read := func(messages []Message) {
		t.Helper()
		allocator := memory.NewCheckedAllocator(memory.NewGoAllocator())
		defer allocator.AssertSize(t, 0)
		messages = recycled(messages)
		next := 0
		r, err := NewReader(func(m *Message) error {
			if next == len(messages) {
				return io.ErrUnexpectedEOF
			}
			*m = messages[next]
			next++
			return nil
		}, Options{Allocator: allocator})
		if err == nil {
			for r.Next() {
			}
			r.Release()
		}
		for _, m := range messages[next:] { // which the reader did not ask for
			if m.Buffer != nil {
				m.Buffer.Release()
			}
		}
	}
	for _, exchange := range captures.DoGets() {
		messages := messagesOf(exchange)
		for n := range len(messages) + 1 {
			read(messages[:n])
		}
		for i := range messages {
			if len(messages[i].Body) == 0 {
				continue
			}
			faulty := append([]Message(nil), messages...)
			faulty[i].Body = bytes.Clone(faulty[i].Body)
			for k := range min(len(faulty[i].Body), 40) {
				faulty[i].Body[k] ^= 0x55 // a length prefix, a frame, an offset
			}
			read(faulty)
		}
	}
	if live := bufpool.Live(); live != before {
		t.Errorf("%d pieces of memory are in use after all was released, %d before", live, before)
	}
}

func TestBodyMustBeginItsBuffer(t *testing.T) {
	_, batches := sensorBatches(1)
	messages := encode(t, batches[0].Schema(), batches)
	for name, shift := range map[string]func(*Message){
		"behind its beginning": func(m *Message) { m.Body = m.Buffer.Bytes()[8 : 8+len(m.Body)] },
		"elsewhere":            func(m *Message) { m.Body = bytes.Clone(m.Body) },
		"longer":               func(m *Message) { m.Body = append(m.Body, 0) },
	} {
		before := bufpool.Live()
		m := recycled(messages)
		shift(&m[1])
		got := read(m, io.EOF)
		var e *Error
		if !errors.As(got.err, &e) || e.Index != 1 {
			t.Errorf("%s: %v", name, got.err)
		}
		if live := bufpool.Live(); live != before {
			t.Errorf("%s: %d pieces of memory are in use, %d before", name, live, before)
		}
	}
}

func TestMemoryThatComesWithAnErrorIsReleased(t *testing.T) {
	before := bufpool.Live()
	_, err := NewReader(func(m *Message) error {
		m.Buffer = bufpool.NewBuffer(5000)
		return io.ErrUnexpectedEOF
	}, Options{})
	if err == nil || bufpool.Live() != before {
		t.Errorf("%v; %d pieces of memory are in use, %d before", err, bufpool.Live(), before)
	}
}
