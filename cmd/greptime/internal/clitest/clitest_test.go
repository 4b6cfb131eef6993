//go:build unix

package clitest_test

import (
	"bufio"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/term"

	"github.com/greptime-go/greptime/cmd/greptime/internal/clitest"
)

func TestMain(m *testing.M) { os.Exit(clitest.Main(m, program)) }

// program repeats what is typed, and the signals that it gets.
func program() int {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGWINCH)
	lines := make(chan string)
	go func() {
		defer close(lines)
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			lines <- in.Text()
		}
	}()
	fmt.Printf("%q NO_COLOR=%q TERM=%s \x1b[31mred\x1b[0m 東京|\n", os.Args[1:], os.Getenv("NO_COLOR"), os.Getenv("TERM"))
	for {
		select {
		case s := <-signals:
			width, height, err := term.GetSize(int(os.Stdout.Fd()))
			fmt.Printf("signal: %v, %d × %d, %v\n", s, width, height, err)
		case line, ok := <-lines:
			if !ok {
				fmt.Println("the end")
				return 3
			}
			fmt.Printf("got %q\n", line)
		}
	}
}

func TestProgramInATerminal(t *testing.T) {
	t.Parallel()
	tt := clitest.Start(t, clitest.Program("a", "b c"), clitest.Options{Width: 60, Height: 10, Env: []string{"NO_COLOR=1"}})
	first := tt.WaitFor("東京|")
	if want := `["a" "b c"] NO_COLOR="1" TERM=xterm-256color red 東京|` + "\n"; first.Text() != want {
		t.Errorf("screen %q, want %q", first.Text(), want)
	}
	if want := "\x1b[31mred\x1b[m 東京"; !strings.Contains(first.ANSI(), want) {
		t.Errorf("screen with colours %q, want %q in it", first.ANSI(), want)
	}
	if len(first.Lines) != 10 || len(first.Lines[0]) != 60 {
		t.Errorf("%d lines of %d cells", len(first.Lines), len(first.Lines[0]))
	}
	tt.Type("hello")
	tt.Press(clitest.Enter)
	tt.WaitFor(`got "hello"`)
	tt.Press(clitest.CtrlC)
	tt.WaitFor("signal: interrupt, 60 × 10, <nil>")
	tt.Resize(70, 12)
	s := tt.WaitFor("signal: window changed, 70 × 12, <nil>")
	if len(s.Lines) != 12 || len(s.Lines[0]) != 70 {
		t.Errorf("%d lines of %d cells", len(s.Lines), len(s.Lines[0]))
	}
	tt.Press(clitest.CtrlD)
	if status := tt.Wait(); status != 3 {
		t.Errorf("exit status %d, want 3", status)
	}
	clitest.Golden(t, "program.txt", tt.Screen().Text())
	clitest.Golden(t, "program.ansi", tt.Screen().ANSI())
}

func TestFunctionInATerminal(t *testing.T) {
	t.Parallel()
	tt := clitest.StartFunc(t, clitest.Options{}, func(tty *os.File) int {
		width, height, err := term.GetSize(int(tty.Fd()))
		fmt.Fprintln(tty, "size", width, height, err)
		old, err := term.MakeRaw(int(tty.Fd()))
		if err != nil {
			return 1
		}
		defer term.Restore(int(tty.Fd()), old)
		fmt.Fprint(tty, "\x1b[6n") // where is the cursor?
		answer := make([]byte, 6)
		if _, err := tty.Read(answer); err != nil {
			return 2
		}
		fmt.Fprintf(tty, "%q", answer)
		return 0
	})
	tt.WaitFor(`"\x1b[2;1R"`)
	if status := tt.Wait(); status != 0 {
		t.Errorf("status %d", status)
	}
}
