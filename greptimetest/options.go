package greptimetest

import (
	"crypto/tls"
	"log/slog"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// Options configures a server. The zero value is a server in memory, without users, on a
// free port of the loopback interface.
type Options struct {
	// Addr is the address to listen on. The default is "127.0.0.1:0".
	Addr string
	// Dir is the directory for data. It is created if it does not exist. The default,
	// "", keeps data in memory. A write to a directory is on disk before it is
	// acknowledged. Only one server at a time can use a directory.
	Dir string
	// Users are the users who may connect. Without any, everybody may connect with any
	// credentials.
	Users []User
	// TLS makes the server use TLS with these certificates.
	TLS *tls.Config
	// Uncompressed sends record batches without compression. By default their bodies are
	// compressed with LZ4, as GreptimeDB's are.
	Uncompressed bool
	// BatchSize is the greatest number of rows in a record batch. The default is the
	// number that GreptimeDB uses when it reads files: 8,192, and 1,024 in version 1.0.2.
	BatchSize int
	// Version is the version of GreptimeDB that the server behaves as: "1.1.4", the
	// default, or "1.0.2". The README lists the differences.
	Version string
	// DropAcks makes DoPut drop acks beyond the 32 that the client has not read yet, as
	// GreptimeDB does. By default they wait.
	DropAcks bool
	// Log receives what the server does and why it refuses requests. By default there is
	// no log.
	Log *slog.Logger
}

// User is a user who may connect. Names are case-sensitive.
type User struct {
	Name, Password string
	Mode           Mode
}

// Mode is the set of operations that a user may execute.
type Mode uint8

const (
	// ReadWrite allows everything.
	ReadWrite Mode = iota
	// ReadOnly allows SELECT, SHOW, DESCRIBE and EXPLAIN, but not even USE and SET.
	ReadOnly
	// WriteOnly allows native writes and DoPut, but no SQL, not even INSERT.
	WriteOnly
)

func (o Options) version() (schema.Version, error) {
	if o.Version == "" {
		return schema.V1_1_4, nil
	}
	return schema.ParseVersion(o.Version)
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
