package stdio

import (
	"context"
	"errors"
	"fmt"
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

// readPassword reads a line without echo. When the context ends it restores the echo and
// leaves the read behind, which ends with the process.
func readPassword(ctx context.Context, terminal *os.File, prompt string) (string, error) {
	fd := int(terminal.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	fmt.Fprint(os.Stderr, prompt)
	defer fmt.Fprintln(os.Stderr)
	type answer struct {
		password []byte
		err      error
	}
	done := make(chan answer, 1)
	go func() {
		password, err := term.ReadPassword(fd)
		done <- answer{password, err}
	}()
	select {
	case a := <-done:
		return string(a.password), a.err
	case <-ctx.Done():
		return "", errors.Join(ctx.Err(), term.Restore(fd, state))
	}
}
