package prompt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/greptimetest"
	"github.com/greptime-go/greptime/internal/test/wiretest"

	"github.com/greptime-go/greptime/cmd/greptime/internal/output"
	"github.com/greptime-go/greptime/cmd/greptime/internal/script"
	"github.com/greptime-go/greptime/cmd/greptime/internal/session"
	"github.com/greptime-go/greptime/cmd/greptime/internal/stdio"
)

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
	status := m.Run()
	if err := stopServer(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

// tester is a Prompt whose output is not a terminal.
type tester struct {
	*Prompt
	t   *testing.T
	out *bytes.Buffer // and its errors
	env map[string]string
}

// newTester returns a Prompt on the server with this address, or that of all tests.
func newTester(t *testing.T, dsn string) *tester {
	t.Helper()
	if dsn == "" {
		s, err := startServer()
		if err != nil {
			t.Fatal(err)
		}
		dsn = s.DSN()
	}
	cfg, err := greptime.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	own, err := session.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	p := &tester{t: t, out: &bytes.Buffer{}, env: map[string]string{}}
	p.Prompt = New(t.Context(), Options{
		Session: own, Format: output.Table,
		Streams: stdio.Streams{In: strings.NewReader(""), Out: p.out, Err: p.out, Getenv: func(name string) string { return p.env[name] }},
	})
	t.Cleanup(func() {
		p.background.Wait()
		if err := own.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// enter returns what the prompt prints for a text.
func (p *tester) enter(text string) string {
	p.t.Helper()
	p.out.Reset()
	if p.Execute(text) {
		p.t.Errorf("%q leaves", text)
	}
	return p.out.String()
}

func TestStatements(t *testing.T) {
	t.Parallel()
	p := newTester(t, "")
	for _, c := range []struct{ text, want string }{
		{"SELECT 1 AS a;", " a\n───\n 1\n(1 row)\n"},
		{"SELECT 1 AS a; SELECT 2 AS b", " a\n───\n 1\n(1 row)\n b\n───\n 2\n(1 row)\n"},
		{"CREATE TABLE statements (ts TIMESTAMP TIME INDEX, n INT);", "OK\n"},
		{"INSERT INTO statements (ts, n) VALUES (1, 1), (2, 2);", "OK, 2 rows affected\n"},
		{"", ""},
		{";", ""},
		{"-- nothing", ""},
	} {
		if got := p.enter(c.text); got != c.want {
			t.Errorf("%q: got %q, want %q", c.text, got, c.want)
		}
	}
	if got := p.enter("SELECT 1 AS a; SELECT * FROM missing; SELECT 3"); !strings.Contains(got, "error: statement 2 of 3: ") || strings.Contains(got, " 3\n") || strings.Contains(got, "greptime: ") {
		t.Errorf("an error between statements: %q", got)
	}
}

// The session is one: USE and SET hold for what follows, and the prompt shows them.
func TestSessionOfThePrompt(t *testing.T) {
	t.Parallel()
	p := newTester(t, "")
	if got := p.promptText(); got != "public UTC> " {
		t.Errorf("prompt %q", got)
	}
	p.enter("CREATE DATABASE IF NOT EXISTS other;")
	if got := p.enter("USE other; SET time_zone = 'Asia/Shanghai';"); got != "OK\nOK\n" {
		t.Errorf("got %q", got)
	}
	if got := p.promptText(); got != "other Asia/Shanghai> " {
		t.Errorf("prompt %q", got)
	}
	if got := p.enter("SELECT TIMESTAMP '1970-01-01 00:00:00Z' AS ts, database() AS d;"); !strings.Contains(got, "1970-01-01 08:00:00.000000000 │ other") {
		t.Errorf("got %q", got)
	}
	if got := p.enter("USE missing;"); !strings.Contains(got, "missing") || p.promptText() != "other Asia/Shanghai> " {
		t.Errorf("got %q, prompt %q", got, p.promptText())
	}
}

func TestWhatEnterDoes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"": true, "SELECT 1": false, "SELECT 1;": true, "SELECT ';": false, "SELECT 1; -- x": true, "SELECT 1;\nSELECT 2": false,
		`\d`: true, ` \d cpu`: true, "exit": true, "QUIT;": true, "help": true, "exits": false, "/* \\d */": true,
		"SELECT 1;\n\\x": true, "SELECT 1; \\i it's": true, "SELECT 1\n\\x": false, "/* open": false, "\\x\nSELECT 1": true,
	} {
		if got := isEntered(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestLeaving(t *testing.T) {
	t.Parallel()
	p := newTester(t, "")
	for _, text := range []string{`\q`, "exit", "quit;", ` \q `} {
		if !p.Execute(text) {
			t.Errorf("%q does not leave", text)
		}
	}
}

func TestCommands(t *testing.T) {
	t.Parallel()
	p := newTester(t, "")
	p.enter(`CREATE TABLE "Commands" (ts TIMESTAMP(3) TIME INDEX, host STRING PRIMARY KEY, v DOUBLE);`)
	p.enter(`INSERT INTO "Commands" (ts, host, v) VALUES (0, 'a', 1), (60000, 'a', 2);`)
	for _, c := range []struct {
		text string
		want []string // parts of what is printed
	}{
		{`\l`, []string{"public", "information_schema"}},
		{`\d`, []string{"Commands", "BASE TABLE", "mito"}},
		{`\d "Commands"`, []string{"host", "PRI", "TimestampMillisecond"}},
		{`\d Commands`, []string{"host"}},
		{`\d public.Commands`, []string{"host"}},
		{`\d missing`, []string{"error: ", "missing"}},
		{`\d a; DROP`, []string{"error: ", "not the name of a table"}},
		{`\d Comm ands`, []string{"error: ", "Comm ands is not the name of a table"}},
		{`\d public.`, []string{"error: ", "not the name of a table"}},
		{`\d .Commands`, []string{"error: ", "not the name of a table"}},
		{`\d a"b"`, []string{"error: ", "not the name of a table"}},
		{`\d a-b`, []string{"error: ", `\d "a-b"`}},
		{"\\d\tCommands", []string{"host"}},
		{`\x`, []string{"is on"}},
		{`SELECT 1 AS a;`, []string{"─[ row 1 ]", "a │ 1"}},
		{`\x off`, []string{"is off"}},
		{`\x maybe`, []string{"error: ", "on or off"}},
		{`\timing on`, []string{"is on"}},
		{`SELECT 1 AS a;`, []string{"(1 row)\nTime: "}},
		{`\timing`, []string{"is off"}},
		{`\chart SELECT ts, v FROM "Commands"`, []string{"v", "00:01"}},
		{`\chart SELECT 1`, []string{"error: "}},
		{`\?`, []string{`\watch [SECONDS]`, `\chart`}},
		{`help;`, []string{`\watch [SECONDS]`}},
		{`\z`, []string{"error: ", `\z is not a command`}},
		{`\l x`, []string{"error: ", "no arguments"}},
		{`\watch 0`, []string{"error: ", "positive"}},
		{`\watch soon`, []string{"error: ", "positive"}},
		{`\i`, []string{"error: ", "needs a file"}},
		{`\i /nowhere/x.sql`, []string{"error: ", "/nowhere/x.sql"}},
	} {
		got := p.enter(c.text)
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: no %q in\n%s", c.text, want, got)
			}
		}
	}
}

// What shows a result again never repeats a write.
func TestNothingToShow(t *testing.T) {
	t.Parallel()
	p := newTester(t, "")
	refused := func(when string) {
		t.Helper()
		for _, text := range []string{`\chart`, `\watch`} {
			if got := p.enter(text); !strings.Contains(got, "error: ") || !strings.Contains(got, "no result") {
				t.Errorf("%s, %s: %q", when, text, got)
			}
		}
	}
	refused("at the beginning")
	p.enter("CREATE TABLE shown (ts TIMESTAMP TIME INDEX, n INT) WITH (append_mode = 'true');")
	p.enter("SELECT * FROM shown; INSERT INTO shown (ts, n) VALUES (1, 1);")
	refused("after a write")
	if got := p.enter("SELECT count(*) AS n FROM shown;"); !strings.Contains(got, " 1\n") {
		t.Errorf("rows:\n%s", got)
	}
}

func TestFilesOfStatementsAndOfResults(t *testing.T) {
	t.Parallel()
	p := newTester(t, "")
	folder := t.TempDir()
	file, results := filepath.Join(folder, "a.sql"), filepath.Join(folder, "results.txt")
	if err := os.WriteFile(file, []byte("-- two\nSELECT 1 AS a;\nSELECT 2 AS b;\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := p.enter(`\i ` + file); got != " a\n───\n 1\n(1 row)\n b\n───\n 2\n(1 row)\n" {
		t.Errorf(`\i printed %q`, got)
	}
	if err := os.WriteFile(file, []byte("\ufeffSELECT 1 AS a;\r\n"), 0o600); err != nil { // as editors on Windows write it
		t.Fatal(err)
	}
	if got := p.enter(`\i ` + file); got != " a\n───\n 1\n(1 row)\n" {
		t.Errorf(`\i of a file with a byte order mark printed %q`, got)
	}
	if err := os.WriteFile(file, []byte("SELECT 1 AS a;\n\nSELECT * FROM missing; SELECT 3 AS c"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := p.enter(`\i ` + file); !strings.Contains(got, "a.sql, line 3 ") || strings.Contains(got, " c\n") {
		t.Errorf(`\i of a wrong statement printed %q`, got)
	}
	if err := os.WriteFile(file, []byte("SELECT now() AS ts, 4 AS four;\n\\i "+file), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := p.enter(`\i ` + file); strings.Count(got, "four") != 1 || !strings.Contains(got, "a.sql, line 2 ") || !strings.Contains(got, "a file has statements only") {
		t.Errorf(`\i of a file with a command printed %q`, got)
	}
	if got := p.enter(`\chart`); !strings.HasPrefix(got, "four\n") {
		t.Errorf(`\chart after \i printed %q`, got)
	}
	p.enter(`\o ` + results)
	if got := p.enter("SELECT 7 AS seven;"); got != "" {
		t.Errorf(`behind \o printed %q`, got)
	}
	p.enter(`\o`)
	if got := p.enter("SELECT 8 AS eight;"); !strings.Contains(got, "eight") {
		t.Errorf(`behind a second \o printed %q`, got)
	}
	if data, err := os.ReadFile(results); err != nil || string(data) != " seven\n───────\n     7\n(1 row)\n" {
		t.Errorf("the file has %q, %v", data, err)
	}
	if got := p.enter(`\o /nowhere/x`); !strings.Contains(got, "error: ") {
		t.Errorf(`\o of no folder printed %q`, got)
	}
}

func TestEditing(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the editors of this test are scripts")
	}
	p := newTester(t, "")
	p.enter("SELECT 1 AS a;")
	p.env["EDITOR"] = "sed -i s/1/2/"
	if got := p.enter(`\e`); got != "SELECT 2 AS a;\n a\n───\n 2\n(1 row)\n" {
		t.Errorf("got %q", got)
	}
	p.env["VISUAL"] = "true"
	if got := p.enter(`\e`); !strings.Contains(got, "Nothing has changed") {
		t.Errorf("unchanged: got %q", got)
	}
	p.env["VISUAL"] = "false"
	if got := p.enter(`\e`); !strings.Contains(got, "error: false: ") {
		t.Errorf("an editor that fails: got %q", got)
	}
	file := filepath.Join(t.TempDir(), "new.sql")
	p.env["VISUAL"] = "cp " + writeFile(t, "SELECT 5 AS five")
	if got := p.enter(`\e ` + file); !strings.Contains(got, " five\n") {
		t.Errorf("a file: got %q", got)
	}
	p.env["VISUAL"] = "cp " + writeFile(t, "\ufeffSELECT 6 AS six")
	if got := p.enter(`\e`); !strings.HasSuffix(got, " six\n─────\n   6\n(1 row)\n") {
		t.Errorf("with a byte order mark: got %q", got)
	}
}

func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// An interrupt ends what runs, and nothing else.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	p := newTester(t, "")
	p.enter("CREATE TABLE interrupted (ts TIMESTAMP TIME INDEX, n INT);")
	p.interrupts <- os.Interrupt // before: of no effect
	if got := p.enter("SELECT 1 AS a;"); !strings.Contains(got, "(1 row)") {
		t.Errorf("after an early interrupt: %q", got)
	}
	p.last = p.interrupting(p.viewOf(script.Statement{Text: "SELECT 1 AS a"}))
	p.enter(`\watch 0.001`) // ends
	if got := p.enter("SELECT 2 AS b;"); !strings.Contains(got, "(1 row)") {
		t.Errorf("after an interrupt: %q", got)
	}
}

// interrupting returns a view that interrupts itself when it has shown everything.
func (p *tester) interrupting(v view) view {
	return func(ctx context.Context, w io.Writer, o output.Options) error {
		err := v(ctx, w, o)
		p.interrupts <- os.Interrupt
		<-ctx.Done()
		return err
	}
}

// An interrupt that comes when a statement has just ended is for those that follow, too: they do not run.
func TestInterruptBetweenStatements(t *testing.T) {
	t.Parallel()
	p := newTester(t, "")
	err := p.interruptible(func(ctx context.Context) error {
		if err := p.show(ctx, p.interrupting(p.viewOf(script.Statement{Text: "SELECT 1 AS a"}))); err != nil {
			t.Errorf("a statement that ended before the interrupt: %v", err)
		}
		return p.runStatement(ctx, script.Statement{Text: "SELECT 2 AS b"})
	})
	if !errors.Is(err, context.Canceled) || strings.Contains(p.out.String(), " b\n") {
		t.Errorf("%v, %s", err, p.out)
	}
	p.out.Reset()
	p.report(&placedError{"statement 2 of 3", err})
	if got := p.out.String(); got != "interrupted at statement 2 of 3\n" {
		t.Errorf("%q", got)
	}
}

// An interrupt of a write leaves open whether the server executed it.
func TestInterruptOfAWrite(t *testing.T) {
	t.Parallel()
	p := newTester(t, "")
	s := wiretest.Start(t, func(c *wiretest.Call) error {
		if _, err := c.TicketBytes(); err != nil {
			return err
		}
		p.interrupts <- os.Interrupt
		<-c.Context().Done()
		return c.Context().Err()
	})
	cfg, err := greptime.ParseDSN(s.DSN())
	if err != nil {
		t.Fatal(err)
	}
	own, err := session.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	p.Session = own
	if got := p.enter("INSERT INTO t VALUES (1);"); got != "interrupted; the server may have executed the statement, in whole or in part\n" {
		t.Errorf("a write: %q", got)
	}
	if got := p.enter("SELECT * FROM t;"); got != "interrupted\n" {
		t.Errorf("a query: %q", got)
	}
}

// Commands and statements can be mixed, as in a text that is pasted.
func TestCommandsAmongStatements(t *testing.T) {
	t.Parallel()
	p := newTester(t, "")
	got := p.enter("\\x on\n SELECT 1 AS a; \n\\x off;\nSELECT 2 AS b;\n\\l\n")
	for _, want := range []string{"is on", "a │ 1", "is off", " b\n───\n 2\n", "information_schema"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if got := p.enter("\\chart\nSELECT now() AS ts,\n1.5 AS v"); !strings.Contains(got, "v\n") || strings.Contains(got, "error") {
		t.Errorf("a chart of a query in several lines:\n%s", got)
	}
	if got := p.enter("\\x maybe\nSELECT 1 AS a;"); !strings.Contains(got, "error: ") || strings.Contains(got, " a\n") {
		t.Errorf("after an error: %q", got)
	}
	if !p.Execute("SELECT 1 AS a;\n\\q\nSELECT 2 AS b;") {
		t.Error(`\q after a statement does not leave`)
	}
}

// \x off shows rows as they were shown before.
func TestPreferredFormat(t *testing.T) {
	t.Parallel()
	p := newTester(t, "")
	for format, want := range map[output.Format]output.Format{output.Table: output.Table, output.CSV: output.CSV, output.Vertical: output.Table} {
		p.Prompt = New(t.Context(), Options{Session: p.Session, Streams: p.Streams, Format: format})
		p.enter(`\x on`)
		p.enter(`\x off`)
		if p.Format != want {
			t.Errorf("%s: %s after \\x off, want %s", format, p.Format, want)
		}
	}
}

// The preference is a text for the eye. Other programs get the NULL of the format, as from query.
func TestPreferredNull(t *testing.T) {
	t.Parallel()
	p := newTester(t, "")
	null := "-"
	for format, want := range map[output.Format]string{output.Table: " a │ b\n───┼───\n - │ 1\n(1 row)\n", output.CSV: "a,b\n,1\n", output.TSV: "a\tb\n\\N\t1\n"} {
		p.Prompt = New(t.Context(), Options{Session: p.Session, Streams: p.Streams, Format: format, Null: &null})
		if got := p.enter("SELECT NULL AS a, 1 AS b;"); got != want {
			t.Errorf("%s: got %q, want %q", format, got, want)
		}
	}
}

// A server that goes away is reported. When it is back, the session goes on as it was.
func TestLostConnection(t *testing.T) {
	t.Parallel()
	first, err := greptimetest.New(greptimetest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := newTester(t, first.DSN("connect_timeout=300ms"))
	p.enter("CREATE DATABASE kept; USE kept; SET time_zone = 'Asia/Tokyo';")
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if got := p.enter("SELECT 1;"); !strings.Contains(got, "error: ") || !strings.Contains(got, "There is no connection.") {
		t.Errorf("without a server: %q", got)
	}
	second := greptimetest.Start(t, greptimetest.Options{Addr: first.Addr()})
	newTester(t, second.DSN()).enter("CREATE DATABASE kept; USE kept; CREATE TABLE newer (ts TIMESTAMP TIME INDEX, n INT);")
	got := ""
	for deadline := time.Now().Add(time.Minute); !strings.Contains(got, "(1 row)") && time.Now().Before(deadline); {
		got = p.enter("SELECT 1;") // the driver waits between attempts to connect
	}
	if !strings.Contains(got, "(1 row)\nConnected again.\n") || p.promptText() != "kept Asia/Tokyo> " {
		t.Errorf("with a server again: %q, prompt %q", got, p.promptText())
	}
	p.background.Wait()
	if _, tables := p.catalog.Complete("DESC ", len("DESC ")); len(tables) != 1 || tables[0].Name != "newer" {
		t.Errorf("the tables for completion are %+v", tables)
	}
	if got := p.enter("SELECT 1;"); strings.Contains(got, "Connected again") {
		t.Errorf("told twice: %q", got)
	}
}

// The time of a statement is without that in which its result is read on the screen or in the pager.
func TestTimingIsOfTheStatement(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		slow := writerFunc(func(b []byte) (int, error) {
			time.Sleep(time.Hour) // of a clock that does not wait
			return len(b), nil
		})
		p := New(t.Context(), Options{Streams: stdio.Streams{Out: &out}})
		p.timing = true
		err := p.show(t.Context(), func(_ context.Context, w io.Writer, _ output.Options) error {
			w.(*timedWriter).Writer = slow
			time.Sleep(2 * time.Second)
			_, err := io.WriteString(w, "rows")
			return err
		})
		if err != nil || out.String() != "Time: 2s\n" {
			t.Errorf("%v, %q", err, out.String())
		}
	})
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
