//go:build duckdb

package demo

import (
	"cmp"
	"context"

	"github.com/greptime-go/greptime/greptimetest"
)

// Start starts a server in this process.
func Start(_ context.Context, o Options) (*Server, error) {
	s, err := greptimetest.New(greptimetest.Options{Addr: cmp.Or(o.Addr, anyPort), Dir: o.Dir})
	if err != nil {
		return nil, err
	}
	return &Server{DSN: s.DSN(), How: "in this process", ended: make(chan struct{}), stop: s.Close}, nil
}
