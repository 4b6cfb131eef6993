//go:build unix

package prompt

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func TestInterruptWhileWaitingForAPipe(t *testing.T) {
	t.Parallel()
	p := newTester(t, "")
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	defer func() { // whoever still waits for the other end finds it
		if f, err := os.OpenFile(path, os.O_RDWR, 0); err == nil {
			f.Close()
		}
	}()
	ended := make(chan string, 1)
	go func() { ended <- p.enter(`\i ` + path) }()
	again := time.NewTicker(50 * time.Millisecond) // what comes before the command begins has no effect
	defer again.Stop()
	deadline := time.After(10 * time.Second)
	for {
		select {
		case got := <-ended:
			if got != "interrupted\n" {
				t.Errorf("printed %q", got)
			}
			return
		case <-again.C:
			select {
			case p.interrupts <- os.Interrupt:
			default:
			}
		case <-deadline:
			t.Error("it still waits")
			return
		}
	}
}
