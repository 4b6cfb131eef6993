package sqlinsert

import (
	"database/sql/driver"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/sqltext"
)

// metrics returns an INSERT of rows with ten columns, four of text, five of numbers and a time,
// and its table.
func metrics(t testing.TB, rows int) (*sqltext.Script, []driver.NamedValue, *catalog.Table) {
	t.Helper()
	names := []string{"region", "zone", "rack", "host", "cpu", "memory", "disk", "net_in", "net_out", "ts"}
	columns := make([]catalog.Column, len(names))
	for i, name := range names {
		columns[i] = catalog.Column{Name: name, Type: column.Of(column.Float64), Nullable: true}
		if i < 4 {
			columns[i].Type, columns[i].Role = column.Of(column.String), catalog.Tag
		}
	}
	columns[9] = catalog.Column{Name: "ts", Type: column.Of(column.TimestampMillisecond), Role: catalog.TimeIndex}
	table, err := catalog.NewTable("metrics", columns)
	if err != nil {
		t.Fatal(err)
	}
	row := "(" + strings.TrimSuffix(strings.Repeat("?, ", len(names)), ", ") + ")"
	script, err := sqltext.Parse("INSERT INTO metrics (" + strings.Join(names, ", ") + ") VALUES " + row + strings.Repeat(", "+row, rows-1))
	if err != nil {
		t.Fatal(err)
	}
	var args []driver.NamedValue
	for i := range rows {
		for _, v := range []any{fmt.Sprintf("region-%04d", i%10), fmt.Sprintf("zone-%04d", i%7), fmt.Sprintf("rack-%04d", i%100), fmt.Sprintf("host-%04d", i),
			float64(i%10_000) / 100, float64(i * 512), float64(i) / 7, 1e6 / float64(i+1), float64(i) * 0.37, time.UnixMilli(1_704_067_200_000 + int64(i))} {
			args = append(args, driver.NamedValue{Ordinal: len(args) + 1, Value: v})
		}
	}
	return script, args, table
}

// BenchmarkEncode is an INSERT of 1,000 rows of ten arguments each, from the arguments to bytes.
func BenchmarkEncode(b *testing.B) {
	const rows = 1000
	script, args, table := metrics(b, rows)
	b.ReportAllocs()
	for b.Loop() {
		insert, err := New(script, args)
		if err != nil {
			b.Fatal(err)
		}
		buffer := NewBuffer()
		if err := insert.Encode(buffer, table); err != nil {
			b.Fatal(err)
		}
		buffer.Free()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows), "ns/row")
}
