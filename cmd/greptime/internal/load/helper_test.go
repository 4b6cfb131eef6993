package load

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/greptimetest"
)

// connect returns a connection to a new server.
func connect(t testing.TB) (*greptimetest.Server, *greptime.Conn) {
	t.Helper()
	s := greptimetest.Start(t)
	return s, dial(t, s)
}

func dial(t testing.TB, s *greptimetest.Server) *greptime.Conn {
	t.Helper()
	conn, err := greptime.Connect(t.Context(), s.DSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func exec(t testing.TB, conn *greptime.Conn, statement string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// query returns the rows of a result, with | between the values.
func query(t testing.TB, conn *greptime.Conn, text string) string {
	t.Helper()
	rd, err := conn.QueryArrow(t.Context(), text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer rd.Release()
	var lines []string
	for batch, err := range rd.All() {
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		for row := range int(batch.NumRows()) {
			var values []string
			for _, c := range batch.Columns() {
				value := c.ValueStr(row)
				if c.IsNull(row) {
					value = "NULL"
				}
				if s, ok := c.(array.StringLike); ok && c.IsValid(row) {
					value = strings.Clone(s.Value(row))
				}
				values = append(values, value)
			}
			lines = append(lines, strings.Join(values, "|"))
		}
	}
	return strings.Join(lines, "\n")
}

// writeFile writes a file into a folder of the test.
func writeFile(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// imported prepares an import, makes the table if need be, and runs it.
func imported(ctx context.Context, conn *greptime.Conn, table string, opts Options, files ...string) (*Report, error) {
	im, err := Prepare(ctx, conn, table, files, opts)
	if err != nil {
		return nil, err
	}
	defer im.Close()
	if err := im.Create(ctx); err != nil {
		return nil, err
	}
	return im.Run(ctx)
}

func mustImport(t testing.TB, conn *greptime.Conn, table string, opts Options, files ...string) *Report {
	t.Helper()
	report, err := imported(t.Context(), conn, table, opts, files...)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// counts returns the numbers of a report.
func counts(r *Report) string {
	return fmt.Sprintf("read %d skipped %d acknowledged %d refused %d unknown %d not written %d", r.Read, r.Skipped, r.Acknowledged, r.Refused, r.Unknown, r.NotWritten)
}
