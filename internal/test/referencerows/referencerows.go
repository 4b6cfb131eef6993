// Package referencerows has the rows of the loads by which GreptimeDB's clients are
// compared, and two columns more. It is for benchmarks.
package referencerows

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Row is a row: four tags, five doubles, a time, and an integer and a boolean more.
type Row struct {
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

// Rows returns n rows, the same in each call.
func Rows(n int) []Row {
	rng := rand.New(rand.NewPCG(1, 2))
	tag := func(name string, n int) string { return fmt.Sprintf("%s-%04d", name, rng.IntN(n)) }
	rows := make([]Row, n)
	for i := range rows {
		rows[i] = Row{
			Region: tag("region", 10), Zone: tag("zone", 10), Rack: tag("rack", 100), Host: tag("host", 100),
			CPU: float64(rng.IntN(10_000)) / 100, Memory: float64(rng.IntN(1 << 20)), Disk: rng.Float64() * 100,
			NetIn: rng.ExpFloat64() * 1e6, NetOut: rng.ExpFloat64() * 1e6,
			Requests: rng.Int64N(1_000_000), Healthy: rng.IntN(50) != 0, Time: time.UnixMilli(1_704_067_200_000 + int64(i)),
		}
	}
	return rows
}
