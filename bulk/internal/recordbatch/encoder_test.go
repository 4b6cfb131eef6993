package recordbatch

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/greptime-go/greptime/internal/column"
)

// FuzzEncode compares messages of random rows with what arrow-go's reader reads of them, and
// with what Decode returns.
func FuzzEncode(f *testing.F) {
	for seed := range uint64(6) {
		f.Add(seed, uint16(seed*40), uint8(seed), uint8(seed*3))
	}
	f.Fuzz(func(t *testing.T, seed uint64, rows uint16, codec, nulls uint8) {
		rng := rand.New(rand.NewPCG(seed, 1))
		n := int(rows)%3000 + 1
		types := []column.Type{column.Of(column.String), column.Of(column.Float64), column.Of(column.TimestampMillisecond)}
		values := make([][]any, n)
		for i := range values {
			var host, cpu any
			if rng.IntN(256) >= int(nulls) {
				text := make([]byte, rng.IntN(1+rng.IntN(40)))
				for j := range text {
					text[j] = byte('a' + rng.IntN(1+int(nulls)%26))
				}
				host = string(text)
			}
			if rng.IntN(256) >= int(nulls) {
				cpu = math.Float64frombits(rng.Uint64())
			}
			values[i] = []any{host, cpu, i}
		}
		columns := columnsOf(t, types, values...)
		check := func(what string, columns []Column) {
			t.Helper()
			record := readBack(t, Codec(codec%3), n, columns)
			if record.NumRows() != int64(n) {
				t.Fatalf("%s: got %d rows, want %d", what, record.NumRows(), n)
			}
			host, cpu, ts := record.Column(0).(*array.String), record.Column(1).(*array.Float64), record.Column(2).(*array.Timestamp)
			for i, want := range values {
				if host.IsNull(i) != (want[0] == nil) || want[0] != nil && host.Value(i) != want[0] {
					t.Fatalf("%s, row %d: got host %q, want %v", what, i, host.Value(i), want[0])
				}
				if cpu.IsNull(i) != (want[1] == nil) || want[1] != nil && math.Float64bits(cpu.Value(i)) != math.Float64bits(want[1].(float64)) {
					t.Fatalf("%s, row %d: got cpu %v, want %v", what, i, cpu.Value(i), want[1])
				}
				if int(ts.Value(i)) != i {
					t.Fatalf("%s, row %d: got time %d, want %d", what, i, ts.Value(i), i)
				}
			}
		}
		check("encoded", columns)
		m, _ := encode(t, NewEncoder(Codec(codec%3)), n, columns)
		back, err := m.Decode()
		if err != nil || m.Rows() != n {
			t.Fatalf("Decode: got %d rows, %v; want %d", m.Rows(), err, n)
		}
		check("decoded and encoded again", back)
	})
}

// A message keeps little more memory than is reserved for it.
func TestMemoryOfAMessageIsBounded(t *testing.T) {
	t.Parallel()
	for _, codec := range []Codec{None, LZ4, ZSTD} {
		rng := rand.New(rand.NewPCG(1, 2))
		rows := make([][]any, 5000)
		for i := range rows {
			rows[i] = []any{"host-0001", math.Float64frombits(rng.Uint64())}
		}
		columns := columnsOf(t, []column.Type{column.Of(column.String), column.Of(column.Float64)}, rows...)
		m, _ := encode(t, NewEncoder(codec), len(rows), columns)
		if got, most := int64(cap(m.body.Bytes)), MaxSize(len(rows), columns)*3/2; got > most {
			t.Errorf("codec %d: the message keeps %d bytes, want at most %d", codec, got, most)
		}
	}
}

// A message and the columns it was made of, or that are made of it, share no memory.
func TestMessagesShareNoMemory(t *testing.T) {
	t.Parallel()
	for _, codec := range []Codec{None, LZ4, ZSTD} {
		types := []column.Type{column.Of(column.String), column.Of(column.Boolean), column.Of(column.Int64)}
		columns := columnsOf(t, types, []any{"first", true, 1}, []any{nil, nil, nil})
		m, _ := encode(t, NewEncoder(codec), 2, columns)
		decoded, err := m.Decode()
		if err != nil {
			t.Fatal(err)
		}
		for i := range columns {
			clear(columns[i].values)
			clear(columns[i].offsets)
			clear(columns[i].valid)
		}
		if err := NewEncoder(codec).Encode(m, nil, 2, columnsOf(t, types, []any{"other", false, 2}, []any{"x", true, 3})); err != nil {
			t.Fatal(err)
		}
		want := columnsOf(t, types, []any{"first", true, 1}, []any{nil, nil, nil})
		for i := range want {
			if got, want := buffersOf(&decoded[i], 2), buffersOf(&want[i], 2); got != want {
				t.Errorf("codec %d, column %d: got buffers %x, want %x", codec, i, got, want)
			}
		}
	}
}

// A body with compression is smaller than the values, and arrow-go reads it all the same.
func TestCompressedMessagesAreSmaller(t *testing.T) {
	t.Parallel()
	rows := make([][]any, 1000)
	for i := range rows {
		rows[i] = []any{"host-" + strings.Repeat("x", i%7), float64(i % 5), i}
		if i%3 == 0 {
			rows[i][0] = nil
		}
	}
	columns := columnsOf(t, []column.Type{column.Of(column.String), column.Of(column.Float64), column.Of(column.TimestampMillisecond)}, rows...)
	for _, codec := range []Codec{None, LZ4, ZSTD} {
		record := readBack(t, codec, len(rows), columns)
		if record.NumRows() != 1000 || record.Column(0).NullN() != 334 {
			t.Errorf("codec %d: got %d rows with %d NULLs, want 1000 with 334", codec, record.NumRows(), record.Column(0).NullN())
		}
		if _, data := encode(t, NewEncoder(codec), len(rows), columns); codec != None && len(data.Body) > 9000 {
			t.Errorf("codec %d: the body has %d bytes, want at most 9000", codec, len(data.Body))
		}
	}
}
