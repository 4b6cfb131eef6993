package snippets

import (
	"testing"

	"github.com/greptime-go/greptime/internal/testmain"
)

func TestMain(m *testing.M) { testmain.Run(m) }
