package stdio

import (
	"context"
	"errors"
	"io"
	"os"
	"runtime"

	"golang.org/x/term"
)

// PasswordReader returns a function that asks for a password on the terminal, without
// showing it. It returns nil if there is no terminal.
func (s Streams) PasswordReader(ctx context.Context) func(prompt string) (string, error) {
	terminal, close := s.terminal()
	if terminal == nil {
		return nil
	}
	close()
	return func(prompt string) (string, error) {
		terminal, close := s.terminal()
		if terminal == nil {
			return "", errors.New("the terminal is gone")
		}
		defer close()
		return readPassword(ctx, terminal, prompt)
	}
}

// terminal opens the terminal for reading.
func (s Streams) terminal() (f *os.File, close func()) {
	if in, ok := s.In.(*os.File); ok && s.InTerminal {
		return in, func() {}
	}
	name := "/dev/tty"
	if runtime.GOOS == "windows" {
		name = "CONIN$"
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, nil
	}
	return f, func() { f.Close() }
}

// readPassword reads a line without showing it. When the context ends it restores the
// terminal.
func readPassword(ctx context.Context, terminal *os.File, prompt string) (string, error) {
	fd := int(terminal.Fd())
	state, err := term.MakeRaw(fd)
	if err != nil {
		return "", err
	}
	defer term.Restore(fd, state)
	password, err := Await(ctx, func() (string, error) {
		return term.NewTerminal(keyboard{terminal, os.Stderr}, "").ReadPassword(prompt)
	})
	if errors.Is(err, io.EOF) { // Ctrl-C or Ctrl-D
		return "", context.Canceled
	}
	return password, err
}

// keyboard is a terminal that is read from one file and written to another.
type keyboard struct {
	io.Reader
	io.Writer
}
