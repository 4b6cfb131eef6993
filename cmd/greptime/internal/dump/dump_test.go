package dump

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/greptimetest"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/testmain"

	"github.com/greptime-go/greptime/cmd/greptime/internal/compression"
	"github.com/greptime-go/greptime/cmd/greptime/internal/load"
	"github.com/greptime-go/greptime/cmd/greptime/internal/output"
	"github.com/greptime-go/greptime/cmd/greptime/internal/session"
)

func TestMain(m *testing.M) { testmain.Run(m) }

// open returns a session with a new server, in a time zone.
func open(t *testing.T, zone string) (*greptimetest.Server, *session.Session) {
	t.Helper()
	s := greptimetest.Start(t)
	cfg, err := greptime.ParseDSN(s.DSN())
	if err != nil {
		t.Fatal(err)
	}
	cfg.TimeZone = zone
	own, err := session.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { own.Close() })
	return s, own
}

func exec(t *testing.T, own *session.Session, statement string, args ...any) {
	t.Helper()
	if _, err := own.Conn.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// everyType is the columns of a table with a column of each type, but for TIME.
const everyType = `ts TIMESTAMP(9) TIME INDEX, host STRING, b BOOLEAN, i8 TINYINT, i16 SMALLINT, i32 INT, i64 BIGINT,
	u8 TINYINT UNSIGNED, u16 SMALLINT UNSIGNED, u32 INT UNSIGNED, u64 BIGINT UNSIGNED, f32 FLOAT, f64 DOUBLE, txt STRING, bin VARBINARY,
	"day" DATE, t0 TIMESTAMP(0), t3 TIMESTAMP(3), t6 TIMESTAMP(6), t9 TIMESTAMP(9), d1 DECIMAL(38, 10), d2 DECIMAL(5, 2), j JSON, v VECTOR(3), PRIMARY KEY (host)`

// fillTypes writes rows of edge values and a row of NULLs.
func fillTypes(t *testing.T, own *session.Session, table string) {
	t.Helper()
	exec(t, own, "CREATE TABLE "+table+" ("+everyType+")")
	for _, values := range []string{
		`'2024-01-01 00:00:00.123456789Z', 'a', true, -128, -32768, -2147483648, -9223372036854775808, 0, 0, 0, 0, 0.1, 0.1, 'text, "quoted"', X'00ff0a', '2024-02-29', '2024-01-01 00:00:00Z', '2024-01-01 00:00:00.001Z', '2024-01-01 00:00:00.000001Z', '2024-01-01 00:00:00.000000001Z', 1234567890123456789012345678.0123456789, -999.99, '{"a": [1, null, "x"], "b": {"c": 1.5}}', '[1,-2.5,0.1]'`,
		`'1969-12-31 23:59:59.999999999Z', 'b', false, 127, 32767, 2147483647, 9223372036854775807, 255, 65535, 4294967295, 18446744073709551615, -3.4e38, 1.7976931348623157e308, 'line 1` + "\n" + `line 2\t東京 🎉', X'', '0001-01-01', '9999-12-31 23:59:59Z', '0001-01-01 00:00:00Z', '9999-12-31 23:59:59.999999Z', '1970-01-01 00:00:00Z', -0.0000000001, 0.01, '"just text"', '[0,0,0]'`,
		`'2024-01-01 00:00:01Z', 'c', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL`,
		`'2024-01-01 00:00:02Z', '', false, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1e-320, '', X'30780a', '1970-01-01', '1970-01-01 00:00:00Z', '1970-01-01 00:00:00Z', '1970-01-01 00:00:00Z', '1970-01-01 00:00:00Z', 0, 0, 'null', '[1e-7,3,4]'`,
		`'2024-01-01 00:00:03Z', 'NULL', true, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, '\N', X'5c78', '1969-12-31', '1969-12-31 23:59:59Z', '1969-12-31 23:59:59.999Z', '1969-12-31 23:59:59.999999Z', '1969-12-31 23:59:59.999999999Z', 1, 1, '[]', '[1,2,3]'`,
	} {
		exec(t, own, "INSERT INTO "+table+" VALUES ("+values+")")
	}
	// Numbers without a literal.
	exec(t, own, "INSERT INTO "+table+" (ts, host, f32, f64) VALUES (?, ?, ?, ?), (?, ?, ?, ?)",
		time.Unix(4, 0), "nan", math.NaN(), math.NaN(), time.Unix(5, 0), "inf", math.Inf(-1), math.Inf(1))
}

// rowsOf returns the rows of a table as text.
func rowsOf(t *testing.T, own *session.Session, table string) string {
	t.Helper()
	var b bytes.Buffer
	query := "SELECT * FROM " + table + " ORDER BY ts"
	if _, err := Write(t.Context(), own, query, &b, Options{Output: output.Options{Format: output.NDJSON}}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// importFile imports a file into a table, which is made of the file if need be.
func importFile(t *testing.T, own *session.Session, table, file string, o load.Options) error {
	t.Helper()
	return greptime.Raw(t.Context(), own.Conn, func(conn *greptime.Conn) error {
		o.Zone = conn.Location()
		im, err := load.Prepare(t.Context(), conn, table, []string{file}, o)
		if err != nil {
			return err
		}
		defer im.Close()
		if err := im.Create(t.Context()); err != nil {
			return err
		}
		_, err = im.Run(t.Context())
		return err
	})
}

func TestEveryTypeIsReadBackEqual(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"UTC", "Asia/Shanghai"} {
		_, own := open(t, zone)
		fillTypes(t, own, "types")
		want := rowsOf(t, own, "types")
		for i, name := range []string{"a.csv", "a.tsv", "a.ndjson", "a.parquet", "a.arrow", "a.csv.gz", "a.ndjson.zst", "a.parquet.zst", "a.arrow.gz"} {
			file := filepath.Join(t.TempDir(), name)
			format, packed := FormatOf(name)
			f, err := os.Create(file)
			if err != nil {
				t.Fatal(err)
			}
			rows, err := Write(t.Context(), own, "SELECT * FROM types", f, Options{Output: output.Options{Format: format}, Compression: packed})
			if err = errors.Join(err, f.Close()); err != nil || rows != 7 {
				t.Fatalf("%s: %d rows, %v", name, rows, err)
			}
			table := fmt.Sprintf("copy%d", i)
			exec(t, own, "CREATE TABLE "+table+" ("+everyType+")")
			if err := importFile(t, own, table, file, load.Options{}); err != nil {
				t.Errorf("%s: %s: %v", zone, name, err)
				continue
			}
			if got := rowsOf(t, own, table); got != want {
				t.Errorf("%s: %s is read back as\n%s\nwant\n%s", zone, name, got, want)
			}
			const nulls = "SELECT host, j IS NULL AS n FROM %s ORDER BY ts"
			wantNulls := rowsOfText(t, own, fmt.Sprintf(nulls, "types"))
			if format == output.NDJSON { // which has one null for both
				wantNulls = strings.Replace(wantNulls, "\n\"\",false\n", "\n\"\",true\n", 1)
			}
			if got := rowsOfText(t, own, fmt.Sprintf(nulls, table)); got != wantNulls {
				t.Errorf("%s: %s: which JSON is NULL is read back as\n%s\nwant\n%s", zone, name, got, wantNulls)
			}
			if !format.FromBatches() {
				continue
			}
			// Parquet and Arrow also make the same table.
			made := table + "_made"
			if err := importFile(t, own, made, file, load.Options{Time: "ts", Tags: []string{"host"}}); err != nil {
				t.Errorf("%s: %s: %v", zone, name, err)
				continue
			}
			rowsMade, columnsMade := rowsOf(t, own, made), rowsOfText(t, own, "DESC TABLE "+made)
			if format == output.Parquet { // which has no seconds
				rowsMade = regexp.MustCompile(`("t0":"[^".]+)\.000`).ReplaceAllString(rowsMade, "$1")
				columnsMade = strings.Replace(columnsMade, "t0,TimestampMillisecond", "t0,TimestampSecond", 1)
			}
			if rowsMade != want {
				t.Errorf("%s: the table made of %s has\n%s\nwant\n%s", zone, name, rowsMade, want)
			}
			if got, want := columnsMade, rowsOfText(t, own, "DESC TABLE types"); got != want {
				t.Errorf("%s: the table made of %s has the columns\n%s\nwant\n%s", zone, name, got, want)
			}
		}
	}
}

func rowsOfText(t *testing.T, own *session.Session, query string) string {
	t.Helper()
	var b bytes.Buffer
	if _, err := Write(t.Context(), own, query, &b, Options{Output: output.Options{Format: output.CSV}}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTimesOfDayAreReadBackEqual(t *testing.T) {
	t.Parallel()
	_, own := open(t, "UTC")
	schema, err := insert.NewSchema(insert.Time("ts", insert.Millisecond), insert.Tag("tag", insert.String),
		insert.Field("c0", insert.TimeOfDay(insert.Second)), insert.Field("c3", insert.TimeOfDay(insert.Millisecond)),
		insert.Field("c6", insert.TimeOfDay(insert.Microsecond)), insert.Field("c9", insert.TimeOfDay(insert.Nanosecond)))
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, rows ...[]any) {
		t.Helper()
		table := schema.NewTable(name)
		for _, r := range rows {
			if err := table.Append(r...); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := insert.Write(t.Context(), own.Conn, table); err != nil {
			t.Fatal(err)
		}
	}
	midnight := greptime.TimeOfDay(0)
	at := greptime.TimeOfDay(12*3600e9 + 34*60e9 + 56e9)
	write("times", []any{int64(0), "a", at, at + 789e6, at + 789_012e3, at + 789_012_345}, []any{int64(1), "b", nil, nil, nil, nil}, []any{int64(2), "c", midnight, midnight, midnight, midnight})
	want := rowsOf(t, own, "times")
	for i, name := range []string{"a.csv", "a.tsv", "a.ndjson", "a.parquet", "a.arrow"} {
		file := filepath.Join(t.TempDir(), name)
		format, _ := FormatOf(name)
		var b bytes.Buffer
		if _, err := Write(t.Context(), own, "SELECT * FROM times", &b, Options{Output: output.Options{Format: format}}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := os.WriteFile(file, b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		table := fmt.Sprintf("copy%d", i)
		write(table, []any{int64(9), "z", nil, nil, nil, nil})
		exec(t, own, "TRUNCATE TABLE "+table)
		if err := importFile(t, own, table, file, load.Options{}); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := rowsOf(t, own, table); got != want {
			t.Errorf("%s is read back as\n%s\nwant\n%s", name, got, want)
		}
	}
}

func TestArgumentsAreQueriesOrTables(t *testing.T) {
	t.Parallel()
	for argument, want := range map[string]string{
		"cpu":                        `SELECT * FROM "cpu"`,
		"CPU":                        `SELECT * FROM "CPU"`,
		"select":                     `SELECT * FROM "select"`,
		"cpu-load.5m":                `SELECT * FROM "cpu-load.5m"`,
		`"my table"`:                 `SELECT * FROM "my table"`,
		`"a""b"`:                     `SELECT * FROM "a""b"`,
		"select-1":                   `SELECT * FROM "select-1"`,
		"show_all":                   `SELECT * FROM "show_all"`,
		"SELECT 1":                   "SELECT 1",
		"select*from t":              "select*from t",
		"WITH a AS (SELECT 1) TABLE": "WITH a AS (SELECT 1) TABLE",
		"TQL EVAL (0, 10, '5s') up":  "TQL EVAL (0, 10, '5s') up",
		"(SELECT 1)":                 "(SELECT 1)",
		"/* all */ SELECT 1":         "/* all */ SELECT 1",
		"SHOW TABLES":                "SHOW TABLES",
	} {
		if got, _ := Query(argument); got != want {
			t.Errorf("%s: %s, want %s", argument, got, want)
		}
	}
}

func TestNamesSayFormatAndCompression(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"a.csv": "csv none", "a.CSV.GZ": "csv gzip", "x/a.b.tsv.zst": "tsv zstd", "a.jsonl": "ndjson none", "a.json": "ndjson none",
		"a.parquet": "parquet none", "a.arrow.zstd": "arrow zstd", "a": " none", "a.gz": " gzip", "a.xlsx": " none",
	} {
		format, packed := FormatOf(name)
		if got := fmt.Sprintf("%s %s", format, packed); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestResultsAreCompressed(t *testing.T) {
	t.Parallel()
	_, own := open(t, "UTC")
	for packed, unpack := range map[compression.Kind]func(io.Reader) (io.Reader, error){
		compression.None: func(r io.Reader) (io.Reader, error) { return r, nil },
		compression.Gzip: func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		compression.Zstd: func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r) },
	} {
		var b bytes.Buffer
		if _, err := Write(t.Context(), own, "SELECT 1 AS a", &b, Options{Output: output.Options{Format: output.CSV}, Compression: packed}); err != nil {
			t.Fatal(err)
		}
		r, err := unpack(&b)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil || string(text) != "a\n1\n" {
			t.Errorf("%s: %q, %v", packed, text, err)
		}
	}
}

func TestOnlyOneQueryIsExported(t *testing.T) {
	t.Parallel()
	_, own := open(t, "UTC")
	for _, query := range []string{"SELECT 1; SELECT 2", "", "CREATE TABLE t (ts TIMESTAMP TIME INDEX)", "SELECT nothing FROM nowhere"} {
		for _, packed := range []compression.Kind{compression.None, compression.Gzip, compression.Zstd} {
			var b bytes.Buffer
			if _, err := Write(t.Context(), own, query, &b, Options{Output: output.Options{Format: output.CSV}, Compression: packed}); err == nil || b.Len() > 0 {
				t.Errorf("%q: %v, and %q is written", query, err, b.Bytes())
			}
		}
	}
	if tables := rowsOfText(t, own, "SHOW TABLES"); strings.Contains(tables, "\nt\n") {
		t.Errorf("export made a table: %s", tables)
	}
}
