package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// typesTable creates a table with a row of values, a row of NULLs and one of empty texts.
func typesTable(t *testing.T) string {
	name := newTable(t, `ts TIMESTAMP(3) TIME INDEX, host STRING NULL, "on" BOOLEAN NULL, n BIGINT NULL, f DOUBLE NULL, d DECIMAL(10,2) NULL, "day" DATE NULL`)
	mustRun(t, "query", "-q", "INSERT INTO "+name+` (ts, host, "on", n, f, d, "day") VALUES
		('2024-01-01 00:00:00', 'web, "1"', true, -7, 0.5, 12.50, '2024-02-29'),
		('2024-01-01 00:00:01.5', NULL, NULL, NULL, NULL, NULL, NULL),
		('2024-01-01 00:00:02', '', false, 0, 1e300, 0.00, '1970-01-01')`)
	return name
}

func TestFormats(t *testing.T) {
	t.Parallel()
	query := "SELECT * FROM " + typesTable(t) + " ORDER BY ts"
	for format, want := range map[string]string{
		"csv": `ts,host,on,n,f,d,day
2024-01-01T00:00:00.000Z,"web, ""1""",true,-7,0.5,12.50,2024-02-29
2024-01-01T00:00:01.500Z,,,,,,
2024-01-01T00:00:02.000Z,"",false,0,1e+300,0.00,1970-01-01
`,
		"tsv": strings.ReplaceAll(`ts	host	on	n	f	d	day
2024-01-01T00:00:00.000Z	web, "1"	true	-7	0.5	12.50	2024-02-29
2024-01-01T00:00:01.500Z	\N	\N	\N	\N	\N	\N
2024-01-01T00:00:02.000Z		false	0	1e+300	0.00	1970-01-01
`, "    ", "\t"),
		"ndjson": `{"ts":"2024-01-01T00:00:00.000Z","host":"web, \"1\"","on":true,"n":-7,"f":0.5,"d":12.50,"day":"2024-02-29"}
{"ts":"2024-01-01T00:00:01.500Z","host":null,"on":null,"n":null,"f":null,"d":null,"day":null}
{"ts":"2024-01-01T00:00:02.000Z","host":"","on":false,"n":0,"f":1e+300,"d":0.00,"day":"1970-01-01"}
`,
		"markdown": `| ts | host | on | n | f | d | day |
| --- | --- | --- | ---: | ---: | ---: | --- |
| 2024-01-01 00:00:00.000 | web, "1" | true | -7 | 0.5 | 12.50 | 2024-02-29 |
| 2024-01-01 00:00:01.500 | NULL | NULL | NULL | NULL | NULL | NULL |
| 2024-01-01 00:00:02.000 |  | false | 0 | 1e+300 | 0.00 | 1970-01-01 |
`,
		"table": ` ts                      │ host     │ on    │    n │      f │     d │ day
─────────────────────────┼──────────┼───────┼──────┼────────┼───────┼────────────
 2024-01-01 00:00:00.000 │ web, "1" │ true  │   -7 │    0.5 │ 12.50 │ 2024-02-29
 2024-01-01 00:00:01.500 │ NULL     │ NULL  │ NULL │   NULL │  NULL │ NULL
 2024-01-01 00:00:02.000 │          │ false │    0 │ 1e+300 │  0.00 │ 1970-01-01
(3 rows)
`,
		"vertical": `─[ row 1 ]
ts   │ 2024-01-01 00:00:00.000
host │ web, "1"
on   │ true
n    │ -7
f    │ 0.5
d    │ 12.50
day  │ 2024-02-29
─[ row 2 ]
ts   │ 2024-01-01 00:00:01.500
host │ NULL
on   │ NULL
n    │ NULL
f    │ NULL
d    │ NULL
day  │ NULL
─[ row 3 ]
ts   │ 2024-01-01 00:00:02.000
host │
on   │ false
n    │ 0
f    │ 1e+300
d    │ 0.00
day  │ 1970-01-01
(3 rows)
`,
	} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			if got := mustRun(t, "query", "--format", format, query); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestJSONIsOneArray(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"SELECT 1 AS a, 2 AS b UNION ALL SELECT 3, NULL ORDER BY 1": "[\n{\"a\":1,\"b\":2},\n{\"a\":3,\"b\":null}\n]\n",
		"SELECT 1 AS a WHERE false":                                 "[]\n",
	} {
		if got := mustRun(t, "query", "--format", "json", query); got != want {
			t.Errorf("%s: got %s, want %s", query, got, want)
		}
	}
}

