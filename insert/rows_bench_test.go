package insert_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/greptime-go/greptime/insert"
)

// benchRow is a row of the loads by which GreptimeDB's clients are compared, and two
// columns more.
type benchRow struct {
	Region   string    `greptime:"region,tag"`
	Zone     string    `greptime:"zone,tag"`
	Rack     string    `greptime:"rack,tag"`
	Host     string    `greptime:"host,tag"`
	CPU      float64   `greptime:"cpu"`
	Memory   float64   `greptime:"memory"`
	Disk     float64   `greptime:"disk"`
	NetIn    float64   `greptime:"net_in"`
	NetOut   float64   `greptime:"net_out"`
	Requests int64     `greptime:"requests"`
	Healthy  bool      `greptime:"healthy"`
	Time     time.Time `greptime:"ts,time"`
}

func benchRows(n int) []benchRow {
	rng := rand.New(rand.NewPCG(1, 2))
	tag := func(name string, n int) string { return fmt.Sprintf("%s-%04d", name, rng.IntN(n)) }
	rows := make([]benchRow, n)
	for i := range rows {
		rows[i] = benchRow{
			Region: tag("region", 10), Zone: tag("zone", 10), Rack: tag("rack", 100), Host: tag("host", 100),
			CPU: float64(rng.IntN(10_000)) / 100, Memory: float64(rng.IntN(1 << 20)), Disk: rng.Float64() * 100,
			NetIn: rng.ExpFloat64() * 1e6, NetOut: rng.ExpFloat64() * 1e6,
			Requests: rng.Int64N(1_000_000), Healthy: rng.IntN(50) != 0, Time: time.UnixMilli(1_704_067_200_000 + int64(i)),
		}
	}
	return rows
}

func BenchmarkRows(b *testing.B) {
	wide, err := insert.SchemaOf[benchRow]()
	if err != nil {
		b.Fatal(err)
	}
	columns := wide.Columns()
	narrow, err := insert.NewSchema(append(columns[:9:9], columns[11])...)
	if err != nil {
		b.Fatal(err)
	}
	rows := benchRows(20_000)
	for _, bm := range []struct {
		name   string
		schema *insert.Schema
		append func(*insert.Table, *benchRow) error
	}{
		{"Append/10", narrow, func(t *insert.Table, r *benchRow) error {
			return t.Append(r.Region, r.Zone, r.Rack, r.Host, r.CPU, r.Memory, r.Disk, r.NetIn, r.NetOut, r.Time)
		}},
		{"Append/12", wide, func(t *insert.Table, r *benchRow) error {
			return t.Append(r.Region, r.Zone, r.Rack, r.Host, r.CPU, r.Memory, r.Disk, r.NetIn, r.NetOut, r.Requests, r.Healthy, r.Time)
		}},
		{"AppendStructs/12", wide, func(t *insert.Table, r *benchRow) error { return insert.AppendStructs(t, r) }},
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
