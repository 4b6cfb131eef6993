package clitest

import (
	"cmp"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
)

// Options are the options of a [Terminal].
type Options struct {
	Width, Height int // in cells; default 80 × 24

	// Env is added to the environment of the program, such as NO_COLOR=1. The program starts with
	// a home directory of its own, which is empty, and without the variables that would change
	// what it shows.
	Env []string
}

// Terminal is a program that runs in a pseudo-terminal. Its methods fail the test if they wait in
// vain.
type Terminal struct {
	t   testing.TB
	pty *os.File // the side of the keyboard and the screen

	mu      sync.Mutex
	screen  *vt.Emulator
	changed chan struct{} // closed, and replaced, after each change of the screen

	ended  chan struct{} // closed when the program has ended and everything it wrote is on the screen
	status int           // its exit status, once ended
}

// patience is how long a Terminal waits. Only a test that fails waits that long, however slow the
// machine is.
const patience = time.Minute

// shownVariables change what programs show; a program starts without them.
var shownVariables = []string{
	"NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLORTERM", "TERM_PROGRAM", "COLUMNS", "LINES", "INPUTRC",
	"PAGER", "LESS", "EDITOR", "VISUAL", "TZ", "LANG", "LC_ALL", "LC_CTYPE", "XDG_CONFIG_HOME", "XDG_STATE_HOME",
	"XDG_DATA_HOME", "XDG_CACHE_HOME", "GREPTIME_DSN", "GREPTIME_CONFIG", "GREPTIME_HISTORY",
}

// Start starts a command in a pseudo-terminal. The command is killed at the end of the test if it
// still runs.
func Start(t testing.TB, cmd *exec.Cmd, o Options) *Terminal {
	t.Helper()
	size := o.size()
	cmd.Env = append(o.environment(cmd.Env, t.TempDir()), o.Env...)
	keyboard, err := pty.StartWithSize(cmd, size)
	if errors.Is(err, pty.ErrUnsupported) {
		t.Skip("clitest: this system has no pseudo-terminals")
	} else if err != nil {
		t.Fatalf("clitest: %v", err)
	}
	return attach(t, keyboard, size, func() int {
		_ = cmd.Wait() // the status says it all
		return cmd.ProcessState.ExitCode()
	}, func() { _ = cmd.Process.Kill() })
}

// StartFunc calls run, which returns an exit status, in this process. tty is its side of the
// pseudo-terminal. Ctrl-C and the change of its size send no signals.
func StartFunc(t testing.TB, o Options, run func(tty *os.File) (status int)) *Terminal {
	t.Helper()
	size := o.size()
	keyboard, tty, err := pty.Open()
	if errors.Is(err, pty.ErrUnsupported) {
		t.Skip("clitest: this system has no pseudo-terminals")
	} else if err != nil {
		t.Fatalf("clitest: %v", err)
	}
	if err := pty.Setsize(keyboard, size); err != nil {
		t.Fatalf("clitest: %v", err)
	}
	return attach(t, keyboard, size, func() int {
		defer tty.Close()
		return run(tty)
	}, func() {})
}

// attach shows what is written to the other side of keyboard on a screen, until wait returns.
func attach(t testing.TB, keyboard *os.File, size *pty.Winsize, wait func() int, kill func()) *Terminal {
	term := &Terminal{
		t: t, pty: keyboard, screen: vt.NewEmulator(int(size.Cols), int(size.Rows)),
		changed: make(chan struct{}), ended: make(chan struct{}),
	}
	var all sync.WaitGroup
	shown := make(chan struct{})
	all.Go(func() { // the terminal's own answers, such as where its cursor is
		_, _ = io.Copy(keyboard, term.screen)
		_, _ = io.Copy(io.Discard, term.screen)
	})
	all.Go(func() {
		defer close(shown)
		_, _ = io.Copy(display{term}, keyboard) // ends with an error when the other side is closed
	})
	all.Go(func() {
		term.status = wait()
		<-shown
		close(term.ended)
		_ = term.screen.InputPipe().(io.Closer).Close()
	})
	t.Cleanup(func() {
		kill()
		select {
		case <-term.ended:
		case <-time.After(patience):
			t.Errorf("clitest: the program still runs %v after it was killed", patience)
			return
		}
		_ = keyboard.Close()
		all.Wait()
	})
	return term
}

