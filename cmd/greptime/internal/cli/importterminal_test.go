//go:build unix

package cli

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/greptime-go/greptime/greptimetest"

	"github.com/greptime-go/greptime/cmd/greptime/internal/clitest"
	"github.com/greptime-go/greptime/cmd/greptime/internal/load"
)

func TestImportAsksInATerminal(t *testing.T) {
	t.Parallel()
	path := dataFile(t, "readings.csv", readings)
	for _, answer := range []string{"n", "y"} {
		term := start(t, clitest.Options{Width: 100, Height: 30}, "import", "--tag", "station", "--null", "NA", path, "import_asks")
		screen := term.WaitFor("Make it? [y/N]").Text()
		for _, want := range []string{"Table import_asks does not exist.", `"time" TIMESTAMP(3) NOT NULL TIME INDEX,`, `PRIMARY KEY ("station")`} {
			if !strings.Contains(screen, want) {
				t.Errorf("no %q in\n%s", want, screen)
			}
		}
		term.Type(answer)
		term.Press(clitest.Enter)
		status := term.Wait()
		screen = term.Screen().Text()
		want := map[string]string{"n": "no table was made, and nothing was imported", "y": "2 rows read, 2 acknowledged in"}[answer]
		if (status == 0) != (answer == "y") || !strings.Contains(screen, want) {
			t.Errorf("%s: status %d\n%s", answer, status, screen)
		}
	}
	if got := mustRun(t, "query", "--format", "csv", "SELECT count(*) AS n FROM import_asks"); got != "n\n2\n" {
		t.Errorf("the table has %s", got)
	}
}

func TestImportShowsABarInATerminal(t *testing.T) {
	t.Parallel()
	s := greptimetest.Start(t)
	var text strings.Builder
	text.WriteString("ts,v\n")
	for i := range 200_000 {
		fmt.Fprintf(&text, "%d,%d\n", 1_700_000_000_000+i, i)
	}
	path := dataFile(t, "numbers.csv", text.String())
	if status := (program{}).on(t, s, "query", "-q", "CREATE TABLE t (ts TIMESTAMP TIME INDEX, v BIGINT)").status; status != 0 {
		t.Fatal(status)
	}
	for _, width := range []int{80, 200} {
		// The third and later batches wait, and so the bar stays until it was seen.
		s.Inject(greptimetest.Fault{Method: "DoPut", Batch: greptimetest.AnyBatch, Delay: 300 * time.Millisecond})
		term := clitest.Start(t, clitest.Program("import", path, "t"), clitest.Options{Width: width, Height: 10, Env: []string{"GREPTIME_DSN=" + s.DSN()}})
		screen := term.WaitFor("rows/s").Text()
		for _, want := range []string{" %", "▕", "▏", " rows"} {
			if !strings.Contains(screen, want) {
				t.Errorf("%d cells: no %q in\n%s", width, want, screen)
			}
		}
		s.ClearFaults()
		if status := term.Wait(); status != 0 {
			t.Errorf("%d cells: status %d", width, status)
		}
		if screen := term.Screen().Text(); strings.Contains(screen, "▕") || !strings.Contains(screen, "200,000 rows read, 200,000 acknowledged") {
			t.Errorf("%d cells: at the end\n%s", width, screen)
		}
	}
}

func TestInterruptEndsAnImportOfAPipe(t *testing.T) {
	t.Parallel()
	name := newTable(t, "ts TIMESTAMP TIME INDEX, v BIGINT")
	s, err := startServer()
	if err != nil {
		t.Fatal(err)
	}
	cmd := clitest.Program("import", "--input-format", "csv", "-", name)
	cmd.Env = append(cmd.Env, "GREPTIME_DSN="+s.DSN(), "XDG_CONFIG_HOME="+t.TempDir())
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(in, "ts,v")
	for i := range 300_000 { // enough to be sent before the end
		fmt.Fprintf(in, "%d,%d\n", 1_700_000_000_000+i, i)
	}
	for mustRun(t, "query", "--format", "csv", "SELECT count(*) > 0 AS some FROM "+name) != "some\ntrue\n" {
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	report, err := io.ReadAll(bufio.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	stored := strings.Fields(mustRun(t, "query", "--format", "csv", "SELECT count(*) AS n FROM "+name))[1]
	_, skip, _ := strings.Cut(string(report), "with --skip ")
	skip, _, _ = strings.Cut(skip, ":")
	rows, err := load.ParseRows(skip)
	if status := cmd.ProcessState.ExitCode(); err != nil || status != statusInterrupted || fmt.Sprint(rows.Count()) != stored {
		t.Errorf("status %d, %s rows stored, %v, and the report is\n%s", status, stored, err, report)
	}
}
