package output_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"

	"github.com/greptime-go/greptime/cmd/greptime/internal/output"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// texts returns the values of each column as text, row by row. NULL is "NULL".
func texts(rd array.RecordReader) (columns [][]string, err error) {
	columns = make([][]string, rd.Schema().NumFields())
	for rd.Next() {
		for i, c := range rd.RecordBatch().Columns() {
			for row := range c.Len() {
				text := "NULL"
				if c.IsValid(row) {
					text = c.ValueStr(row)
				}
				columns[i] = append(columns[i], text)
			}
		}
	}
	return columns, rd.Err()
}

// sqlTexts returns the values of each column as database/sql returns them as text.
func sqlTexts(rd array.RecordReader) (columns [][]string, err error) {
	names := rd.Schema().Fields()
	columns = make([][]string, len(names))
	for rd.Next() {
		for i, c := range rd.RecordBatch().Columns() {
			schema := arrow.NewSchema(names[i:i+1], nil)
			one, err := array.NewRecordReader(schema, []arrow.RecordBatch{array.NewRecordBatch(schema, []arrow.Array{c}, int64(c.Len()))})
			if err != nil {
				return nil, err
			}
			values, err := greptime.CollectReader[*string](one)
			if err != nil {
				return nil, err
			}
			for _, v := range values {
				if v == nil {
					columns[i] = append(columns[i], "NULL")
				} else {
					columns[i] = append(columns[i], *v)
				}
			}
		}
	}
	return columns, rd.Err()
}

// readBack returns a reader of a file.
func readBack(t *testing.T, format output.Format, data []byte) (array.RecordReader, error) {
	t.Helper()
	if format == output.Arrow {
		return ipc.NewReader(bytes.NewReader(data))
	}
	f, err := file.NewParquetReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	rd, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{BatchSize: 100}, memory.DefaultAllocator)
	if err != nil {
		return nil, err
	}
	return rd.GetRecordReader(context.Background(), nil, nil)
}

// inParquet returns the text that a value has in Parquet, which lacks some types.
func inParquet(f arrow.Field, text string) string {
	switch t := f.Type.(type) {
	case *arrow.DurationType: // a count
		return strings.TrimRight(text, "mnsu")
	case *arrow.Time32Type:
		if t.Unit == arrow.Second && text != "NULL" {
			return text + ".000"
		}
	}
	return text
}

// Every result that GreptimeDB is known to send can be written as a file, and the file has its
// values.
func TestRecordedResultsAsFiles(t *testing.T) {
	t.Parallel()
	var recorded []captures.DoGet
	seen := map[string]bool{}
	for _, d := range captures.DoGets() {
		if d.Request.HasSQL() && d.Code == codes.OK && len(d.Fields) > 0 && !seen[d.Request.SQL] {
			seen[d.Request.SQL] = true
			recorded = append(recorded, d)
		}
	}
	s := wiretest.Start(t, wiretest.NewMux(recorded...).Handle)
	conn, err := greptime.Connect(t.Context(), s.DSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	read := func(d captures.DoGet, use func(rd *greptime.RecordReader) error) error {
		rd, err := conn.QueryArrow(t.Context(), d.Request.SQL)
		if err != nil {
			return err
		}
		defer rd.Release()
		return use(rd)
	}
	checked := 0
	for _, d := range recorded {
		var types []arrow.Field
		var want, wantSQL [][]string
		if err := read(d, func(rd *greptime.RecordReader) (err error) {
			types = rd.Schema().Fields()
			want, err = texts(rd)
			return err
		}); err != nil {
			continue // a recording of an error
		}
		wantSQLErr := read(d, func(rd *greptime.RecordReader) (err error) { wantSQL, err = sqlTexts(rd); return err })
		for _, format := range []output.Format{output.Parquet, output.Arrow} {
			var b bytes.Buffer
			if err := read(d, func(rd *greptime.RecordReader) error {
				_, err := output.WriteBatches(&b, rd, output.Options{Format: format})
				return err
			}); err != nil {
				t.Errorf("%s as %s: %v", d.Name, format, err)
				continue
			}
			rd, err := readBack(t, format, b.Bytes())
			if err != nil {
				t.Errorf("%s as %s: %v", d.Name, format, err)
				continue
			}
			got, err := texts(rd)
			if err != nil || len(got) != len(want) {
				t.Errorf("%s as %s: %d columns, %v; want %d", d.Name, format, len(got), err, len(want))
				continue
			}
			for i := range want {
				if len(got[i]) != len(want[i]) {
					t.Errorf("%s as %s, column %s: %d rows, want %d", d.Name, format, d.Fields[i].Name, len(got[i]), len(want[i]))
					continue
				}
				for row := range want[i] {
					isText := wantSQLErr == nil && got[i][row] == wantSQL[i][row]
					wanted := want[i][row]
					if format == output.Parquet {
						wanted = inParquet(types[i], wanted)
					}
					if got[i][row] != wanted && !isText {
						t.Errorf("%s as %s, column %s, row %d: %s, want %s", d.Name, format, d.Fields[i].Name, row+1, got[i][row], wanted)
					}
					checked++
				}
			}
			rd.Release()
		}
	}
	if checked < 1000 {
		t.Errorf("%d values were checked", checked)
	}
}
