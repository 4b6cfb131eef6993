package greptime_test

import (
	"testing"

	_ "github.com/greptime-go/greptime/bulk" // or go test would not see that it changed
	_ "github.com/greptime-go/greptime/calltrace"
	_ "github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/snippets"
)

func TestDocumentsCompile(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"ARCHITECTURE.md", "CONTRIBUTING.md"} {
		snippets.Document{Path: path}.Check(t)
	}
	for _, path := range []string{"docs/questions.md", "docs/versions.md"} {
		snippets.Document{Path: path}.Check(t)
	}
	snippets.Document{
		Path:     "docs/moving.md",
		Packages: []string{"context", "database/sql", "time", "github.com/greptime-go/greptime/insert"},
		Given: map[string]string{
			"type Monitor struct": `var ctx context.Context; var db *sql.DB`,
			"rows, err := db.":    `var ctx context.Context; var db *sql.DB`,
		},
	}.Check(t)
	snippets.Document{
		Path: "README.md",
		Packages: []string{
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
		},
		Given: map[string]string{
			"err = greptime.Raw(":         `var ctx context.Context; var db *sql.DB; var err error`,
			"type Sample struct":          `var ctx context.Context; var db *sql.DB; var since time.Time`,
			"n, err := greptime.One[":     `var ctx context.Context; var db *sql.DB`,
			"rd, err := c.PromQL(":        `var ctx context.Context; var c *greptime.Conn; var start, end time.Time`,
			"table := insert.NewTable(":   `var ctx context.Context; var db *sql.DB`,
			"type Reading struct":         `var ctx context.Context; var db *sql.DB; var readings []Reading`,
			"w, err := insert.NewWriter(": `var ctx context.Context; var db *sql.DB; var table *insert.Table`,
			"w, err := bulk.NewWriter(":   `var ctx context.Context; var db *sql.DB; var readings []Reading`,
			"var e *greptime.Error":       `var err error`,
		},
	}.Check(t)
}
