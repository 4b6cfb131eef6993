//go:build noserver

package demo

import "errors"

// start is for programs that are built without DuckDB, which saves the seconds to link it.
func start() (dsn string, stop func(), err error) {
	return "", nil, errors.New("set GREPTIME_DSN: this program is built with the tag noserver, so it cannot start a server")
}
