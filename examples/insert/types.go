package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/insert"
)

// allTypes writes a row with every type a column can have, and shows what came
// back. The insert makes the table.
func allTypes(ctx context.Context, db *sql.DB, conn *greptime.Conn) error {
	at := time.Date(2024, 2, 29, 12, 34, 56, 789_123_456, time.UTC)
	clock := greptime.TimeOfDayOf(at)
	row := []struct {
		column insert.Column
		value  any
	}{
		{insert.Tag("device", insert.String), "sensor-1"},
		{insert.Time("ts", insert.Millisecond), at},
		{insert.Field("on", insert.Bool), true},
		{insert.Field("i8", insert.Int8), -128},
		{insert.Field("i16", insert.Int16), int16(-32768)},
		{insert.Field("i32", insert.Int32), int32(-1 << 31)},
		{insert.Field("i64", insert.Int64), int64(-1 << 63)},
		{insert.Field("u8", insert.Uint8), uint8(255)},
		{insert.Field("u16", insert.Uint16), uint16(65535)},
		{insert.Field("u32", insert.Uint32), uint32(1<<32 - 1)},
		{insert.Field("u64", insert.Uint64), uint64(1<<64 - 1)},
		{insert.Field("f32", insert.Float32), float32(3.14159)},
		{insert.Field("f64", insert.Float64), 2.718281828459045},
		{insert.Field("amount", insert.Decimal(20, 4)), greptime.Decimal("-1234567890123456.7891")},
		{insert.Field("note", insert.String), "naïve 温度 🌡"},
		{insert.Field("raw", insert.Binary), []byte{0xde, 0xad, 0xbe, 0xef}},
		{insert.Field("day", insert.Date), greptime.DateOf(at)},
		{insert.Field("at_s", insert.Timestamp(insert.Second)), at},
		{insert.Field("at_us", insert.Timestamp(insert.Microsecond)), at},
		{insert.Field("at_ns", insert.Timestamp(insert.Nanosecond)), at},
		{insert.Field("clock_s", insert.TimeOfDay(insert.Second)), clock},
		{insert.Field("clock_ms", insert.TimeOfDay(insert.Millisecond)), clock},
		{insert.Field("clock_us", insert.TimeOfDay(insert.Microsecond)), clock},
		{insert.Field("clock_ns", insert.TimeOfDay(insert.Nanosecond)), clock},
		{insert.Field("config", insert.JSON), json.RawMessage(`{"unit":"°C","limits":[-40,85]}`)},
		{insert.Field("embedding", insert.Vector(3)), greptime.Vector{0.1, -0.2, 0.3}},
		{insert.Field("missing", insert.Float64), nil},
	}
	columns, values := make([]insert.Column, len(row)), make([]any, len(row))
	for i, c := range row {
		columns[i], values[i] = c.column, c.value
	}
	table := insert.NewTable("all_types", columns...)
	if err := table.Append(values...); err != nil {
		return err
	}
	if _, err := insert.Write(ctx, conn, table); err != nil {
		return err
	}

	stored, err := readRow(ctx, db, "SELECT * FROM all_types")
	if err != nil {
		return err
	}
	fmt.Println("\nEvery data type, written natively and read back by SQL")
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "COLUMN\tTYPE\tGO VALUE\tSTORED")
	for _, c := range row {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", c.column.Name, c.column.Type, goValue(c.value), text(stored[c.column.Name]))
	}
	return w.Flush()
}

// goValue shows a value and its type.
func goValue(v any) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case json.RawMessage:
		return fmt.Sprintf("%T %s", v, v)
	}
	return fmt.Sprintf("%T %s", v, text(v))
}

// text shows a value.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case []byte:
		if utf8.Valid(v) {
			return string(v)
		}
		return fmt.Sprintf("%x", v)
	case time.Time:
		return v.Format(time.RFC3339Nano)
	}
	return fmt.Sprint(v)
}

// readRow is the first row of a result, by column.
func readRow(ctx context.Context, db *sql.DB, query string) (map[string]any, error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	row := map[string]any{}
	values, pointers := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		pointers[i] = &values[i]
	}
	if rows.Next() {
		if err := rows.Scan(pointers...); err != nil {
			return nil, err
		}
	}
	for i, name := range columns {
		row[name] = values[i]
	}
	return row, rows.Err()
}
