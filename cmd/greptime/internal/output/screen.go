package output

import (
	"bufio"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/greptime-go/greptime/cmd/greptime/internal/visible"
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
	if visible.IsPlain(text) {
		return shown{[]string{text}, len(text), null}
	}
	d := shown{lines: strings.Split(strings.TrimSuffix(visible.Text(text), "\n"), "\n"), null: null}
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
