package greptime_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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

// Documents name tests that exist, or the beginning of their names, for -run.
func TestDocumentsNameTestsThatExist(t *testing.T) {
	t.Parallel()
	var declared []string
	declaration := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		code, err := os.ReadFile(path)
		for _, name := range declaration.FindAllSubmatch(code, -1) {
			declared = append(declared, string(name[1]))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for path, least := range map[string]int{"SECURITY.md": 20, "CONTRIBUTING.md": 2, "docs/trust.md": 3} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		names := regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z]\w*`).FindAllString(string(text), -1)
		if len(names) < least {
			t.Errorf("%s names only %d tests", path, len(names))
		}
		for _, name := range names {
			if !slices.ContainsFunc(declared, func(d string) bool { return strings.HasPrefix(d, name) }) {
				t.Errorf("%s names %s, which does not exist", path, name)
			}
		}
	}
}

// SECURITY.md gives the reason for each dependency of each module.
func TestDependenciesHaveAReason(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	modules := 0
	required := regexp.MustCompile(`(?m)^(?:require)?\s+(\S+) v\S+$`) // directly: the others have a comment
	err = filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Name() != "go.mod" {
			return err
		}
		modules++
		content, err := os.ReadFile(path)
		for _, m := range required.FindAllSubmatch(content, -1) {
			if name := string(m[1]); !strings.HasPrefix(name, "github.com/greptime-go/") && !strings.Contains(string(text), "`"+name+"`") {
				t.Errorf("%s requires %s; say in SECURITY.md what for", path, name)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if modules < 10 {
		t.Errorf("%d modules were read", modules)
	}
}
