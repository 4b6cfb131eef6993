package engine

import (
	"testing"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// TestNoFiles: DuckDB itself refuses to read files, whatever gets past the translator.
func TestNoFiles(t *testing.T) {
	t.Parallel()
	e, err := Open(t.TempDir(), schema.V1_1_4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	for _, q := range []string{"SELECT * FROM read_text('engine_test.go')", "COPY (SELECT 1) TO 'x.csv'", "ATTACH 'x.duckdb'"} {
		if _, err := e.db.Exec(q); err == nil {
			t.Errorf("%s: no error", q)
		}
	}
}