func TestStatementsWithoutResult(t *testing.T) {
	t.Parallel()
	name := newTable(t, `ts TIMESTAMP TIME INDEX, n INT`)
	insert := fmt.Sprintf("INSERT INTO %s (ts, n) VALUES (1, 1), (2, 2)", name)
	for _, c := range []struct {
		args []string
		err  string
	}{
		{[]string{insert}, "OK, 2 rows affected\n"},
		{[]string{"-q", insert}, ""},
		{[]string{"ALTER TABLE " + name + " ADD COLUMN m INT"}, "OK\n"},
		{[]string{"SET time_zone = 'Europe/Berlin'"}, "OK\n"},
	} {
		r := run(t, append([]string{"query"}, c.args...)...)
		if r.status != 0 || r.out != "" || r.err != c.err {
			t.Errorf("%q: status %d, output %q, errors %q; want errors %q", c.args, r.status, r.out, r.err, c.err)
		}
	}
}

func TestExitStatus(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		args   []string
		status int
		err    string // part of it
	}{
		{"success", []string{"query", "SELECT 1"}, 0, ""},
		{"refused by the server", []string{"query", "SELECT * FROM missing"}, 1, "missing"},
		{"no server", []string{"query", "--dsn", "greptime://127.0.0.1:1?connect_timeout=100ms", "SELECT 1"}, 1, "127.0.0.1:1"},
		{"no file", []string{"query", "--file", "/nowhere/x.sql"}, 1, "/nowhere/x.sql"},
		{"unknown command", []string{"qery", "SELECT 1"}, 2, "qery"},
		{"a server as an argument", []string{"greptime://me:hush@db"}, 2, "--dsn"},
		{"unknown flag", []string{"query", "--fromat", "csv", "SELECT 1"}, 2, "--fromat"},
		{"unknown format", []string{"query", "--format", "xml", "SELECT 1"}, 2, "table, vertical, csv"},
		{"unknown colour", []string{"query", "--color", "red", "SELECT 1"}, 2, "auto, always or never"},
		{"two arguments", []string{"query", "SELECT", "1"}, 2, "at most 1"},
		{"no statement", []string{"query", "/* nothing */"}, 2, "no statement"},
		{"two statements", []string{"query", "SELECT 1; SELECT 2"}, 2, "--multi"},
		{"two servers", []string{"query", "--dsn", "greptime://a", "-c", "b", "SELECT 1"}, 2, "dsn"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := run(t, c.args...)
			if r.status != c.status || !strings.Contains(r.err, c.err) || strings.Contains(r.err, "hush") {
				t.Errorf("status %d, want %d; errors %q, want %q in them, and no password", r.status, c.status, r.err, c.err)
			}
		})
	}
}

// fullDisk is a writer that has no room.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestOutputThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	table := newTable(t, "ts TIMESTAMP TIME INDEX, v BIGINT")
	file := filepath.Join(t.TempDir(), "a.csv")
	if err := os.WriteFile(file, []byte("ts,v\n1,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"query", "SELECT 1"},
		{"query", "--chart", "SELECT now() AS ts, 1 AS v"},
		{"export", "--format", "csv", table, "-"},
		{"import", file, table},
		{"import", "--dry-run", file, table},
		{"doctor"},
		{"doctor", "--json"},
		{"version"},
	} {
		if r := (program{stdout: fullDisk{}}).run(t, args...); r.status != statusFailed || !strings.HasSuffix(r.err, ": no space left\n") {
			t.Errorf("%q: status %d, errors %q", args, r.status, r.err)
		}
	}
}

