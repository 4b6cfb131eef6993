// Command greptime is the client of GreptimeDB for the terminal.
package main

import (
	"context"
	"os"

	"github.com/greptime-go/greptime/cmd/greptime/internal/cli"
	"github.com/greptime-go/greptime/cmd/greptime/internal/stdio"
)

func main() {
	os.Exit(cli.Run(context.Background(), os.Args[1:], stdio.Of(os.Stdin, os.Stdout, os.Stderr)))
}
