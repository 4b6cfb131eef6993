//go:build unix

package cli

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/greptime-go/greptime/cmd/greptime/internal/clitest"
	"github.com/greptime-go/greptime/internal/test/race"
)

var long = flag.Bool("long", false, "import and export 10 million rows, and compare with examples/bulk")

// largeColumns are those of the large file.
const largeColumns = "ts TIMESTAMP(3) TIME INDEX, host STRING, user_id BIGINT, hits INT, ok BOOLEAN, cpu DOUBLE, mem DOUBLE, disk DOUBLE, net DOUBLE, note STRING, PRIMARY KEY (host)"

// sums are what a file and a table must have in common.
type sums struct {
	Rows, Users, Hits, OK, Notes int64
	CPU, Net                     float64
}

// sumsQuery selects the sums of a table.
const sumsQuery = `SELECT count(*) AS "Rows", sum(user_id) AS "Users", sum(hits) AS "Hits", sum(CASE WHEN ok THEN 1 ELSE 0 END) AS "OK", count(note) AS "Notes", sum(cpu) AS "CPU", sum(net) AS "Net" FROM `

// writeLarge writes a Parquet file of so many rows of ten columns, and returns its sums. All
// numbers of floating point are multiples of 1/8, so that sums are exact in any order.
func writeLarge(t *testing.T, path string, rows int) (s sums) {
	t.Helper()
	field := func(name string, dt arrow.DataType) arrow.Field {
		return arrow.Field{Name: name, Type: dt, Nullable: true}
	}
	schema := arrow.NewSchema([]arrow.Field{
		field("ts", &arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: "UTC"}), field("host", arrow.BinaryTypes.String),
		field("user_id", arrow.PrimitiveTypes.Int64), field("hits", arrow.PrimitiveTypes.Int32), field("ok", arrow.FixedWidthTypes.Boolean),
		field("cpu", arrow.PrimitiveTypes.Float64), field("mem", arrow.PrimitiveTypes.Float64), field("disk", arrow.PrimitiveTypes.Float64),
		field("net", arrow.PrimitiveTypes.Float64), field("note", arrow.BinaryTypes.String),
	}, nil)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := pqarrow.NewFileWriter(schema, f,
		parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Snappy), parquet.WithMaxRowGroupLength(1_000_000)), pqarrow.DefaultWriterProps())
	if err != nil {
		t.Fatal(err)
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	random := uint64(1)
	next := func(n uint64) uint64 { // a value below n
		random ^= random << 13
		random ^= random >> 7
		random ^= random << 17
		return random % n
	}
	for i := range rows {
		user, hits, ok, cpu, net := int64(next(1e6)), int32(next(1000)), next(3) > 0, float64(next(800))/8, float64(next(1e6))/8
		b.Field(0).(*array.TimestampBuilder).Append(arrow.Timestamp(1_700_000_000_000 + int64(i)))
		b.Field(1).(*array.StringBuilder).Append("host-" + strconv.Itoa(int(next(1000))))
		b.Field(2).(*array.Int64Builder).Append(user)
		b.Field(3).(*array.Int32Builder).Append(hits)
		b.Field(4).(*array.BooleanBuilder).Append(ok)
		b.Field(5).(*array.Float64Builder).Append(cpu)
		b.Field(6).(*array.Float64Builder).Append(float64(next(1e9)) / 8)
		b.Field(7).(*array.Float64Builder).Append(float64(next(1e9)) / 8)
		b.Field(8).(*array.Float64Builder).Append(net)
		if i%10 == 0 {
			b.Field(9).AppendNull()
		} else {
			b.Field(9).(*array.StringBuilder).Append("note " + strconv.Itoa(int(next(1e5))))
			s.Notes++
		}
		s.Rows++
		s.Users += user
		s.Hits += int64(hits)
		if ok {
			s.OK++
		}
		s.CPU += cpu
		s.Net += net
		if (i+1)%50_000 == 0 || i+1 == rows {
			batch := b.NewRecordBatch()
			if err := w.WriteBuffered(batch); err != nil {
				t.Fatal(err)
			}
			batch.Release()
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return s
}

var highWater = regexp.MustCompile(`VmHWM:\s*([0-9]+) kB`)

// process runs a program on a server and returns its output and the most memory that it
// had, in bytes; 0 if that is not known.
func process(t *testing.T, dsn string, cmd *exec.Cmd) (out string, memory int64) {
	t.Helper()
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(cmd.Env, "GREPTIME_DSN="+dsn, "XDG_CONFIG_HOME="+t.TempDir(), memoryVariable+"=1")
	text, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v\n%s", cmd.Args, err, text)
	}
	if found := highWater.FindSubmatch(text); found != nil {
		kilobytes, err := strconv.ParseInt(string(found[1]), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		memory = kilobytes << 10
	}
	out, _, _ = strings.Cut(string(text), "Name:") // where /proc/self/status begins
	return out, memory
}

var rateText = regexp.MustCompile(`([0-9,]+) rows/s`)

// rateOf returns the last rows/s of an output.
func rateOf(t *testing.T, out string) float64 {
	t.Helper()
	found := rateText.FindAllStringSubmatch(out, -1)
	if len(found) == 0 {
		t.Fatalf("no rows/s in %s", out)
	}
	rate, err := strconv.ParseFloat(strings.ReplaceAll(found[len(found)-1][1], ",", ""), 64)
	if err != nil {
		t.Fatal(err)
	}
	return rate
}

// exampleRate returns the rows/s that examples/bulk prints in the last column but one.
func exampleRate(t *testing.T, out string) float64 {
	t.Helper()
	for line := range strings.Lines(out) {
		if cells := strings.Split(line, "│"); len(cells) > 3 && strings.Contains(line, "large.parquet") {
			rate, err := strconv.ParseFloat(strings.ReplaceAll(strings.TrimSpace(cells[len(cells)-3]), ",", ""), 64)
			if err != nil {
				t.Fatal(err)
			}
			return rate
		}
	}
	t.Fatalf("no rows/s in %s", out)
	return 0
}

// mostMemory is the memory that import and export may have.
const mostMemory = 300 << 20

func TestLargeFilesTakeLittleMemory(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector takes memory of its own")
	}
	rows := 300_000
	if *long {
		rows = 10_000_000
	}
	s, err := startServer()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	file := filepath.Join(folder, "large.parquet")
	want := writeLarge(t, file, rows)
	check := func(what, table string, memory int64) {
		t.Helper()
		var got sums
		if err := json.Unmarshal([]byte(mustRun(t, "query", "--format", "ndjson", sumsQuery+table)), &got); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", what, got, err, want)
		}
		if memory > mostMemory {
			t.Errorf("%s took %d MiB", what, memory>>20)
		}
	}
	create := func(table string) {
		mustRun(t, "query", "-q", "CREATE TABLE "+table+" ("+largeColumns+") WITH (append_mode = 'true')")
	}

	// imported imports the file into a new table, and returns the rows/s.
	imported := func(table, path string) float64 {
		t.Helper()
		create(table)
		out, memory := process(t, s.DSN(), clitest.Program("import", path, table))
		t.Logf("import of %s, at most %d MiB:\n%s", filepath.Base(path), memory>>20, out)
		check("import of "+filepath.Base(path), table, memory)
		return rateOf(t, out)
	}
	imported("large", file)
	if *long {
		binary := filepath.Join(folder, "example")
		if out, err := exec.Command("go", "build", "-o", binary, "github.com/greptime-go/greptime/examples/bulk").CombinedOutput(); err != nil {
			t.Fatalf("building examples/bulk: %v\n%s", err, out)
		}
		// Both run at the same time, so that what else the machine does slows both.
		create("large_bulk")
		example := exec.Command(binary, "-file", file, "-table", "large_bulk")
		example.Env = append(os.Environ(), "GREPTIME_DSN="+s.DSN())
		ended := make(chan error, 1)
		var out []byte
		go func() {
			var err error
			out, err = example.CombinedOutput()
			ended <- err
		}()
		rate := imported("large_again", file)
		if err := <-ended; err != nil {
			t.Fatalf("examples/bulk: %v\n%s", err, out)
		}
		best := exampleRate(t, string(out))
		mustRun(t, "query", "-q", "DROP TABLE large_bulk")
		mustRun(t, "query", "-q", "DROP TABLE large_again")
		t.Logf("import: %.0f rows/s, examples/bulk: %.0f", rate, best)
		if rate < 0.8*best {
			t.Errorf("import has %.0f rows/s, and examples/bulk %.0f", rate, best)
		}
	}
	for _, name := range []string{"copy.parquet", "copy.csv.gz"} {
		path := filepath.Join(folder, name)
		out, memory := process(t, s.DSN(), clitest.Program("export", "large", path))
		t.Logf("export to %s, at most %d MiB:\n%s", name, memory>>20, out)
		if memory > mostMemory {
			t.Errorf("export to %s took %d MiB", name, memory>>20)
		}
		imported("large_copy", path)
		mustRun(t, "query", "-q", "DROP TABLE large_copy")
	}
	mustRun(t, "query", "-q", "DROP TABLE large")
}
