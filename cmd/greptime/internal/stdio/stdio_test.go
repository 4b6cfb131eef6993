package stdio_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/greptime-go/greptime/cmd/greptime/internal/stdio"
)

func TestErrorText(t *testing.T) {
	t.Parallel()
	inner := errors.New("greptime: no such table")
	for want, err := range map[string]error{
		"no such table":                 inner,
		"statement 2: no such table":    fmt.Errorf("statement 2: %w", inner),
		"a\n    b":                      errors.New("a\n\tb"),
		`\u202egnp.exe \xff`:            errors.New("\u202egnp.exe \xff"),
		`\x1b[2J\x07 \x9b1A`:            errors.New("\x1b[2J\x07 \u009b1A"),
		"a file named greptime is lost": errors.New("a file named greptime is lost"),
	} {
		if got := stdio.ErrorText(err); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestColorChoice(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		choice   string
		terminal bool
		env      map[string]string
		want     bool
	}{
		{"auto", true, nil, true},
		{"", true, nil, true},
		{"auto", false, nil, false},
		{"always", false, nil, true},
		{"always", true, map[string]string{"NO_COLOR": "1"}, true},
		{"never", true, nil, false},
		{"auto", true, map[string]string{"NO_COLOR": "1"}, false},
		{"auto", true, map[string]string{"TERM": "dumb"}, false},
	} {
		s := stdio.Streams{OutTerminal: c.terminal, Getenv: func(name string) string { return c.env[name] }}
		if got := s.Color(c.choice); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
