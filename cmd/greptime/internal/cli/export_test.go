package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestExportWritesWhatImportReads(t *testing.T) {
	t.Parallel()
	name := newTable(t, "ts TIMESTAMP TIME INDEX, host STRING, v DOUBLE, PRIMARY KEY (host)")
	mustRun(t, "query", "-q", "INSERT INTO "+name+" VALUES (0, 'a', 1.5), (1, '', NULL)")
	folder := t.TempDir()
	for _, file := range []string{"a.csv", "a.tsv.gz", "a.ndjson.zst", "a.parquet", "a.arrow"} {
		path := filepath.Join(folder, file)
		r := run(t, "export", name, path)
		if r.status != 0 || r.out != "" || !strings.HasPrefix(r.err, "2 rows written to "+path) {
			t.Errorf("%s: %+v", file, r)
			continue
		}
		copied := newTable(t, "ts TIMESTAMP TIME INDEX, host STRING, v DOUBLE, PRIMARY KEY (host)")
		mustRun(t, "import", path, copied)
		want := mustRun(t, "query", "--format", "csv", "SELECT * FROM "+name+" ORDER BY ts")
		if got := mustRun(t, "query", "--format", "csv", "SELECT * FROM "+copied+" ORDER BY ts"); got != want {
			t.Errorf("%s: read back as %s, want %s", file, got, want)
		}
	}
	if r := run(t, "export", "-q", "--format", "csv", "SELECT v FROM "+name+" ORDER BY ts", "-"); r.out != "v\n1.5\n\n" {
		t.Errorf("to the standard output: %+v", r)
	}
}

func TestExportLeavesNoPartOfAFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "a.csv")
	for _, query := range []string{"SELECT nothing FROM nowhere", "CREATE TABLE x (ts TIMESTAMP TIME INDEX)"} {
		if r := run(t, "export", query, path); r.status != 1 || r.err == "" {
			t.Errorf("%s: %+v", query, r)
		}
	}
	files, err := os.ReadDir(folder)
	if err != nil || len(files) > 0 {
		t.Errorf("the folder has %v, %v", files, err)
	}
	if r := run(t, "export", "SELECT 1", filepath.Join(folder, "none", "a.csv")); r.status != 1 {
		t.Errorf("a folder that does not exist: %+v", r)
	}
}

func TestExportRefusesWrongFlags(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"export", "t"},
		{"export", "t", "a.xlsx"},
		{"export", "t", "-"},
		{"export", "--format", "table", "t", "a.csv"},
		{"export", "--compression", "rar", "t", "a.csv"},
	} {
		if r := run(t, args...); r.status != 2 || r.err == "" {
			t.Errorf("%q: status %d, %s", args, r.status, r.err)
		}
	}
	if r := (program{terminal: true}).run(t, "export", "--format", "parquet", "t", "-"); r.status != 2 || !strings.Contains(r.err, "terminal") {
		t.Errorf("Parquet on a terminal: %+v", r)
	}
}
