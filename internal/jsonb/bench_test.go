package jsonb

import (
	"encoding/json"
	"testing"
)

var event = []byte(`{"device":"sensor-0042","level":"info","message":"temperature \"normal\" again","tags":["a","b","café"],"readings":{"temp":21.5,"humidity":48,"delta":-3,"total":18446744073709551615},"ok":true,"note":null}`)

func BenchmarkAppendText(b *testing.B) {
	value, err := AppendBinary(nil, event)
	if err != nil {
		b.Fatal(err)
	}
	var buf []byte
	b.SetBytes(int64(len(value)))
	b.ReportAllocs()
	for b.Loop() {
		if buf, err = AppendText(buf[:0], value); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendBinary(b *testing.B) {
	var buf []byte
	var err error
	b.SetBytes(int64(len(event)))
	b.ReportAllocs()
	for b.Loop() {
		if buf, err = AppendBinary(buf[:0], event); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkJSONValid is the yardstick: encoding/json merely checking the same text.
func BenchmarkJSONValid(b *testing.B) {
	b.SetBytes(int64(len(event)))
	for b.Loop() {
		if !json.Valid(event) {
			b.Fatal("invalid")
		}
	}
}
