package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/greptime-go/greptime/greptimetest"

	"github.com/greptime-go/greptime/cmd/greptime/internal/clitest"
	"github.com/greptime-go/greptime/cmd/greptime/internal/stdio"
)

// startServer starts the server that all tests of the package share, and stopServer stops it.
var (
	startServer = sync.OnceValues(func() (*greptimetest.Server, error) {
		s, err := greptimetest.New(greptimetest.Options{})
		if err == nil {
			stopServer = s.Close
		}
		return s, err
	})
	stopServer = func() error { return nil }
)

func TestMain(m *testing.M) {
	status := clitest.Main(m, runProgram)
	if err := stopServer(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

// result is what a run of the program left.
type result struct {
	out, err string
	status   int
}

// program is a run of the program in a test: no terminal, an empty environment but for Env.
type program struct {
	ctx      context.Context
	in       string
	stdin    io.Reader // in place of in
	stdout   io.Writer // in place of out of the result
	env      map[string]string
	terminal bool // the output goes to one, 80 cells wide
	width    int
}

// run runs the program with arguments, on the server of the tests.
func (p program) run(t *testing.T, args ...string) result {
	t.Helper()
	s, err := startServer()
	if err != nil {
		t.Fatal(err)
	}
	return p.on(t, s, args...)
}

// on runs the program with arguments, on a server.
func (p program) on(t *testing.T, s *greptimetest.Server, args ...string) result {
	t.Helper()
	env := map[string]string{"GREPTIME_DSN": s.DSN(), "XDG_CONFIG_HOME": t.TempDir(), "PAGER": "cat"}
	for name, value := range p.env {
		env[name] = value
	}
	ctx := p.ctx
	if ctx == nil {
		ctx = t.Context()
	}
	stdin := p.stdin
	if stdin == nil {
		stdin = strings.NewReader(p.in)
	}
	var out, errOut bytes.Buffer
	stdout := p.stdout
	if stdout == nil {
		stdout = &out
	}
	status := Run(ctx, args, stdio.Streams{
		In: stdin, Out: stdout, Err: &errOut,
		OutTerminal: p.terminal,
		Size:        func() (int, int) { return max(p.width, 80), 24 },
		Getenv:      func(name string) string { return env[name] },
	})
	return result{out.String(), errOut.String(), status}
}

// run runs the program without a terminal.
func run(t *testing.T, args ...string) result { return program{}.run(t, args...) }

// mustRun returns the output of a run that must succeed.
func mustRun(t *testing.T, args ...string) string {
	t.Helper()
	r := run(t, args...)
	if r.status != 0 {
		t.Fatalf("greptime %q: status %d\n%s", args, r.status, r.err)
	}
	return r.out
}

// tables counts the tables that newTable made.
var tables struct {
	sync.Mutex
	n int
}

// newTable creates a table for one test and returns its name. columns may have %s for it.
func newTable(t *testing.T, columns string) string {
	t.Helper()
	tables.Lock()
	tables.n++
	name := fmt.Sprintf("t%03d", tables.n) // of one length, for golden screens
	tables.Unlock()
	mustRun(t, "query", "-q", fmt.Sprintf("CREATE TABLE %s (%s)", name, columns))
	return name
}
