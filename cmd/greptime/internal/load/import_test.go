package load

import (
	"bytes"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/greptime-go/greptime/cmd/greptime/internal/compression"
)

const weatherFile = "../../../../examples/internal/weather/weather.csv.gz"

func TestWeatherFileIsImportedWhole(t *testing.T) {
	t.Parallel()
	_, conn := connect(t)
	opts := Options{Null: []string{"NA"}, Time: "time_hour", Tags: []string{"origin"}}
	r := mustImport(t, conn, "weather", opts, weatherFile)
	if got, want := counts(r), "read 26115 skipped 0 acknowledged 26115 refused 0 unknown 0 not written 0"; got != want {
		t.Errorf("report: %s, want %s", got, want)
	}
	if got, want := query(t, conn, "SELECT count(*), count(temp), count(wind_gust), sum(year), sum(day) FROM weather"), "26115|26114|5337|52569495|409361"; got != want {
		t.Errorf("count and sums: %s, want those of the file, %s", got, want)
	}
	for column, want := range map[string]float64{"temp": 1443069.88, "pressure": 23804580.2} {
		got, err := strconv.ParseFloat(query(t, conn, "SELECT sum("+column+") FROM weather"), 64)
		if err != nil || math.Abs(got-want) > 0.001 {
			t.Errorf("sum of %s: %v, %v; want that of the file, %v", column, got, err, want)
		}
	}
	want := `origin|String|PRI|YES||TAG
year|Int64||YES||FIELD
month|Int64||YES||FIELD
day|Int64||YES||FIELD
hour|Int64||YES||FIELD
temp|Float64||YES||FIELD
dewp|Float64||YES||FIELD
humid|Float64||YES||FIELD
wind_dir|Int64||YES||FIELD
wind_speed|Float64||YES||FIELD
wind_gust|Float64||YES||FIELD
precip|Float64||YES||FIELD
pressure|Float64||YES||FIELD
visib|Float64||YES||FIELD
time_hour|TimestampMillisecond|PRI|NO||TIMESTAMP`
	if got := query(t, conn, "DESC TABLE weather"); got != want {
		t.Errorf("the table is\n%s\nwant\n%s", got, want)
	}
	// All of it can be skipped, and then nothing is sent.
	opts.Skip = mustParseRows(t, r.Skip())
	if got, want := counts(mustImport(t, conn, "weather", opts, weatherFile)), "read 26115 skipped 26115 acknowledged 0 refused 0 unknown 0 not written 0"; got != want {
		t.Errorf("with --skip: %s, want %s", got, want)
	}
}

