package greptime

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the generated parts of files")

func TestEveryKeyDescribesItself(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, p := range params {
		if seen[p.key] {
			t.Errorf("%s is registered twice", p.key)
		}
		seen[p.key] = true
		if p.values == "" || p.meaning == "" || p.get == nil || p.set == nil {
			t.Errorf("%s lacks values, meaning, get or set", p.key)
		}
		if strings.ContainsAny(p.key+p.values+p.fallback+p.meaning, "|\n") {
			t.Errorf("%s would break its row of the table", p.key)
		}
		if paramByKey(p.key).key != p.key {
			t.Errorf("%s is not found by its key", p.key)
		}
	}
}

func TestEveryDefaultIsWhatItSays(t *testing.T) {
	t.Parallel()
	for _, p := range params {
		c := NewConfig()
		if got := p.get(c); got != p.fallback {
			t.Errorf("%s is %q by default, and described as %q", p.key, got, p.fallback)
		}
		if p.fallback == "" {
			continue
		}
		if err := p.set(c, p.fallback); err != nil || !reflect.DeepEqual(c, NewConfig()) {
			t.Errorf("%s=%s changes a default Config to %v, error %v", p.key, p.fallback, c, err)
		}
	}
}

// The table in the README is that of the registry; go test -run README -update rewrites it.
func TestREADMEHasTheTableOfKeys(t *testing.T) {
	const begin, end = "<!-- dsn:begin -->\n", "<!-- dsn:end -->"
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, hasBegin := strings.Cut(string(text), begin)
	table, after, hasEnd := strings.Cut(rest, end)
	if !hasBegin || !hasEnd {
		t.Fatalf("README.md does not have the lines %q and %q", begin, end)
	}
	if table == paramTable() {
		return
	}
	if !*update {
		t.Fatalf("README.md has another table of DSN keys than the code; run go test -run README -update\n--- README.md\n%s--- code\n%s", table, paramTable())
	}
	if err := os.WriteFile("README.md", []byte(before+begin+paramTable()+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// paramTable is the registry as a Markdown table, for the README.
func paramTable() string {
	var b strings.Builder
	b.WriteString("| key | values | default | meaning |\n|---|---|---|---|\n")
	for _, p := range params {
		fallback := ""
		if p.fallback != "" {
			fallback = "`" + p.fallback + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", p.key, p.values, fallback, p.meaning)
	}
	return b.String()
}
