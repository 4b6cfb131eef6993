package load

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/extensions"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/greptime-go/greptime/cmd/greptime/internal/compression"
)

// batchOf returns a record batch of JSON.
func batchOf(t testing.TB, schema *arrow.Schema, rows string) arrow.RecordBatch {
	t.Helper()
	batch, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(rows))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(batch.Release)
	return batch
}

// arrowFiles returns a record batch as files of each kind.
func arrowFiles(t testing.TB, batches ...arrow.RecordBatch) map[string]string {
	t.Helper()
	files := map[string]string{}
	var b bytes.Buffer
	schema := batches[0].Schema()
	stream := ipc.NewWriter(&b, ipc.WithSchema(schema))
	for _, batch := range batches {
		if err := stream.Write(batch); err != nil {
			t.Fatal(err)
		}
	}
	if err := stream.Close(); err != nil {
		t.Fatal(err)
	}
	files["stream.arrow"] = b.String()
	b = bytes.Buffer{}
	file, err := ipc.NewFileWriter(&b, ipc.WithSchema(schema), ipc.WithZstd())
	if err != nil {
		t.Fatal(err)
	}
	for _, batch := range batches {
		if err := file.Write(batch); err != nil {
			t.Fatal(err)
		}
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	files["file.feather"] = b.String()
	b = bytes.Buffer{}
	w, err := pqarrow.NewFileWriter(schema, &b, parquet.NewWriterProperties(parquet.WithMaxRowGroupLength(2)), pqarrow.NewArrowWriterProperties(pqarrow.WithStoreSchema()))
	if err != nil {
		return files // Parquet has no such type
	}
	for _, batch := range batches {
		if err := w.WriteBuffered(batch); err != nil {
			return files
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	files["file.parquet"] = b.String()
	return files
}

func fieldsOf(types ...any) *arrow.Schema {
	var fields []arrow.Field
	for i := 0; i < len(types); i += 2 {
		fields = append(fields, arrow.Field{Name: types[i].(string), Type: types[i+1].(arrow.DataType), Nullable: true})
	}
	return arrow.NewSchema(fields, nil)
}

func TestTablesMadeOfArrowTypes(t *testing.T) {
	t.Parallel()
	_, conn := connect(t)
	for i, c := range []struct {
		typ       arrow.DataType
		value     string
		want      string // the column's type
		wantValue string
	}{
		{arrow.PrimitiveTypes.Uint16, "65535", "SMALLINT UNSIGNED", "65535"},
		{arrow.PrimitiveTypes.Float32, "0.5", "FLOAT", "0.5"},
		{arrow.FixedWidthTypes.Float16, "0.5", "FLOAT", "0.5"},
		{arrow.FixedWidthTypes.Boolean, "true", "BOOLEAN", "true"},
		{arrow.BinaryTypes.LargeString, `"x"`, "STRING", "x"},
		{arrow.BinaryTypes.StringView, `"x"`, "STRING", "x"},
		{arrow.BinaryTypes.LargeBinary, `"eA=="`, "VARBINARY", "eA=="},
		{&arrow.FixedSizeBinaryType{ByteWidth: 1}, `"eA=="`, "VARBINARY", "eA=="},
		{&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}, `"x"`, "STRING", "x"},
		{arrow.FixedWidthTypes.Date32, `"2024-02-29"`, "DATE", "2024-02-29"},
		{arrow.FixedWidthTypes.Date64, `"2024-02-29"`, "DATE", "2024-02-29"},
		{&arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "Asia/Tokyo"}, "1704067200000001", "TIMESTAMP(6)", "2024-01-01T00:00:00.000001"},
		{&arrow.Decimal128Type{Precision: 10, Scale: 2}, `"1.25"`, "DECIMAL(10, 2)", "1.25"},
		{&arrow.Decimal256Type{Precision: 50, Scale: 2}, `"1.25"`, "DECIMAL(38, 2)", "1.25"},
		{&arrow.Time64Type{Unit: arrow.Microsecond}, `"12:34:56.5"`, "STRING", "12:34:56.500000"},
		{&arrow.DurationType{Unit: arrow.Second}, "7", "BIGINT", "7"},
		{arrow.ListOf(arrow.PrimitiveTypes.Int64), "[1,2]", "JSON", "[1,2]"},
		{arrow.StructOf(arrow.Field{Name: "a", Type: arrow.PrimitiveTypes.Int64, Nullable: true}), `{"a":1}`, "JSON", `{"a":1}`},
		{extensions.NewUUIDType(), `"00112233-4455-6677-8899-aabbccddeeff"`, "STRING", "00112233-4455-6677-8899-aabbccddeeff"},
		{arrow.Null, "null", "STRING", "NULL"},
	} {
		schema := fieldsOf("ts", &arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: "UTC"}, "v", c.typ)
		batch := batchOf(t, schema, `[{"ts":1,"v":`+c.value+`},{"ts":2,"v":null}]`)
		for name, content := range arrowFiles(t, batch) {
			table := fmt.Sprintf("t%d_%s", i, strings.ReplaceAll(name, ".", "_"))
			r, err := imported(t.Context(), conn, table, Options{Time: "ts"}, writeFile(t, name, content))
			if err != nil || r.Acknowledged != 2 {
				t.Errorf("%s, %s: %+v, %v", c.typ, name, r, err)
				continue
			}
			columns, err := readColumns(t.Context(), conn, table)
			if got := columns[1].Type.String(); err != nil || got != c.want {
				t.Errorf("%s, %s: the column is %s, %v; want %s", c.typ, name, got, err, c.want)
			}
			value := "v"
			if c.want == "JSON" {
				value = "json_to_string(v)"
			}
			if got := query(t, conn, "SELECT "+value+" FROM "+table+" ORDER BY ts"); got != c.wantValue+"\nNULL" {
				t.Errorf("%s, %s: the values are %q, want %q and NULL", c.typ, name, got, c.wantValue)
			}
		}
	}
}

