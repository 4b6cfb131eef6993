package greptimetest_test

import (
	"testing"

	"github.com/greptime-go/greptime/internal/test/snippets"
)

func TestREADMECompiles(t *testing.T) {
	t.Parallel()
	snippets.Document{
		Path:     "README.md",
		Packages: []string{"time", "github.com/greptime-go/greptime/greptimetest"},
		Given: map[string]string{
			"s.Inject(": "var s *greptimetest.Server",
		},
	}.Check(t)
}
