package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/greptime-go/greptime"

	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// wavesTable creates a table with a day of two series.
func wavesTable(t *testing.T) string {
	name := newTable(t, `host STRING, load1 DOUBLE, ts TIMESTAMP TIME INDEX, PRIMARY KEY (host)`)
	var rows []string
	for i := range 48 {
		for h, host := range []string{"東京", "web-1"} {
			at := time.Date(2024, 3, 1, 0, 30*i, 0, 0, time.UTC)
			rows = append(rows, fmt.Sprintf("('%s', %d, '%s')", host, (i-24)*(i-24)/8+20*h, at.Format(time.RFC3339)))
		}
	}
	mustRun(t, "query", "-q", "INSERT INTO "+name+" (host, load1, ts) VALUES "+strings.Join(rows, ","))
	return name
}

func TestQueryAsChart(t *testing.T) {
	t.Parallel()
	query := "SELECT ts, host, load1 FROM " + wavesTable(t) + " ORDER BY ts"
	text := mustRun(t, "query", "--chart", query)
	for _, want := range []string{"load1\n", "┤", "└", "06:00", "2024-03-01 00:00 to 2024-03-01 23:30, UTC\nA 東京  B web-1\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	zoned := mustRun(t, "query", "--timezone", "Asia/Tokyo", "--chart", query)
	if !strings.Contains(zoned, "2024-03-01 09:00 to 2024-03-02 08:30, Asia/Tokyo") {
		t.Errorf("in Tokyo:\n%s", zoned)
	}
	dates := mustRun(t, "query", "--timezone", "America/New_York", "--chart", "SELECT DATE '2024-03-01' AS day, 1.5 AS v UNION ALL SELECT DATE '2024-03-09', 2.5")
	if !strings.Contains(dates, "2024-03-01 to 2024-03-09") {
		t.Errorf("dates, which are the same in every zone:\n%s", dates)
	}
	file := filepath.Join(t.TempDir(), "chart.txt")
	mustRun(t, "query", "--chart", "-o", file, query)
	if written, err := os.ReadFile(file); err != nil || string(written) != text {
		t.Errorf("written to a file: %v\n%s", err, written)
	}
	colored := program{terminal: true}.run(t, "query", "--chart", query)
	if colored.status != 0 || !strings.Contains(colored.out, "\x1b[36m━━\x1b[0m 東京") {
		t.Errorf("on a terminal:\n%s", colored.out)
	}
	plain := program{terminal: true, env: map[string]string{"NO_COLOR": "1"}}.run(t, "query", "--chart", query)
	if plain.status != 0 || strings.Contains(plain.out, "\x1b") || !strings.Contains(plain.out, "A 東京") {
		t.Errorf("with NO_COLOR:\n%s", plain.out)
	}
}

func TestQueryThatIsNoChart(t *testing.T) {
	t.Parallel()
	if r := run(t, "query", "--chart", "SELECT 1 AS n"); r.status != 1 || !strings.Contains(r.err, "a chart needs a column of times, and the result has none among its columns (n)") {
		t.Errorf("status %d, %s", r.status, r.err)
	}
	if r := run(t, "query", "--chart", "SELECT now() AS ts, 1.5 AS v WHERE 1 = 0"); r.status != 0 || !strings.Contains(r.out, "(no points to draw)") {
		t.Errorf("an empty result: status %d, %s%s", r.status, r.out, r.err)
	}
	for _, args := range [][]string{{"--chart", "--format", "csv", "SELECT 1"}, {"--watch", "0s", "SELECT 1"}, {"--watch", "-1s", "SELECT 1"}, {"--watch", "1s", "-o", "x", "SELECT 1"}, {"--watch", "1s", "--format", "parquet", "SELECT 1"}, {"--watch", "1s", "--format", "PARQUET", "SELECT 1"}} {
		if r := run(t, append([]string{"query"}, args...)...); r.status != 2 {
			t.Errorf("%q: status %d, %s", args, r.status, r.err)
		}
	}
}

func TestWatchRepeatsUntilInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	messages, err := wiretest.CountMessages(7)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	s := wiretest.Start(t, wiretest.NewMux().SQL("SELECT count(*) FROM cpu", func(c *wiretest.Call) error {
		if n++; n == 3 {
			cancel()
		}
		return wiretest.Flight(messages)(c)
	}).Handle)
	r := program{ctx: ctx, env: map[string]string{"GREPTIME_DSN": s.DSN()}}.run(t, "query", "--watch", "1ms", "SELECT count(*) FROM cpu")
	one := " count(*)\n──────────\n        7\n(1 row)\n\n"
	if r.status != 0 || !strings.HasPrefix(r.out, one+one) {
		t.Errorf("status %d, %s%q", r.status, r.err, r.out)
	}
}

