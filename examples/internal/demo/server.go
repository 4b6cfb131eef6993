// Package demo is what all examples begin with.
package demo

import (
	"fmt"
	"os"

	"github.com/greptime-go/greptime/greptimetest"
)

// Server returns the DSN of the server that GREPTIME_DSN names, or else of one that it
// starts in this process; stop ends that one.
func Server() (dsn string, stop func(), err error) {
	if dsn := os.Getenv("GREPTIME_DSN"); dsn != "" {
		return dsn, func() {}, nil
	}
	s, err := greptimetest.New(greptimetest.Options{})
	if err != nil {
		return "", nil, err
	}
	fmt.Println("Started a GreptimeDB-compatible server in this process:", s.DSN())
	return s.DSN(), func() { s.Close() }, nil
}
