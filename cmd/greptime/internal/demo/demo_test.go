package demo

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/greptimetest"
)

// asCommand makes the test binary behave as the command greptimetest: serve, or fail.
const asCommand = "GREPTIME_DEMO_TEST_COMMAND"

func TestMain(m *testing.M) {
	switch os.Getenv(asCommand) {
	case "serve":
		os.Exit(serve())
	case "fail":
		fmt.Fprintln(os.Stderr, "greptimetest: the port is taken")
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// serve prints what the command prints, and runs until it is interrupted.
func serve() int {
	s, err := greptimetest.New(greptimetest.Options{Addr: os.Args[2]})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	fmt.Printf("greptimetest: %q\n  DSN          %s\n  users        0\n", os.Args[1:], s.DSN())
	<-interrupted
	_ = s.Close()
	return 0
}

func TestWeather(t *testing.T) {
	t.Parallel()
	examples, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "examples", "internal", "weather", "weather.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(examples, weatherFile) {
		t.Error("weather.csv.gz differs from that of the examples")
	}
	s := greptimetest.Start(t)
	if n, err := LoadWeather(t.Context(), s.DSN()); err != nil || n != 26_115 {
		t.Fatalf("%d rows, %v", n, err)
	}
	conn, err := greptime.Connect(t.Context(), s.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for i, want := range []int{3, 36, 8} {
		rows, err := greptime.Collect[map[string]any](t.Context(), conn, Queries[i])
		if err != nil || len(rows) != want {
			t.Errorf("%s: %d rows, %v, want %d", Queries[i], len(rows), err, want)
		}
	}
}

// commandInPath puts the test binary into PATH as the only command, which behaves as mode says.
func commandInPath(t *testing.T, mode string) {
	if runtime.GOOS == "windows" {
		t.Skip("links need rights here")
	}
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(dir, command)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	t.Setenv(asCommand, mode)
}

func TestCommandInPathRuns(t *testing.T) {
	commandInPath(t, "serve")
	s, err := startCommand(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := greptime.Connect(t.Context(), s.DSN)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if !strings.Contains(s.How, "greptimetest") {
		t.Errorf("how: %s", s.How)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	select {
	case <-s.Ended():
	case <-time.After(time.Minute):
		t.Error("the process still runs")
	}
}

func TestCommandThatEnds(t *testing.T) {
	commandInPath(t, "fail")
	if _, err := startCommand(t.Context(), Options{}); err == nil || !strings.Contains(err.Error(), "ended at once: greptimetest: the port is taken") {
		t.Errorf("%v", err)
	}
}

func TestWithoutCommandAndWithoutGo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := startCommand(t.Context(), Options{})
	if err == nil || !strings.Contains(err.Error(), "no command greptimetest, and no Go") || !strings.Contains(err.Error(), "go run -tags duckdb ./cmd/greptime demo") {
		t.Errorf("%v", err)
	}
}

// TestGoMakesTheCommand puts a go into PATH that writes the command where it is asked to.
func TestGoMakesTheCommand(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the command go of this test is a shell script")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, version, script, want string }{
		{"a released version", "v1.2.3", `[ "$1 $2" = "install ` + commandPackage + `@v1.2.3" ] && /bin/mkdir -p "$GOBIN" && /bin/ln -s ` + self + ` "$GOBIN/greptimetest"`, ""},
		{"a clone", "(devel)", `[ "$1 $2 $4" = "build -o ` + commandPackage + `" ] && /bin/ln -s ` + self + ` "$3"`, ""},
		{"a commit", "v0.0.0-20240101000000-0123456789ab", `[ "$1" = build ] && /bin/ln -s ` + self + ` "$3"`, ""},
		{"a failure", "v1.2.3", `echo no C++ compiler; exit 1`, "no C++ compiler"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "go"), []byte("#!/bin/sh\n"+tt.script+"\n"), 0o755); err != nil {
				t.Fatal(err)
			}
			t.Setenv("PATH", dir)
			t.Setenv("XDG_CACHE_HOME", dir)
			t.Setenv("HOME", dir)
			t.Setenv("TMPDIR", dir)
			t.Setenv(asCommand, "serve")
			for range 2 { // the second time, an installed command is there already
				var log strings.Builder
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				s, err := startCommand(ctx, Options{Version: tt.version, Log: &log})
				if tt.want != "" {
					if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "go install") {
						t.Errorf("%v", err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}
			left, err := filepath.Glob(filepath.Join(dir, "greptime[0-9]*"))
			if err != nil || len(left) > 0 {
				t.Errorf("%v, left behind: %q", err, left)
			}
		})
	}
}
