package snippets

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func goBlock(code string) string { return "Text.\n\n```go\n" + code + "```\n" }

func TestErrorsInGoBlocks(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text string
		want []string // the beginning of each error
	}{
		"program":               {goBlock("package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println() }\n"), nil},
		"program, unused":       {goBlock("package main\n\nfunc main() {\n\tx := 1\n}\n"), []string{"doc.md:7:2: declared and not used: x"}},
		"program, no import":    {goBlock("package main\n\nfunc main() { fmt.Println() }\n"), []string{"doc.md:6:15: undefined: fmt"}},
		"program, no package":   {goBlock("package main\n\nimport _ \"nowhere\"\n"), []string{"doc.md:6:10: could not import nowhere"}},
		"program, syntax":       {goBlock("package main\n\nfunc main() { } }\n"), []string{"doc.md:6:17: "}},
		"statements":            {goBlock("n, err := fmt.Println()\nif err != nil {\n\treturn err\n}\n"), nil},
		"statements, undefined": {goBlock("x := 1\ny := z\n"), []string{"doc.md:5:6: undefined: z"}},
		"statements, type":      {goBlock("var s string = 1\n"), []string{"doc.md:4:16: cannot use 1"}},
		"statements, result":    {goBlock("return 1\n"), []string{"doc.md:4:8: cannot use 1"}},
		"statements, no name":   {goBlock("fmt.Print1()\n"), []string{"doc.md:4:5: undefined: fmt.Print1"}},
		"statements, syntax":    {goBlock("x := 1\nx = = 2\n"), []string{"doc.md:5:5: "}},
		"declarations":          {goBlock("func f() error { return g() }\n\nfunc g() error { return nil }\n"), nil},
		"declarations, type":    {goBlock("func f() error {\n\treturn 1\n}\n"), []string{"doc.md:5:9: cannot use 1"}},
		"declarations, syntax":  {goBlock("func f() error {\n\treturn = 1\n}\n"), []string{"doc.md:5:9: "}},
		"given":                 {goBlock("given.Do()\n"), nil},
		"given, missing method": {goBlock("given.Did()\n"), []string{"doc.md:4:7: given.Did undefined"}},
		"types of before":       {goBlock("type T struct{ A int }\nt := T{}\n") + goBlock("fmt.Println(T{}.A)\n"), nil},
		"variables of before":   {goBlock("a := 1\n") + goBlock("b := a\n"), []string{"doc.md:9:6: undefined: a"}},
		"not formatted":         {goBlock("x:=1\n"), []string{"doc.md:4: gofmt writes this block differently:\nx := 1\n"}},
		"no end":                {"```go\nx := 1\n", []string{"doc.md:1: the block has no end"}},
		"other languages":       {"```sh\ngo run\n```\n\n```\nx =\n```\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := Document{Path: "doc.md", Packages: []string{"fmt"}, Given: map[string]string{}}
			if strings.HasPrefix(name, "given") {
				d.Given["given."] = "var given interface{ Do() }"
			}
			expect(t, d.compile(test.text), test.want)
		})
	}
}

func TestDeclarationsWithoutABlock(t *testing.T) {
	t.Parallel()
	d := Document{Path: "doc.md", Given: map[string]string{"gone": "var gone int"}}
	expect(t, d.compile(goBlock("x := 1\n")), []string{`doc.md: no block of Go code begins with "gone"`})
}

func TestFilesThatDocumentsName(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"[a](snippets.go) [b](../wiretest) [c](https://example.com/x) [d](#e)":        nil,
		"`go test -v ./internal/test/snippets`, ./read, go run ./examples/quickstart": nil,
		"a\n[b](gone.md)\n":                    {"doc.md:2: the link leads nowhere: "},
		"```sh\ngo run ./examples/gone\n```\n": {"doc.md:2: ./examples/gone is not in the repository: "},
		"`go run ./gone`":                      {"doc.md:1: ./gone is not in the repository: "},
		"`go get github.com/greptime-go/greptime/greptimetest/gone`": {"doc.md:1: github.com/greptime-go/greptime/greptimetest/gone is not in the repository: "},
	} {
		expect(t, missing("doc.md", text), want)
	}
}

// expect reports errors that do not begin as wanted.
func expect(t *testing.T, got []error, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("got %d errors, want %d: %q", len(got), len(want), fmt.Sprint(got))
		return
	}
	for i, err := range got {
		if !strings.HasPrefix(err.Error(), want[i]) {
			t.Errorf("got %q, want %q", err, want[i])
		}
	}
}

func TestProgramRunsOnTheServer(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "doc.md")
	text := goBlock("x := 1\n") + goBlock("package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println(\"greptime://localhost:4001/public\") }\n")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	const dsn = "greptime://127.0.0.1:1/other"
	if got := Run(t, path, dsn); got != dsn+"\n" {
		t.Errorf("printed %q, want %q", got, dsn)
	}
}
