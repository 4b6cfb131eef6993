package greptime_test

import (
	"context"
	"database/sql"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/race"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// batchRows is the size of the batches in which GreptimeDB sends scans of files.
const batchRows = 1024

// metricsBatch is a batch of a table as many have it: time, tag, two floats and a
// count, with a gap every 17 rows.
func metricsBatch() (*arrow.Schema, arrow.RecordBatch) {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "ts", Type: &arrow.TimestampType{Unit: arrow.Millisecond}},
		{Name: "host", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "cpu", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
		{Name: "mem", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
		{Name: "n", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for i := range batchRows {
		b.Field(0).(*array.TimestampBuilder).Append(arrow.Timestamp(1704067200000 + int64(i)*1000))
		b.Field(1).(*array.StringBuilder).Append(fmt.Sprintf("host-%d", i%40))
		b.Field(2).(*array.Float64Builder).Append(float64(i) * 0.37)
		if i%17 == 0 {
			b.Field(3).AppendNull()
		} else {
			b.Field(3).(*array.Float64Builder).Append(float64(i%900) * 1.13)
		}
		b.Field(4).(*array.Int64Builder).Append(int64(i) * 7919)
	}
	return schema, b.NewRecordBatch()
}

// startRows starts a server that answers every query with batches × batchRows rows.
// The messages are encoded once, so that the server costs next to nothing.
func startRows(t testing.TB, batches int) *wiretest.Server {
	schema, batch := metricsBatch()
	defer batch.Release()
	messages := resultMessages(t, schema, batch)
	encoded := make([][]byte, len(messages))
	for i, m := range messages {
		encoded[i] = wiretest.EncodeFlightData(m)
	}
	return wiretest.Start(t, func(c *wiretest.Call) error {
		if _, err := c.TicketBytes(); err != nil {
			return err
		}
		if err := c.Send(encoded[0]); err != nil {
			return err
		}
		for range batches {
			if err := c.Send(encoded[1]); err != nil {
				return err
			}
		}
		return c.Send(encoded[2])
	})
}

// scanRows scans a whole result and returns the number of rows.
func scanRows(ctx context.Context, db *sql.DB, eachBatch func()) (int, error) {
	rows, err := db.QueryContext(ctx, "SELECT ts, host, cpu, mem, n FROM metrics")
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var (
		ts   time.Time
		host string
		cpu  float64
		mem  sql.NullFloat64
		n    int64
	)
	count := 0
	for rows.Next() {
		if err := rows.Scan(&ts, &host, &cpu, &mem, &n); err != nil {
			return count, err
		}
		if count++; count%batchRows == 0 && eachBatch != nil {
			eachBatch()
		}
	}
	return count, rows.Err()
}

func BenchmarkScan(b *testing.B) {
	const batches = 100
	db := openServer(b, startRows(b, batches))
	b.ReportAllocs()
	for b.Loop() {
		if n, err := scanRows(b.Context(), db, nil); err != nil || n != batches*batchRows {
			b.Fatal(n, err)
		}
	}
	perRow(b, batches*batchRows)
}

func BenchmarkArrow(b *testing.B) {
	const batches = 100
	db := openServer(b, startRows(b, batches))
	b.ReportAllocs()
	for b.Loop() {
		err := greptime.Raw(b.Context(), db, func(c *greptime.Conn) error {
			rd, err := c.QueryArrow(b.Context(), "SELECT ts, host, cpu, mem, n FROM metrics")
			if err != nil {
				return err
			}
			defer rd.Release()
			n := 0
			for rd.Next() {
				n += int(rd.RecordBatch().NumRows())
			}
			if n != batches*batchRows {
				return fmt.Errorf("%d rows", n)
			}
			return rd.Err()
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	perRow(b, batches*batchRows)
}

func perRow(b *testing.B, rows int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows), "ns/row")
}

func BenchmarkSelectOne(b *testing.B) {
	db := openServer(b, newRecordingServer(b).Server)
	b.ReportAllocs()
	for b.Loop() {
		rows, err := db.Query("SELECT 1")
		if err != nil {
			b.Fatal(err)
		}
		for rows.Next() {
		}
		if err := rows.Err(); err != nil {
			b.Fatal(err)
		}
	}
}

func TestLargeResultScansWithFlatMemory(t *testing.T) {
	batches := 5_000_000 / batchRows
	if race.Enabled {
		batches /= 20
	}
	db := openServer(t, startRows(t, batches))
	var first, peak uint64
	seen, step := 0, batches/10
	n, err := scanRows(t.Context(), db, func() {
		if seen++; seen%step != 0 {
			return
		}
		runtime.GC() // what is alive counts, not when it is collected
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if seen == step {
			first = m.HeapAlloc
		}
		peak = max(peak, m.HeapAlloc)
	})
	if err != nil || n != batches*batchRows {
		t.Fatalf("%d rows, %v", n, err)
	}
	if peak > first+16<<20 {
		t.Errorf("the live heap grew from %d to %d MiB over %d rows", first>>20, peak>>20, n)
	}
}

// insertServer takes inserts on either way, without looking into them.
func insertServer(b testing.TB) *wiretest.Server {
	tables := newTableServer(b)
	list := []catalog.Column{
		{Name: "host", Type: column.Of(column.String), Role: catalog.Tag, Nullable: true},
		{Name: "region", Type: column.Of(column.String), Role: catalog.Tag, Nullable: true},
		{Name: "ts", Type: column.Of(column.TimestampMillisecond), Role: catalog.TimeIndex},
		{Name: "up", Type: column.Of(column.Boolean), Nullable: true},
		{Name: "n", Type: column.Of(column.Int64), Nullable: true},
	}
	for _, name := range []string{"cpu", "memory", "disk", "net", "load"} {
		list = append(list, catalog.Column{Name: name, Type: column.Of(column.Float64), Nullable: true})
	}
	tables.put(b, "public.metrics", list...)
	answer := wiretest.Replay(captures.DoGetByName("insert_two_rows"))
	return wiretest.Start(b, func(c *wiretest.Call) error {
		if c.Method == wiretest.MethodHandle {
			if _, err := c.Recv(); err != nil {
				return err
			}
			return c.Respond(2)
		}
		ticket, err := c.TicketBytes()
		switch {
		case err != nil:
			return err
		case len(ticket) < 100: // about the columns
			return tables.handle(c)
		}
		return answer(c)
	})
}

// metricsInsert is an INSERT of so many rows and 10 columns, as an ORM makes it.
func metricsInsert(rows int) (query string, args []any) {
	query = manyRows("INSERT INTO metrics (host, region, ts, up, n, cpu, memory, disk, net, load) VALUES ", "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
	for i := range rows {
		args = append(args, fmt.Sprintf("host-%d", i%40), "eu-west-1", time.UnixMilli(1704067200000+int64(i)), i%7 != 0, int64(i)*7919,
			float64(i)*0.37, 42.5, float64(i)/7, 1e-9, float64(i))
	}
	return query, args
}

func TestAllocationsOfNativeInserts(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector empties pools")
	}
	query, args := metricsInsert(1000)
	db := openServer(t, insertServer(t))
	got := testing.AllocsPerRun(20, func() { exec(t, db, query, args...) })
	if got > 210 { // database/sql, the call and the server's side of it; the rows cost none
		t.Errorf("%v allocations for 1,000 rows", got)
	}
}

// BenchmarkInsert is an INSERT of 1,000 rows and 10 columns with arguments, on both
// ways.
func BenchmarkInsert(b *testing.B) {
	const rows = 1000
	query, args := metricsInsert(rows)
	for _, mode := range []string{"sql", "auto"} {
		b.Run(mode, func(b *testing.B) {
			db := openServer(b, insertServer(b), "insert="+mode)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := db.ExecContext(b.Context(), query, args...); err != nil {
					b.Fatal(err)
				}
			}
			perRow(b, rows)
		})
	}
}