func TestArrowTypesThatTheColumnDiffersFrom(t *testing.T) {
	t.Parallel()
	_, conn := connect(t)
	for i, c := range []struct {
		from  arrow.DataType
		to    string
		value string
		want  string // the value, or "refused: " and the reason
	}{
		{arrow.PrimitiveTypes.Int64, "TINYINT", "100", "100"},
		{arrow.PrimitiveTypes.Int64, "TINYINT", "300", "refused: 300 cannot be TINYINT: out of range, which is -128 to 127"},
		{arrow.PrimitiveTypes.Int64, "DOUBLE", "9007199254740992", "9.007199254740992e+15"},
		{arrow.PrimitiveTypes.Int64, "DOUBLE", "9007199254740993", "refused: 9007199254740993 is not exact as DOUBLE"},
		{arrow.PrimitiveTypes.Float32, "DOUBLE", "0.5", "0.5"},
		{arrow.PrimitiveTypes.Float64, "FLOAT", "0.5", "0.5"},
		{arrow.PrimitiveTypes.Int32, "DECIMAL(5,2)", "7", "7"},
		{arrow.PrimitiveTypes.Int32, "DECIMAL(5,2)", "7000", "refused: 7000: out of range"},
		{arrow.BinaryTypes.String, "BIGINT", `"7"`, "7"},
		{arrow.BinaryTypes.String, "BIGINT", `"x"`, `refused: "x" cannot be BIGINT: not an integer`},
		{arrow.BinaryTypes.String, "TIMESTAMP(0)", `"2024-01-01 12:00:00"`, "2024-01-01T12:00:00"},
		{arrow.BinaryTypes.LargeString, "VARBINARY", `"x"`, "eA=="},
		{arrow.BinaryTypes.Binary, "STRING", `"eA=="`, "x"},
		{arrow.BinaryTypes.Binary, "STRING", `"/w=="`, `refused: "\xff" cannot be STRING: not UTF-8; convert the file, for example with iconv -t UTF-8`},
		{arrow.PrimitiveTypes.Int64, "STRING", "7", "7"},
		{arrow.FixedWidthTypes.Boolean, "STRING", "true", "true"},
		{arrow.PrimitiveTypes.Int64, "TIMESTAMP(3)", "1700000000000", "2023-11-14T22:13:20"},
		{arrow.FixedWidthTypes.Date32, "TIMESTAMP(3)", `"2024-01-01"`, "2024-01-01T00:00:00"},
		{&arrow.TimestampType{Unit: arrow.Nanosecond}, "TIMESTAMP(3)", "1000000", "1970-01-01T00:00:00.001"},
		{&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}, "BIGINT", `"7"`, "7"},
		{&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}, "BIGINT", `"x"`, `refused: "x" cannot be BIGINT: not an integer`},
		{arrow.ListOf(arrow.PrimitiveTypes.Float32), "VECTOR(2)", "[1,2]", "AACAPwAAAEA="},
		{arrow.FixedWidthTypes.Boolean, "BIGINT", "true", "error"},
		{arrow.PrimitiveTypes.Float64, "BIGINT", "1.5", "error"},
	} {
		table := fmt.Sprintf("t%d", i)
		exec(t, conn, "CREATE TABLE "+table+" (ts TIMESTAMP TIME INDEX, v "+c.to+")")
		schema := fieldsOf("ts", &arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: "UTC"}, "v", c.from)
		// The value is between others, which stay.
		batch := batchOf(t, schema, `[{"ts":1,"v":null},{"ts":2,"v":`+c.value+`},{"ts":3,"v":null}]`)
		path := writeFile(t, "a.arrow", arrowFiles(t, batch)["stream.arrow"])
		r, err := imported(t.Context(), conn, table, Options{MaxErrors: 10}, path)
		reason, refused := strings.CutPrefix(c.want, "refused: ")
		switch {
		case c.want == "error":
			if err == nil || !strings.Contains(err.Error(), `"v"`) {
				t.Errorf("%s into %s: %v, want an error that names the column", c.from, c.to, err)
			}
		case err != nil:
			t.Errorf("%s into %s: %v", c.from, c.to, err)
		case refused:
			if r.Acknowledged != 2 || len(r.Bad) != 1 || r.Bad[0].Reason != reason || r.Bad[0].Row != 2 || r.Bad[0].Column != "v" || !strings.Contains(r.Bad[0].Text, `"v"`) {
				t.Errorf("%s into %s: %+v, want row 2 refused: %s", c.from, c.to, r, reason)
			}
		default:
			if got := query(t, conn, "SELECT v FROM "+table+" ORDER BY ts"); got != "NULL\n"+c.want+"\nNULL" {
				t.Errorf("%s into %s: %q, want %q between NULLs", c.from, c.to, got, c.want)
			}
		}
	}
}

