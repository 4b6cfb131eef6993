// Package demo runs a server to try the client with, and fills it with data.
//
// The server is greptimetest, which runs on DuckDB and so needs cgo. Built with the tag duckdb, the
// program has it within itself. Built without, the program runs the command greptimetest.
package demo

import (
	"io"
)

// Options are the options of [Start].
type Options struct {
	Addr string    // to listen on; default a free port of 127.0.0.1
	Dir  string    // for the data; "" keeps it in memory
	Log  io.Writer // for what takes long, and what the server prints

	// Version is the version of this program, which is that of the command to get.
	Version string
}

// Server is a running server.
type Server struct {
	DSN   string
	How   string // where it runs, such as "in this process"
	ended <-chan struct{}
	stop  func() error
}

// Close stops the server.
func (s *Server) Close() error { return s.stop() }

// Ended returns a channel that is closed if the server ends by itself.
func (s *Server) Ended() <-chan struct{} { return s.ended }
