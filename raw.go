package greptime

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
)

// SQLConner hands out a connection of a pool: *sql.DB does, and what embeds it,
// such as *sqlx.DB.
type SQLConner interface {
	Conn(ctx context.Context) (*sql.Conn, error)
}

// Raw takes a connection from the pool and calls f with it, for what
// database/sql cannot say: Arrow record batches, PromQL. The Conn must not be
// used after f has returned. Wrappers around the driver's connection (tracing,
// metrics) are taken off if they have a method Raw or Unwrap that returns it.
func Raw(ctx context.Context, db SQLConner, f func(*Conn) error) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(driverConn any) error {
		c, err := unwrapConn(driverConn)
		if err != nil {
			return err
		}
		return f(c)
	})
}

func unwrapConn(driverConn any) (*Conn, error) {
	v := driverConn
	for range maxWrappers {
		switch w := v.(type) {
		case *Conn:
			return w, nil
		case interface{ Raw() driver.Conn }:
			v = w.Raw()
		case interface{ Unwrap() driver.Conn }:
			v = w.Unwrap()
		default:
			v = nil
		}
	}
	return nil, fmt.Errorf("greptime: Raw: the pool's connections are %T, not this driver's; open it with sql.Open(\"greptime\", …)", driverConn)
}

// maxWrappers is how deep a connection may be wrapped: some wrapper might return
// itself.
const maxWrappers = 16
