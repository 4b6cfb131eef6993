package insert_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/greptime-go/greptime"
	_ "github.com/greptime-go/greptime/driver"
	"github.com/greptime-go/greptime/insert"
)

func ExampleWrite() {
	ctx := context.Background()
	conn, err := greptime.Connect(ctx, "greptime://localhost:4001/public")
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()

	table := insert.NewTable("sensor_data",
		insert.Tag("device_id", insert.String),
		insert.Field("temperature", insert.Float64),
		insert.Field("price", insert.Decimal(10, 2)),
		insert.Time("ts", insert.Millisecond))
	if err := table.Append("device_001", 23.5, greptime.Decimal("12.50"), time.Now()); err != nil {
		log.Fatal(err)
	}
	if err := table.Append("device_002", nil, nil, time.Now()); err != nil {
		log.Fatal(err)
	}
	n, err := insert.Write(ctx, conn, table)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(n, "rows")
}

func ExampleOptions_Write() {
	db, err := sql.Open("greptime", "greptime://localhost:4001/public")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	ctx := context.Background()

	table := insert.NewTable("events", insert.Field("text", insert.String), insert.Time("ts", insert.Nanosecond))
	if err := table.Append("started", time.Now()); err != nil {
		log.Fatal(err)
	}
	err = greptime.Raw(ctx, db, func(conn *greptime.Conn) error {
		_, err := insert.Options{TTL: "7d", AppendMode: true}.Write(ctx, conn, table)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
}

func ExampleTable_Append() {
	table := insert.NewTable("sensor_data",
		insert.Tag("device_id", insert.String),
		insert.Field("level", insert.Int8),
		insert.Time("ts", insert.Second))
	err := table.Append("device_001", 300, time.Unix(0, 0))
	fmt.Println(err)

	var e *insert.ValueError
	fmt.Println(errors.As(err, &e), e.Column, e.Row, e.Value, table.Len())
	// Output:
	// greptime: table "sensor_data", row 1 (index 0), column "level": 300 (int64) is not a value for TINYINT: out of range, which is -128 to 127
	// true level 0 300 0
}

func ExampleTable_NewRow() {
	table := insert.NewTable("sensor_data",
		insert.Tag("device_id", insert.String),
		insert.Field("temperature", insert.Float64),
		insert.Time("ts", insert.Millisecond))
	err := table.NewRow().Set("ts", time.Now()).Set("device_id", "device_001").End()
	null, _ := table.Row(0).IsNull("temperature")
	fmt.Println(err, table.Len(), null)
	// Output: <nil> 1 true
}

func ExampleTable_AppendColumns() {
	table := insert.NewTable("sensor_data",
		insert.Tag("device_id", insert.String),
		insert.Field("temperature", insert.Float64),
		insert.Time("ts", insert.Millisecond))
	now := time.Now()
	err := table.AppendColumns(
		insert.Values("device_id", []string{"a", "b", "c"}),
		insert.Values("temperature", []float64{21.5, 22, 22.5}),
		insert.Values("ts", []time.Time{now, now, now}))
	fmt.Println(err, table.Len())
	// Output: <nil> 3
}

func ExampleTable_Row() {
	table := insert.NewTable("prices",
		insert.Field("price", insert.Decimal(10, 2)),
		insert.Time("ts", insert.Second))
	if err := table.Append("12.345", time.Unix(1, 999)); err != nil {
		log.Fatal(err)
	}
	price, _ := table.Row(0).Decimal("price")
	ts, _ := table.Row(0).Time("ts")
	fmt.Println(price, ts)
	// Output: 12.35 1970-01-01 00:00:01 +0000 UTC
}

func ExampleSchema_NewTable() {
	schema, err := insert.NewSchema(insert.Tag("host", insert.String), insert.Field("load", insert.Float64), insert.Time("ts", insert.Millisecond))
	if err != nil {
		log.Fatal(err)
	}
	// A table for each goroutine, say; the schema is shared.
	fmt.Println(schema.NewTable("a").Name(), schema.NewTable("b").Name())

	_, err = insert.NewSchema(insert.Time("ts", insert.Second), insert.Field("ts", insert.Int64))
	fmt.Println(err)
	// Output:
	// a b
	// greptime: insert: column "ts": duplicate name
}

func ExampleSchemaOf() {
	type Reading struct {
		Device      string    `greptime:"device_id,tag"`
		Temperature *float64  `greptime:"temperature"`
		Price       string    `greptime:"price,type=decimal,precision=10,scale=2"`
		Note        string    `greptime:"-"`
		At          time.Time `greptime:"ts,time,precision=9"`
	}
	schema, err := insert.SchemaOf[Reading]()
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range schema.Columns() {
		fmt.Println(c.Name, c.Type)
	}
	// Output:
	// device_id STRING
	// temperature DOUBLE
	// price DECIMAL(10,2)
	// ts TIMESTAMP(9)
}

func ExampleWriteStructs() {
	type Reading struct {
		Device      string    `greptime:"device_id,tag"`
		Temperature float64   `greptime:"temperature"`
		At          time.Time `greptime:"ts,time"`
	}
	ctx := context.Background()
	conn, err := greptime.Connect(ctx, "greptime://localhost:4001/public")
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	readings := []Reading{{"device_001", 23.5, time.Now()}, {"device_002", 24.5, time.Now()}}
	n, err := insert.WriteStructs(ctx, conn, "sensor_data", readings)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(n, "rows")
}

func ExampleDelete() {
	ctx := context.Background()
	conn, err := greptime.Connect(ctx, "greptime://localhost:4001/public")
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	keys := insert.NewTable("sensor_data", insert.Tag("device_id", insert.String), insert.Time("ts", insert.Millisecond))
	if err := keys.Append("device_001", time.UnixMilli(1700000000000)); err != nil {
		log.Fatal(err)
	}
	if _, err := insert.Delete(ctx, conn, keys); err != nil {
		log.Fatal(err)
	}
}

func ExampleStream() {
	ctx := context.Background()
	conn, err := greptime.Connect(ctx, "greptime://localhost:4001/public")
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	stream, err := insert.NewStream(ctx, conn)
	if err != nil {
		log.Fatal(err)
	}
	defer stream.Close()

	table := insert.NewTable("sensor_data", insert.Tag("device_id", insert.String), insert.Field("temperature", insert.Float64), insert.Time("ts", insert.Millisecond))
	for batch := range 100 {
		table.Reset()
		for i := range 1000 {
			if err := table.Append(fmt.Sprint("device_", i), 23.5, time.UnixMilli(int64(batch))); err != nil {
				log.Fatal(err)
			}
		}
		if err := stream.Send(ctx, table); err != nil {
			log.Fatal(err)
		}
	}
	n, err := stream.CloseAndRecv(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(n, "rows")
}