func TestWhereSQLComesFrom(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "q.sql")
	if err := os.WriteFile(file, []byte("SELECT 'file' AS a"), 0o600); err != nil {
		t.Fatal(err)
	}
	marked := filepath.Join(t.TempDir(), "marked.sql") // as editors on Windows write it
	if err := os.WriteFile(marked, []byte("\ufeffSELECT 'marked' AS a"), 0o600); err != nil {
		t.Fatal(err)
	}
	stdin := program{in: "SELECT 'stdin' AS a;\n"}
	for _, c := range []struct {
		p    program
		args []string
		want string
	}{
		{program{}, []string{"SELECT 'argument' AS a"}, "argument"},
		{program{}, []string{"--file", file}, "file"},
		{program{}, []string{"--file", marked}, "marked"},
		{program{in: "\ufeffSELECT 'marked' AS a"}, nil, "marked"},
		{stdin, nil, "stdin"},
		{stdin, []string{"--file", "-"}, "stdin"},
		{stdin, []string{"SELECT 'argument' AS a"}, "argument"},
	} {
		r := c.p.run(t, append([]string{"query", "--format", "csv"}, c.args...)...)
		if r.out != "a\n"+c.want+"\n" {
			t.Errorf("%q: got %q %q, want %s", c.args, r.out, r.err, c.want)
		}
	}
}

func TestSessionFlags(t *testing.T) {
	t.Parallel()
	mustRun(t, "query", "-q", "CREATE DATABASE IF NOT EXISTS other")
	got := mustRun(t, "query", "-d", "other", "--timezone", "Asia/Shanghai", "--format", "csv",
		"SELECT database() AS d, TIMESTAMP '2024-01-01 00:00:00Z' AS ts")
	if want := "d,ts\nother,2024-01-01T08:00:00.000000000+08:00\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSeveralStatements(t *testing.T) {
	t.Parallel()
	name := newTable(t, `ts TIMESTAMP TIME INDEX, n INT`)
	script := fmt.Sprintf("/* rows */\nINSERT INTO %s (ts, n) VALUES (1, 1); SELECT n FROM %[1]s;\nSET time_zone = 'Asia/Shanghai'; SELECT TIMESTAMP '1970-01-01 00:00:00' AS ts", name)
	r := run(t, "query", "--multi", "--format", "csv", script)
	if want := "n\n1\n\nts\n1970-01-01T08:00:00.000000000+08:00\n"; r.out != want || r.status != 0 || r.err != "OK, 1 row affected\nOK\n" {
		t.Errorf("status %d, output %q, errors %q; want output %q", r.status, r.out, r.err, want)
	}
	s, err := startServer()
	if err != nil {
		t.Fatal(err)
	}
	if r := run(t, "query", "--dsn", s.DSN("multi_statements=true"), "--format", "ndjson", "SELECT 1 AS a; SELECT 2 AS a"); r.out != "{\"a\":1}\n{\"a\":2}\n" {
		t.Errorf("multi_statements=true: status %d, output %q, errors %q", r.status, r.out, r.err)
	}
	r = run(t, "query", "--multi", "--format", "csv", "SELECT 1 AS a;\n\nSELECT * FROM missing; SELECT 3 AS a")
	if r.status != 1 || !strings.Contains(r.err, "statement 2 of 3, line 3") || r.out != "a\n1\n\n" {
		t.Errorf("status %d, output %q, errors %q", r.status, r.out, r.err)
	}
	r = run(t, "query", "--multi", "--format", "arrow", "INSERT INTO "+name+" (ts, n) VALUES (2, 2); SELECT 1 AS a; SELECT 2 AS a")
	if r.status != 2 || !strings.Contains(r.err, "one result") || r.out != "" {
		t.Errorf("two results in a file: status %d, errors %q, output %q", r.status, r.err, r.out)
	}
	if got := mustRun(t, "query", "--format", "csv", "SELECT count(*) AS n FROM "+name); got != "n\n1\n" {
		t.Errorf("statements of a wrong command line ran: %q", got)
	}
}

