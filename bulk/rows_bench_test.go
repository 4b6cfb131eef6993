package bulk

import (
	"testing"

	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/referencerows"
)

func BenchmarkRows(b *testing.B) {
	wide, err := insert.SchemaOf[referencerows.Row]()
	if err != nil {
		b.Fatal(err)
	}
	columns := wide.Columns()
	narrow, err := insert.NewSchema(append(columns[:9:9], columns[11])...)
	if err != nil {
		b.Fatal(err)
	}
	rows := referencerows.Rows(20_000)
	for _, bm := range []struct {
		name   string
		schema *insert.Schema
		append func(*Batch, *referencerows.Row) error
	}{
		{"Append/10", narrow, func(t *Batch, r *referencerows.Row) error {
			return t.Append(r.Region, r.Zone, r.Rack, r.Host, r.CPU, r.Memory, r.Disk, r.NetIn, r.NetOut, r.Time)
		}},
		{"Append/12", wide, func(t *Batch, r *referencerows.Row) error {
			return t.Append(r.Region, r.Zone, r.Rack, r.Host, r.CPU, r.Memory, r.Disk, r.NetIn, r.NetOut, r.Requests, r.Healthy, r.Time)
		}},
		{"AppendStructs/12", wide, func(t *Batch, r *referencerows.Row) error { return AppendStructs(t, r) }},
	} {
		b.Run(bm.name, func(b *testing.B) {
			batch, err := NewBatch(bm.schema, 1000)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if batch.Len() == 1000 {
					batch.Reset()
				}
				if err := bm.append(batch, &rows[i%len(rows)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
