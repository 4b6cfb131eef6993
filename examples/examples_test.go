// Package examples tests the examples, each as the program that a user runs.
package examples

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/greptime-go/greptime"
	_ "github.com/greptime-go/greptime/bulk" // or go test would not see that it changed
	_ "github.com/greptime-go/greptime/contrib/greptimebun"
	_ "github.com/greptime-go/greptime/contrib/greptimegoose"
	_ "github.com/greptime-go/greptime/contrib/greptimegorm"
	_ "github.com/greptime-go/greptime/contrib/greptimemigrate"
	_ "github.com/greptime-go/greptime/contrib/greptimeslog"
	"github.com/greptime-go/greptime/examples/internal/demo"
	_ "github.com/greptime-go/greptime/examples/internal/weather"
	"github.com/greptime-go/greptime/greptimetest"
	"github.com/greptime-go/greptime/internal/test/race"
)

// tags are those of the programs: DuckDB's Arrow interface, and no server in the process,
// because DuckDB takes seconds to link into each of them.
const tags = "duckdb_arrow,noserver"

// programs are the examples with arguments or output of their own. Others only have to
// succeed.
var programs = map[string]struct {
	args []string
	want []string // expressions for whole lines
}{
	"arrow":    {args: []string{"-rows", "20000"}, want: []string{"Table readings_copy has all 20000 rows of the query after .*"}},
	"bulk":     {args: []string{"-rows", "50000"}, want: []string{"one by one: 50000 rows in [0-9.]+[µnm]?s", "Fastest: .*"}},
	"bun":      {want: []string{"Table hours has 2211 rows", "Gust at EWR, .* mph", "Mean of January at EWR: .* °F"}},
	"duckdb":   {want: []string{"John F. Kennedy: 65 hours with gusts above its limit, up to 66.7 mph", "LaGuardia: 313 hours .*", "Newark Liberty: 80 hours .*"}},
	"failover": {args: []string{"-for", "300ms"}, want: []string{`one is stopped: +[0-9]+ queries, 0 of them failed, connected to frontend-2:4001, frontend-3:4001`, "[0-9]+ rows appended, .*"}},
	"gorm":     {want: []string{"Table hours has 26115 rows", "Save replaced the row of .*", "Update is an error \\(true\\), .*", "Delete removed 1 row"}},
	"insert":   {args: []string{"-for", "1s"}, want: []string{"Table buffered_readings has [0-9]+ rows of 20 devices"}},
	"migrations": {want: []string{
		"golang-migrate, up: version 2, dirty false", "golang-migrate, down by one: version 1, dirty false",
		"goose, up: 1_readings.sql", "goose, up: 2_retention.sql", "goose, down by one: version 1",
	}},
	"otel":       {want: []string{`\{"Name":"sql.conn.query",.*`, `\{"Name":"arrow.flight.protocol.FlightService/DoGet",.*`, `\{"Name":"insert readings",.*`, `\{"Name":"buffered insert readings",.*`, `\{"Name":"bulk batch readings",.*`, "readings: 12"}},
	"parquet":    {want: []string{"Wrote [0-9]+ rows to jfk.parquet, [0-9]+ kB", "Table jfk acknowledged 8706 rows in [0-9]+ batches"}},
	"quickstart": {want: []string{"A year of weather: 26115 rows in [0-9.]+[µnm]?s", "Loaded 26115 hours of 3 airports in .*"}},
	"slog":       {want: []string{"300 records written, 0 dropped", "/cart +ERROR 30 answers", "The method of one, from the JSON: GET"}},
	"sqlx":       {want: []string{"The coldest hour: .* °F", "Rain at JFK and LGA, March: .*", "One of 3 notes: JFK, gusts and sleet"}},
}

// TestExamples runs every example on a server of the test, or on the one that
// GREPTIME_TEST_DSN names.
func TestExamples(t *testing.T) {
	t.Parallel()
	if race.Enabled {
		t.Skip("the programs are built without the race detector")
	}
	// go test looks at the folders that a test reads to see whether to run it again.
	if err := filepath.WalkDir(".", func(_ string, _ fs.DirEntry, err error) error { return err }); err != nil {
		t.Fatal(err)
	}
	dsn := os.Getenv("GREPTIME_TEST_DSN")
	real := dsn != ""
	if !real {
		dsn = greptimetest.Start(t).DSN()
	}
	folder := t.TempDir()
	build := exec.Command("go", "build", "-tags", tags, "-ldflags", "-s -w", "-o", folder+string(filepath.Separator), "./...")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", build, err, out)
	}
	built, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(built) < len(programs) {
		t.Errorf("%d programs are built, want at least %d", len(built), len(programs))
	}
	for _, file := range built {
		path := filepath.Join(folder, file.Name())
		name := strings.TrimSuffix(file.Name(), ".exe")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if help, err := exec.Command(path, "-h").CombinedOutput(); err != nil || !bytes.Contains(help, []byte("GREPTIME_DSN")) {
				t.Errorf("-h answers %v and\n%s\nwant what the example does, and GREPTIME_DSN", err, help)
			}
			if name == "promql" && !real {
				testNeedsServer(t, path, dsn)
				return
			}
			example := programs[name]
			cmd := exec.Command(path, example.args...)
			cmd.Env = append(os.Environ(), "GREPTIME_DSN="+dsn)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if bytes.ContainsAny(out, "\x1b\r") {
				t.Errorf("the output, to a pipe, is not plain lines:\n%q", out)
			}
			for _, line := range example.want {
				if !regexp.MustCompile("(?m)^" + line + "$").Match(out) {
					t.Errorf("no line of the output is %q:\n%s", line, out)
				}
			}
		})
	}
}

// testNeedsServer: without a server that has PromQL the example says what to do.
func testNeedsServer(t *testing.T, path, dsn string) {
	for _, variable := range []string{"GREPTIME_DSN=", "GREPTIME_DSN=" + dsn} {
		cmd := exec.Command(path)
		cmd.Env = append(os.Environ(), variable)
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "set GREPTIME_DSN to its address") {
			t.Errorf("with %s the example answers %v and\n%s\nwant an error that says to set it to a running GreptimeDB", variable, err, out)
		}
	}
}

// TestDatabaseIsDropped: after Close the server does not have the database, whatever was
// written to it, and a database of the user's is not taken for it.
func TestDatabaseIsDropped(t *testing.T) {
	s := greptimetest.Start(t)
	t.Setenv("GREPTIME_DSN", s.DSN())
	d, err := demo.Open(t.Context(), "greptime_demo")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := d.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Exec(t.Context(), "CREATE TABLE t (ts TIMESTAMP TIME INDEX)"); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "INSERT INTO greptime_demo.t VALUES (1)"); !errors.Is(err, greptime.TableNotFound) {
		t.Errorf("after Close an INSERT into the database answers %v, want that its table is gone", err)
	}

	t.Setenv("GREPTIME_DSN", strings.Replace(s.DSN(), "/public", "/greptime_demo", 1))
	if _, err := demo.Open(t.Context(), "greptime_demo"); err == nil || !strings.Contains(err.Error(), "greptime_demo") {
		t.Errorf("with GREPTIME_DSN in the example's database Open answers %v, want an error that names it", err)
	}
}
