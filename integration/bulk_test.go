package integration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/bulk"
	"github.com/greptime-go/greptime/greptimetest"
	"github.com/greptime-go/greptime/insert"
)

// connect opens a connection in a database of the test's own.
func connect(t *testing.T) *greptime.Conn {
	t.Helper()
	c, err := greptime.Connect(t.Context(), dsn(t, ""))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func run(t *testing.T, c *greptime.Conn, query string, args ...any) {
	t.Helper()
	if _, err := c.Exec(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func bulkWriter(t *testing.T, c *greptime.Conn, table string, opts bulk.Options) *bulk.Writer {
	t.Helper()
	w, err := bulk.NewWriter(t.Context(), c, table, opts)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func closeWriter(t *testing.T, w *bulk.Writer) bulk.Summary {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	sum, err := w.Close(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// texts is a query's result, as text.
func texts(t *testing.T, c *greptime.Conn, query string) [][]string {
	t.Helper()
	rd, err := c.QueryArrow(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rd.Release()
	var rows [][]string
	for rd.Next() {
		batch := rd.RecordBatch()
		for i := range int(batch.NumRows()) {
			var row []string
			for _, col := range batch.Columns() {
				row = append(row, strings.Clone(col.ValueStr(i)))
			}
			rows = append(rows, row)
		}
	}
	if err := rd.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return rows
}

// bulkColumns has a column of every type that a table can have.
func bulkColumns(t *testing.T) *insert.Schema {
	t.Helper()
	s, err := insert.NewSchema(
		insert.Tag("host", insert.String), insert.Time("ts", insert.Millisecond),
		insert.Field("b", insert.Bool),
		insert.Field("i8", insert.Int8), insert.Field("i16", insert.Int16), insert.Field("i32", insert.Int32), insert.Field("i64", insert.Int64),
		insert.Field("u8", insert.Uint8), insert.Field("u16", insert.Uint16), insert.Field("u32", insert.Uint32), insert.Field("u64", insert.Uint64),
		insert.Field("f32", insert.Float32), insert.Field("f64", insert.Float64),
		insert.Field("s", insert.String), insert.Field("bin", insert.Binary), insert.Field("d", insert.Date),
		insert.Field("ts_s", insert.Timestamp(insert.Second)), insert.Field("ts_us", insert.Timestamp(insert.Microsecond)), insert.Field("ts_ns", insert.Timestamp(insert.Nanosecond)),
		insert.Field("dec", insert.Decimal(38, 10)), insert.Field("j", insert.JSON), insert.Field("v", insert.Vector(2)),
	)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// limitRows are rows of bulkColumns, and what a query shows of them as text.
func limitRows() (rows [][]any, want [][]string) {
	null := make([]any, 22)
	null[0], null[1] = "null", int64(3)
	nothing := slices.Repeat([]string{"(null)"}, 22)
	nothing[0], nothing[1] = "null", "3"
	rows = [][]any{
		{"low", int64(1), false, math.MinInt8, math.MinInt16, math.MinInt32, math.MinInt64, 0, 0, 0, 0,
			float32(-math.MaxFloat32), -math.MaxFloat64, "", []byte{}, greptime.DateFromEpochDays(-1), int64(-62135596800), int64(-1), int64(-1),
			greptime.Decimal("-" + strings.Repeat("9", 28) + ".9999999999"), `null`, greptime.Vector{-0.5, 1}},
		{"high", int64(2), true, math.MaxInt8, math.MaxInt16, math.MaxInt32, math.MaxInt64, math.MaxUint8, math.MaxUint16, uint32(math.MaxUint32), uint64(math.MaxUint64),
			float32(math.MaxFloat32), math.MaxFloat64, "é日本'\"\\", []byte{0, 0xff}, greptime.DateFromEpochDays(19782), int64(253402300799), int64(1), int64(math.MaxInt64),
			greptime.Decimal(strings.Repeat("9", 28) + ".9999999999"), json.RawMessage(`{"k":[1,-2,3.5,null,true]}`), []float32{1, 2}},
		null,
	}
	want = [][]string{
		{"low", "1", "false", "-128", "-32768", "-2147483648", "-9223372036854775808", "0", "0", "0", "0",
			"-3.4028235e+38", "-1.7976931348623157e+308", "", "", "1969-12-31", "-62135596800", "-1", "-1",
			"-" + strings.Repeat("9", 28) + ".9999999999", "null", "AAAAvwAAgD8="},
		{"high", "2", "true", "127", "32767", "2147483647", "9223372036854775807", "255", "65535", "4294967295", "18446744073709551615",
			"3.4028235e+38", "1.7976931348623157e+308", "é日本'\"\\", "AP8=", "2024-02-29", "253402300799", "1", "9223372036854775807",
			strings.Repeat("9", 28) + ".9999999999", `{"k":[1,-2,3.5,null,true]}`, "AACAPwAAAEA="},
		nothing,
	}
	return rows, want
}

const selectEvery = `SELECT host, CAST(ts AS BIGINT) AS ts, b, i8, i16, i32, i64, u8, u16, u32, u64, f32, f64, s, bin, d,
	CAST(ts_s AS BIGINT) AS ts_s, CAST(ts_us AS BIGINT) AS ts_us, CAST(ts_ns AS BIGINT) AS ts_ns, CAST("dec" AS STRING) AS "dec", json_to_string(j) AS j, v FROM %s ORDER BY ts`

func TestBulkEveryTypeAtItsLimits(t *testing.T) {
	t.Parallel()
	c := connect(t)
	if err := bulk.CreateTable(t.Context(), c, "every", bulkColumns(t), nil); err != nil {
		t.Fatal(err)
	}
	rows, want := limitRows()
	for _, codec := range []bulk.Compression{bulk.None, bulk.LZ4, bulk.ZSTD} {
		w := bulkWriter(t, c, "every", bulk.Options{Schema: bulkColumns(t), Compression: codec})
		if !w.Verified() {
			t.Error("not verified")
		}
		b := w.NewBatch(3)
		for i, row := range rows {
			if err := b.Append(row...); err != nil {
				t.Fatalf("row %d: %v", i, err)
			}
		}
		if ack, err := w.Write(t.Context(), b); err != nil || ack.Rows != 3 {
			t.Fatalf("%+v, %v", ack, err)
		}
		closeWriter(t, w)
		got := texts(t, c, fmt.Sprintf(selectEvery, "every"))
		if len(got) != len(want) {
			t.Fatalf("%v: %d rows", codec, len(got))
		}
		for i := range want {
			for j := range want[i] {
				if got[i][j] != want[i][j] {
					t.Errorf("%v, row %d, column %d: %q, want %q", codec, i, j, got[i][j], want[i][j])
				}
			}
		}
	}
}

func TestBulkTimesOfDay(t *testing.T) {
	t.Parallel()
	c := connect(t)
	schema, err := insert.NewSchema(insert.Time("ts", insert.Millisecond), insert.Field("s", insert.TimeOfDay(insert.Second)), insert.Field("ms", insert.TimeOfDay(insert.Millisecond)),
		insert.Field("us", insert.TimeOfDay(insert.Microsecond)), insert.Field("ns", insert.TimeOfDay(insert.Nanosecond)))
	if err != nil {
		t.Fatal(err)
	}
	first := schema.NewTable("times_of_day") // only a native insert makes such columns
	if err := first.Append(1, nil, nil, nil, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := insert.Write(t.Context(), c, first); err != nil {
		t.Fatal(err)
	}
	w := bulkWriter(t, c, "times_of_day", bulk.Options{Schema: schema})
	b := w.NewBatch(2)
	last := greptime.TimeOfDay(24*time.Hour - 1)
	for i, v := range []greptime.TimeOfDay{0, last} {
		if err := b.Append(i+2, v, v, v, v); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	closeWriter(t, w)
	got := texts(t, c, "SELECT s, ms, us, ns FROM times_of_day ORDER BY ts")
	want := [][]string{
		{"(null)", "(null)", "(null)", "(null)"},
		{"00:00:00", "00:00:00.000", "00:00:00.000000", "00:00:00.000000000"},
		{"23:59:59", "23:59:59.999", "23:59:59.999999", "23:59:59.999999999"},
	}
	if !slices.EqualFunc(got, want, slices.Equal[[]string]) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestBulkFromAQueryToAnotherTable(t *testing.T) {
	t.Parallel()
	c := connect(t)
	for _, name := range []string{"source", "target"} {
		if err := bulk.CreateTable(t.Context(), c, name, bulkColumns(t), nil); err != nil {
			t.Fatal(err)
		}
	}
	w := bulkWriter(t, c, "source", bulk.Options{})
	b := w.NewBatch(0)
	rows, want := limitRows()
	for _, row := range rows {
		if err := b.Append(row...); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	closeWriter(t, w)

	rd, err := c.QueryArrow(t.Context(), "SELECT * FROM source")
	if err != nil {
		t.Fatal(err)
	}
	defer rd.Release()
	w = bulkWriter(t, c, "target", bulk.Options{Streams: 2, Compression: bulk.LZ4})
	if n, err := w.WriteReader(t.Context(), rd, nil); err != nil || n != 3 {
		t.Fatalf("%d rows, %v", n, err)
	}
	closeWriter(t, w)
	if got := texts(t, c, fmt.Sprintf(selectEvery, "target")); !slices.EqualFunc(got, want, slices.Equal[[]string]) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestBulkFromManyGoroutines(t *testing.T) {
	t.Parallel()
	c := connect(t)
	run(t, c, `CREATE TABLE "Load" ("Host" STRING, ts TIMESTAMP(3) TIME INDEX, cpu DOUBLE, PRIMARY KEY ("Host"))`)
	w := bulkWriter(t, c, "Load", bulk.Options{Streams: 4, Compression: bulk.LZ4})
	const goroutines, rows = 4, 2500
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			b := w.NewBatch(500)
			for i := range rows {
				if err := b.NewRow().Set("Host", fmt.Sprint("h", g)).Set("cpu", float64(i)).Set("ts", int64(i)).End(); err != nil {
					t.Error(err)
					return
				}
				if b.Len() == 500 {
					if _, err := w.WriteAsync(t.Context(), b); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	if err := w.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if sum := closeWriter(t, w); sum.Rows != goroutines*rows || sum.Failed != 0 {
		t.Errorf("%+v", sum)
	}
	if got := texts(t, c, `SELECT count(*), sum(cpu) FROM "Load"`); len(got) != 1 || got[0][0] != "10000" || got[0][1] != "1.2495e+07" {
		t.Errorf("%q", got)
	}
}

func TestBulkToAMissingTable(t *testing.T) {
	t.Parallel()
	_, err := bulk.NewWriter(t.Context(), connect(t), "missing", bulk.Options{})
	if !errors.Is(err, greptime.TableNotFound) || !strings.Contains(err.Error(), "bulk.CreateTable") {
		t.Error(err)
	}
}

func TestBulkSchemaIsChecked(t *testing.T) {
	t.Parallel()
	c := connect(t)
	run(t, c, "CREATE TABLE checked (host STRING, ts TIMESTAMP(3) TIME INDEX, cpu DOUBLE, n INT NOT NULL DEFAULT 5, PRIMARY KEY (host))")
	given, err := insert.NewSchema(insert.Field("host", insert.String), insert.Time("ts", insert.Microsecond), insert.Field("Cpu", insert.Float64))
	if err != nil {
		t.Fatal(err)
	}
	_, err = bulk.NewWriter(t.Context(), c, "checked", bulk.Options{Schema: given})
	for _, want := range []string{`column "host" is a tag`, `column "ts" is TIMESTAMP(3), not TIMESTAMP(6)`, `no column "Cpu"`, `column "cpu" (DOUBLE) is missing`, `column "n" (INT) is missing`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	w := bulkWriter(t, c, "checked", bulk.Options{})
	defer closeWriter(t, w)
	b := w.NewBatch(1)
	if err := b.NewRow().Set("ts", 1).Set("host", "a").End(); err == nil || !strings.Contains(err.Error(), "DEFAULT (5)") {
		t.Errorf("a column with a DEFAULT that is not set: %v", err)
	}
	if err := b.Append("a", 1, 1.5, nil); err == nil || !strings.Contains(err.Error(), "NOT NULL") {
		t.Errorf("NULL: %v", err)
	}
}

func TestBulkIntoATableThatIsDroppedMeanwhile(t *testing.T) {
	t.Parallel()
	c := connect(t)
	run(t, c, "CREATE TABLE gone (ts TIMESTAMP(3) TIME INDEX, cpu DOUBLE)")
	w := bulkWriter(t, c, "gone", bulk.Options{})
	defer closeWriter(t, w)
	run(t, c, "DROP TABLE gone")
	b := w.NewBatch(1)
	if err := b.Append(1, 1.5); err != nil {
		t.Fatal(err)
	}
	_, err := w.Write(t.Context(), b)
	var failed *bulk.WriteError
	if !errors.As(err, &failed) || !strings.Contains(err.Error(), "the table was dropped") && !errors.Is(err, greptime.TableNotFound) {
		t.Error(err)
	}
}

func TestBulkOfDuplicates(t *testing.T) {
	t.Parallel()
	c := connect(t)
	run(t, c, "CREATE TABLE twice (host STRING, ts TIMESTAMP(3) TIME INDEX, cpu DOUBLE, PRIMARY KEY (host))")
	for _, keepLast := range []bool{false, true} {
		w := bulkWriter(t, c, "twice", bulk.Options{KeepLast: keepLast})
		b := w.NewBatch(2)
		for _, cpu := range []float64{1, 2} {
			if err := b.Append("a", 1, cpu); err != nil {
				t.Fatal(err)
			}
		}
		want := map[bool]int64{false: 2, true: 1}[keepLast]
		if ack, err := w.Write(t.Context(), b); err != nil || ack.Rows != want {
			t.Errorf("KeepLast %v: %+v, %v", keepLast, ack, err)
		}
		closeWriter(t, w)
		if got := texts(t, c, "SELECT cpu FROM twice"); len(got) != 1 || got[0][0] != fmt.Sprint(3-want) {
			t.Errorf("KeepLast %v: %q", keepLast, got)
		}
	}
}

func TestBulkAsAUserWhoMayOnlyWrite(t *testing.T) {
	t.Parallel()
	if os.Getenv("GREPTIME_TEST_DSN") != "" {
		t.Skip("the users of the server are not known")
	}
	s := greptimetest.Start(t, greptimetest.Options{Users: []greptimetest.User{
		{Name: "admin", Password: "a"}, {Name: "writer", Password: "w", Mode: greptimetest.WriteOnly}, {Name: "reader", Password: "r", Mode: greptimetest.ReadOnly},
	}})
	as := func(user, password string) *greptime.Conn {
		c, err := greptime.Connect(t.Context(), fmt.Sprintf("greptime://%s:%s@%s/public", user, password, s.Addr()))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	admin := as("admin", "a")
	schema, err := insert.NewSchema(insert.Tag("host", insert.String), insert.Time("ts", insert.Millisecond), insert.Field("cpu", insert.Float64))
	if err != nil {
		t.Fatal(err)
	}
	if err := bulk.CreateTable(t.Context(), admin, "t", schema, map[string]string{"append_mode": "true"}); err != nil {
		t.Fatal(err)
	}
	if _, err := bulk.NewWriter(t.Context(), as("writer", "w"), "t", bulk.Options{}); !errors.Is(err, greptime.PermissionDenied) || !strings.Contains(err.Error(), "Options.Schema") {
		t.Errorf("without a schema: %v", err)
	}
	w := bulkWriter(t, as("writer", "w"), "t", bulk.Options{Schema: schema})
	if w.Verified() {
		t.Error("Verified")
	}
	b := w.NewBatch(1)
	if err := b.Append("a", 1, 2.5); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(t.Context(), b); err != nil {
		t.Error(err)
	}
	closeWriter(t, w)
	if got := texts(t, admin, "SELECT cpu FROM t"); len(got) != 1 || got[0][0] != "2.5" {
		t.Errorf("%q", got)
	}
	w = bulkWriter(t, as("reader", "r"), "t", bulk.Options{})
	if err := b.Append("a", 1, 2.5); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(t.Context(), b); err == nil {
		t.Error("a reader wrote")
	}
	closeWriter(t, w)
}