// display writes to the screen of a Terminal.
type display struct{ term *Terminal }

func (d display) Write(p []byte) (int, error) {
	d.term.mu.Lock()
	defer d.term.mu.Unlock()
	n, err := d.term.screen.Write(p)
	close(d.term.changed)
	d.term.changed = make(chan struct{})
	return n, err
}

func (o Options) size() *pty.Winsize {
	return &pty.Winsize{Cols: uint16(cmp.Or(o.Width, 80)), Rows: uint16(cmp.Or(o.Height, 24))}
}

// environment returns the variables of base without those that change what a program shows. base
// may be nil, which stands for those of this process.
func (o Options) environment(base []string, home string) []string {
	if base == nil {
		base = os.Environ()
	}
	kept := slices.DeleteFunc(slices.Clone(base), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains(shownVariables, name)
	})
	return append(kept, "TERM=xterm-256color", "HOME="+home)
}

// Type sends text as if it was typed.
func (term *Terminal) Type(text string) {
	term.t.Helper()
	if _, err := term.pty.WriteString(text); err != nil {
		term.t.Fatalf("clitest: typing %q: %v", text, err)
	}
}

// Press sends keys.
func (term *Terminal) Press(keys ...Key) {
	term.t.Helper()
	for _, key := range keys {
		term.Type(string(key))
	}
}

// Resize changes the size of the terminal, of which the system tells the program.
func (term *Terminal) Resize(width, height int) {
	term.t.Helper()
	term.mu.Lock()
	term.screen.Resize(width, height)
	term.mu.Unlock()
	if err := pty.Setsize(term.pty, &pty.Winsize{Cols: uint16(width), Rows: uint16(height)}); err != nil {
		term.t.Fatalf("clitest: %v", err)
	}
}

// Screen returns what the terminal shows now.
func (term *Terminal) Screen() Screen {
	s, _ := term.look()
	return s
}

// look returns the screen and a channel that is closed when it changes.
func (term *Terminal) look() (Screen, <-chan struct{}) {
	term.mu.Lock()
	defer term.mu.Unlock()
	return newScreen(term.screen), term.changed
}

// WaitFor waits until the screen shows the text, and returns the screen.
func (term *Terminal) WaitFor(text string) Screen {
	term.t.Helper()
	return term.WaitUntil("the screen shows "+text, func(s Screen) bool { return strings.Contains(s.Text(), text) })
}

// WaitUntil waits until a condition of the screen holds, and returns the screen. what describes
// the condition.
func (term *Terminal) WaitUntil(what string, holds func(Screen) bool) Screen {
	term.t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		s, changed := term.look()
		if holds(s) {
			return s
		}
		select {
		case <-changed:
		case <-term.ended:
			if s := term.Screen(); holds(s) {
				return s
			}
			term.t.Fatalf("clitest: the program ended with status %d, and not: %s; its screen:\n%s", term.status, what, term.Screen().Text())
		case <-timeout.C:
			term.t.Fatalf("clitest: waited %v until %s; the screen:\n%s", patience, what, s.Text())
		}
	}
}

// Wait waits until the program ends, and returns its exit status, which is -1 if a signal ended it.
func (term *Terminal) Wait() (status int) {
	term.t.Helper()
	select {
	case <-term.ended:
		return term.status
	case <-time.After(patience):
		term.t.Fatalf("clitest: the program still runs after %v; its screen:\n%s", patience, term.Screen().Text())
		return 0
	}
}