// promServer replays recordings of PromQL.
func promServer(t *testing.T, names ...string) *wiretest.Server {
	t.Helper()
	var list []captures.DoGet
	for _, name := range names {
		list = append(list, captures.DoGetByName(name))
	}
	return wiretest.Start(t, wiretest.NewMux(list...).Handle)
}

func TestPromQL(t *testing.T) {
	t.Parallel()
	s := promServer(t, "prom_by", "prom_no_match", "error_prom_syntax")
	on := program{env: map[string]string{"GREPTIME_DSN": s.DSN()}}
	query := []string{"promql", "sum by (host) (cpu)", "--start", "1704067200", "--end", "1704067260", "--step", "30s"}
	for format, want := range map[string]string{
		"csv": "host,ts,sum(cpu.v)\na,2024-01-01T00:00:00.000Z,1\na,2024-01-01T00:00:30.000Z,2\na,2024-01-01T00:01:00.000Z,2\nb,2024-01-01T00:00:00.000Z,10\nb,2024-01-01T00:00:30.000Z,10\n",
		"json": `[
{"host":"a","ts":"2024-01-01T00:00:00.000Z","sum(cpu.v)":1},
{"host":"a","ts":"2024-01-01T00:00:30.000Z","sum(cpu.v)":2},
{"host":"a","ts":"2024-01-01T00:01:00.000Z","sum(cpu.v)":2},
{"host":"b","ts":"2024-01-01T00:00:00.000Z","sum(cpu.v)":10},
{"host":"b","ts":"2024-01-01T00:00:30.000Z","sum(cpu.v)":10}
]
`,
		"table": ` host │ ts                      │ sum(cpu.v)
──────┼─────────────────────────┼────────────
 a    │ 2024-01-01 00:00:00.000 │          1
 a    │ 2024-01-01 00:00:30.000 │          2
 a    │ 2024-01-01 00:01:00.000 │          2
 b    │ 2024-01-01 00:00:00.000 │         10
 b    │ 2024-01-01 00:00:30.000 │         10
(5 rows)
`,
	} {
		if r := on.run(t, append(query, "--format", format)...); r.status != 0 || r.out != want {
			t.Errorf("%s: status %d, %s\n%s", format, r.status, r.err, r.out)
		}
	}
	chart := on.run(t, append(query, "--chart")...)
	if chart.status != 0 || !strings.Contains(chart.out, "sum(cpu.v)\n") || !strings.HasSuffix(chart.out, "A a  B b\n") {
		t.Errorf("chart: status %d, %s\n%s", chart.status, chart.err, chart.out)
	}
	if r := on.run(t, "promql", `cpu{host="zzz"}`, "--format", "csv"); r.status != 0 || strings.Count(r.out, "\n") != 1 {
		t.Errorf("an instant without a match: status %d, %s%q", r.status, r.err, r.out)
	}
	recorded := captures.DoGetByName("error_prom_syntax")
	if r := on.run(t, "promql", recorded.Request.Prom.Query); r.status != 1 || !strings.Contains(r.err, "InvalidSyntax") {
		t.Errorf("wrong syntax: status %d, %s", r.status, r.err)
	}
}

