package snippets

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// server is the DSN that the programs of documents connect to.
var server = regexp.MustCompile(`"greptime://localhost:4001[^"]*"`)

// Run runs the first program of a document as somebody who pastes it into a file, on the
// server of dsn in place of the one that it names, and returns what it prints. It is
// built in the module of the test.
func Run(t *testing.T, path, dsn string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := goBlocks(path, string(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range blocks {
		if !b.isProgram() {
			continue
		}
		program := server.ReplaceAllLiteralString(b.code, `"`+dsn+`"`)
		if program == b.code {
			t.Fatalf("%s:%d: the program connects to no server at %v", path, b.line, server)
		}
		file := filepath.Join(t.TempDir(), "main.go")
		if err := os.WriteFile(file, []byte(program), 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("go", "run", file).CombinedOutput()
		if err != nil {
			t.Fatalf("%s:%d: the program: %v\n%s", path, b.line, err, out)
		}
		return string(out)
	}
	t.Fatalf("%s has no program", path)
	return ""
}
