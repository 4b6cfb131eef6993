package bulk_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/bulk"
	"github.com/greptime-go/greptime/insert"
)

func ExampleNewWriter() {
	ctx := context.Background()
	conn, err := greptime.Connect(ctx, "greptime://localhost:4001/public")
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	w, err := bulk.NewWriter(ctx, conn, "sensor_data", bulk.Options{Compression: bulk.LZ4})
	if err != nil {
		log.Fatal(err)
	}
	b := w.NewBatch(10_000)
	for i := range 1_000_000 {
		// In the order of the table's columns, which b.Columns tells.
		if err := b.Append("device_001", time.UnixMilli(int64(i)), 23.5); err != nil {
			log.Fatal(err)
		}
		if b.Len() == 10_000 {
			if _, err := w.WriteAsync(ctx, b); err != nil {
				log.Fatal(err)
			}
		}
	}
	summary, err := w.Close(ctx)
	fmt.Println(summary.Rows, "rows", err)
}

func ExampleWriter_Write() {
	var w *bulk.Writer // of NewWriter
	ctx := context.Background()
	b := w.NewBatch(1)
	if err := b.NewRow().Set("device_id", "device_001").Set("ts", time.Now()).Set("temperature", 23.5).End(); err != nil {
		log.Fatal(err)
	}
	ack, err := w.Write(ctx, b)
	var failed *bulk.WriteError
	switch {
	case err == nil:
		fmt.Printf("%d rows in %v\n", ack.Rows, ack.Elapsed)
	case errors.As(err, &failed):
		for _, f := range failed.Failed {
			again, err := f.Batch()
			if err != nil || f.Ambiguous {
				log.Fatal("check what was written: ", f.Err)
			}
			_, _ = w.WriteAsync(ctx, again)
		}
	}
}

func ExampleWriter_WriteReader() {
	var conn *greptime.Conn // of greptime.Connect or greptime.Raw
	ctx := context.Background()
	rd, err := conn.QueryArrow(ctx, "SELECT * FROM sensor_data WHERE ts < now() - INTERVAL '30 days'")
	if err != nil {
		log.Fatal(err)
	}
	defer rd.Release()
	w, err := bulk.NewWriter(ctx, conn, "sensor_archive", bulk.Options{})
	if err != nil {
		log.Fatal(err)
	}
	n, err := w.WriteReader(ctx, rd, func(rows int64) { fmt.Println(rows, "rows so far") })
	if err != nil {
		log.Fatal(err)
	}
	_, err = w.Close(ctx)
	fmt.Println(n, "rows", err)
}

func ExampleCreateTable() {
	var conn *greptime.Conn // of greptime.Connect or greptime.Raw
	ctx := context.Background()
	schema, err := insert.NewSchema(
		insert.Tag("device_id", insert.String),
		insert.Time("ts", insert.Millisecond),
		insert.Field("temperature", insert.Float64))
	if err != nil {
		log.Fatal(err)
	}
	if err := bulk.CreateTable(ctx, conn, "sensor_data", schema, map[string]string{"ttl": "90d"}); err != nil {
		log.Fatal(err)
	}
}

func ExampleNewBatch() {
	schema, err := insert.NewSchema(insert.Tag("device_id", insert.String), insert.Time("ts", insert.Millisecond), insert.Field("temperature", insert.Float64))
	if err != nil {
		log.Fatal(err)
	}
	b, err := bulk.NewBatch(schema, 3)
	if err != nil {
		log.Fatal(err)
	}
	at := time.UnixMilli(1_700_000_000_000)
	err = errors.Join(
		b.Append("device_001", at, 23.5),
		b.Append("device_002", at, 19.25),
		b.NewRow().Set("ts", at).Set("device_id", "device_003").End())
	fmt.Println(b.Len(), err)
	temperature, err := b.Row(2).Float64("temperature")
	fmt.Println(temperature, err)
	fmt.Println(b.Append("device_004", nil, 20.5))
	// Output:
	// 3 <nil>
	// 0 greptime: the value is NULL: row 3 (index 2), column "temperature"
	// greptime: row 4 (index 3), column "ts": the time index cannot be NULL
}

func ExampleAppendStructs() {
	type reading struct {
		Device      string    `greptime:"device_id,tag"`
		At          time.Time `greptime:"ts,time"`
		Temperature *float64  `greptime:"temperature"`
		Note        string    `greptime:"-"`
	}
	schema, err := insert.SchemaOf[reading]()
	if err != nil {
		log.Fatal(err)
	}
	b, err := bulk.NewBatch(schema, 2)
	if err != nil {
		log.Fatal(err)
	}
	temperature := 23.5
	err = bulk.AppendStructs(b, reading{Device: "device_001", At: time.Now(), Temperature: &temperature}, reading{Device: "device_002", At: time.Now()})
	fmt.Println(b.Len(), err)
	// Output: 2 <nil>
}

func ExampleBatch_AppendColumns() {
	schema, err := insert.NewSchema(insert.Tag("device_id", insert.String), insert.Time("ts", insert.Millisecond), insert.Field("temperature", insert.Float64))
	if err != nil {
		log.Fatal(err)
	}
	b, err := bulk.NewBatch(schema, 3)
	if err != nil {
		log.Fatal(err)
	}
	err = b.AppendColumns(
		insert.Values("ts", []int64{1, 2, 3}), // milliseconds
		insert.Values("device_id", []string{"a", "b", "c"}),
		insert.Values("temperature", []float64{20, 21, 22}))
	fmt.Println(b.Len(), err)
	// Output: 3 <nil>
}
