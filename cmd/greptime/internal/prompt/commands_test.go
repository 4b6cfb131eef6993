package prompt

import (
	"slices"
	"strings"
	"testing"

	"github.com/greptime-go/greptime/cmd/greptime/internal/script"
)

func TestNamesOfTables(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"cpu": "cpu", "Cpu": `"Cpu"`, "public.cpu": "public.cpu", `"a.b" . C`: `"a.b"."C"`, "a b": "", `"a" "b"`: "", "a..b": "", ".a": "", "a.": "", "a; DROP TABLE b": "", "a -- b": "", `"open`: "", "'a'": "", "1": "",
	} {
		got, err := tableName(text)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
}

// A line is one command with its arguments, and the name of a table stays one.
func FuzzCommand(f *testing.F) {
	for _, line := range []string{`\?`, `\d cpu;`, `\d "a.b".C`, `\d a b`, `\d a; DROP TABLE b`, `\chart SELECT 1;`, `\watch  2`, `\x on`, `\q now`, `\nothing`, `\`, ""} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		c, args, err := parseCommand(line)
		if err != nil {
			return
		}
		if !strings.HasPrefix(line, c.name) || !strings.Contains(line, args) || strings.TrimSpace(args) != args || args != "" && c.args == "" {
			t.Errorf("%q is %s with %q", line, c.name, args)
		}
		if again, same, err := parseCommand(c.name + " " + args); err != nil || again.name != c.name || same != args {
			t.Errorf("%q is %s with %q, which is read as %s with %q, %v", line, c.name, args, again.name, same, err)
		}
		name, err := tableName(args)
		if err != nil {
			return
		}
		if statements := script.Split("DESC TABLE " + name + ";"); len(statements) != 1 || statements[0].Text != "DESC TABLE "+name {
			t.Errorf("%q is %+v", args, statements)
		}
		values := func(text string) (list []string) {
			for token := range script.Tokens(text) {
				list = append(list, token.Value(text))
			}
			return list
		}
		if !slices.Equal(values(name), values(args)) {
			t.Errorf("%q names %q", args, name)
		}
	})
}
