//go:build !noserver

package demo

import (
	"fmt"

	"github.com/greptime-go/greptime/greptimetest"
)

// start starts a server in this process and returns its DSN. stop ends the server.
func start() (dsn string, stop func(), err error) {
	s, err := greptimetest.New(greptimetest.Options{})
	if err != nil {
		return "", nil, err
	}
	fmt.Println("Started a GreptimeDB-compatible server in this process:", s.DSN())
	return s.DSN(), func() { s.Close() }, nil
}