func TestPartsOfArrowFiles(t *testing.T) {
	t.Parallel()
	_, conn := connect(t)
	schema := fieldsOf("ts", &arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: "UTC"}, "v", arrow.PrimitiveTypes.Int64)
	var rows strings.Builder
	for i := range pieceRows + 5 {
		fmt.Fprintf(&rows, `,{"ts":%d,"v":%d}`, i, i)
	}
	first := batchOf(t, schema, "["+rows.String()[1:]+"]")
	second := batchOf(t, schema, `[{"ts":20000,"v":20000},{"ts":null,"v":1},{"ts":20002,"v":20002}]`)
	for name, content := range arrowFiles(t, first, batchOf(t, schema, "[]"), second) {
		for _, c := range []struct{ file, content string }{
			{name, content},
			{name + ".gz", compressed(t, compression.Gzip, content)},
			{name + ".zst", compressed(t, compression.Zstd, content)},
		} {
			exec(t, conn, "DROP TABLE IF EXISTS t")
			exec(t, conn, "CREATE TABLE t (ts TIMESTAMP TIME INDEX, v BIGINT)")
			r, err := imported(t.Context(), conn, "t", Options{MaxErrors: 1, Skip: mustParseRows(t, "3,10-10001")}, writeFile(t, c.file, c.content))
			if err != nil {
				t.Errorf("%s: %v", c.file, err)
				continue
			}
			want := "read 10008 skipped 9995 acknowledged 12 refused 1 unknown 0 not written 0"
			if got := counts(r); got != want || r.Bad[0].Row != pieceRows+7 || r.Bad[0].Reason != errNull.Error() {
				t.Errorf("%s: %s, %+v; want %s", c.file, got, r.Bad, want)
			}
			if got := query(t, conn, "SELECT count(*), min(v), max(v), sum(v) FROM t"); got != "12|3|20002|80045" {
				t.Errorf("%s: the table has %s", c.file, got)
			}
		}
	}
}

