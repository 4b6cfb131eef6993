package greptime

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
)

// Pool is a source of Conns: a *sql.DB or a *sql.Conn of this driver, a type that embeds
// one of these, such as *sqlx.DB, or a *Conn itself. Packages insert and bulk accept one,
// too.
type Pool interface {
	PingContext(ctx context.Context) error
}

var (
	_ Pool = (*sql.DB)(nil)
	_ Pool = (*sql.Conn)(nil)
	_ Pool = (*Conn)(nil)
)

// Raw takes a connection from the pool and calls f with it, for Arrow record batches
// and PromQL, which database/sql has no methods for. You must not use the Conn after f
// has returned, unless it is the pool itself.
//
// Raw unwraps wrappers around the driver's connection (tracing, metrics) that have a
// method Raw, Unwrap or WrappedConn returning it. Through other wrappers it passes an
// argument that the Conn recognizes, by CheckNamedValue or by ExecContext with an empty
// text. Nothing is sent to the server for it.
func Raw(ctx context.Context, pool Pool, f func(*Conn) error) error {
	if isNil(pool) {
		return errNoPool
	}
	var conn interface{ Raw(func(any) error) error }
	switch p := pool.(type) {
	case *Conn:
		return f(p)
	case interface {
		Conn(context.Context) (*sql.Conn, error)
	}:
		c, err := p.Conn(ctx)
		if err != nil {
			return err
		}
		defer c.Close()
		conn = c
	case interface{ Raw(func(any) error) error }:
		conn = p
	default:
		return fmt.Errorf("greptime: Raw: a %T has no connections of database/sql; pass the *sql.DB or *sql.Conn in it", pool)
	}
	return conn.Raw(func(driverConn any) error {
		c := unwrapConn(ctx, driverConn)
		if c == nil {
			return fmt.Errorf("greptime: Raw: the pool's connections are %T, not this driver's; open it with sql.Open(\"greptime\", …)", driverConn)
		}
		return f(c)
	})
}

// isNil reports whether v is nil or a nil pointer, whose methods would panic.
func isNil(v any) bool {
	rv := reflect.ValueOf(v)
	return !rv.IsValid() || rv.Kind() == reflect.Pointer && rv.IsNil()
}

var errNoPool = errors.New("greptime: the connection is nil; use sql.Open or greptime.Connect")

// maxWrappers limits how many wrappers are unwrapped, because a wrapper might return
// itself.
const maxWrappers = 16

// unwrapConn returns the Conn in a connection of database/sql, or nil if there is none.
func unwrapConn(ctx context.Context, driverConn any) *Conn {
	inner := driverConn
	for range maxWrappers {
		var next any
		switch w := inner.(type) {
		case *Conn:
			return w
		case interface{ Raw() driver.Conn }:
			next = w.Raw()
		case interface{ Unwrap() driver.Conn }:
			next = w.Unwrap()
		case interface{ WrappedConn() driver.Conn }:
			next = w.WrappedConn()
		}
		if next == nil {
			break
		}
		inner = next
	}
	return askForConn(ctx, inner)
}

// connRequest is an argument in which a Conn stores itself.
type connRequest struct{ conn *Conn }

// String returns the text that wrappers show when they log arguments.
func (*connRequest) String() string { return "greptime.Raw" }

// answer answers a connRequest. It reports whether the arguments are one.
func (c *Conn) answer(args []driver.NamedValue) bool {
	if len(args) != 1 {
		return false
	}
	r, ok := args[0].Value.(*connRequest)
	if ok {
		r.conn = c
	}
	return ok
}

// askForConn returns the Conn that answers a connRequest, or nil if none does.
func askForConn(ctx context.Context, wrapper any) *Conn {
	r := &connRequest{}
	args := []driver.NamedValue{{Ordinal: 1, Value: r}}
	if w, ok := wrapper.(driver.NamedValueChecker); ok {
		if w.CheckNamedValue(&args[0]) == nil && r.conn != nil {
			return r.conn
		}
		args[0].Value = r
	}
	if w, ok := wrapper.(driver.ExecerContext); ok {
		if _, err := w.ExecContext(ctx, "", args); err == nil {
			return r.conn
		}
	}
	return nil
}
