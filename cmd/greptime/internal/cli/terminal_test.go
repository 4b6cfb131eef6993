//go:build unix

package cli

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/greptime-go/greptime/cmd/greptime/internal/clitest"
	"github.com/greptime-go/greptime/cmd/greptime/internal/stdio"
	"github.com/greptime-go/greptime/internal/test/race"
)

// runProgram is the program, for clitest.
func runProgram() int {
	status := Run(context.Background(), os.Args[1:], stdio.Of(os.Stdin, os.Stdout, os.Stderr))
	if os.Getenv(memoryVariable) != "" {
		data, _ := os.ReadFile("/proc/self/status")
		os.Stderr.Write(data)
	}
	return status
}

// memoryVariable makes the program write at its end how much memory it needed.
const memoryVariable = "GREPTIME_TEST_MEMORY"

// start runs the program in a terminal, on the server of the tests.
func start(t *testing.T, o clitest.Options, args ...string) *clitest.Terminal {
	t.Helper()
	s, err := startServer()
	if err != nil {
		t.Fatal(err)
	}
	o.Env = append([]string{"GREPTIME_DSN=" + s.DSN(), "PAGER=less"}, o.Env...)
	return clitest.Start(t, clitest.Program(args...), o)
}

// wideTable creates a table of texts that are wide in a terminal.
func wideTable(t *testing.T) string {
	t.Helper()
	name := newTable(t, `ts TIMESTAMP(3) TIME INDEX, city STRING NULL, note STRING NULL, v DOUBLE NULL`)
	mustRun(t, "query", "-q", "INSERT INTO "+name+` (ts, city, note, v) VALUES
		('2024-01-01 00:00:00', '東京', 'a note that is so long that it does not fit into eighty cells, but into two hundred', 1.5),
		('2024-01-01 00:00:01', 'Köln', NULL, NULL),
		('2024-01-01 00:00:02', '', '👩‍👩‍👧 한국어', -100),
		('2024-01-01 00:00:03', 'cafe`+"\u0301"+`', 'two
lines', 1e100)`)
	return name
}

func TestTablesInATerminal(t *testing.T) {
	t.Parallel()
	name := wideTable(t)
	for _, width := range []int{80, 200} {
		for _, color := range []bool{true, false} {
			for _, format := range []string{"table", "vertical"} {
				golden := fmt.Sprintf("%s_%d.txt", format, width)
				o := clitest.Options{Width: width, Height: 30}
				if color {
					golden = strings.Replace(golden, ".txt", ".ansi", 1)
				} else {
					o.Env = []string{"NO_COLOR=1"}
				}
				t.Run(golden, func(t *testing.T) {
					t.Parallel()
					term := start(t, o, "query", "--format", format, "SELECT * FROM "+name+" ORDER BY ts")
					if status := term.Wait(); status != 0 {
						t.Errorf("status %d", status)
					}
					clitest.Golden(t, golden, term.Screen().ANSI())
				})
			}
		}
	}
}

// What is longer or wider than the screen goes to the pager, and only that.
func TestPager(t *testing.T) {
	t.Parallel()
	name := numbers(t, 100)
	for _, c := range []struct {
		query string
		paged bool
	}{
		{"SELECT n FROM %s ORDER BY n LIMIT 5", false},
		{"SELECT n FROM %s ORDER BY n", true},
		{"SELECT n AS " + strings.Repeat("x", 100) + " FROM %s ORDER BY n LIMIT 2", true},
	} {
		query := fmt.Sprintf(c.query, name)
		term := start(t, clitest.Options{Height: 12, Env: []string{"PAGER=sed s/^/paged:/"}}, "query", query)
		if status := term.Wait(); status != 0 {
			t.Errorf("%s: status %d", query, status)
		}
		if got := strings.Contains(term.Screen().Text(), "paged:"); got != c.paged {
			t.Errorf("%s: paged %v, want %v; the screen:\n%s", query, got, c.paged, term.Screen().Text())
		}
	}
}

func needLess(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("less"); err != nil {
		t.Skip("there is no less here")
	}
}

func TestLess(t *testing.T) {
	t.Parallel()
	name := numbers(t, 100)
	needLess(t)
	term := start(t, clitest.Options{Height: 12}, "query", "SELECT n FROM "+name+" ORDER BY n")
	term.WaitFor("  8")
	if s := term.Screen().Text(); !strings.Contains(s, " n\n") {
		t.Errorf("no header on the screen:\n%s", s)
	}
	term.Type("G")
	term.WaitFor("(100 rows)")
	term.Type("q")
	if status := term.Wait(); status != 0 {
		t.Errorf("status %d", status)
	}
}

