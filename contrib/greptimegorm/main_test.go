package greptimegorm

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
			"time", "gorm.io/gorm", "gorm.io/gorm/clause",
			"github.com/greptime-go/greptime/contrib/greptimegorm",
		},
		Given: map[string]string{
			"err = db.Set(": "var db *gorm.DB\nvar err error\ntype Reading struct{}",
			"r.Value = 2":   "var db *gorm.DB\nvar err error\nvar r struct{ Value float64 }\nvar more []any",
		},
	}.Check(t)
}
