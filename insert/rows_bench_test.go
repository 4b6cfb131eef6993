package insert_test

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
		append func(*insert.Table, *referencerows.Row) error
	}{
		{"Append/10", narrow, func(t *insert.Table, r *referencerows.Row) error {
			return t.Append(r.Region, r.Zone, r.Rack, r.Host, r.CPU, r.Memory, r.Disk, r.NetIn, r.NetOut, r.Time)
		}},
		{"Append/12", wide, func(t *insert.Table, r *referencerows.Row) error {
			return t.Append(r.Region, r.Zone, r.Rack, r.Host, r.CPU, r.Memory, r.Disk, r.NetIn, r.NetOut, r.Requests, r.Healthy, r.Time)
		}},
		{"AppendStructs/12", wide, func(t *insert.Table, r *referencerows.Row) error { return insert.AppendStructs(t, r) }},
	} {
		b.Run(bm.name, func(b *testing.B) {
			table := bm.schema.NewTable("bench")
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if table.Len() == 1000 {
					table.Reset()
				}
				if err := bm.append(table, &rows[i%len(rows)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
