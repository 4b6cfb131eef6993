//go:build unix

package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/greptime-go/greptime/cmd/greptime/internal/clitest"
)

// startPrompt starts the prompt on the server of the tests and waits for it.
func startPrompt(t *testing.T, o clitest.Options) *clitest.Terminal {
	t.Helper()
	term := start(t, o)
	term.WaitFor("public UTC>")
	return term
}

// enter types a line at the prompt and waits for a text.
func enter(t *testing.T, term *clitest.Terminal, line, want string) clitest.Screen {
	t.Helper()
	waitForPrompt(term)
	term.Type(line)
	term.Press(clitest.Enter)
	return term.WaitFor(want)
}

// leave leaves the prompt, which must succeed.
func leave(t *testing.T, term *clitest.Terminal) {
	t.Helper()
	waitForPrompt(term)
	term.Press(clitest.CtrlD)
	if status := term.Wait(); status != 0 {
		t.Errorf("status %d; the screen:\n%s", status, term.Screen().Text())
	}
}

// waitForPrompt waits until the prompt is the last line of the screen.
func waitForPrompt(term *clitest.Terminal) clitest.Screen {
	return term.WaitUntil("the prompt is the last line", func(s clitest.Screen) bool { return strings.HasSuffix(s.Text(), ">\n") })
}

func TestPromptScreens(t *testing.T) {
	t.Parallel()
	name := wideTable(t)
	for _, width := range []int{80, 200} {
		for suffix, env := range map[string][]string{".ansi": nil, ".txt": {"NO_COLOR=1"}} {
			golden := fmt.Sprintf("prompt_%d%s", width, suffix)
			t.Run(golden, func(t *testing.T) {
				t.Parallel()
				term := startPrompt(t, clitest.Options{Width: width, Height: 40, Env: env})
				enter(t, term, "SET time_zone = 'Asia/Tokyo';", "public Asia/Tokyo>")
				waitForPrompt(term)
				term.Type("SELECT city, 'two' AS t, 1.5 AS n -- why")
				term.Press(clitest.Enter)
				term.WaitUntil("another line begins", func(s clitest.Screen) bool { return strings.HasSuffix(s.Text(), "why\n") && s.Column < 30 })
				term.Type("FROM " + name + " ORDER BY ts LIMIT 2;")
				term.Press(clitest.Enter)
				term.WaitFor("(2 rows)")
				enter(t, term, `\x`, "A line per value is on.")
				enter(t, term, "SELECT city FROM "+name+" ORDER BY ts LIMIT 1;", "(1 row)")
				enter(t, term, "SELECT * FROM missing;", "Table not found")
				s := waitForPrompt(term)
				got := s.ANSI()
				for _, variable := range []string{name, serverAddr(t)} {
					got = strings.ReplaceAll(got, variable, strings.Repeat("T", len(variable)))
				}
				clitest.Golden(t, golden, got)
				leave(t, term)
			})
		}
	}
}

func serverAddr(t *testing.T) string {
	t.Helper()
	s, err := startServer()
	if err != nil {
		t.Fatal(err)
	}
	return s.Addr()
}

func TestPromptCompletes(t *testing.T) {
	t.Parallel()
	name := newTable(t, `ts TIMESTAMP TIME INDEX, unusual_column INT, unusual_other INT`)
	term := startPrompt(t, clitest.Options{Height: 40})
	term.Type("SELECT unusual_c")
	term.WaitUntil("Tab completes a column of the background's catalog", func(s clitest.Screen) bool {
		if strings.Contains(s.Text(), "unusual_column") {
			return true
		}
		term.Press(clitest.Tab)
		return false
	})
	term.Type(" FR")
	term.Press(clitest.Tab)
	term.Type(" " + name + ";")
	term.WaitFor("unusual_column FROM " + name)
	term.Press(clitest.Enter)
	term.WaitFor("(0 rows)")
	term.Type("SELECT unus")
	term.Press(clitest.Tab)
	term.WaitFor("unusual_column  unusual_other  -- int")
	term.Type("other FROM " + name + ";") // the list goes away
	term.Press(clitest.Enter)
	term.WaitFor(" unusual_other\n")
	leave(t, term)
}

// Ctrl-C ends a query, or what was typed, and not the client.
func TestCtrlCInThePrompt(t *testing.T) {
	t.Parallel()
	name := numbers(t, 100)
	term := startPrompt(t, clitest.Options{Env: []string{"PAGER=cat"}})
	term.Type("SELECT not finished")
	term.Press(clitest.CtrlC)
	term.WaitUntil("another prompt", func(s clitest.Screen) bool { return strings.Count(s.Text(), "public UTC>") == 2 })
	enter(t, term, fmt.Sprintf("SELECT a.n AS n, 'row' AS r FROM %s a, %s b, %s c;", name, name, name), "│ row")
	term.Press(clitest.CtrlC)
	term.WaitFor("interrupted")
	enter(t, term, "SELECT 'still here' AS a;", "(1 row)")
	leave(t, term)
}

func TestPromptRemembers(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "history")
	env := []string{"GREPTIME_HISTORY=" + path}
	term := startPrompt(t, clitest.Options{Env: env})
	enter(t, term, "SELECT 'remembered' AS a;", "(1 row)")
	enter(t, term, "CREATE USER a WITH PASSWORD 'hush';", "error: ")
	leave(t, term)
	if data, err := os.ReadFile(path); err != nil || strings.Contains(string(data), "hush") {
		t.Errorf("the history has %q, %v", data, err)
	}
	term = startPrompt(t, clitest.Options{Env: env})
	term.Press(clitest.Up)
	term.WaitFor("public UTC> SELECT 'remembered' AS a;")
	term.Press(clitest.Enter)
	term.WaitFor("(1 row)")
	leave(t, term)
}

func TestPromptWithoutTerminal(t *testing.T) {
	t.Parallel()
	r := program{in: "SELECT 1 AS a;\nSELECT 2 AS b;\n"}.run(t)
	if r.status != 0 || r.out != " a\n───\n 1\n(1 row)\n\n b\n───\n 2\n(1 row)\n" {
		t.Errorf("status %d, output %q, errors %q", r.status, r.out, r.err)
	}
}

// Results fit the terminal as it is now.
func TestPromptInAResizedTerminal(t *testing.T) {
	t.Parallel()
	name := wideTable(t)
	term := startPrompt(t, clitest.Options{Width: 80, Height: 40})
	enter(t, term, "SELECT note FROM "+name+" ORDER BY ts LIMIT 1;", "ndred\n(1 row)")
	term.Resize(120, 40)
	enter(t, term, "SELECT note FROM "+name+" ORDER BY ts LIMIT 1;", "into two hundred\n")
	leave(t, term)
}

func TestWatchAndChart(t *testing.T) {
	t.Parallel()
	name := numbers(t, 50)
	term := startPrompt(t, clitest.Options{Height: 40})
	enter(t, term, `\chart SELECT ts, n FROM `+name, "00:00:40")
	term.Type(`\watch 0.05`)
	term.Press(clitest.Enter)
	term.WaitFor("Ctrl-C ends.")
	term.Press(clitest.CtrlC)
	leave(t, term)
}
