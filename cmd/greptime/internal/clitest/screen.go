package clitest

import (
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/vt"
)

// Screen is what a terminal shows at one moment.
type Screen struct {
	// Lines are the cells of each line. The second cell of a wide character is the zero Cell.
	Lines uv.Lines

	// Column and Row are where the cursor is, from 0.
	Column, Row int
}

// newScreen copies the screen of a terminal.
func newScreen(emulator *vt.Emulator) Screen {
	at := emulator.CursorPosition()
	s := Screen{Column: at.X, Row: at.Y}
	for y := range emulator.Height() {
		cells := make(uv.Line, emulator.Width())
		for x := range cells {
			if cell := emulator.CellAt(x, y); cell != nil {
				cells[x] = *cell
			}
		}
		s.Lines = append(s.Lines, cells)
	}
	return s
}

// Text returns the lines without colours, without the spaces at their ends and without the empty
// lines at the end of the screen. Each line ends with a newline.
func (s Screen) Text() string { return join(s.Lines, uv.Line.String) }

// ANSI returns the same with the escape sequences of its colours and attributes, so that cat shows
// it as it was.
func (s Screen) ANSI() string { return join(s.Lines, uv.Line.Render) }

func join(lines uv.Lines, text func(uv.Line) string) string {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(strings.TrimRight(text(l), " "))
		b.WriteByte('\n')
	}
	all := strings.TrimRight(b.String(), "\n")
	if all == "" {
		return ""
	}
	return all + "\n"
}

// Render returns a screen of a width that shows a text with escape sequences of colours and
// attributes, such as that of [Screen.ANSI].
func Render(text string, width int) Screen {
	styled := uv.NewStyledString(strings.TrimSuffix(text, "\n"))
	buffer := uv.NewScreenBuffer(width, styled.Height())
	styled.Draw(buffer, buffer.Bounds())
	var s Screen
	for y := range buffer.Height() {
		s.Lines = append(s.Lines, buffer.Line(y))
	}
	return s
}
