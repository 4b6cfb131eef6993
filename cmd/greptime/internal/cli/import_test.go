package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// dataFile writes a file to import.
func dataFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

const readings = "time,station,value\n2024-01-01T00:00:00Z,a,1.5\n2024-01-01T00:00:01Z,b,NA\n"

func TestImportMakesTheTable(t *testing.T) {
	t.Parallel()
	path := dataFile(t, "readings.csv", readings)
	r := run(t, "import", path, "import_makes")
	if r.status != 2 || !strings.Contains(r.err, "--create makes it") || !strings.Contains(r.err, `"time" TIMESTAMP(3) NOT NULL TIME INDEX`) || !strings.Contains(r.err, "give --null NA") {
		t.Errorf("without --create: status %d\n%s", r.status, r.err)
	}
	if r := run(t, "import", "--create", path, "import_makes"); r.status != 2 || !strings.Contains(r.err, "--time COLUMN") {
		t.Errorf("without --time: status %d\n%s", r.status, r.err)
	}
	r = run(t, "import", "--create", "--time", "time", "--tag", "station", "--null", "NA", path, "import_makes")
	if r.status != 0 || !strings.HasPrefix(r.out, "2 rows read, 2 acknowledged in ") {
		t.Errorf("status %d\n%s%s", r.status, r.out, r.err)
	}
	if got, want := mustRun(t, "query", "--format", "csv", `SELECT station, "value" FROM import_makes ORDER BY "time"`), "station,value\na,1.5\nb,\n"; got != want {
		t.Errorf("the table has %q, want %q", got, want)
	}
	if r := run(t, "import", "-q", "--null", "NA", path, "import_makes"); r != (result{}) {
		t.Errorf("--quiet: %+v", r)
	}
}

func TestImportOfStandardInput(t *testing.T) {
	t.Parallel()
	name := newTable(t, "ts TIMESTAMP TIME INDEX, v BIGINT")
	r := program{in: `{"ts": 1700000000000, "v": 1}` + "\n"}.run(t, "import", "--input-format", "ndjson", "-", name)
	if r.status != 0 || !strings.HasPrefix(r.out, "1 row read, 1 acknowledged") {
		t.Errorf("%+v", r)
	}
	if r := (program{in: "x"}).run(t, "import", "-", name); r.status != 1 || !strings.Contains(r.err, "give --input-format") {
		t.Errorf("without a format: %+v", r)
	}
}

func TestImportReportsBadRows(t *testing.T) {
	t.Parallel()
	name := newTable(t, "ts TIMESTAMP TIME INDEX, v BIGINT")
	path := dataFile(t, "bad.csv", "ts,v\n0,1\n1,x\n")
	r := run(t, "import", "--dry-run", path, name)
	if r.status != 0 || r.out != "2 rows read, 1 fit the table, 1 do not. Nothing was written.\n  "+path+`, row 2 (line 3), column "v": "x" cannot be BIGINT: not an integer`+"\n" {
		t.Errorf("--dry-run: %+v", r)
	}
	r = run(t, "import", path, name)
	if want := "To go on, run the same command with --skip 1: it sends all other rows."; r.status != 1 || !strings.Contains(r.out, want) || !strings.Contains(r.err, `row 2 (line 3), column "v"`) {
		t.Errorf("%+v, want %s", r, want)
	}
	errorsFile := filepath.Join(t.TempDir(), "errors.csv")
	r = run(t, "import", "--errors", errorsFile, path, name)
	if r.status != 0 || !strings.Contains(r.out, "1 refused: see "+errorsFile) {
		t.Errorf("--errors: %+v", r)
	}
}

func TestImportRefusesWrongFlags(t *testing.T) {
	t.Parallel()
	path := dataFile(t, "readings.csv", readings)
	for _, args := range [][]string{
		{"import", path},
		{"import", "--delimiter", "ab", path, "t"},
		{"import", "--skip", "x", path, "t"},
		{"import", "--type", "x", path, "t"},
		{"import", "--type", "x=NOTYPE", path, "t"},
		{"import", "--time-format", "%Q", path, "t"},
		{"import", "--compression", "rar", path, "t"},
		{"import", "--input-format", "xls", path, "t"},
		{"import", "--columns", "=a", path, "t"},
		{"import", "--streams", "100", path, "t"},
		{"import", "--max-errors", "-1", path, "t"},
	} {
		if r := run(t, args...); r.status != 2 || r.err == "" {
			t.Errorf("%q: status %d, %s", args, r.status, r.err)
		}
	}
}