// Leaving the pager early is not an error, however much there is to come.
func TestLeavingThePager(t *testing.T) {
	t.Parallel()
	needLess(t)
	name := numbers(t, 300)
	term := start(t, clitest.Options{Height: 12}, "query", fmt.Sprintf("SELECT a.n FROM %s a, %s b, %s c", name, name, name))
	term.WaitFor("\n:")
	term.Type("q")
	if status := term.Wait(); status != 0 {
		t.Errorf("status %d; the screen:\n%s", status, term.Screen().Text())
	}
}

// What does not run because the pager was left is told.
func TestLeavingThePagerBeforeTheLastStatement(t *testing.T) {
	t.Parallel()
	name := numbers(t, 300)
	term := start(t, clitest.Options{Width: 120, Height: 12, Env: []string{"PAGER=true"}}, "query", "--multi",
		fmt.Sprintf("SELECT a.n FROM %s a, %s b, %s c; INSERT INTO %s (ts, n) VALUES (1000, 1000)", name, name, name, name))
	if status := term.Wait(); status != 1 {
		t.Errorf("status %d", status)
	}
	if s := term.Screen().Text(); !strings.Contains(s, "statement 1 of 2: the pager was closed, and so the statements after it did not run") {
		t.Errorf("the screen:\n%s", s)
	}
	if got := mustRun(t, "query", "--format", "csv", "SELECT count(*) AS n FROM "+name); got != "n\n300\n" {
		t.Errorf("the table has %q", got)
	}
}

func TestInterruptEndsTheQuery(t *testing.T) {
	t.Parallel()
	name := numbers(t, 100)
	term := start(t, clitest.Options{}, "query", "--format", "ndjson", fmt.Sprintf("SELECT a.n AS n, 'row' AS r FROM %s a, %s b, %s c", name, name, name))
	term.WaitFor(`"r":"row"`)
	term.Press(clitest.CtrlC)
	if status := term.Wait(); status != statusInterrupted {
		t.Errorf("status %d, want %d; the screen:\n%s", status, statusInterrupted, term.Screen().Text())
	}
	if s := term.Screen().Text(); !strings.Contains(s, "greptime: interrupted") {
		t.Errorf("the screen:\n%s", s)
	}
}

func TestPasswordIsAskedForAndNotShown(t *testing.T) {
	t.Parallel()
	term := start(t, clitest.Options{}, "query", "-W", "--dsn", "greptime://me@127.0.0.1:1?connect_timeout=100ms", "SELECT 1")
	term.WaitFor("Password of me at 127.0.0.1:1:")
	term.Type("hush\r")
	if status := term.Wait(); status != 1 {
		t.Errorf("status %d", status)
	}
	if s := term.Screen().Text(); strings.Contains(s, "hush") || !strings.Contains(s, "greptime:") {
		t.Errorf("the screen:\n%s", s)
	}
}

// A result of any length needs no more memory than its first rows: 200,000 rows, which are
// 100 MB as text.
func TestLongResultsInFlatMemory(t *testing.T) {
	if race.Enabled {
		t.Skip("takes long under the race detector")
	}
	t.Parallel()
	s, err := startServer()
	if err != nil {
		t.Fatal(err)
	}
	name := numbers(t, 450)
	query := fmt.Sprintf("SELECT a.n AS n, repeat('wide ', 100) AS text FROM %s a, %s b", name, name)
	// memory returns the memory that the program needed, in MiB, and how much it wrote.
	memory := func(args ...string) (peak int, written counter) {
		cmd := clitest.Program(append([]string{"query", "--dsn", s.DSN()}, args...)...)
		cmd.Env = append(cmd.Env, memoryVariable+"=1")
		var errOut strings.Builder
		cmd.Stdout, cmd.Stderr = &written, &errOut
		if err := cmd.Run(); err != nil {
			t.Fatal(err)
		}
		_, rest, ok := strings.Cut(errOut.String(), "VmHWM:")
		if _, err := fmt.Sscan(rest, &peak); err != nil || !ok {
			t.Skip("this system does not tell how much memory a process needed")
		}
		return peak / 1024, written
	}
	least, _ := memory("SELECT 1")
	for _, format := range []string{"table", "csv", "ndjson"} {
		peak, written := memory("--format", format, query)
		if written < 100_000_000 || peak > least+64 {
			t.Errorf("%s: %d MiB of memory for %d bytes; %d MiB for SELECT 1", format, peak, written, least)
		}
	}
}

// counter counts what is written, and drops it.
type counter int64

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}
