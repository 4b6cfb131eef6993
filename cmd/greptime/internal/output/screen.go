package output

import (
	"bufio"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// screen shows cells on a terminal, or in a file that looks like one.
type screen struct {
	null  string
	width int // 0 does not limit it
	color bool
}

func newScreen(o Options) screen { return screen{o.null(), o.Width, o.Color} }

// The styles of the parts of a table.
const (
	bold  = "\x1b[1m"
	faint = "\x1b[2m"
	plain = "\x1b[0m"
)

// styled writes text in a style.
func (s screen) styled(w *bufio.Writer, style, text string) {
	if !s.color || style == "" || text == "" {
		w.WriteString(text)
		return
	}
	w.WriteString(style)
	w.WriteString(text)
	w.WriteString(plain)
}

// style returns the style of a cell.
func (s screen) style(c shown) string {
	if c.null {
		return faint
	}
	return ""
}

// shown is a cell as a screen shows it: its lines, and the width of the widest.
type shown struct {
	lines []string
	width int
	null  bool
}

// show returns a cell as it appears on the screen. No control character remains, so a value
// cannot move the cursor.
func (s screen) show(c cell) shown {
	if c.null {
		return showText(s.null, true)
	}
	return showText(string(c.text), false)
}

func showText(text string, null bool) shown {
	if isPlainASCII(text) {
		return shown{[]string{text}, len(text), null}
	}
	d := shown{lines: strings.Split(strings.TrimSuffix(visible(text), "\n"), "\n"), null: null}
	for _, line := range d.lines {
		d.width = max(d.width, ansi.StringWidth(line))
	}
	return d
}

// wrap breaks the lines that are wider than width.
func (d shown) wrap(width int) shown {
	if width <= 0 || d.width <= width {
		return d
	}
	w := shown{null: d.null}
	for _, line := range d.lines {
		w.lines = append(w.lines, strings.Split(ansi.Hardwrap(line, width, true), "\n")...)
	}
	for _, line := range w.lines {
		w.width = max(w.width, ansi.StringWidth(line))
	}
	return w
}

func isPlainASCII(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// visible returns text with its control characters as escapes, but for line breaks, and with
// spaces for tabs.
func visible(text string) string {
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

const hexDigits = "0123456789abcdef"

func writeHex(b *strings.Builder, r rune) {
	b.WriteString(`\x`)
	b.WriteByte(hexDigits[r>>4&15])
	b.WriteByte(hexDigits[r&15])
}

const spaces = "                                                                "

// pad writes n spaces.
func pad(w *bufio.Writer, n int) {
	for ; n > len(spaces); n -= len(spaces) {
		w.WriteString(spaces)
	}
	if n > 0 {
		w.WriteString(spaces[:n])
	}
}
