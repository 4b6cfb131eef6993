package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

var update = flag.Bool("update", false, "rewrite the parse trees of package translate's tests")

// TestTreesAreDuckDBs: the parse trees that the tests of package translate read are those
// that DuckDB gives.
func TestTreesAreDuckDBs(t *testing.T) {
	t.Parallel()
	const file = "../translate/testdata/trees.json"
	old, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var trees map[string]json.RawMessage
	if err := json.Unmarshal(old, &trees); err != nil {
		t.Fatal(err)
	}
	e, err := Open("", schema.V1_1_4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	var b bytes.Buffer
	sep := "{\n"
	for _, query := range slices.Sorted(maps.Keys(trees)) {
		tree, err := e.ParseTree(context.Background(), query)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		key, err := json.Marshal(query)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s%s: %s", sep, key, tree)
		sep = ",\n"
	}
	b.WriteString("\n}\n")
	switch {
	case *update:
		if err := os.WriteFile(file, b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	case !bytes.Equal(b.Bytes(), old):
		t.Errorf("%s is not what DuckDB gives; -update rewrites it", file)
	}
}
