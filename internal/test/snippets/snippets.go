// Package snippets checks that the Go code in a module's Markdown documents compiles,
// and that the files they name exist. It is for tests.
package snippets

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/importer"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

// A Document is a Markdown file whose blocks of Go code compile. A block with a
// package clause is a whole program. Any other is a fragment: declarations, or the
// body of a function that returns an error. Fragments may leave variables unused.
type Document struct {
	// Path is relative to the folder of the test.
	Path string
	// Packages are the import paths of what fragments use by its package name.
	Packages []string
	// Given has the declarations that the text before a fragment establishes, such
	// as "var db *sql.DB", by the beginning of the fragment's first line. The types
	// that a fragment declares are given to all later ones.
	Given map[string]string
}

// Check reports every error in the document's Go code with its line, code that is not
// formatted, and the files that the document names in vain.
func (d Document) Check(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(d.Path)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range append(d.compile(string(text)), missing(d.Path, string(text))...) {
		t.Error(err)
	}
}

// compile returns the errors of all Go blocks in text.
func (d Document) compile(text string) []error {
	blocks, err := goBlocks(d.Path, text)
	if err != nil {
		return []error{err}
	}
	c := &checker{doc: d, fset: token.NewFileSet(), given: make(map[string]bool)}
	if len(blocks) > 0 {
		if err := c.loadPackages(blocks); err != nil {
			return []error{err}
		}
	}
	for _, b := range blocks {
		c.check(b)
	}
	for begins := range d.Given {
		if !c.given[begins] {
			c.errs = append(c.errs, fmt.Errorf("%s: no block of Go code begins with %q, for which the test has declarations", d.Path, begins))
		}
	}
	return c.errs
}

// A block is the code between two fences.
type block struct {
	line int // of the code's first line in the document, from 1
	code string
}

func (b block) isProgram() bool {
	_, err := parser.ParseFile(token.NewFileSet(), "", b.code, parser.PackageClauseOnly)
	return err == nil
}

func goBlocks(path, text string) ([]block, error) {
	var blocks []block
	lines := strings.SplitAfter(text, "\n")
	for i := 0; i < len(lines); i++ {
		fence := strings.TrimSpace(lines[i])
		if !strings.HasPrefix(fence, "```") {
			continue
		}
		first := i + 1
		for i = first; i < len(lines) && strings.TrimSpace(lines[i]) != "```"; i++ {
		}
		if i == len(lines) {
			return nil, fmt.Errorf("%s:%d: the block has no end", path, first)
		}
		if fence == "```go" {
			blocks = append(blocks, block{line: first + 1, code: strings.Join(lines[first:i], "")})
		}
	}
	return blocks, nil
}

// A checker checks the blocks of one document in turn.
type checker struct {
	doc      Document
	fset     *token.FileSet
	importer types.Importer
	types    []ast.Decl      // declared by the fragments before
	given    map[string]bool // the keys of Document.Given that were used
	errs     []error
}

// loadPackages compiles the packages that the blocks import, as far as the build
// cache does not have them, and creates an importer of them.
func (c *checker) loadPackages(blocks []block) error {
	args := []string{"list", "-e", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}"}
	args = append(args, c.doc.Packages...)
	for _, b := range blocks {
		if !b.isProgram() {
			continue
		}
		if file, err := parser.ParseFile(token.NewFileSet(), "", b.code, parser.ImportsOnly); err == nil {
			for _, spec := range file.Imports {
				args = append(args, strings.Trim(spec.Path.Value, `"`))
			}
		}
	}
	cmd := exec.Command("go", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("go list -export: %w\n%s", err, &stderr)
	}
	exports := make(map[string]string)
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), "\t")
		exports[path] = file
	}
	c.importer = importer.ForCompiler(c.fset, "gc", func(path string) (io.ReadCloser, error) {
		if exports[path] == "" {
			return nil, fmt.Errorf("the package is not there or does not compile\n%s", &stderr)
		}
		return os.Open(exports[path])
	})
	return nil
}

