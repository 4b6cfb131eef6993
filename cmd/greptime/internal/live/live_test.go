package live_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/greptime-go/greptime/cmd/greptime/internal/clitest"
	"github.com/greptime-go/greptime/cmd/greptime/internal/live"
)

func TestFramesAreRedrawnInPlace(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	fail := make(chan bool)
	ended := make(chan error, 1)
	term := clitest.StartFunc(t, clitest.Options{Width: 50, Height: 8}, func(tty *os.File) int {
		fmt.Fprintln(tty, "before")
		n := 0
		ended <- live.Run(ctx, tty, live.Options{Every: time.Millisecond, Terminal: true, Width: func() int { return 50 }}, func(ctx context.Context) (string, error) {
			if n++; n == 1 {
				return "first\nlonger line of the first frame\nthird line\n", nil
			}
			select {
			case <-ctx.Done():
				return "", ctx.Err()
			case failed := <-fail:
				if failed {
					return "", errors.New("the server is gone, " + strings.Repeat("really ", 10))
				}
			}
			return fmt.Sprintf("frame %d\nshort\n", n), nil
		})
		fmt.Fprintln(tty, "after")
		return 0
	})
	first := term.WaitFor("Ctrl-C ends.")
	if !strings.HasPrefix(first.Text(), "first\nlonger line of the first frame\nthird line\nEvery 1ms, last at ") {
		t.Errorf("screen\n%s", first.Text())
	}
	fail <- false
	second := term.WaitFor("frame 2\nshort\nEvery 1ms")
	if text := second.Text(); strings.Contains(text, "line") || strings.Contains(text, "before") {
		t.Errorf("parts of the first frame are left:\n%s", text)
	}
	fail <- true
	failed := term.WaitFor("the server is gone, really")
	if lines := strings.Split(failed.Text(), "\n"); lines[0] != "frame 2" || len(lines) != 4 || !strings.HasSuffix(lines[2], "…") {
		t.Errorf("a failed frame:\n%s", failed.Text())
	}
	fail <- false
	term.WaitFor("frame 4\nshort\nEvery 1ms")
	cancel()
	if status := term.Wait(); status != 0 {
		t.Errorf("status %d", status)
	}
	if err := <-ended; err != nil {
		t.Errorf("the end of the context: %v", err)
	}
	if got, want := term.Screen().Text(), "before\nframe 4\nshort\nafter\n"; got != want {
		t.Errorf("screen after the end %q, want %q", got, want)
	}
}

func TestFramesInAPipeFollowEachOther(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var out strings.Builder
	n := 0
	err := live.Run(ctx, &out, live.Options{Every: time.Millisecond}, func(context.Context) (string, error) {
		switch n++; n {
		case 2:
			return "", errors.New("refused")
		case 4:
			cancel()
		}
		return fmt.Sprintf("frame %d\n", n), nil
	})
	if err != nil {
		t.Error(err)
	}
	parts := strings.Split(out.String(), "\n\n")
	if len(parts) != 4 || parts[0] != "frame 1" || !strings.HasPrefix(parts[1], "frame 1\n") || !strings.HasSuffix(parts[1], ": refused") || parts[2] != "frame 3" || parts[3] != "" {
		t.Errorf("%q", parts)
	}
}

func TestErrorOfTheFirstFrame(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	var out strings.Builder
	err := live.Run(t.Context(), &out, live.Options{Every: time.Hour, Terminal: true}, func(context.Context) (string, error) { return "", refused })
	if !errors.Is(err, refused) || out.Len() != 0 {
		t.Errorf("%v, wrote %q", err, out.String())
	}
}

// Lines that are wider than the terminal are cut: they would take two rows each, and what is above them
// would be out of sight.
func TestFramesWiderThanTheTerminal(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	text := "top\n" + strings.Repeat("\x1b[31m東京\x1b[0m and a long line, ", 10) + "\nthird\nfourth\n"
	term := clitest.StartFunc(t, clitest.Options{Width: 30, Height: 5}, func(tty *os.File) int {
		err := live.Run(ctx, tty, live.Options{Every: time.Hour, Terminal: true, Width: func() int { return 30 }}, func(context.Context) (string, error) { return text, nil })
		if err != nil {
			return 1
		}
		return 0
	})
	screen := term.WaitFor("Every")
	if lines := strings.Split(screen.Text(), "\n"); lines[0] != "top" || !strings.HasPrefix(lines[1], "東京 and") || !strings.HasSuffix(lines[1], "…") || lines[2] != "third" || lines[3] != "fourth" {
		t.Errorf("screen\n%s", screen.Text())
	}
	cancel()
	if status := term.Wait(); status != 0 {
		t.Errorf("status %d", status)
	}
}

func TestErrorsOfLaterFramesAreVisible(t *testing.T) {
	t.Parallel()
	for _, terminal := range []bool{true, false} {
		ctx, cancel := context.WithCancel(t.Context())
		var out strings.Builder
		n := 0
		err := live.Run(ctx, &out, live.Options{Every: time.Millisecond, Terminal: terminal}, func(context.Context) (string, error) {
			switch n++; n {
			case 2:
				return "", errors.New("greptime: no \x1b[2Jtable")
			case 3:
				cancel()
			}
			return "frame\n", nil
		})
		if err != nil || !strings.Contains(out.String(), `: no \x1b[2Jtable`) || strings.Contains(out.String(), "\x1b[2J") {
			t.Errorf("terminal %v: %v, wrote %q", terminal, err, out.String())
		}
	}
}
