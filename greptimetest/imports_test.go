package greptimetest_test

import (
	"go/build"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// floors are the packages behind the wire from the ground up. A floor may import those
// below it.
var floors = []string{"schema", "expr", "functions", "translate", "engine"}

// TestImportsGoDownwards: no floor imports itself or one above it, no package is outside
// the list, and only the topmost links DuckDB.
func TestImportsGoDownwards(t *testing.T) {
	t.Parallel()
	const internal = "github.com/greptime-go/greptime/greptimetest/internal"
	dirs, err := os.ReadDir("internal")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dirs {
		floor := slices.Index(floors, d.Name())
		if floor < 0 {
			t.Errorf("internal/%s is not in the list of floors", d.Name())
			continue
		}
		pkg, err := build.Default.ImportDir("internal/"+d.Name(), 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pkg.Imports {
			switch {
			case path.Dir(p) == internal && slices.Index(floors, path.Base(p)) >= floor:
				t.Errorf("%s imports %s, which does not lie below it: give it what it needs as an argument, or move what both need down", d.Name(), path.Base(p))
			case strings.HasPrefix(p, "github.com/duckdb/") && d.Name() != "engine":
				t.Errorf("%s imports %s: only engine links DuckDB", d.Name(), p)
			}
		}
	}
	if len(dirs) != len(floors) {
		t.Errorf("internal has %d packages, want the %d floors", len(dirs), len(floors))
	}
}
