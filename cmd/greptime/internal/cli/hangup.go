package cli

import (
	"os"
	"os/signal"
	"syscall"
)

// endAtHangup ends the program when the system asks it to, as when the terminal's window is closed.
// The prompt waits for keys and would not notice. It restores the terminal, which the prompt has in a
// mode of its own, and calls cleanup. stop ends the watch for that.
func (a *app) endAtHangup(cleanup func()) (stop func()) {
	restore := a.SaveTerminal()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		select {
		case s := <-signals:
			writeFromBackground()
			restore()
			cleanup()
			os.Exit(statusOfSignal(s))
		case <-done:
		}
	}()
	return func() {
		signal.Stop(signals)
		close(done)
	}
}

// statusOfSignal returns the exit status that a shell gives to a program that a signal ended.
func statusOfSignal(s os.Signal) int {
	if n, ok := s.(syscall.Signal); ok {
		return 128 + int(n)
	}
	return statusFailed
}
