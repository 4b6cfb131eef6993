package pager_test

import (
	"bytes"
	"io"
	"runtime"
	"testing"

	"github.com/greptime-go/greptime/cmd/greptime/internal/pager"
)

func TestWhatIsPaged(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the pager of this test is sed")
	}
	for _, c := range []struct {
		name          string
		width, height int
		text, want    string
	}{
		{"fits", 80, 24, "a\nb\n", "a\nb\n"},
		{"as high as the screen", 80, 3, "a\nb\n", "paged:a\npaged:b\n"},
		{"wider than the screen", 2, 24, "a\nbcd\n", "paged:a\npaged:bcd\n"},
		{"a terminal of unknown size", 0, 0, "a\nb\n", "a\nb\n"},
		{"unknown width", 0, 24, "a\nb\n", "a\nb\n"},
		{"unknown height", 80, 0, "a\nb\n", "a\nb\n"},
	} {
		var out bytes.Buffer
		p := pager.New(&out, "sed s/^/paged:/", c.width, c.height)
		if _, err := io.WriteString(p, c.text); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if err := p.Close(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if got := out.String(); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}
