package greptimegorm

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/greptime-go/greptime/internal/test/snippets"
	"github.com/greptime-go/greptime/internal/test/testmain"
)

// GORM never ends the goroutine of its cache of prepared statements.
func TestMain(m *testing.M) {
	testmain.Run(m, goleak.IgnoreAnyFunction("gorm.io/gorm/internal/lru.NewLRU[...].func1"))
}

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
