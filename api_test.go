package greptime_test

import (
	"bytes"
	"flag"
	"go/ast"
	"go/build"
	"go/doc"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// publicPackages are the directories of the packages that users import.
var publicPackages = []string{".", "driver", "sqltype", "flightdecode", "insert", "bulk", "calltrace", "greptimetest"}

// The exported declarations of each public package are those in api/, so that a change of
// the public surface is a line in a diff; go test . -run PublicSurface -update writes them.
func TestPublicSurface(t *testing.T) {
	t.Parallel()
	for _, dir := range publicPackages {
		got, err := surface(dir)
		if err != nil {
			t.Fatal(err)
		}
		name := "greptime"
		if dir != "." {
			name = dir
		}
		file := filepath.Join("api", name+".txt")
		if flag.Lookup("update").Value.(flag.Getter).Get().(bool) {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("the exported declarations of %s are not those of %s: if that is meant, run go test . -run PublicSurface -update and say so in CHANGELOG.md\n%s", dir, file, difference(want, got))
		}
	}
}

// surface returns the exported declarations of the package in dir, without comments and
// function bodies, one a line or block, types with their methods.
func surface(dir string) ([]byte, error) {
	pkg, err := build.Default.ImportDir(dir, 0)
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range append(pkg.GoFiles, pkg.CgoFiles...) {
		f, err := parser.ParseFile(fset, filepath.Join(dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	p, err := doc.NewFromFiles(fset, files, "github.com/greptime-go/greptime/"+dir)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	config := printer.Config{Mode: printer.UseSpaces | printer.TabIndent, Tabwidth: 8}
	write := func(node ast.Node) {
		if err := config.Fprint(&b, fset, node); err != nil {
			panic(err) // a bytes.Buffer takes everything
		}
		b.WriteString("\n")
	}
	funcs := func(list []*doc.Func) {
		for _, f := range list {
			f.Decl.Body = nil
			write(f.Decl)
		}
	}
	values := func(list []*doc.Value) {
		for _, v := range list {
			write(v.Decl)
		}
	}
	values(p.Consts)
	values(p.Vars)
	funcs(p.Funcs)
	for _, typ := range p.Types {
		b.WriteString("\n")
		write(typ.Decl)
		values(typ.Consts)
		values(typ.Vars)
		funcs(typ.Funcs)
		funcs(typ.Methods)
	}
	return b.Bytes(), nil
}

// difference returns the lines that only one of two texts has.
func difference(want, got []byte) string {
	count := map[string]int{}
	for line := range strings.Lines(string(want)) {
		count[line]--
	}
	for line := range strings.Lines(string(got)) {
		count[line]++
	}
	var b strings.Builder
	for line, n := range count {
		switch {
		case n > 0:
			b.WriteString("+ " + line)
		case n < 0:
			b.WriteString("- " + line)
		}
	}
	return b.String()
}
