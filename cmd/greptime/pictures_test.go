//go:build unix

package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/greptime-go/greptime/cmd/greptime/internal/clitest"
	"github.com/greptime-go/greptime/cmd/greptime/internal/demo"
	"github.com/greptime-go/greptime/greptimetest"
)

// TestPictures compares the pictures of the README with what the program shows. To write them
// again:
//
//	go test ./cmd/greptime -run Picture -update
func TestPictures(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		command string
		args    []string
		height  int
	}{
		{"query", `greptime query "SELECT ts, origin, wind_gust, pressure FROM weather
  WHERE wind_gust IS NOT NULL ORDER BY wind_gust DESC, ts LIMIT 8"`, []string{"query", "--dsn", weatherDSN(t), demo.Queries[2]}, 24},
		{"chart", `greptime query --chart "SELECT date_trunc('month', ts) AS month, origin,
  avg(wind_speed) AS mph FROM weather GROUP BY month, origin ORDER BY month, origin"`, []string{"query", "--dsn", weatherDSN(t), "--chart", demo.Queries[1]}, 30},
		{"doctor", `greptime doctor --dsn greptime://localhost:4002`, []string{"doctor", "--dsn", "greptime://" + mysqlServer(t)}, 30},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			term := clitest.Start(t, clitest.Program(tt.args...), clitest.Options{Width: 90, Height: tt.height})
			term.Wait()
			picture(t, tt.name, "\x1b[1;32m$\x1b[0m "+tt.command+"\n"+term.Screen().ANSI())
		})
	}
}

func TestPictureOfThePrompt(t *testing.T) {
	t.Parallel()
	term := clitest.Start(t, clitest.Program("--dsn", weatherDSN(t), "--timezone", "America/New_York"), clitest.Options{Width: 90, Height: 22})
	term.WaitFor("lists the commands")
	term.WaitFor("public")
	term.Type("SELECT wind_g") // the columns come in the background, and until then Tab does nothing
	term.WaitUntil("Tab completes a column", func(s clitest.Screen) bool {
		if strings.Contains(s.Text(), "wind_gust") {
			return true
		}
		term.Press(clitest.Tab)
		return false
	})
	term.Press(clitest.Ctrl('u'))
	term.Type("SELECT origin, max(wind_speed) AS mph, max(ts) AS last")
	term.Press(clitest.Enter)
	term.Type("FROM weather WHERE precip > 0.1 GROUP BY origin ORDER BY origin;")
	term.Press(clitest.Enter)
	term.WaitFor("(3 rows)")
	term.Type("SELECT avg(wind")
	term.Press(clitest.Tab)
	term.WaitFor("SELECT avg(wind_\ncolumns\nwind_dir  wind_gust  wind_speed  -- double")
	picture(t, "prompt", term.Screen().ANSI())
}

// The bar is in the picture as it was once: its numbers differ each time.
func TestPictureOfAnImport(t *testing.T) {
	t.Parallel()
	s := greptimetest.Start(t)
	var text strings.Builder
	text.WriteString("ts,host,usage\n")
	for i := range 200_000 {
		fmt.Fprintf(&text, "%s,web-%d,%d.5\n", time.Unix(1_700_000_000+int64(i), 0).UTC().Format(time.RFC3339), i%20, i%90)
	}
	command := clitest.Program("import", "--create", "--time", "ts", "--tag", "host", "cpu.csv", "cpu")
	command.Dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(command.Dir, "cpu.csv"), []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	// The third and later batches wait, and so the bar stays until it was seen.
	s.Inject(greptimetest.Fault{Method: "DoPut", Batch: greptimetest.AnyBatch, Delay: 300 * time.Millisecond})
	term := clitest.Start(t, command, clitest.Options{Width: 90, Height: 24, Env: []string{"GREPTIME_DSN=" + s.DSN()}})
	screen := term.WaitFor("rows/s").ANSI()
	s.ClearFaults()
	if status := term.Wait(); status != 0 {
		t.Errorf("status %d; the screen:\n%s", status, term.Screen().Text())
	}
	bar := regexp.MustCompile(`(?m)^.* %.*▕.*▏.* rows/s.*$`)
	if !bar.MatchString(screen) {
		t.Fatalf("no bar on the screen:\n%s", screen)
	}
	const once = "58 %  ▕███████████████████████▎                ▏ 874,097 rows  73,099 rows/s  8.56s left"
	picture(t, "import", "\x1b[1;32m$\x1b[0m greptime import --create --time ts --tag host cpu.csv cpu\n"+bar.ReplaceAllString(screen, once))
}

// picture compares a picture of a text with that of the README.
func picture(t *testing.T, name, text string) {
	t.Helper()
	clitest.Golden(t, "../pictures/"+name+".svg", clitest.Render(constant(text), 90).SVG("greptime "+name))
}

var (
	address  = regexp.MustCompile(`127\.0\.0\.1:\d+( \(127\.0\.0\.1:\d+\))?`)
	version  = regexp.MustCompile(`greptime \S+, GreptimeDB`)
	port     = regexp.MustCompile(`in place of \d+`)
	duration = regexp.MustCompile(`\d+(\.\d+)?(µs|ms)`)
)

// constant replaces what differs each time: the program's version, the server's address, and
// durations.
func constant(text string) string {
	text = version.ReplaceAllString(text, "greptime, GreptimeDB")
	text = address.ReplaceAllString(text, "localhost:4002")
	text = port.ReplaceAllString(text, "in place of 4002")
	return duration.ReplaceAllString(text, "420µs")
}

// mysqlServer returns the address of a server that greets as MySQL does.
func mysqlServer(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write(append([]byte{74, 0, 0, 0, 10}, "8.4.2-greptimedb-1.1.4\x00"...))
			_ = conn.Close()
		}
	}()
	return l.Addr().String()
}
