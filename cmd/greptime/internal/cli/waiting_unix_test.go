//go:build unix

package cli

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// namedPipe returns the path of a pipe that nobody has at its other end until the test ends.
func namedPipe(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // whoever still waits for the other end finds it
		if f, err := os.OpenFile(path, os.O_RDWR, 0); err == nil {
			f.Close()
		}
	})
	return path
}

func TestInterruptWhileWaitingForAPipe(t *testing.T) {
	t.Parallel()
	table := newTable(t, "ts TIMESTAMP TIME INDEX, v BIGINT")
	for _, c := range []struct {
		name string
		args func(t *testing.T) []string
	}{
		{"statements of stdin", func(*testing.T) []string { return nil }},
		{"SQL of stdin", func(*testing.T) []string { return []string{"query", "--file", "-"} }},
		{"SQL", func(t *testing.T) []string { return []string{"query", "--file", namedPipe(t)} }},
		{"a result", func(t *testing.T) []string { return []string{"query", "--output", namedPipe(t), "SELECT 1"} }},
		{"rows", func(t *testing.T) []string { return []string{"import", "--input-format", "csv", namedPipe(t), table} }},
		{"an export", func(t *testing.T) []string { return []string{"export", "--format", "csv", table, namedPipe(t)} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in, silent := io.Pipe()
			defer silent.Close()
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(300*time.Millisecond, cancel)
			ended := make(chan result, 1)
			args := c.args(t)
			go func() { ended <- program{ctx: ctx, stdin: in}.run(t, args...) }()
			select {
			case r := <-ended:
				if r.status != statusInterrupted || r.err != "greptime: interrupted\n" {
					t.Errorf("status %d, output %q, errors %q", r.status, r.out, r.err)
				}
			case <-time.After(10 * time.Second):
				t.Error("it still waits")
			}
		})
	}
}