func TestPromQLTimes(t *testing.T) {
	t.Parallel()
	now := time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC)
	zone := time.FixedZone("+02:00", 2*60*60)
	for _, tt := range []struct {
		f    promqlFlags
		want string
	}{
		{promqlFlags{end: "now"}, "at 2024-03-10T12:00:00Z"},
		{promqlFlags{end: "-1d12h"}, "at 2024-03-09T00:00:00Z"},
		{promqlFlags{start: "-1h", end: "now", step: "30s"}, "2024-03-10T11:00:00Z 2024-03-10T12:00:00Z 30s"},
		{promqlFlags{start: "-1h", end: "now"}, "2024-03-10T11:00:00Z 2024-03-10T12:00:00Z 15s"},
		{promqlFlags{start: "-1w", end: "now"}, "2024-03-03T12:00:00Z 2024-03-10T12:00:00Z 1h0m0s"},
		{promqlFlags{start: "-2y", end: "now"}, "2022-03-11T12:00:00Z 2024-03-10T12:00:00Z 96h0m0s"},
		{promqlFlags{start: "-1s", end: "+1s"}, "2024-03-10T11:59:59Z 2024-03-10T12:00:01Z 1s"},
		{promqlFlags{start: "2024-03-01", end: "2024-03-02 06:30", step: "1d"}, "2024-02-29T22:00:00Z 2024-03-02T04:30:00Z 24h0m0s"},
		{promqlFlags{start: "2024-03-01T00:00:00+01:00", end: "1709251200.5", step: "1h30m"}, "2024-02-29T23:00:00Z 2024-03-01T00:00:00.5Z 1h30m0s"},
		{promqlFlags{end: "now", view: viewFlags{chart: true}}, "2024-03-10T11:00:00Z 2024-03-10T12:00:00Z 15s"},
		{promqlFlags{end: "now", step: "30s"}, "--step needs --start"},
		{promqlFlags{start: "now", end: "-1h"}, "is before the start"},
		{promqlFlags{start: "yesterday", end: "now"}, "--start yesterday is not a time"},
		{promqlFlags{start: "-1h", end: "soon"}, "--end soon is not a time"},
		{promqlFlags{start: "-1h", end: "now", step: "0s"}, "--step 0s is not a duration"},
		{promqlFlags{start: "-1h", end: "now", step: "5"}, "--step 5 is not a duration"},
		{promqlFlags{start: "--1h", end: "now"}, "--start --1h is not a time"},
		{promqlFlags{start: "-1d-1h", end: "now"}, "is not a time"},
		{promqlFlags{start: "-300y", end: "now"}, "--start -300y is not a time"},
		{promqlFlags{start: "-290y2000w", end: "now"}, "is not a time"},
		{promqlFlags{start: "-292y2562047h", end: "now"}, "is not a time"},
		{promqlFlags{start: "-1h", end: "now", step: "300y"}, "--step 300y is not a duration"},
		{promqlFlags{end: "1709251200.123"}, "at 2024-03-01T00:00:00.123Z"},
		{promqlFlags{end: "-0.0009"}, "at 1969-12-31T23:59:59.999Z"},
		{promqlFlags{end: "now", lookback: "1us"}, "--lookback 1us is not a duration"},
	} {
		q, err := tt.f.query("up", now, zone)
		got := ""
		switch q := q.(type) {
		case greptime.PromInstant:
			got = "at " + q.Time.UTC().Format(time.RFC3339Nano)
		case greptime.PromRange:
			got = fmt.Sprint(q.Start.UTC().Format(time.RFC3339Nano), " ", q.End.UTC().Format(time.RFC3339Nano), " ", q.Step)
		}
		if err != nil {
			got = err.Error()
		}
		if err == nil && got != tt.want || err != nil && !strings.Contains(got, tt.want) {
			t.Errorf("%+v: %s, want %s", tt.f, got, tt.want)
		}
	}
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	r := run(t, "doctor", "--timezone", "Europe/Berlin")
	if r.status != 0 || strings.Count(r.out, "✓") != 12 || !strings.HasSuffix(r.out, "All is well.\n") {
		t.Errorf("status %d, %s%s", r.status, r.err, r.out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	r = run(t, "doctor", "--json", "--dsn", "greptime://"+l.Addr().String())
	var report struct {
		OK     bool
		Checks []struct{ Name, Status, Remedy string }
	}
	if err := json.Unmarshal([]byte(r.out), &report); err != nil || r.status != 1 || report.OK || len(report.Checks) != 12 || report.Checks[1].Status != "problem" || report.Checks[1].Remedy == "" || r.err != "" {
		t.Errorf("status %d, %v, %s%s", r.status, err, r.err, r.out)
	}
	r = run(t, "doctor", "--timezone", "Mars/Olympus")
	if r.status != 1 || !strings.Contains(r.out, "✗ settings") || !strings.Contains(r.out, "There is 1 problem.") {
		t.Errorf("an unknown zone: status %d, %s%s", r.status, r.err, r.out)
	}
}

func TestSummaryOfTheDoctor(t *testing.T) {
	t.Parallel()
	for counts, want := range map[[2]int]string{
		{0, 0}: "All is well.", {0, 1}: "It works, with 1 warning.", {0, 2}: "It works, with 2 warnings.", {1, 0}: "There is 1 problem.",
		{2, 0}: "There are 2 problems.", {1, 2}: "There is 1 problem and 2 warnings.", {2, 1}: "There are 2 problems and 1 warning.",
	} {
		if got := summary(counts[0], counts[1]); got != want {
			t.Errorf("%v: %s, want %s", counts, got, want)
		}
	}
}

func TestFlagsWithoutEffect(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"serve", "--database", "a"}, {"serve", "-c", "a"}, {"demo", "--dsn", "greptime://localhost"}, {"demo", "-W"}} {
		if r := run(t, args...); r.status != statusUsage || !strings.Contains(r.err, "has no effect") {
			t.Errorf("%q: status %d, %s", args, r.status, r.err)
		}
	}
}
