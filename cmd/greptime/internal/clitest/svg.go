package clitest

import (
	"fmt"
	"html"
	"image/color"
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

// The measures of a picture, in its units.
const (
	cellWidth  = 8.4
	cellHeight = 18.0
	margin     = 14.0
	titleBar   = 30.0
)

// The colours of a picture that are not those of cells.
const (
	background = "#16181d"
	bar        = "#24272e"
	foreground = "#d8dce4"
)

// palette has the sixteen colours that a terminal has by number.
var palette = [16]string{
	"#2b2f38", "#e5727b", "#8fc97a", "#e2b86b", "#6aa6ec", "#c88be0", "#58bec4", "#c8cdd6",
	"#6b7280", "#f28b92", "#a8dc95", "#f0cd88", "#8bbcf4", "#dba6ee", "#7fd6da", "#ffffff",
}

// SVG returns a picture of the screen, without the empty lines at its end, in a window with a
// title. Lines and dots are drawn as such, so that they do not depend on the reader's fonts.
func (s Screen) SVG(title string) string {
	lines := s.Lines
	for len(lines) > 1 && lines[len(lines)-1].String() == "" {
		lines = lines[:len(lines)-1]
	}
	width := 2*margin + float64(lines.Width())*cellWidth
	height := titleBar + 2*margin + float64(len(lines))*cellHeight
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.1f %.1f" width="%.0f" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" fill="%s">`+"\n",
		width, height, width, foreground)
	fmt.Fprintf(&b, `<title>%s</title>`+"\n", html.EscapeString(title))
	fmt.Fprintf(&b, `<rect width="%.1f" height="%.1f" rx="9" fill="%s"/>`+"\n", width, height, background)
	fmt.Fprintf(&b, `<path d="M0 %g V9 a9 9 0 0 1 9 -9 H%.1f a9 9 0 0 1 9 9 V%g Z" fill="%s"/>`+"\n", titleBar, width-9, titleBar, bar)
	for i, fill := range []string{palette[1], palette[3], palette[2]} {
		fmt.Fprintf(&b, `<circle cx="%d" cy="15" r="5.5" fill="%s"/>`+"\n", 20+20*i, fill)
	}
	fmt.Fprintf(&b, `<text x="%.1f" y="20" text-anchor="middle" fill="%s">%s</text>`+"\n", width/2, palette[8], html.EscapeString(title))
	for row, line := range lines {
		drawRow(&b, line, titleBar+margin+float64(row)*cellHeight)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// drawRow draws the cells of a line whose upper edge is at y. Neighbours of the same style are one
// element.
func drawRow(b *strings.Builder, line uv.Line, y float64) {
	for from := 0; from < len(line); {
		to := from + 1
		for to < len(line) && (line[to].IsZero() || line[to].Style.Equal(&line[from].Style) && isDrawn(line[to].Content) == isDrawn(line[from].Content)) {
			to++
		}
		drawRun(b, line[from:to], margin+float64(from)*cellWidth, y)
		from = to
	}
}

// drawRun draws cells of the same style.
func drawRun(b *strings.Builder, cells uv.Line, x, y float64) {
	style := cells[0].Style
	fg, bg := colorOf(style.Fg, foreground), colorOf(style.Bg, "")
	if style.Attrs&uv.AttrReverse != 0 {
		fg, bg = background, fg
	}
	width := float64(len(cells)) * cellWidth
	if bg != "" {
		fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`+"\n", x, y, width, cellHeight, bg)
	}
	faint := ""
	if style.Attrs&uv.AttrFaint != 0 {
		faint = ` opacity="0.6"`
	}
	if isDrawn(cells[0].Content) {
		drawLines(b, cells, x, y, fg, faint)
		return
	}
	text := cells.String()
	if strings.TrimSpace(text) == "" {
		return
	}
	for strings.HasPrefix(text, " ") {
		text, x = text[1:], x+cellWidth
	}
	trimmed := strings.TrimRight(text, " ")
	attributes := faint
	if style.Attrs&uv.AttrBold != 0 {
		attributes += ` font-weight="bold"`
	}
	if style.Attrs&uv.AttrItalic != 0 {
		attributes += ` font-style="italic"`
	}
	if style.Underline != uv.UnderlineNone {
		attributes += ` text-decoration="underline"`
	}
	if fg != foreground {
		attributes += ` fill="` + fg + `"`
	}
	// The length keeps what follows in its place if the font is wider or narrower.
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" textLength="%.1f" xml:space="preserve"%s>%s</text>`+"\n",
		x, y+13.5, float64(ansi.StringWidth(trimmed))*cellWidth, attributes, html.EscapeString(trimmed))
}

// colorOf returns a colour as SVG writes it.
func colorOf(c color.Color, otherwise string) string {
	switch c := c.(type) {
	case nil:
		return otherwise
	case ansi.BasicColor:
		return palette[c%16]
	case ansi.IndexedColor:
		if c < 16 {
			return palette[c]
		}
	}
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}

// boxes has the arms of the characters that draw boxes: left, right, up, down.
var boxes = map[string][4]bool{
	"─": {true, true, false, false}, "│": {false, false, true, true}, "━": {true, true, false, false},
	"┼": {true, true, true, true}, "┤": {true, false, true, true}, "├": {false, true, true, true},
	"┬": {true, true, false, true}, "┴": {true, true, true, false}, "┌": {false, true, false, true},
	"┐": {true, false, false, true}, "└": {false, true, true, false}, "┘": {true, false, true, false},
}

// isDrawn reports whether a character is drawn with lines and dots: of boxes, or Braille.
func isDrawn(content string) bool {
	_, isBox := boxes[content]
	r := []rune(content)
	return isBox || len(r) == 1 && r[0] > 0x2800 && r[0] <= 0x28ff
}

// drawLines draws cells of boxes or of Braille.
func drawLines(b *strings.Builder, cells uv.Line, x, y float64, fg, faint string) {
	var lines, thick, dots strings.Builder
	for i, cell := range cells {
		left, middle, center := x+float64(i)*cellWidth, x+(float64(i)+0.5)*cellWidth, y+cellHeight/2
		if arms, ok := boxes[cell.Content]; ok {
			path := &lines
			if cell.Content == "━" {
				path = &thick
			}
			if arms[0] {
				fmt.Fprintf(path, "M%.1f %.1fH%.1f", left, center, middle)
			}
			if arms[1] {
				fmt.Fprintf(path, "M%.1f %.1fH%.1f", middle, center, left+cellWidth)
			}
			if arms[2] {
				fmt.Fprintf(path, "M%.1f %.1fV%.1f", middle, y, center)
			}
			if arms[3] {
				fmt.Fprintf(path, "M%.1f %.1fV%.1f", middle, center, y+cellHeight)
			}
			continue
		}
		bits := []rune(cell.Content)[0] - 0x2800
		for dot, at := range [8][2]float64{{0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 1}, {1, 2}, {0, 3}, {1, 3}} {
			if bits&(1<<dot) != 0 {
				fmt.Fprintf(&dots, "M%.1f %.1fh0", left+(at[0]+0.5)*cellWidth/2, y+(at[1]+0.5)*cellHeight/4)
			}
		}
	}
	for _, p := range []struct {
		path  string
		width float64
		ends  string
	}{{lines.String(), 1.2, "butt"}, {thick.String(), 2.6, "butt"}, {dots.String(), 3, "round"}} {
		if p.path != "" {
			fmt.Fprintf(b, `<path d="%s" stroke="%s" stroke-width="%g" stroke-linecap="%s" fill="none"%s/>`+"\n", p.path, fg, p.width, p.ends, faint)
		}
	}
}
