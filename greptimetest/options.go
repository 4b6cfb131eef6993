package greptimetest

import (
	"crypto/tls"
	"log/slog"

	"github.com/greptime-go/greptime/greptimetest/internal/engine"
)

// Options says how a server behaves. The zero value is a server in memory, without
// users, on a free port of the loopback interface.
type Options struct {
	// Addr is the address to listen on; default "127.0.0.1:0".
	Addr string
	// Dir is the folder for data, which is made if it is not there; default "", in
	// memory. A write to a folder is on disk before it is acknowledged. One server
	// may use a folder at a time.
	Dir string
	// Users may connect; none means everybody may, whatever credentials they send.
	Users []User
	// TLS makes the server speak TLS with these certificates.
	TLS *tls.Config
	// Uncompressed sends record batches as they are. By default their bodies are
	// compressed with LZ4, as GreptimeDB's are.
	Uncompressed bool
	// BatchSize is the most rows in a record batch. The default is what GreptimeDB has
	// when it reads files: 8,192, and 1,024 in version 1.0.2.
	BatchSize int
	// Version is the version of GreptimeDB that the server answers as: "1.1.4", the
	// default, or "1.0.2". The README lists what differs.
	Version string
	// DropAcks makes DoPut drop acks that the client leaves unread beyond 32, as
	// GreptimeDB does. By default they wait.
	DropAcks bool
	// Log receives what the server does and why it refuses; default none.
	Log *slog.Logger
}

// User is somebody who may connect. Names are case-sensitive.
type User struct {
	Name, Password string
	Mode           Mode
}

// Mode says what a user may do.
type Mode uint8

const (
	// ReadWrite is everything.
	ReadWrite Mode = iota
	// ReadOnly is SELECT, SHOW, DESCRIBE and EXPLAIN; not even USE and SET.
	ReadOnly
	// WriteOnly is native inserts and DoPut; no SQL, not even INSERT.
	WriteOnly
)

func (o Options) version() (engine.Version, error) {
	if o.Version == "" {
		return engine.V1_1_4, nil
	}
	return engine.ParseVersion(o.Version)
}

func (o Options) addr() string {
	if o.Addr != "" {
		return o.Addr
	}
	return "127.0.0.1:0"
}

func (o Options) log() *slog.Logger {
	if o.Log != nil {
		return o.Log
	}
	return slog.New(slog.DiscardHandler)
}
