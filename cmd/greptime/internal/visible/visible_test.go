package visible_test

import (
	"testing"

	"github.com/greptime-go/greptime/cmd/greptime/internal/visible"
)

func TestText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct{ text, line string }{
		"":        {"", ""},
		"plain ~": {"plain ~", "plain ~"},
		"Köln 東京 👩‍👩‍👧 e\u0301":    {"Köln 東京 👩‍👩‍👧 e\u0301", "Köln 東京 👩‍👩‍👧 e\u0301"},
		"\x1b[2J\x07\x00\x7f":      {`\x1b[2J\x07\x00\x7f`, `\x1b[2J\x07\x00\x7f`},
		"\u009b1A":                 {`\x9b1A`, `\x9b1A`},
		"\xff\x9b":                 {`\xff\x9b`, `\xff\x9b`},
		"\ufffd":                   {"\ufffd", "\ufffd"},
		"two\r\nlines\nmore":       {"two\nlines\nmore", `two\nlines\nmore`},
		"a\rb\tc":                  {`a\x0db    c`, `a\x0db    c`},
		"\u202egnp.exe\u2066":      {`\u202egnp.exe\u2066`, `\u202egnp.exe\u2066`},
		"\u2028\u2029\u200f\u061c": {`\u2028\u2029\u200f\u061c`, `\u2028\u2029\u200f\u061c`},
	} {
		if got := visible.Text(text); got != want.text {
			t.Errorf("Text(%q) = %q, want %q", text, got, want.text)
		}
		if got := visible.Line(text); got != want.line {
			t.Errorf("Line(%q) = %q, want %q", text, got, want.line)
		}
	}
}