// A file has its name only when it is complete: an error leaves what was there.
func TestOutputFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "out.csv")
	content := func() string {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	if out := mustRun(t, "query", "-o", path, "--format", "csv", "SELECT 1 AS a"); out != "" || content() != "a\n1\n" {
		t.Errorf("output %q, file %q", out, content())
	}
	if r := run(t, "query", "-o", path, "--format", "csv", "--multi", "SELECT 2 AS a; SELECT * FROM missing"); r.status != 1 || content() != "a\n1\n" {
		t.Errorf("status %d, errors %q, file %q", r.status, r.err, content())
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("%d files are left, %v", len(left), err)
	}
	name := newTable(t, `ts TIMESTAMP TIME INDEX, n INT`)
	if r := run(t, "query", "-o", path, "INSERT INTO "+name+" (ts, n) VALUES (1, 1)"); r.status != 0 || content() != "a\n1\n" || r.err != "OK, 1 row affected\nThere is no result, and so "+path+" is not written.\n" {
		t.Errorf("no result: status %d, errors %q, file %q", r.status, r.err, content())
	}
	if r := run(t, "query", "-o", filepath.Join(t.TempDir(), "no", "such", "x.csv"), "SELECT 1"); r.status != 1 || !strings.Contains(r.err, "no such file") {
		t.Errorf("no folder: status %d, errors %q", r.status, r.err)
	}
}

func TestNullText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--format", "csv", "--null", `\N`}, "a,b\n\\N,\"\"\n"},
		{[]string{"--format", "csv", "--null", ""}, "a,b\n,\"\"\n"},
		{[]string{"--format", "tsv", "--null", "-"}, "a\tb\n-\t\n"},
		{[]string{"--null", "∅"}, " a │ b\n───┼───\n ∅ │\n(1 row)\n"},
	} {
		if got := mustRun(t, append(append([]string{"query"}, c.args...), "SELECT NULL AS a, '' AS b")...); got != c.want {
			t.Errorf("%q: got %q, want %q", c.args, got, c.want)
		}
	}
	for _, format := range []string{"json", "ndjson", "parquet", "arrow"} {
		for _, args := range [][]string{{"query", "SELECT 1"}, {"export", "SELECT 1", filepath.Join(t.TempDir(), "x")}} {
			if r := run(t, append(args, "--format", format, "--null", "-")...); r.status != 2 || !strings.Contains(r.err, "--null: "+format+" has a NULL of its own") {
				t.Errorf("%s %s: status %d, errors %q", args[0], format, r.status, r.err)
			}
		}
	}
	// NULL has no quotes, and so these would be more than one field.
	for format, nulls := range map[string][]string{"csv": {"a,b", `"NULL"`, "a\n"}, "tsv": {"a\tb", "\r"}} {
		for _, null := range nulls {
			for _, args := range [][]string{{"query", "SELECT 1"}, {"export", "SELECT 1", filepath.Join(t.TempDir(), "x")}} {
				if r := run(t, append(args, "--format", format, "--null", null)...); r.status != 2 || !strings.Contains(r.err, "--null: in "+format+", ") {
					t.Errorf("%s %s %q: status %d, errors %q", args[0], format, null, r.status, r.err)
				}
			}
		}
	}
}

// numbers creates a table with n rows.
func numbers(t *testing.T, n int) string {
	t.Helper()
	name := newTable(t, `ts TIMESTAMP(0) TIME INDEX, n INT`)
	var b strings.Builder
	fmt.Fprintf(&b, "INSERT INTO %s (ts, n) VALUES ", name)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "(%d,%d)", i, i)
	}
	mustRun(t, "query", "-q", b.String())
	return name
}
