package collect

import (
	"io"
	"testing"
	"time"

	"github.com/greptime-go/greptime/flightdecode"
	"github.com/greptime-go/greptime/internal/scan"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/cells"
)

// FuzzAnswers changes recorded answers of all versions of the server: what flightdecode accepts
// can be read as Go values, row by row as database/sql does and many rows at once, with the same
// values.
func FuzzAnswers(f *testing.F) {
	for _, exchange := range captures.DoGets() {
		size := 0
		for _, m := range exchange.Messages {
			size += len(m.Header) + len(m.Body)
		}
		if n := len(exchange.Messages); n > 0 && n <= 4 && size < 4<<10 {
			var parts [8][]byte
			for i, m := range exchange.Messages {
				parts[2*i], parts[2*i+1] = m.Header, m.Body
			}
			f.Add(parts[0], parts[2], parts[3], parts[4], parts[5], parts[6], parts[7])
		}
	}
	f.Fuzz(func(t *testing.T, schema, header1, body1, header2, body2, header3, body3 []byte) {
		messages := []flightdecode.Message{{Header: schema}, {Header: header1, Body: body1}, {Header: header2, Body: body2}, {Header: header3, Body: body3}}
		next := 0
		rd, err := flightdecode.NewReader(func(m *flightdecode.Message) error {
			if next == len(messages) {
				return io.EOF
			}
			*m = messages[next]
			next++
			return nil
		}, flightdecode.Options{MaxBatchBytes: 1 << 20})
		if err != nil {
			return
		}
		defer rd.Release()
		var columns []scan.Column
		for _, field := range rd.Schema().Fields() {
			c, err := scan.New(field, time.UTC)
			if err != nil {
				return
			}
			columns = append(columns, c)
		}
		d, err := New[map[string]any](rd.Schema(), time.UTC, Options{})
		if err != nil {
			return // such as two columns of a name
		}
		for rd.Next() {
			batch := rd.RecordBatch()
			rows := int(min(batch.NumRows(), 64))
			for i, c := range columns {
				if err := c.Load(batch.Column(i)); err != nil {
					return
				}
			}
			if err := d.Load(batch); err != nil {
				t.Fatalf("row by row the batch can be read, and at once: %v", err)
			}
			list := make([]map[string]any, rows)
			n, err := d.Decode(list, 0)
			if (err == nil) != (n == rows) {
				t.Fatalf("%d of %d rows, error %v", n, rows, err)
			}
			for row := range n {
				for i, c := range columns {
					boxed, err := c.Value(row)
					var value any = boxed
					got := list[row][batch.ColumnName(i)]
					if err != nil || !cells.Same(&got, &value) {
						t.Fatalf("row %d, column %d: %v at once, %v by itself, error %v", row, i, got, value, err)
					}
				}
			}
		}
	})
}
