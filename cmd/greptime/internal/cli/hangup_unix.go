//go:build unix

package cli

import (
	"os/signal"
	"syscall"
)

// writeFromBackground lets the program set the terminal's modes and write to it even if it is in the
// background, where the system stops it at that otherwise.
func writeFromBackground() { signal.Ignore(syscall.SIGTTOU) }
