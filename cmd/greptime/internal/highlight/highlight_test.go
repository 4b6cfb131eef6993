package highlight_test

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/greptime-go/greptime/cmd/greptime/internal/highlight"
)

func TestColours(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"select x":        "\x1b[1;34mselect\x1b[0m x",
		"count(1)":        "\x1b[35mcount\x1b[0m(\x1b[36m1\x1b[0m)",
		"'a\nb":           "\x1b[32m'a\x1b[0m\n\x1b[32mb\x1b[0m",
		"\"select\" -- x": "\"select\" \x1b[2m-- x\x1b[0m",
	} {
		if got := highlight.SQL(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// The colours are all that changes, whatever the text is. The editor has runes, so the
// text is UTF-8: a terminal may take the escape after half a character for its other half.
func FuzzColoursChangeNothingElse(f *testing.F) {
	for _, text := range []string{"SELECT 1;\n\t-- a\n'b", "  \\d t", "größe \"東京", "", "SELECT 1;\n\t-- \xc8\n'\xc8b"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "\uFFFD")
		if ansi.Strip(text) != text {
			t.Skip("it has escape sequences itself")
		}
		if got := ansi.Strip(highlight.SQL(text)); got != text {
			t.Errorf("%q became %q", text, got)
		}
	})
}
