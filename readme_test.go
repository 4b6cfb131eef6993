package greptime_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	_ "github.com/greptime-go/greptime/bulk" // or go test would not see that it changed
	_ "github.com/greptime-go/greptime/calltrace"
	_ "github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/snippets"
)

// docs/libraries.md is checked by module integration, which has the libraries.
func TestDocumentsCompile(t *testing.T) {
	t.Parallel()
	const (
		pool  = "var ctx context.Context; var db *sql.DB\n"
		conn  = "var ctx context.Context; var c *greptime.Conn\n"
		table = "var table *insert.Table\n"
	)
	packages := []string{
		"context",
		"database/sql",
		"errors",
		"fmt",
		"log",
		"log/slog",
		"time",
		"github.com/greptime-go/greptime",
		"github.com/greptime-go/greptime/bulk",
		"github.com/greptime-go/greptime/calltrace",
		"github.com/greptime-go/greptime/insert",
		"google.golang.org/grpc/codes",
	}
	given := map[string]map[string]string{
		"ARCHITECTURE.md":     nil,
		"SECURITY.md":         nil,
		"CONTRIBUTING.md":     nil,
		"docs/performance.md": nil,
		"docs/types.md":       nil,
		"docs/versions.md":    nil,
		"README.md": {
			"type Sample struct":        pool + "var since time.Time",
			"type Reading struct":       pool + "var readings []Reading",
			"w, err := insert.NewWrite": pool + "var readings []Reading",
			"w, err := bulk.NewWriter(": pool + "var readings []Reading",
			"var e *greptime.Error":     "var err error",
		},
		"docs/errors.md": {
			"var e *greptime.Error":     "var err error",
			"w, err := insert.NewWrite": pool,
		},
		"docs/moving.md": {
			"type Monitor struct": pool,
			"rows, err := db.":    pool,
		},
		"docs/questions.md": {},
		"docs/reading.md": {
			"err = greptime.Raw(":     pool + "var err error",
			"type Sample struct":      pool + "var since time.Time",
			"n, err := greptime.One[": pool,
			"rd, err := c.PromQL(":    conn + "var start, end time.Time",
			"ctx = greptime.WithTime": pool,
		},
		"docs/writing.md": {
			"_, err := db.ExecContext(": pool,
			"table := insert.NewTable(": pool,
			"n, err := insert.Options{": pool + table,
			"type Reading struct":       pool + "var readings []Reading",
			"w, err := insert.NewWrite": pool + table,
			"w, err := bulk.NewWriter(": pool + "var readings []Reading",
			"keys := insert.NewTable(":  pool + "var at time.Time",
		},
	}
	for path, given := range given {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			snippets.Document{Path: path, Packages: packages, Given: given}.Check(t)
		})
	}
}

// TestSecurityNamesTestsThatExist looks for each test that SECURITY.md names.
func TestSecurityNamesTestsThatExist(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	missing := map[string]bool{}
	for _, name := range regexp.MustCompile("`((?:Test|Fuzz)[A-Z][A-Za-z0-9]*)`").FindAllSubmatch(text, -1) {
		missing[string(name[1])] = true
	}
	if len(missing) < 20 {
		t.Errorf("only %d tests are named", len(missing))
	}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	err = filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		code, err := os.ReadFile(path)
		for _, name := range declared.FindAllSubmatch(code, -1) {
			delete(missing, string(name[1]))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range missing {
		t.Errorf("there is no %s", name)
	}
}

// Documents name tests as what shows their claims, and the reason for each dependency.
func TestDocumentsNameWhatThereIs(t *testing.T) {
	t.Parallel()
	text := ""
	for _, path := range []string{"SECURITY.md", "docs/trust.md"} {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text += string(content)
	}
	tests := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	required := regexp.MustCompile(`(?m)^(?:require)?\s+(\S+) v\S+$`) // directly: the others have a comment
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		isModule := entry != nil && entry.Name() == "go.mod"
		if err != nil || !isModule && !strings.HasSuffix(path, "_test.go") {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range function.FindAllSubmatch(content, -1) {
			tests[string(m[1])] = true
		}
		if isModule {
			for _, m := range required.FindAllSubmatch(content, -1) {
				if name := string(m[1]); !strings.HasPrefix(name, "github.com/greptime-go/") && !strings.Contains(text, "`"+name+"`") {
					t.Errorf("%s requires %s; say in SECURITY.md what for", path, name)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("`((?:Test|Fuzz)\\w+)`").FindAllStringSubmatch(text, -1) {
		if !tests[m[1]] {
			t.Errorf("there is no test %s", m[1])
		}
	}
}
