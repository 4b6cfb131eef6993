package stdio

import (
	"io"
	"os"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"
)

// SaveTerminal returns a function that gives the terminal the modes that it has now, and moves the
// cursor to a line of its own. The function does nothing if the input is not a terminal.
func (s Streams) SaveTerminal() (restore func()) {
	in, ok := s.In.(*os.File)
	if !ok || !s.InTerminal {
		return func() {}
	}
	state, err := term.GetState(int(in.Fd()))
	if err != nil {
		return func() {}
	}
	return func() {
		_ = term.Restore(int(in.Fd()), state)
		if s.OutTerminal {
			_, _ = io.WriteString(s.Out, ansi.ResetModeBracketedPaste+ansi.SetModeTextCursorEnable+"\n")
		}
	}
}
