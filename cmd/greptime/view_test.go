//go:build unix

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/greptime-go/greptime/cmd/greptime/internal/clitest"
	"github.com/greptime-go/greptime/cmd/greptime/internal/demo"
)

// sizes are the widths of the golden screens, with their heights.
var sizes = map[int]int{80: 24, 200: 50}

// screens compares the screen of a program with golden files: at each width, with and without
// colours. The screen is taken when the program has ended with the status.
func screens(t *testing.T, name string, status int, args ...string) {
	t.Helper()
	for width, height := range sizes {
		for _, color := range []bool{false, true} {
			o := clitest.Options{Width: width, Height: height}
			suffix := strconv.Itoa(width) + ".ansi"
			if !color {
				o.Env = append(o.Env, "NO_COLOR=1")
				suffix = strconv.Itoa(width) + ".txt"
			}
			t.Run(suffix, func(t *testing.T) {
				t.Parallel()
				term := clitest.Start(t, clitest.Program(args...), o)
				if got := term.Wait(); got != status {
					t.Errorf("exit status %d, want %d; screen\n%s", got, status, term.Screen().Text())
				}
				clitest.Golden(t, name+"_"+suffix, withoutPort(term.Screen().ANSI()))
			})
		}
	}
}

func TestChartScreens(t *testing.T) {
	t.Parallel()
	screens(t, "chart", 0, "--dsn", weatherDSN(t), "--timezone", "America/New_York", "query", "--chart", demo.Queries[1])
}

func TestWatchRedrawsAChartInPlaceUntilCtrlC(t *testing.T) {
	t.Parallel()
	term := clitest.Start(t, clitest.Program("--dsn", weatherDSN(t), "query", "--watch", "10ms", "--chart", demo.Queries[1]), clitest.Options{})
	first := term.WaitFor("Every 10ms, last at ")
	if lines := strings.Split(first.Text(), "\n"); lines[0] != "mph" || !strings.HasPrefix(lines[len(lines)-2], "Every 10ms") || len(lines) > 25 {
		t.Errorf("first screen\n%s", first.Text())
	}
	term.Resize(120, 30)
	wide := term.WaitUntil("the chart is as wide as the terminal", func(s clitest.Screen) bool {
		return strings.Contains(s.Text(), "EWR") && strings.Contains(s.Text(), "Every") && slices.ContainsFunc(strings.Split(s.Text(), "\n"), func(line string) bool { return len([]rune(line)) > 110 })
	})
	if !strings.HasPrefix(wide.Text(), "mph\n") {
		t.Errorf("screen after the terminal became wider\n%s", wide.Text())
	}
	term.Press(clitest.CtrlC)
	if status := term.Wait(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	if text := term.Screen().Text(); !strings.Contains(text, "EWR") || strings.Contains(text, "Every") {
		t.Errorf("the last chart must stay, without the note:\n%s", text)
	}
}

func TestServeUntilCtrlC(t *testing.T) {
	t.Parallel()
	term := startServer(t, "serve", "--addr", "127.0.0.1:0")
	dsn := strings.Fields(term.WaitFor("Ctrl-C stops it.").Text()[strings.Index(term.Screen().Text(), "DSN"):])[1]
	query := clitest.Start(t, clitest.Program("--dsn", dsn, "query", "SELECT 1 AS one"), clitest.Options{})
	if status := query.Wait(); status != 0 || !strings.Contains(query.Screen().Text(), "(1 row)") {
		t.Errorf("status %d, screen\n%s", status, query.Screen().Text())
	}
	term.Press(clitest.CtrlC)
	if status := term.Wait(); status != 0 {
		t.Errorf("exit status %d, screen\n%s", status, term.Screen().Text())
	}
	after := clitest.Start(t, clitest.Program("--dsn", dsn, "doctor"), clitest.Options{})
	if status := after.Wait(); status != 1 || !strings.Contains(after.Screen().Text(), "refuses connections") {
		t.Errorf("after the end: status %d, screen\n%s", status, after.Screen().Text())
	}
}

func TestDemoOpensThePrompt(t *testing.T) {
	t.Parallel()
	term := startServer(t, "demo")
	greeting := term.WaitFor(`\? lists the commands`).Text()
	if !strings.Contains(greeting, "26,115 hours") || !strings.Contains(greeting, demo.Queries[0]+";\n") {
		t.Errorf("greeting\n%s", greeting)
	}
	enter := func(text string) {
		term.Type(strings.ReplaceAll(text, "\n", " "))
		term.Press(clitest.Enter)
	}
	enter(demo.Queries[0] + ";")
	term.WaitFor("(3 rows)")
	enter(demo.Queries[1] + ";")
	term.WaitFor("(36 rows)")
	enter(`\chart`)
	term.WaitFor("━━ EWR  ━━ JFK  ━━ LGA")
	term.Press(clitest.CtrlC) // ends no server
	enter("SELECT 6 * 7 AS answer;")
	term.WaitFor("42")
	enter(`\q`)
	if status := term.Wait(); status != 0 {
		t.Errorf("exit status %d, screen\n%s", status, term.Screen().Text())
	}
	dsn := regexp.MustCompile(`greptime://127\.0\.0\.1:\d+/public`).FindString(greeting)
	after := clitest.Start(t, clitest.Program("--dsn", dsn, "doctor"), clitest.Options{})
	if status := after.Wait(); status != 1 || !strings.Contains(after.Screen().Text(), "refuses connections") {
		t.Errorf("after the end: status %d, screen\n%s", status, after.Screen().Text())
	}
}

// startServer starts the program with the test binary as the command greptimetest in its PATH.
func startServer(t *testing.T, args ...string) *clitest.Terminal {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(self, filepath.Join(dir, "greptimetest")); err != nil {
		t.Fatal(err)
	}
	return clitest.Start(t, clitest.Program(args...), clitest.Options{Width: 120, Height: 70, Env: []string{"PATH=" + dir + ":" + os.Getenv("PATH"), asServer + "=1"}})
}
