// Package stdio describes the standard streams of the program, so that a test can run a
// command on buffers or on a pseudo-terminal.
package stdio

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Streams are the standard streams of one run.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer

	// Whether each stream is a terminal.
	InTerminal, OutTerminal, ErrTerminal bool

	// Size returns the present size of the terminal in cells. nil stands for no terminal.
	Size func() (width, height int)

	// Getenv reads the environment. nil stands for an empty one.
	Getenv func(string) string
}

// Of returns the streams of a process.
func Of(in, out, err *os.File) Streams {
	return Streams{
		In: in, Out: out, Err: err,
		InTerminal: isTerminal(in), OutTerminal: isTerminal(out), ErrTerminal: isTerminal(err),
		Size: func() (width, height int) {
			for _, f := range []*os.File{out, err, in} {
				if w, h, sizeErr := term.GetSize(int(f.Fd())); sizeErr == nil {
					return w, h
				}
			}
			return 0, 0
		},
		Getenv: os.Getenv,
	}
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// TerminalSize returns the size of the terminal in cells, or zeros if the output does not
// go to one.
func (s Streams) TerminalSize() (width, height int) {
	if !s.OutTerminal || s.Size == nil {
		return 0, 0
	}
	return s.Size()
}

// Env returns an environment variable, or "".
func (s Streams) Env(name string) string {
	if s.Getenv == nil {
		return ""
	}
	return s.Getenv(name)
}

// Color reports whether the output should have colours. choice is "always", "never" or
// "auto": on a terminal, unless NO_COLOR is set or the terminal has no colours.
func (s Streams) Color(choice string) bool {
	switch choice {
	case "always":
		return true
	case "never":
		return false
	}
	return s.OutTerminal && s.Env("NO_COLOR") == "" && s.Env("TERM") != "dumb"
}
