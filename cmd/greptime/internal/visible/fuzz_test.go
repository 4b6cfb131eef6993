package visible_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"github.com/greptime-go/greptime/cmd/greptime/internal/visible"
)

// What is shown has no character that a terminal obeys, and all others as they are.
func FuzzText(f *testing.F) {
	for _, text := range []string{"plain", "\x1b]0;title\x07", "a\r\n\tb", "\u202e\u2066", "\xff\x9b", "e\u0301 🇩🇪 👩‍👩‍👧"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := visible.Text(text)
		obeyed := func(r rune) bool {
			return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029')
		}
		if !utf8.ValidString(got) || ansi.Strip(got) != got || strings.ContainsFunc(got, obeyed) || strings.Contains(visible.Line(text), "\n") {
			t.Errorf("%q is shown as %q", text, got)
		}
		if utf8.ValidString(text) && !strings.ContainsFunc(text, obeyed) && got != text {
			t.Errorf("%q is shown as %q", text, got)
		}
		if visible.Text(got) != got {
			t.Errorf("%q is shown as %q, and that as %q", text, got, visible.Text(got))
		}
	})
}
