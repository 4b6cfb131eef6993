package output_test

import (
	"bytes"
	"context"
	"database/sql"
	"os"
	"sync"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/greptime-go/greptime"
	_ "github.com/greptime-go/greptime/driver"
	"github.com/greptime-go/greptime/greptimetest"

	"github.com/greptime-go/greptime/cmd/greptime/internal/output"
)

var startServer = sync.OnceValues(func() (*greptimetest.Server, error) { return greptimetest.New(greptimetest.Options{}) })

func TestMain(m *testing.M) {
	status := m.Run()
	if s, err := startServer(); err == nil {
		s.Close()
	}
	os.Exit(status)
}

// open returns a connection with the server of the tests.
func open(t *testing.T) *greptime.Conn {
	t.Helper()
	s, err := startServer()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := greptime.Connect(t.Context(), s.DSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// fill creates a table of types that other programs read differently, with a row of values
// and a row of NULLs.
func fill(t *testing.T, conn *greptime.Conn, name string) {
	t.Helper()
	for _, q := range []string{
		"CREATE TABLE " + name + ` (ts TIMESTAMP(9) TIME INDEX, s TIMESTAMP(0), d DECIMAL(38,10), j JSON, u BIGINT UNSIGNED, "day" DATE, b VARBINARY, t STRING)`,
		"INSERT INTO " + name + ` VALUES
			('2024-01-01 00:00:00.123456789', '2024-01-01 00:00:00', 1234567890123456789012345678.0123456789, '{"a": [1, null]}', 18446744073709551615, '2024-02-29', X'00ff', '東京'),
			('2024-01-01 00:00:01', NULL, NULL, NULL, NULL, NULL, NULL, NULL)`,
	} {
		if _, err := conn.Exec(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
}

// written writes a query in a format.
func written(t *testing.T, conn *greptime.Conn, query string, format output.Format) []byte {
	t.Helper()
	rd, err := conn.QueryArrow(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rd.Release()
	var out bytes.Buffer
	if _, err := output.WriteBatches(&out, rd, output.Options{Format: format}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestParquetAndArrowKeepTypes(t *testing.T) {
	t.Parallel()
	conn := open(t)
	fill(t, conn, "kept")
	query := "SELECT * FROM kept ORDER BY ts"
	for _, c := range []struct {
		format output.Format
		read   func(*testing.T, []byte) arrow.RecordBatch
		s      arrow.DataType // of the TIMESTAMP(0), which Parquet has not
	}{
		{output.Arrow, readArrow, arrow.FixedWidthTypes.Timestamp_s},
		{output.Parquet, readParquet, arrow.FixedWidthTypes.Timestamp_ms},
	} {
		t.Run(string(c.format), func(t *testing.T) {
			batch := c.read(t, written(t, conn, query, c.format))
			defer batch.Release()
			types := []arrow.DataType{
				arrow.FixedWidthTypes.Timestamp_ns, c.s, &arrow.Decimal128Type{Precision: 38, Scale: 10}, arrow.BinaryTypes.String,
				arrow.PrimitiveTypes.Uint64, arrow.FixedWidthTypes.Date32, arrow.BinaryTypes.Binary, arrow.BinaryTypes.String,
			}
			values := []string{
				"2024-01-01T00:00:00.123456789Z", "2024-01-01T00:00:00Z", "1234567890123456789012345678.0123456789", `{"a":[1,null]}`,
				"18446744073709551615", "2024-02-29", "AP8=", "東京",
			}
			for i, want := range types {
				column := batch.Column(i)
				name := batch.ColumnName(i)
				if got := column.DataType(); got.ID() != want.ID() || want.ID() == arrow.DECIMAL128 && !arrow.TypeEqual(got, want) {
					t.Errorf("%s is %s, want %s", name, got, want)
				}
				if got := column.ValueStr(0); got != values[i] {
					t.Errorf("%s is %s, want %s", name, got, values[i])
				}
				if i > 0 && column.IsValid(1) {
					t.Errorf("%s: NULL is %s", name, column.ValueStr(1))
				}
			}
		})
	}
}

func readArrow(t *testing.T, data []byte) arrow.RecordBatch {
	t.Helper()
	rd, err := ipc.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer rd.Release()
	if !rd.Next() {
		t.Fatal("no batch: ", rd.Err())
	}
	batch := rd.RecordBatch()
	batch.Retain()
	return batch
}

func readParquet(t *testing.T, data []byte) arrow.RecordBatch {
	t.Helper()
	f, err := file.NewParquetReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	rd, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{BatchSize: 100}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	batches, err := rd.GetRecordReader(context.Background(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer batches.Release()
	if !batches.Next() {
		t.Fatal("no batch: ", batches.Err())
	}
	batch := batches.RecordBatch()
	batch.Retain()
	return batch
}

// A result without rows is a file that other programs can read.
func TestEmptyFiles(t *testing.T) {
	t.Parallel()
	conn := open(t)
	query := "SELECT 1 AS a WHERE false"
	rd, err := ipc.NewReader(bytes.NewReader(written(t, conn, query, output.Arrow)))
	if err != nil {
		t.Fatal(err)
	}
	defer rd.Release()
	if rd.Next() || rd.Err() != nil || rd.Schema().NumFields() != 1 {
		t.Errorf("Arrow: rows, %v or %s", rd.Err(), rd.Schema())
	}
	f, err := file.NewParquetReader(bytes.NewReader(written(t, conn, query, output.Parquet)))
	if err != nil {
		t.Fatal(err)
	}
	if f.NumRows() != 0 || f.MetaData().Schema.NumColumns() != 1 {
		t.Errorf("Parquet: %d rows, %s", f.NumRows(), f.MetaData().Schema)
	}
}

// Every type of GreptimeDB has a text, and NULL in it is NULL.
func TestTextOfEveryType(t *testing.T) {
	t.Parallel()
	s, err := startServer()
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("greptime", s.DSN("timezone=Asia/Kolkata"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	conn := open(t)
	fill(t, conn, "texts")
	for _, c := range []struct {
		query       string
		eyes, other string // in a table, and in CSV
	}{
		{"SELECT ts FROM texts ORDER BY ts LIMIT 1", "2024-01-01 05:30:00.123456789", "2024-01-01T05:30:00.123456789+05:30"},
		{"SELECT s FROM texts WHERE s IS NOT NULL", "2024-01-01 05:30:00", "2024-01-01T05:30:00+05:30"},
		{"SELECT d FROM texts WHERE d IS NOT NULL", "1234567890123456789012345678.0123456789", ""},
		{"SELECT j FROM texts WHERE j IS NOT NULL", `{"a":[1,null]}`, `"{""a"":[1,null]}"`},
		{"SELECT u FROM texts WHERE u IS NOT NULL", "18446744073709551615", ""},
		{`SELECT "day" FROM texts WHERE "day" IS NOT NULL`, "2024-02-29", ""},
		{"SELECT b FROM texts WHERE b IS NOT NULL", "0x00ff", ""},
		{"SELECT t FROM texts WHERE t IS NOT NULL", "東京", ""},
		{"SELECT b FROM texts WHERE b IS NULL", "NULL", "nothing"},
		{"SELECT true", "true", ""},
		{"SELECT CAST(0.1 AS FLOAT)", "0.1", ""},
		{"SELECT NULL", "NULL", "nothing"},
		{"SELECT INTERVAL '1 month 2 days'", "1 mons 2 days", ""},
		{"SELECT max(ts) - min(ts) FROM texts", "876.543211ms", "876543211"},
	} {
		for format, want := range map[output.Format]string{output.Markdown: c.eyes, output.CSV: c.other} {
			switch want {
			case "":
				want = c.eyes
			case "nothing":
				want = ""
			}
			rows, err := db.QueryContext(t.Context(), c.query)
			if err != nil {
				t.Errorf("%s: %v", c.query, err)
				continue
			}
			var out bytes.Buffer
			_, err = output.WriteRows(&out, rows, output.Options{Format: format})
			rows.Close()
			if err != nil {
				t.Errorf("%s: %v", c.query, err)
				continue
			}
			lines := bytes.Split(bytes.TrimSuffix(out.Bytes(), []byte("\n")), []byte("\n"))
			if got := string(bytes.Trim(lines[len(lines)-1], "| ")); got != want {
				t.Errorf("%s in %s: %s, want %s", c.query, format, got, want)
			}
		}
	}
}
