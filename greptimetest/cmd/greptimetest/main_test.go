package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/greptime-go/greptime/greptimetest"
)

// output is a buffer that may be read while it is written.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

func TestRunSaysWhereItListensAndStops(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var out output
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, func() {}, []string{"--addr", "127.0.0.1:0", "--data", t.TempDir(), "--user", "a:ro=b"}, &out, &out)
	}()
	dsn := regexp.MustCompile(`greptime://a@127\.0\.0\.1:\d+/public`)
	for deadline := time.Now().Add(time.Minute); !dsn.MatchString(out.String()); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no address in %q", out.String())
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("%v", err)
	}
	if !strings.Contains(out.String(), "stopping") {
		t.Errorf("output %q", out.String())
	}
}

func TestFlagsAreChecked(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--user", "a"}, {"--user", "a:xx=b"}, {"--nothing"}, {"--version", "1.1"}, {"rest"}} {
		var out output
		if err := run(t.Context(), func() {}, args, &out, &out); err == nil {
			t.Errorf("%v: no error", args)
		}
		if out.String() != "" {
			t.Errorf("%v: printed %q, which main does", args, out.String())
		}
	}
	var help output
	if err := run(t.Context(), func() {}, []string{"--help"}, &help, &help); !errors.Is(err, flag.ErrHelp) || !strings.Contains(help.String(), "-addr") {
		t.Errorf("--help: %v %q", err, help.String())
	}
	var u users
	for _, v := range []string{"a=b", "c:wo=d=e"} {
		if err := u.Set(v); err != nil {
			t.Errorf("%s: %v", v, err)
		}
	}
	want := users{{Name: "a", Password: "b"}, {Name: "c", Password: "d=e", Mode: greptimetest.WriteOnly}}
	if len(u) != 2 || u[0] != want[0] || u[1] != want[1] {
		t.Errorf("users %v", u)
	}
}