func TestFilesThatAreNone(t *testing.T) {
	t.Parallel()
	_, conn := connect(t)
	exec(t, conn, "CREATE TABLE t (ts TIMESTAMP TIME INDEX, v BIGINT NOT NULL DEFAULT 1, w BIGINT NOT NULL)")
	schema := fieldsOf("ts", &arrow.TimestampType{Unit: arrow.Millisecond}, "w", arrow.PrimitiveTypes.Int64)
	parquetFile := arrowFiles(t, batchOf(t, schema, `[{"ts":1,"w":1}]`))["file.parquet"]
	damaged := []byte(parquetFile)
	for i := 4; i < 60; i++ {
		damaged[i] ^= 0xff
	}
	for _, c := range []struct {
		name, content string
		opts          Options
		want          string
	}{
		{"a.xyz", "a,b\n", Options{}, "what kind of file is it?"},
		{"a", "", Options{}, "what kind of file is it?"},
		{"a.csv", "", Options{}, "it is empty; the first line must have the names of the columns"},
		{"a.csv", "PK\x03\x04", Options{}, "a ZIP archive or an Excel file"},
		{"a.csv", "ts,w\n\x00\x01", Options{}, "is not text"},
		{"a.csv", "\xff\xfet\x00s\x00", Options{}, "UTF-16"},
		{"a.csv", parquetFile, Options{}, "is a file of type parquet, not csv; give --input-format parquet"},
		{"a.parquet", "ts,w\n", Options{}, "is not a file of type parquet: it does not begin as one"},
		{"a.parquet", "", Options{}, "is empty"},
		{"a.parquet", "PAR1PAR1", Options{}, "it is not a Parquet file"},
		{"a.parquet", parquetFile[:len(parquetFile)/2], Options{}, "it is not a Parquet file"},
		{"a.parquet", string(damaged), Options{}, "a.parquet: "},
		{"a.arrow", "ARROW1\x00\x00", Options{}, "it is not an Arrow file"},
		{"a.arrow", "\xff\xff\xff\xff\x10\x00\x00\x00", Options{}, "it is not Arrow IPC"},
		{"a.csv.gz", "ts,w\n", Options{}, "is not compressed by gzip, as its name says"},
		{"a.csv.gz", compressed(t, compression.Gzip, "ts,w\n1,2\n")[:20], Options{}, "unexpected EOF"},
		{"a.csv", "ts,w,ts\n", Options{}, `names column "ts" twice`},
		{"a.csv", "ts;w\n", Options{}, `give --delimiter ';'`},
		{"a.csv", "ts,w\r1,2\r", Options{}, `its lines end with \r alone`},
		{"a.csv", "ts,w,x,y\n", Options{}, `table "t" has no column "x", which the file has; name the columns to import by --columns, as in --columns ts,w,y`},
		{"a.csv", "ts\n", Options{}, `column "w": it is NOT NULL, and the file has no such column`},
		{"a.csv", "w\n", Options{}, `column "ts": it is the time index`},
		{"a.csv", "ts,w\n", Options{Columns: []Selection{{"ts", "time"}}}, `the file has no column "time"; it has "ts", "w"`},
		{"a.csv", "ts,TS,w\n", Options{}, `two columns of the file, "ts" and "TS", go to column "ts"`},
		{"a.csv", "1,2\n", Options{NoHeader: true}, "give them by --columns a,b,c"},
		{"a.ndjson", "[{}]\n", Options{}, "line 1: not a JSON object, but an array"},
	} {
		path := writeFile(t, c.name, c.content)
		_, err := imported(t.Context(), conn, "t", c.opts, path)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), filepath.Base(path)) {
			t.Errorf("%s of %.20q: %v; want the name of the file and %q", c.name, c.content, err, c.want)
		}
	}
	if _, err := imported(t.Context(), conn, "t", Options{}, t.TempDir()); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("a directory: %v", err)
	}
	if _, err := imported(t.Context(), conn, "t", Options{}, filepath.Join(t.TempDir(), "none.csv")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if got := query(t, conn, "SELECT count(*) FROM t"); got != "0" {
		t.Errorf("%s rows were written", got)
	}
}

