package greptime_test

import (
	"go/build"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Imports go one way: what lies below the root package and its extensions imports none of them.
func TestGroundFloorImportsNoPackageAboveIt(t *testing.T) {
	t.Parallel()
	const module = "github.com/greptime-go/greptime"
	above := []string{module, module + "/insert", module + "/bulk", module + "/driver"}
	packages := map[string]bool{}
	for _, root := range []string{"internal", "bulk/internal", "sqltype", "calltrace", "flightdecode"} {
		err := filepath.WalkDir(root, func(dir string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.IsDir() {
				return err
			}
			if entry.Name() == "testdata" {
				return fs.SkipDir
			}
			files, err := filepath.Glob(filepath.Join(dir, "*.go"))
			if err != nil || len(files) == 0 {
				return err
			}
			context := build.Default
			context.UseAllFiles = true // those for other systems and versions of Go, too
			pkg, err := context.ImportDir(dir, 0)
			if err != nil {
				return err
			}
			packages[filepath.ToSlash(dir)] = true
			for _, path := range pkg.Imports {
				if slices.Contains(above, path) {
					t.Errorf("%s imports %s, which lies above it: give it what it needs as an argument, or move what both need below", dir, path)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"sqltype", "flightdecode", "internal/govalue", "internal/structs", "bulk/internal/recordbatch"} {
		if !packages[dir] {
			t.Errorf("no imports were read of %s; only of %d packages", dir, len(packages))
		}
	}
}

// sqltype and calltrace are for programs without the driver, too.
func TestGroundFloorDependsOnlyOnTheStandardLibrary(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"sqltype", "calltrace"} {
		pkg, err := build.Default.ImportDir(dir, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range pkg.Imports {
			if strings.Contains(path, ".") {
				t.Errorf("%s imports %s", dir, path)
			}
		}
	}
}
