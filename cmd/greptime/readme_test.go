package main

import (
	"bytes"
	"context"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/greptime-go/greptime/cmd/greptime/internal/cli"
	"github.com/greptime-go/greptime/cmd/greptime/internal/stdio"
	"github.com/greptime-go/greptime/internal/test/snippets"
)

func TestREADMELinks(t *testing.T) {
	t.Parallel()
	snippets.Document{Path: "README.md"}.Check(t)
}

// TestREADMECommands runs each command of the README with --help: it exists, and so do its flags.
func TestREADMECommands(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	commands := regexp.MustCompile(`(?m)^(?:.*\| )?greptime (.*?)(?: \| .*)?$`).FindAllStringSubmatch(string(text), -1)
	if len(commands) < 10 {
		t.Fatalf("%d commands in the README", len(commands))
	}
	word := regexp.MustCompile(`'[^']*'|"[^"]*"|\S+`)
	for _, m := range commands {
		args := word.FindAllString(m[1], -1)
		for i := range args {
			args[i] = strings.Trim(args[i], `'"`)
		}
		var out bytes.Buffer
		streams := stdio.Streams{In: strings.NewReader(""), Out: &out, Err: &out}
		if status := cli.Run(context.Background(), append(args, "--help"), streams); status != 0 || !strings.Contains(out.String(), "Usage:") {
			t.Errorf("greptime %s: status %d, %s", m[1], status, out.String())
		}
	}
}
