// Package data has the rows that all scenarios send and receive: those of the
// method by which bulk writers of GreptimeDB are compared. Four string tags that make
// a million series, five doubles, and timestamps in milliseconds; with Wide also a
// counter and a flag.
package data

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// BatchRows is the rows of a batch or a request.
const BatchRows = 1000

// Row is a row of the table.
type Row struct {
	Region, Zone, Rack, Host         string
	CPU, Memory, Disk, NetIn, NetOut float64
	Requests                         int64
	Healthy                          bool
	Time                             time.Time
}

// Names of the columns, in the order of the fields of Row.
var Names = []string{"region", "zone", "rack", "host", "cpu", "memory", "disk", "net_in", "net_out", "requests", "healthy", "ts"}

// Names of the tables: of ten columns, without requests and healthy, and of all
// twelve.
const (
	Narrow = "bench_narrow"
	Wide   = "bench_wide"
)

// Columns returns the names of a table's columns.
func Columns(table string) []string {
	var n int
	if _, err := fmt.Sscanf(table, "bench_%d", &n); err == nil {
		return mixedColumns(n)
	}
	if table == Wide {
		return Names
	}
	return append(append([]string{}, Names[:9]...), Names[11])
}

// Mixed returns the name of the table of n columns, two or more, that are as many tags and
// doubles, in proportion, as in the narrow one.
func Mixed(n int) string { return fmt.Sprintf("bench_%d", n) }

func mixedColumns(n int) []string {
	tags := 4 * n / 10
	return slices.Concat(Repeat(Names[:4], tags), Repeat(Names[4:9], n-1-tags), Names[11:])
}

// Repeat returns n columns: these, and when they are used up the same again, with a number:
// cpu, disk, cpu#2, disk#2.
func Repeat(columns []string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = columns[i%len(columns)]
		if i >= len(columns) {
			all[i] += fmt.Sprintf("#%d", 1+i/len(columns))
		}
	}
	return all
}

// base is the name of a column without a number.
func base(column string) string {
	name, _, _ := strings.Cut(column, "#")
	return name
}

// How many values the tags have: 1,000,000 series.
var cardinality = [4]int{10, 10, 100, 100}

// Rows returns n rows, each of a series drawn at random. They are the same in every run.
func Rows(n int) []Row {
	rng := rand.New(rand.NewPCG(1, 2))
	var tags [4][]string
	for i, name := range Names[:4] {
		for v := range cardinality[i] {
			tags[i] = append(tags[i], fmt.Sprintf("%s-%04d", name, v))
		}
	}
	tag := func(i int) string { return tags[i][rng.IntN(cardinality[i])] }
	rows := make([]Row, n)
	start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range rows {
		rows[i] = Row{
			Region: tag(0), Zone: tag(1), Rack: tag(2), Host: tag(3),
			CPU:      float64(rng.IntN(10_000)) / 100,
			Memory:   float64(rng.IntN(1 << 20)),
			Disk:     rng.Float64() * 100,
			NetIn:    rng.ExpFloat64() * 1e6,
			NetOut:   rng.ExpFloat64() * 1e6,
			Requests: rng.Int64N(1_000_000),
			Healthy:  rng.IntN(50) != 0,
			Time:     start.Add(time.Duration(i) * time.Millisecond),
		}
	}
	return rows
}

// Batches returns n batches of rows.
func Batches(n int) [][]Row {
	rows := Rows(n * BatchRows)
	batches := make([][]Row, n)
	for i := range batches {
		batches[i] = rows[i*BatchRows : (i+1)*BatchRows]
	}
	return batches
}

// Values returns the values of these columns.
func (r *Row) Values(columns []string) []any {
	values := make([]any, len(columns))
	for i, name := range columns {
		values[i] = r.Value(name)
	}
	return values
}

// Value returns the value of a column.
func (r *Row) Value(column string) any {
	switch base(column) {
	case "region":
		return r.Region
	case "zone":
		return r.Zone
	case "rack":
		return r.Rack
	case "host":
		return r.Host
	case "cpu":
		return r.CPU
	case "memory":
		return r.Memory
	case "disk":
		return r.Disk
	case "net_in":
		return r.NetIn
	case "net_out":
		return r.NetOut
	case "requests":
		return r.Requests
	case "healthy":
		return r.Healthy
	case "ts":
		return r.Time
	}
	return nil
}
