//go:build unix

package load

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/cmd/greptime/internal/compression"
)

// pipe returns the path of a named pipe that a goroutine writes text to, once.
func pipe(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	written := make(chan error, 1)
	go func() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err == nil {
			_, err = f.WriteString(text)
			f.Close()
		}
		written <- err
	}()
	t.Cleanup(func() {
		if err := <-written; err != nil {
			t.Error(err)
		}
	})
	return path
}

// A pipe, as a shell makes it for <(command), loses what was read of it when it is opened again.
func TestPipesAreReadOnce(t *testing.T) {
	t.Parallel()
	_, conn := connect(t)
	exec(t, conn, createNumbered)
	const rows = 40_000 // more than the sample
	text, err := os.ReadFile(numbered(t, rows))
	if err != nil {
		t.Fatal(err)
	}
	var objects strings.Builder
	for i := range rows {
		fmt.Fprintf(&objects, `{"ts":%d,"v":%d,"pad":"%060d"}`+"\n", i, i, i)
	}
	schema := fieldsOf("ts", &arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: "UTC"}, "v", arrow.PrimitiveTypes.Int64, "pad", arrow.BinaryTypes.String)
	files := arrowFiles(t, batchOf(t, schema, `[{"ts":1,"v":1,"pad":"a"},{"ts":2,"v":2,"pad":"b"}]`))
	for _, c := range []struct {
		name, text string
		rows       int64
	}{
		{"rows.csv", string(text), rows},
		{"rows.csv.gz", compressed(t, compression.Gzip, string(text)), rows},
		{"rows.ndjson", objects.String(), rows},
		{"rows.parquet", files["file.parquet"], 2},
		{"rows.arrow", files["stream.arrow"], 2},
	} {
		exec(t, conn, "TRUNCATE TABLE t")
		r, err := imported(t.Context(), conn, "t", Options{}, pipe(t, c.name, c.text))
		if err != nil || r.Acknowledged != c.rows {
			t.Errorf("%s: %+v, %v", c.name, r, err)
		}
		if got, want := query(t, conn, "SELECT count(*), sum(v) FROM t"), fmt.Sprintf("%d|%d", c.rows, c.rows*(c.rows-1)/2); c.rows == rows && got != want {
			t.Errorf("%s: the table has %s, want %s", c.name, got, want)
		}
	}
}