func TestTablesThatCannotBeMade(t *testing.T) {
	t.Parallel()
	_, conn := connect(t)
	const text = "ts,n,name,none\n2024-01-01,1,a,\n"
	for _, c := range []struct {
		opts Options
		want string
	}{
		{Options{Time: "nothing"}, `--time: there is no column "nothing"; there are "ts", "n", "name", "none"`},
		{Options{Time: "name"}, `--time: column "name" is STRING, not of times, as "a" is; name another one`},
		{Options{Time: "none"}, `--time: column "none" is STRING, not of times: the file has no value of it; name another one`},
		{Options{Time: "n"}, `may be seconds or smaller units; give --time-format`},
		{Options{Tags: []string{"x"}, Time: "ts"}, `--tag: there is no column "x"`},
		{Options{Tags: []string{"ts"}, Time: "ts"}, `column "ts" cannot be both the time index and a tag`},
		{Options{}, "name a column of times by --time COLUMN"},
		{Options{Time: "ts", Types: map[string]Type{"x": typeString}}, `--type: there is no column "x"`},
	} {
		if _, err := imported(t.Context(), conn, "t", c.opts, writeFile(t, "a.csv", text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %s", c.opts, err, c.want)
		}
	}
	if got := query(t, conn, "SHOW TABLES"); strings.Contains(got, "\nt") {
		t.Errorf("a table was made: %s", got)
	}
	// Dates and counts make a time index.
	for i, c := range []struct {
		text string
		opts Options
		want string
	}{
		{text, Options{Time: "ts"}, "TIMESTAMP(3)"},
		{"ts\n1700000000\n", Options{Time: "ts"}, "TIMESTAMP(0)"},
		{"ts\n1700000000000000\n", Options{Time: "ts"}, "TIMESTAMP(6)"},
		{"ts\n5\n", Options{Time: "ts", TimeFormats: TimeFormats{{unit: 3}}}, "TIMESTAMP(9)"},
		{"ts\n20240101\n", Options{Time: "ts", TimeFormats: TimeFormats{{layout: "20060102"}}}, "TIMESTAMP(3)"},
	} {
		table := fmt.Sprintf("u%d", i)
		r := mustImport(t, conn, table, c.opts, writeFile(t, "a.csv", c.text))
		columns, err := readColumns(t.Context(), conn, table)
		if err != nil || columns[0].Role != TimeIndex || columns[0].Type.String() != c.want || r.Acknowledged != 1 {
			t.Errorf("%q: %+v, %v; want %s", c.text, columns, err, c.want)
		}
	}
}

func TestPiecesAreBoundedByRowsAndBytes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ rows, bytes, want int64 }{
		{0, 0, pieceRows}, {1_000_000, 80_000_000, pieceRows}, {1000, 0, pieceRows}, {1000, 1000 << 10, pieceBytes >> 10}, {10, 1 << 40, 16},
	} {
		if got := rowsOfPiece(c.rows, c.bytes); got != c.want {
			t.Errorf("%d rows of %d bytes: %d, want %d", c.rows, c.bytes, got, c.want)
		}
	}
}
