package clitest

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files in testdata")

// Golden compares a text with the file of that name in testdata, and fails the test if they differ.
// With the flag -update it writes the file.
func Golden(t testing.TB, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", filepath.FromSlash(name))
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("%s does not exist; go test -update writes it", path)
	} else if err != nil {
		t.Fatal(err)
	}
	if difference := compare(string(want), got); difference != "" {
		t.Errorf("%s, which go test -update writes:\n%s", path, difference)
	}
}

// compare returns the lines that differ, or nothing.
func compare(want, got string) string {
	if want == got {
		return ""
	}
	wanted, gotten := strings.Split(want, "\n"), strings.Split(got, "\n")
	var b strings.Builder
	for i := range max(len(wanted), len(gotten)) {
		w, g := line(wanted, i), line(gotten, i)
		if w != g {
			b.WriteString("line " + strconv.Itoa(i+1) + "\n  want " + w + "\n  got  " + g + "\n")
		}
	}
	return b.String()
}

// line returns a line, quoted if it has characters that do not print.
func line(lines []string, i int) string {
	if i >= len(lines) {
		return "(no line)"
	}
	if strings.ContainsFunc(lines[i], func(r rune) bool { return r < ' ' }) {
		return strconv.Quote(lines[i])
	}
	return lines[i]
}
