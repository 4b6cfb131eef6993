// Command greptime is the client of GreptimeDB for the terminal.
package main

import (
	"context"
	"os"
	_ "time/tzdata" // for systems without time zones of their own

	"github.com/greptime-go/greptime/cmd/greptime/internal/cli"
	"github.com/greptime-go/greptime/cmd/greptime/internal/stdio"
)

func main() { os.Exit(run()) }

// run runs the program and returns its exit status.
func run() int {
	return cli.Run(context.Background(), os.Args[1:], stdio.Of(os.Stdin, os.Stdout, os.Stderr))
}
