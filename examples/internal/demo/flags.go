package demo

import (
	"flag"
	"fmt"
	"os"
	"strings"
)

// Parse reads the flags of an example. With -h it prints what the example does, and
// exits.
func Parse(about string) {
	flag.Usage = func() {
		out := flag.CommandLine.Output()
		fmt.Fprintln(out, strings.TrimSpace(about))
		otherwise := "without it one starts in this process"
		if needed != "" {
			otherwise = "it must be set"
		}
		fmt.Fprintln(out, "\nEnvironment:\n  GREPTIME_DSN\n    \tthe server, as greptime://localhost:4001;", otherwise)
		if hasFlags() {
			fmt.Fprintln(out, "\nFlags:")
			flag.PrintDefaults()
		}
	}
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "%q is not a flag; -h lists them\n", flag.Arg(0))
		os.Exit(2)
	}
}

func hasFlags() bool {
	found := false
	flag.VisitAll(func(*flag.Flag) { found = true })
	return found
}
