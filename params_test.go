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

func TestParseSize(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want int
		bad  string
	}{
		{"1", 1, ""},
		{"4096", 4096, ""},
		{"64KiB", 64 << 10, ""},
		{"512MiB", 512 << 20, ""},
		{"1GiB", 1 << 30, ""},
		{"2147483647", 1<<31 - 1, ""},
		{"2047MiB", 2047 << 20, ""},
		{"0", 0, "at least 1 byte"},
		{"0MiB", 0, "at least 1 byte"},
		{"2GiB", 0, "less than 2GiB"},
		{"2147483648", 0, "less than 2GiB"},
		{"99999999999999999999999", 0, "less than 2GiB"},
		{"18014398509481985KiB", 0, "less than 2GiB"},
		{"1.5MiB", 0, "not a size"},
		{"-1", 0, "not a size"},
		{"512MB", 0, "not a size"},
		{"512 MiB", 0, "not a size"},
		{"MiB", 0, "not a size"},
		{"", 0, "not a size"},
	}
	for _, test := range tests {
		got, err := parseSize(test.text)
		switch {
		case test.bad == "" && (err != nil || got != test.want):
			t.Errorf("%q is %d, error %v; want %d", test.text, got, err, test.want)
		case test.bad != "" && (err == nil || !strings.Contains(err.Error(), test.bad)):
			t.Errorf("%q is %d, error %v; want an error with %q", test.text, got, err, test.bad)
		case test.bad == "":
			if again, err := parseSize(formatSize(got)); err != nil || again != got {
				t.Errorf("%q is written as %q, which is %d, error %v", test.text, formatSize(got), again, err)
			}
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
