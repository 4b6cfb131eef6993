package greptimebun

import (
	"testing"

	"github.com/greptime-go/greptime/internal/test/snippets"
	"github.com/greptime-go/greptime/internal/test/testmain"
)

func TestMain(m *testing.M) { testmain.Run(m) }

func TestREADMECompiles(t *testing.T) {
	t.Parallel()
	snippets.Document{Path: "README.md"}.Check(t)
}
