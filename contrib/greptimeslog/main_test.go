package greptimeslog

import (
	"testing"

	"github.com/greptime-go/greptime/internal/test/snippets"
	"github.com/greptime-go/greptime/internal/test/testmain"
)

func TestMain(m *testing.M) { testmain.Run(m) }

func TestREADMECompiles(t *testing.T) {
	t.Parallel()
	snippets.Document{
		Path: "README.md",
		Packages: []string{
			"database/sql",
			"github.com/greptime-go/greptime/contrib/greptimeslog",
			"github.com/greptime-go/greptime/insert",
		},
		Given: map[string]string{"h, err := greptimeslog.New": "var db *sql.DB"},
	}.Check(t)
}
