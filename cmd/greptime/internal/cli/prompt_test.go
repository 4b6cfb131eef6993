//go:build unix

package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
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

// Names that need quotes, and names with other letters than those of English.
func TestPromptCompletesOddNames(t *testing.T) {
	t.Parallel()
	name := newTable(t, `ts TIMESTAMP TIME INDEX, "Größe des Hauses" INT, "Odd Case" INT, "größe_a" INT, "größe_b" INT, "x""y" INT, zz_loaded INT`)
	term := startPrompt(t, clitest.Options{Height: 40})
	from := " FROM " + name
	term.Type(`SELECT zz_l`)
	term.WaitUntil("Tab completes a column of the background's catalog", func(s clitest.Screen) bool {
		if strings.Contains(s.Text(), "zz_loaded") {
			return true
		}
		term.Press(clitest.Tab)
		return false
	})
	for typed, want := range map[string]string{
		"Odd": `"Odd Case"`, "odd": `"Odd Case"`, "`Od": `"Odd Case"`, `"grö`: `"größe_`, "gröss": "gröss", `"Größe`: `"Größe des Hauses"`,
		`x`: `"x""y"`, `"größe_`: `"größe_`,
	} {
		term.Press(clitest.CtrlC)
		waitForPrompt(term)
		term.Type("SELECT 名, " + typed + from)
		for range from {
			term.Press(clitest.Left)
		}
		term.Press(clitest.Tab)
		term.Type("|")
		term.WaitUntil(typed+" becomes "+want, func(s clitest.Screen) bool { return strings.HasSuffix(s.Text(), "> SELECT 名, "+want+"|"+from+"\n") })
	}
	term.Press(clitest.CtrlC)
	leave(t, term)
}

// Letters of all alphabets can be typed, anywhere in the line, and pasted.
func TestLettersOfAllAlphabets(t *testing.T) {
	t.Parallel()
	const letters = "äöüßéÿ \u0080 ñ€ жω 名한 e\u0301 👩‍👩‍👧 ="
	shown := strings.ReplaceAll(letters, "\u0080", "") // a control character
	term := startPrompt(t, clitest.Options{Height: 40, Env: []string{"NO_COLOR=1"}})
	for name, paste := range map[string][2]string{"typed": {}, "pasted": {"\x1b[200~", "\x1b[201~"}} {
		term.Type("SELECT '' AS a, '" + name + "' AS b;")
		for range "' AS a, '" + name + "' AS b;" {
			term.Press(clitest.Left)
		}
		term.Type(paste[0] + letters + paste[1])
		term.Press(clitest.Enter)
		term.WaitFor(" " + shown + " │ " + name + "\n")
		waitForPrompt(term)
	}
	leave(t, term)
}

// A text that is pasted is edited and run as a whole. Its control characters do not reach the terminal.
func TestPaste(t *testing.T) {
	t.Parallel()
	term := startPrompt(t, clitest.Options{Height: 40})
	term.Type("\x1b[200~SELECT '\x1b]0;x\x07red' AS a, -- one;\r\n\t2 AS b;\r\\x on\rSELECT 3 AS c;\x1b[201~")
	term.WaitFor("SELECT 3 AS c;")
	term.Press(clitest.Enter)
	text := term.WaitFor("c │ 3").Text()
	for _, want := range []string{"SELECT ']0;xred' AS a", "]0;xred │ 2", "A line per value is on."} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q on the screen:\n%s", want, text)
		}
	}
	leave(t, term)
}

// After a statement of several lines the prompt needs no more room than before.
func TestPromptAfterManyLines(t *testing.T) {
	t.Parallel()
	const height = 16
	term := startPrompt(t, clitest.Options{Height: height})
	for _, name := range []string{"first", "second"} { // which fill the screen
		term.Type("SELECT\r1\r+\r1\r+\r1\rAS\r" + name + ";")
		term.Press(clitest.Enter)
		term.WaitFor(" " + name + "\n──")
		waitForPrompt(term)
	}
	if s := waitForPrompt(term); s.Row != height-2 {
		t.Errorf("the prompt is in row %d:\n%s", s.Row, s.Text())
	}
	leave(t, term)
}

// promptInShell runs a script whose $0 is the client, which opens the prompt on a server.
func promptInShell(t *testing.T, script string, args ...string) *clitest.Terminal {
	t.Helper()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no sh here")
	}
	program := clitest.Program()
	program.Args = append([]string{"sh", "-c", script, program.Path}, args...)
	program.Path = sh
	s, err := startServer()
	if err != nil {
		t.Fatal(err)
	}
	return clitest.Start(t, program, clitest.Options{Height: 40, Env: []string{"GREPTIME_DSN=" + s.DSN()}})
}

// A signal that ends the prompt leaves the terminal as it was.
func TestSignalEndsThePrompt(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("stty"); err != nil {
		t.Skip("there is no stty here")
	}
	term := promptInShell(t, `sh -c 'echo "process $$"; exec "$0"' "$0"; echo "status $?"; stty -a`)
	first := term.WaitFor("public UTC>").Text()
	var pid int
	if _, err := fmt.Sscanf(first, "process %d", &pid); err != nil {
		t.Fatal(err, first)
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	term.Wait()
	if text := term.Screen().Text(); !strings.Contains(text, "\nstatus 143\n") || !strings.Contains(text, " icanon") || !strings.Contains(text, " echo ") {
		t.Errorf("the screen:\n%s", text)
	}
}

// A signal ends the prompt in the background, too, where setting the terminal's modes would stop it.
func TestSignalEndsThePromptInTheBackground(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "pid")
	term := promptInShell(t, `set -m; sh -c 'echo $$ >"$1"; exec "$0"' "$0" "$1"; kill -TERM $(cat "$1"); bg %1; wait %1; echo "status $?"; kill -KILL %1`, file)
	term.WaitFor("public UTC>")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	term.Wait()
	if text := term.Screen().Text(); !strings.Contains(text, "status 143") {
		t.Errorf("the screen:\n%s", text)
	}
}

func TestFormatsThatAreNotForThePrompt(t *testing.T) {
	t.Parallel()
	config := dataFile(t, "connections.toml", "[output]\nformat = 'parquet'\n")
	term := start(t, clitest.Options{Env: []string{"GREPTIME_CONFIG=" + config}})
	if status, text := term.Wait(), term.Screen().Text(); status != statusUsage || !strings.Contains(text, "parquet is not for a terminal") {
		t.Errorf("status %d; the screen:\n%s", status, text)
	}
}

// A chart fits the terminal with the prompt below, so that it needs no pager.
func TestChartsFitThePrompt(t *testing.T) {
	t.Parallel()
	name := numbers(t, 50)
	term := startPrompt(t, clitest.Options{Width: 150, Height: 24, Env: []string{"PAGER=sed s/^/paged:/"}})
	enter(t, term, `\chart SELECT ts, n FROM `+name, "00:00:40")
	if text := waitForPrompt(term).Text(); !strings.HasPrefix(text, "n\n") || strings.Contains(text, "paged:") {
		t.Errorf("the screen:\n%s", text)
	}
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