func mustParseRows(t testing.TB, text string) Rows {
	t.Helper()
	rows, err := ParseRows(text)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func compressed(t testing.TB, kind compression.Kind, text string) string {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	switch kind {
	case compression.Gzip:
		w = gzip.NewWriter(&b)
	case compression.Zstd:
		z, err := zstd.NewWriter(&b)
		if err != nil {
			t.Fatal(err)
		}
		w = z
	default:
		return text
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTextFilesOfEachKind(t *testing.T) {
	t.Parallel()
	_, conn := connect(t)
	const csvText = "host,v,ts\na,1.5,2024-01-01T00:00:00Z\n\"b,\"\"c\"\"\",,2024-01-01T00:00:01Z\n\"\",3,2024-01-01T00:00:02Z\n"
	const tsvText = "host\tv\tts\na\t1.5\t2024-01-01T00:00:00Z\nb,\"c\"\t\\N\t2024-01-01T00:00:01Z\n\t3\t2024-01-01T00:00:02Z\n"
	const jsonText = `{"host":"a","v":1.5,"ts":"2024-01-01T00:00:00Z"}` + "\n" + `{"ts":"2024-01-01T00:00:01Z","host":"b,\"c\"","v":null}` + "\n" + `{"host":"","v":3,"ts":"2024-01-01T00:00:02Z"}`
	const want = "a|1.5|2024-01-01T00:00:00\nb,\"c\"|NULL|2024-01-01T00:00:01\n|3|2024-01-01T00:00:02"
	for i, c := range []struct {
		name   string
		format Format
		text   string
	}{
		{"a.csv", "", csvText},
		{"a.tsv", "", tsvText},
		{"a.ndjson", "", jsonText},
		{"a.jsonl", "", jsonText},
		{"a.csv.gz", "", compressed(t, compression.Gzip, csvText)},
		{"a.csv.zst", "", compressed(t, compression.Zstd, csvText)},
		{"a.csv", "", compressed(t, compression.Gzip, csvText)}, // found by its first bytes
		{"a.txt", CSV, csvText},
		{"a.ndjson.zst", "", compressed(t, compression.Zstd, jsonText)},
		{"a.csv", "", "\xef\xbb\xbf" + strings.ReplaceAll(csvText, "\n", "\r\n")},
		{"a.csv", "", strings.ReplaceAll(csvText, "\n", "\n\n")},
		{"-", CSV, csvText},
		{"-", NDJSON, compressed(t, compression.Gzip, jsonText)},
	} {
		table := "t" + strconv.Itoa(i)
		opts := Options{Time: "ts", Tags: []string{"host"}, Format: c.format}
		path := c.name
		if path == StandardInput {
			opts.Stdin = strings.NewReader(c.text)
		} else {
			path = writeFile(t, c.name, c.text)
		}
		r, err := imported(t.Context(), conn, table, opts, path)
		if err != nil || r.Acknowledged != 3 {
			t.Errorf("%s: %+v, %v", c.name, r, err)
			continue
		}
		if got := query(t, conn, "SELECT host, v, CAST(ts AS STRING) AS at FROM "+table+" ORDER BY ts"); got != want {
			t.Errorf("%s: the table has\n%s\nwant\n%s", c.name, got, want)
		}
	}
}

func TestSeveralFilesAreRowsOfOneImport(t *testing.T) {
	t.Parallel()
	_, conn := connect(t)
	first := writeFile(t, "a.csv", "host,v,ts\na,1,2024-01-01T00:00:00Z\nb,2,2024-01-01T00:00:01Z\n")
	second := writeFile(t, "b.csv", "ts,host,v\n2024-01-01T00:00:02Z,c,2.5\n2024-01-01T00:00:03Z,d,x\n")
	third := writeFile(t, "c.ndjson", `{"ts":"2024-01-01T00:00:04Z","host":"e","v":7}`)
	errorsFile := filepath.Join(t.TempDir(), "errors.csv")
	exec(t, conn, "CREATE TABLE t (host STRING, v DOUBLE, ts TIMESTAMP TIME INDEX, PRIMARY KEY (host))")
	r := mustImport(t, conn, "t", Options{Errors: errorsFile}, first, second, third)
	if got, want := counts(r), "read 5 skipped 0 acknowledged 4 refused 1 unknown 0 not written 0"; got != want || r.Skip() != "5" {
		t.Errorf("report: %s, skip %s; want %s, skip 5", got, r.Skip(), want)
	}
	text, err := os.ReadFile(errorsFile)
	want := "file,row,line,column,reason,text\n" + second + `,2,3,v,"""x"" cannot be DOUBLE: not a number","2024-01-01T00:00:03Z,d,x"` + "\n"
	if err != nil || string(text) != want {
		t.Errorf("the file of errors has %q, %v; want %q", text, err, want)
	}
	// A table is made of what all files have in common.
	r = mustImport(t, conn, "u", Options{Time: "ts"}, first, second)
	if got := query(t, conn, "SELECT host, v FROM u ORDER BY ts"); r.Acknowledged != 4 || got != "a|1\nb|2\nc|2.5\nd|x" {
		t.Errorf("made of two files: %d rows, %q", r.Acknowledged, got)
	}
}

func TestNamesOfColumnsAreQuoted(t *testing.T) {
	t.Parallel()
	_, conn := connect(t)
	path := writeFile(t, "a.csv", "time,Value,select,\"say \"\"hi\"\"\",é\n2024-01-01T00:00:00Z,1,2,3,4\n")
	mustImport(t, conn, `Table-1`, Options{Time: "time", Tags: []string{"select"}, Append: true}, path)
	if got, want := query(t, conn, `SELECT "Value", "select", "say ""hi""", "é" FROM "Table-1"`), "1|2|3|4"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := query(t, conn, `SHOW CREATE TABLE "Table-1"`); !strings.Contains(got, "append_mode = 'true'") || !strings.Contains(got, `PRIMARY KEY ("select")`) {
		t.Errorf("the table is %s", got)
	}
}

func TestColumnsAreChosenAndRenamed(t *testing.T) {
	t.Parallel()
	_, conn := connect(t)
	exec(t, conn, "CREATE TABLE t (host STRING, v BIGINT DEFAULT 7, note STRING, ts TIMESTAMP TIME INDEX, PRIMARY KEY (host))")
	columns := func(names ...string) (out []Selection) {
		for _, n := range names {
			s, err := ParseSelection(n)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, s)
		}
		return out
	}
	for _, c := range []struct {
		name, file, text string
		opts             Options
		want             string
	}{
		{"names in another case", "a.csv", "HOST,V,Note,TS\na,1,x,0\n", Options{}, "a|1|x"},
		{"a DEFAULT for what the file lacks", "a.csv", "host,ts\na,0\n", Options{}, "a|7|NULL"},
		{"some columns of a header", "a.csv", "x,host,ts,v\n9,a,0,1\n", Options{Columns: columns("host", "ts")}, "a|7|NULL"},
		{"another name", "a.csv", "x,h,when\n9,a,0\n", Options{Columns: columns("host=h", "ts=when", "v=x")}, "a|9|NULL"},
		{"no header", "a.csv", "9,a,skipped,0\n", Options{NoHeader: true, Columns: columns("v", "host", "-", "ts")}, "a|9|NULL"},
		{"keys of objects", "a.ndjson", `{"x":9,"h":"a","when":0,"more":{"a":[1]}}`, Options{Columns: columns("host=h", "ts=when", "v=x")}, "a|9|NULL"},
		{"keys that come late", "a.ndjson", `{"ts":0,"host":"a"}`, Options{}, "a|7|NULL"},
		{"another delimiter", "a.csv", "host;ts;v\na;0;1\n", Options{Delimiter: ';'}, "a|1|NULL"},
	} {
		exec(t, conn, "TRUNCATE TABLE t")
		r, err := imported(t.Context(), conn, "t", c.opts, writeFile(t, c.file, c.text))
		if err != nil || r.Acknowledged != 1 {
			t.Errorf("%s: %+v, %v", c.name, r, err)
			continue
		}
		if got := query(t, conn, "SELECT host, v, note FROM t"); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestDryRunSendsNothing(t *testing.T) {
	t.Parallel()
	_, conn := connect(t)
	path := writeFile(t, "a.csv", "host,v,ts\na,1,2024-01-01T00:00:00Z\nb,x,2024-01-01T00:00:01Z\nc,3\n")
	exec(t, conn, "CREATE TABLE t (host STRING, v BIGINT, ts TIMESTAMP TIME INDEX)")
	im, err := Prepare(t.Context(), conn, "t", []string{path}, Options{DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	r, err := im.Run(t.Context())
	if got, want := counts(r), "read 3 skipped 0 acknowledged 1 refused 2 unknown 0 not written 0"; err != nil || got != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
	if got := query(t, conn, "SELECT count(*) FROM t"); got != "0" {
		t.Errorf("%s rows were sent", got)
	}
	// Without a table, too.
	im, err = Prepare(t.Context(), conn, "u", []string{path}, Options{DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	if r, err := im.Run(t.Context()); err != nil || r.Acknowledged != 2 {
		t.Errorf("without a table: %+v, %v", r, err)
	}
}

// A row of NDJSON without a key has the column's DEFAULT, as a file without the column has.
func TestKeysThatRowsLack(t *testing.T) {
	t.Parallel()
	_, conn := connect(t)
	const columns = "(ts TIMESTAMP TIME INDEX, host STRING DEFAULT 'none', v BIGINT NOT NULL DEFAULT 7, w BIGINT, seen TIMESTAMP(3) DEFAULT now(), PRIMARY KEY (host))"
	exec(t, conn, "CREATE TABLE t "+columns)
	rows := `{"ts":0}` + "\n" + `{"ts":1,"host":null,"v":1,"w":2,"seen":null}` + "\n" + `{"ts":2,"host":"","v":null}` + "\n"
	r := mustImport(t, conn, "t", Options{MaxErrors: 1}, writeFile(t, "a.ndjson", rows))
	if r.Refused != 1 || r.Bad[0].Row != 3 || r.Bad[0].Reason != errNull.Error() {
		t.Errorf("%+v; want the NULL in a column that is NOT NULL refused", r)
	}
	if got, want := query(t, conn, "SELECT host, v, w, seen FROM t ORDER BY ts"), "none|7|NULL|NULL\nNULL|1|2|NULL"; got != want {
		t.Errorf("the table has\n%s\nwant\n%s", got, want)
	}
	exec(t, conn, "CREATE TABLE u "+columns)
	mustImport(t, conn, "u", Options{}, writeFile(t, "a.csv", "ts\n0\n"))
	if got, want := query(t, conn, "SELECT host, v, w, seen FROM u"), "none|7|NULL|NULL"; got != want {
		t.Errorf("of CSV, the table has %s, want %s", got, want)
	}
}

// What a later file lacks is told, too.
func TestColumnsThatALaterFileLacks(t *testing.T) {
	t.Parallel()
	_, conn := connect(t)
	exec(t, conn, "CREATE TABLE t (ts TIMESTAMP TIME INDEX, v BIGINT, w BIGINT)")
	first, second := writeFile(t, "a.csv", "ts,v\n1700000000000,1\n"), writeFile(t, "b.csv", "ts\n1700000000001\n")
	im, err := Prepare(t.Context(), conn, "t", []string{first, second}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer im.Close()
	want := []string{
		`column "ts": counts of milliseconds since 1970`, `column "w": not in the file: NULL`,
		second + `, column "v": not in the file: NULL`,
	}
	if got := im.Notes; strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("notes %q, want %q", got, want)
	}
}

// A text that is written with an escape is no marker of NULL.
func TestMarkersOfNULLInTSV(t *testing.T) {
	t.Parallel()
	_, conn := connect(t)
	exec(t, conn, "CREATE TABLE t (ts TIMESTAMP TIME INDEX, s STRING)")
	path := writeFile(t, "a.tsv", "ts\ts\n0\t\\\\N\n1\t\\N\n2\tNA\n3\t\\NA\n4\t\n")
	mustImport(t, conn, "t", Options{Null: []string{`\N`, "NA"}}, path)
	if got, want := query(t, conn, "SELECT s FROM t ORDER BY ts"), "\\N\nNULL\nNULL\nNA\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
