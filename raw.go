package greptime

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
)

// Pool is where a Conn comes from: a *sql.DB or a *sql.Conn of this driver, what embeds
// one of these, such as *sqlx.DB, or a *Conn itself. The packages insert and bulk take one,
// too.
type Pool interface {
	PingContext(ctx context.Context) error
}

var (
	_ Pool = (*sql.DB)(nil)
	_ Pool = (*sql.Conn)(nil)
	_ Pool = (*Conn)(nil)
)

// Raw takes a connection from the pool and calls f with it, for what
// database/sql cannot say: Arrow record batches, PromQL. The Conn must not be
// used after f has returned, unless it is the pool itself.
//
// Wrappers around the driver's connection (tracing, metrics) are taken off if they
// have a method Raw, Unwrap or WrappedConn that returns it. The others are asked for it:
// they pass on an argument that the Conn answers, by CheckNamedValue or by ExecContext,
// of an empty text. Nothing is sent for it.
func Raw(ctx context.Context, pool Pool, f func(*Conn) error) error {
	if rv := reflect.ValueOf(pool); !rv.IsValid() || rv.Kind() == reflect.Pointer && rv.IsNil() {
		return errNoPool // the methods of a nil one panic
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
		return fmt.Errorf("greptime: Raw: a %T has no connections of database/sql; give the *sql.DB or *sql.Conn in it", pool)
	}
	return conn.Raw(func(driverConn any) error {
		c := unwrapConn(ctx, driverConn)
		if c == nil {
			return fmt.Errorf("greptime: Raw: the pool's connections are %T, not this driver's; open it with sql.Open(\"greptime\", …)", driverConn)
		}
		return f(c)
	})
}

var errNoPool = errors.New("greptime: the connection is nil; use sql.Open or greptime.Connect")

// maxWrappers is how deep a connection may be wrapped: some wrapper might return
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

// connRequest is an argument that a Conn answers by naming itself.
type connRequest struct{ conn *Conn }

// String is what a wrapper that logs arguments shows.
func (*connRequest) String() string { return "greptime.Raw" }

// answer reports whether the arguments are a connRequest, and answers it.
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
