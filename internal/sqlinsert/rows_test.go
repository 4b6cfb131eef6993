package sqlinsert

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
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

// encode returns the schema and the rows of an INSERT.
func encode(t testing.TB, script *sqltext.Script, memo *Memo, args []driver.NamedValue, table *catalog.Table) string {
	t.Helper()
	insert, err := New(script, memo, args)
	if err != nil {
		t.Fatal(err)
	}
	buffer := NewBuffer()
	defer buffer.Free()
	if err := insert.Encode(buffer, table); err != nil {
		t.Fatal(err)
	}
	return string(buffer.Schema) + string(buffer.Body.Bytes)
}

// What a Memo keeps is not used for a table that was read again.
func TestMemoIsForOneTable(t *testing.T) {
	t.Parallel()
	script, args, table := metrics(t, 3)
	altered := slices.Clone(table.Columns)
	altered[4].Type = column.Of(column.Float32)
	wide, err := catalog.NewTable("metrics", altered)
	if err != nil {
		t.Fatal(err)
	}
	memo := &Memo{}
	for i, table := range []*catalog.Table{table, table, wide, table, wide, wide} {
		if got, want := encode(t, script, memo, args, table), encode(t, script, nil, args, table); got != want {
			t.Errorf("%d: %x, want %x", i, got, want)
		}
	}
	if encode(t, script, memo, args, wide) == encode(t, script, memo, args, table) {
		t.Error("FLOAT and DOUBLE are encoded alike")
	}
	narrow, err := catalog.NewTable("metrics", slices.Clone(table.Columns[4:]))
	if err != nil {
		t.Fatal(err)
	}
	insert, err := New(script, memo, args)
	if err != nil {
		t.Fatal(err)
	}
	var text *NotNativeError
	if err := insert.Encode(NewBuffer(), narrow); !errors.As(err, &text) || !text.Stale {
		t.Errorf("a column that is gone: %v", err)
	}
	if got, want := encode(t, script, memo, args, table), encode(t, script, nil, args, table); got != want {
		t.Errorf("behind an error: %x, want %x", got, want)
	}
}

// BenchmarkEncode is INSERTs of ten arguments a row, from the arguments to bytes: of 1,000 rows,
// and of one row, of which the columns are half the work without a Memo.
func BenchmarkEncode(b *testing.B) {
	for _, rows := range []int{1, 1000} {
		script, args, table := metrics(b, rows)
		for name, memo := range map[string]*Memo{"with": {}, "without": nil} {
			b.Run(fmt.Sprintf("%d rows, %s Memo", rows, name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					insert, err := New(script, memo, args)
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
			})
		}
	}
}
