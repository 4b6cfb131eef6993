// Package visible makes text of a server or a file safe for a terminal: what would move the cursor,
// change colours or reorder the line appears as an escape.
package visible

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text returns text with its control characters, the characters that change the direction of
// writing and what is not UTF-8 as escapes, such as \x1b. Line breaks remain, and a tab becomes
// four spaces.
func Text(text string) string {
	if IsPlain(text) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == '\n':
			b.WriteByte('\n')
		case r == '\r' && strings.HasPrefix(text[i+1:], "\n"):
		case r == '\t':
			b.WriteString("    ")
		case r == utf8.RuneError && size == 1:
			writeHex(&b, rune(text[i]))
		case unicode.IsControl(r):
			writeHex(&b, r)
		case unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029':
			b.WriteString(`\u`)
			for shift := 12; shift >= 0; shift -= 4 {
				b.WriteByte(hexDigits[r>>shift&15])
			}
		default:
			b.WriteString(text[i : i+size])
		}
		i += size
	}
	return b.String()
}

// Line returns text as [Text] does, in one line: a line break is an escape, too.
func Line(text string) string { return strings.ReplaceAll(Text(text), "\n", `\n`) }

// IsPlain reports whether all of text is printable ASCII, which [Text] returns as it is.
func IsPlain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

const hexDigits = "0123456789abcdef"

func writeHex(b *strings.Builder, r rune) {
	b.WriteString(`\x`)
	b.WriteByte(hexDigits[r>>4&15])
	b.WriteByte(hexDigits[r&15])
}
