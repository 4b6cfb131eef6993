package main

import (
	"time"

	"github.com/greptime-go/greptime/bench/internal/data"
	"github.com/greptime-go/greptime/insert"
)

// batches is how many batches of rows there are; then they come again. They fit the
// processor's cache no more than those of a program that has other things to do.
const batches = 20

// wideSchema and narrowSchema are the columns of the tables.
func wideSchema() (*insert.Schema, error) {
	return insert.SchemaOf[wideRow]()
}

func narrowSchema() (*insert.Schema, error) {
	return insert.NewSchema(
		insert.Tag("region", insert.String), insert.Tag("zone", insert.String), insert.Tag("rack", insert.String), insert.Tag("host", insert.String),
		insert.Field("cpu", insert.Float64), insert.Field("memory", insert.Float64), insert.Field("disk", insert.Float64),
		insert.Field("net_in", insert.Float64), insert.Field("net_out", insert.Float64),
		insert.Time("ts", insert.Millisecond))
}

// wideRow is a row as a struct for this driver.
type wideRow struct {
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

// TableName names the table.
func (wideRow) TableName() string { return data.Wide }

// peerRow is the same row as a struct for greptimedb-ingester-go.
type peerRow struct {
	Region   string    `greptime:"tag;column:region;type:string"`
	Zone     string    `greptime:"tag;column:zone;type:string"`
	Rack     string    `greptime:"tag;column:rack;type:string"`
	Host     string    `greptime:"tag;column:host;type:string"`
	CPU      float64   `greptime:"field;column:cpu;type:float64"`
	Memory   float64   `greptime:"field;column:memory;type:float64"`
	Disk     float64   `greptime:"field;column:disk;type:float64"`
	NetIn    float64   `greptime:"field;column:net_in;type:float64"`
	NetOut   float64   `greptime:"field;column:net_out;type:float64"`
	Requests int64     `greptime:"field;column:requests;type:int64"`
	Healthy  bool      `greptime:"field;column:healthy;type:boolean"`
	Time     time.Time `greptime:"timestamp;column:ts;type:timestamp;precision:millisecond"`
}

// TableName names the table.
func (peerRow) TableName() string { return data.Wide }

// structs are batches of rows as structs of another type.
func structs[T wideRow | peerRow](in [][]data.Row) [][]T {
	out := make([][]T, len(in))
	for i, rows := range in {
		out[i] = make([]T, len(rows))
		for r := range rows {
			out[i][r] = T(wideRow(rows[r]))
		}
	}
	return out
}

// cycle hands out the batches one after the other, again and again.
type cycle[T any] struct {
	all  []T
	next int
}

func (c *cycle[T]) take() T {
	c.next++
	return c.all[c.next%len(c.all)]
}

// The ways to append rows to a table of this driver.

func appendWide(t *insert.Table, rows []data.Row) error {
	for i := range rows {
		r := &rows[i]
		if err := t.Append(r.Region, r.Zone, r.Rack, r.Host, r.CPU, r.Memory, r.Disk, r.NetIn, r.NetOut, r.Requests, r.Healthy, r.Time); err != nil {
			return err
		}
	}
	return nil
}

func appendNarrow(t *insert.Table, rows []data.Row) error {
	for i := range rows {
		r := &rows[i]
		if err := t.Append(r.Region, r.Zone, r.Rack, r.Host, r.CPU, r.Memory, r.Disk, r.NetIn, r.NetOut, r.Time); err != nil {
			return err
		}
	}
	return nil
}

func namedWide(t *insert.Table, rows []data.Row) error {
	for i := range rows {
		r := &rows[i]
		if err := t.NewRow().Set("region", r.Region).Set("zone", r.Zone).Set("rack", r.Rack).Set("host", r.Host).
			Set("cpu", r.CPU).Set("memory", r.Memory).Set("disk", r.Disk).Set("net_in", r.NetIn).Set("net_out", r.NetOut).
			Set("requests", r.Requests).Set("healthy", r.Healthy).Set("ts", r.Time).End(); err != nil {
			return err
		}
	}
	return nil
}

func structsWide(t *insert.Table, rows []wideRow) error { return insert.AppendStructs(t, rows...) }

// columnsOf is rows by columns.
type columnsOf struct {
	region, zone, rack, host         []string
	cpu, memory, disk, netIn, netOut []float64
	requests                         []int64
	healthy                          []bool
	ts                               []time.Time
}

func byColumns(in [][]data.Row) []columnsOf {
	out := make([]columnsOf, len(in))
	for i, rows := range in {
		c := &out[i]
		for _, r := range rows {
			c.region, c.zone, c.rack, c.host = append(c.region, r.Region), append(c.zone, r.Zone), append(c.rack, r.Rack), append(c.host, r.Host)
			c.cpu, c.memory, c.disk = append(c.cpu, r.CPU), append(c.memory, r.Memory), append(c.disk, r.Disk)
			c.netIn, c.netOut = append(c.netIn, r.NetIn), append(c.netOut, r.NetOut)
			c.requests, c.healthy, c.ts = append(c.requests, r.Requests), append(c.healthy, r.Healthy), append(c.ts, r.Time)
		}
	}
	return out
}

func columnsWide(t *insert.Table, c columnsOf) error {
	return t.AppendColumns(
		insert.Values("region", c.region), insert.Values("zone", c.zone), insert.Values("rack", c.rack), insert.Values("host", c.host),
		insert.Values("cpu", c.cpu), insert.Values("memory", c.memory), insert.Values("disk", c.disk),
		insert.Values("net_in", c.netIn), insert.Values("net_out", c.netOut),
		insert.Values("requests", c.requests), insert.Values("healthy", c.healthy), insert.Values("ts", c.ts))
}
