package bulk

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
)

// FuzzEncode holds messages of random rows to arrow-go's reader, and to the rows that
// are handed back.
func FuzzEncode(f *testing.F) {
	for seed := range uint64(6) {
		f.Add(seed, uint16(seed*40), uint8(seed), uint8(seed*3))
	}
	f.Fuzz(func(t *testing.T, seed uint64, rows uint16, codec, nulls uint8) {
		rng := rand.New(rand.NewPCG(seed, 1))
		b, err := NewBatch(testSchema(t), rng.IntN(100))
		if err != nil {
			t.Fatal(err)
		}
		n := int(rows)%3000 + 1
		var hosts []any
		var cpus []any
		for i := range n {
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
			if rng.IntN(20) == 0 && b.Append(host, "no number", i) == nil {
				t.Fatal("a row that is wrong was taken")
			}
			if err := b.Append(host, cpu, i); err != nil {
				t.Fatal(err)
			}
			hosts, cpus = append(hosts, host), append(cpus, cpu)
		}
		compression := Compression(codec % 3)
		record, _ := ipcRecord(t, b, compression)
		defer record.Release()
		_, m := encodeBatch(t, b, compression)
		back := newBatch(b.table, 0)
		if back.columns, err = m.decode(b.columns); err != nil {
			t.Fatal(err)
		}
		back.rows = m.rows
		if record.NumRows() != int64(n) || back.Len() != n {
			t.Fatalf("%d and %d rows of %d", record.NumRows(), back.Len(), n)
		}
		host, cpu, ts := record.Column(0).(*array.String), record.Column(1).(*array.Float64), record.Column(2).(*array.Timestamp)
		for i := range n {
			if host.IsNull(i) != (hosts[i] == nil) || hosts[i] != nil && host.Value(i) != hosts[i] {
				t.Fatalf("row %d: host %q, want %v", i, host.Value(i), hosts[i])
			}
			if cpu.IsNull(i) != (cpus[i] == nil) || cpus[i] != nil && math.Float64bits(cpu.Value(i)) != math.Float64bits(cpus[i].(float64)) {
				t.Fatalf("row %d: cpu %v, want %v", i, cpu.Value(i), cpus[i])
			}
			if int(ts.Value(i)) != i {
				t.Fatalf("row %d: time %d", i, ts.Value(i))
			}
			if isNull, err := back.Row(i).IsNull("host"); err != nil || isNull != (hosts[i] == nil) {
				t.Fatalf("row %d handed back: NULL is %v, %v", i, isNull, err)
			}
			if text, _ := back.Row(i).String("host"); hosts[i] != nil && text != hosts[i] {
				t.Fatalf("row %d handed back: %q, want %q", i, text, hosts[i])
			}
		}
	})
}

// FuzzAck has answers that make no sense.
func FuzzAck(f *testing.F) {
	for _, s := range []string{`{"request_id":1,"affected_rows":3,"elapsed_secs":0.0015}`, `{"request_id":1,"affected_rows":3,"elapsed_secs":3.449e-6}`, `{"request_id":null}`, `[]`, ``, `{"request_id":-5,"elapsed_secs":1e300}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		ack, err := parseAck(b)
		if err != nil && ack != (Ack{}) {
			t.Errorf("%+v with error %v", ack, err)
		}
	})
}