// check checks one block.
func (c *checker) check(b block) {
	if formatted, err := format.Source([]byte(b.code)); err == nil && string(formatted) != b.code {
		c.errs = append(c.errs, fmt.Errorf("%s:%d: gofmt writes this block differently:\n%s", c.doc.Path, b.line, formatted))
	}
	check := c.checkFragment
	if b.isProgram() {
		check = c.checkProgram
	}
	if err := check(b); err != nil {
		c.errs = append(c.errs, err)
	}
}

func (c *checker) checkProgram(b block) error {
	file, err := c.parse(c.lineOf(b) + b.code)
	if err != nil {
		return err
	}
	c.checkTypes(false, file)
	return nil
}

func (c *checker) checkFragment(b block) error {
	given, err := c.declarations(b)
	if err != nil {
		return err
	}
	fragment, err := c.fragment(b)
	if err != nil {
		return err
	}
	c.checkTypes(true, given, fragment)
	for _, d := range fragment.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.TYPE {
			c.types = append(c.types, g)
		}
	}
	return nil
}

// declarations returns, as a file, what the text before a fragment establishes.
func (c *checker) declarations(b block) (*ast.File, error) {
	var text string
	for begins, declarations := range c.doc.Given {
		if strings.HasPrefix(b.code, begins) {
			text += declarations + "\n"
			c.given[begins] = true
		}
	}
	file, err := c.parse(fmt.Sprintf("%s//line declarations for %s:%d:1\n%s", c.head(), c.doc.Path, b.line, text))
	if err == nil {
		file.Decls = append(file.Decls, c.types...)
	}
	return file, err
}

// fragment returns a fragment as a file. The types that it declares are the file's.
func (c *checker) fragment(b block) (*ast.File, error) {
	file, asDeclarations := c.parse(c.head() + c.lineOf(b) + b.code)
	if asDeclarations == nil {
		return file, nil
	}
	file, asStatements := c.parse(c.head() + "func _() error {\n" + c.lineOf(b) + b.code + "return nil\n}\n")
	if asStatements != nil {
		return nil, later(asDeclarations, asStatements)
	}
	body := file.Decls[len(file.Decls)-1].(*ast.FuncDecl).Body
	var rest []ast.Stmt
	for _, stmt := range body.List {
		if d, ok := stmt.(*ast.DeclStmt); ok && d.Decl.(*ast.GenDecl).Tok == token.TYPE {
			file.Decls = append(file.Decls, d.Decl)
			continue
		}
		rest = append(rest, stmt)
	}
	body.List = rest
	return file, nil
}

func (c *checker) parse(text string) (*ast.File, error) {
	return parser.ParseFile(c.fset, "", text, parser.SkipObjectResolution)
}

// later returns the error of the parse that came further.
func later(a, b error) error {
	var as, bs scanner.ErrorList
	if errors.As(a, &as) && errors.As(b, &bs) && as[0].Pos.Line > bs[0].Pos.Line {
		return a
	}
	return b
}

// head is the beginning of a fragment's file.
func (c *checker) head() string {
	var s strings.Builder
	s.WriteString("package fragment\n")
	for _, path := range c.doc.Packages {
		fmt.Fprintf(&s, "import %q\n", path)
	}
	return s.String()
}

func (c *checker) lineOf(b block) string {
	return fmt.Sprintf("//line %s:%d:1\n", c.doc.Path, b.line)
}

// checkTypes adds the errors of the files of one package. Of a fragment, unused
// variables and imports are none: go/types calls these errors soft.
func (c *checker) checkTypes(fragment bool, files ...*ast.File) {
	config := types.Config{
		Importer: c.importer,
		Sizes:    types.SizesFor("gc", runtime.GOARCH),
		Error: func(err error) {
			if e, ok := errors.AsType[types.Error](err); ok && e.Soft && fragment {
				return
			}
			c.errs = append(c.errs, err)
		},
	}
	// The error that Check returns is the first of those that Error was called with.
	_, _ = config.Check("snippet", c.fset, files, nil)
}
