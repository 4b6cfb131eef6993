package greptime_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/bulk"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// A wrapper of each shape, as libraries for tracing and metrics have them.

type rawWrapper struct{ driver.Conn }

func (w rawWrapper) Raw() driver.Conn { return w.Conn }

type unwrapWrapper struct{ driver.Conn }

func (w unwrapWrapper) Unwrap() driver.Conn { return w.Conn }

type wrappedConnWrapper struct{ driver.Conn }

func (w wrappedConnWrapper) WrappedConn() driver.Conn { return w.Conn }

// checkingWrapper passes on CheckNamedValue, as most do, without a method for its Conn.
type checkingWrapper struct{ conn driver.Conn }

func (w checkingWrapper) Prepare(query string) (driver.Stmt, error) { return w.conn.Prepare(query) }
func (w checkingWrapper) Close() error                              { return w.conn.Close() }
func (w checkingWrapper) Begin() (driver.Tx, error)                 { return nil, errors.New("unused") }

func (w checkingWrapper) CheckNamedValue(v *driver.NamedValue) error {
	return w.conn.(driver.NamedValueChecker).CheckNamedValue(v)
}

// executingWrapper passes on ExecContext and nothing else; it changes texts, and shows
// arguments to hooks.
type executingWrapper struct {
	driver.Conn
	shown *string
}

func (w executingWrapper) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	*w.shown = fmt.Sprint(args[0].Value)
	return w.Conn.(driver.ExecerContext).ExecContext(ctx, query+" /* trace=1 */", args)
}

// convertingWrapper lets no argument pass that is not a driver.Value, before it asks.
type convertingWrapper struct{ executingWrapper }

func (w convertingWrapper) CheckNamedValue(v *driver.NamedValue) (err error) {
	v.Value, err = driver.DefaultParameterConverter.ConvertValue(v.Value)
	return err
}

// silentWrapper unwraps to nothing.
type silentWrapper struct{ checkingWrapper }

func (silentWrapper) Unwrap() driver.Conn { return nil }

// endlessWrapper unwraps to itself.
type endlessWrapper struct{ checkingWrapper }

func (w endlessWrapper) Unwrap() driver.Conn { return w }

type wrappedConnector struct {
	driver.Connector
	wrap func(driver.Conn) driver.Conn
}

func (c wrappedConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return c.wrap(conn), nil
}

func openWrapped(t *testing.T, s *wiretest.Server, wrap func(driver.Conn) driver.Conn, params ...string) *sql.DB {
	t.Helper()
	connector, err := greptime.Driver{}.OpenConnector(s.DSN(params...))
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(wrappedConnector{connector, wrap})
	t.Cleanup(func() {
		db.Close()
		connector.(*greptime.Connector).Close()
	})
	return db
}

func TestRawFindsTheConnInWrappersOfEachShape(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	shown := "greptime.Raw"
	for name, wrap := range map[string]func(driver.Conn) driver.Conn{
		"none":                func(c driver.Conn) driver.Conn { return c },
		"Raw":                 func(c driver.Conn) driver.Conn { return rawWrapper{c} },
		"Unwrap":              func(c driver.Conn) driver.Conn { return unwrapWrapper{c} },
		"WrappedConn":         func(c driver.Conn) driver.Conn { return wrappedConnWrapper{c} },
		"CheckNamedValue":     func(c driver.Conn) driver.Conn { return checkingWrapper{c} },
		"ExecContext":         func(c driver.Conn) driver.Conn { return executingWrapper{c, &shown} },
		"converting":          func(c driver.Conn) driver.Conn { return convertingWrapper{executingWrapper{c, &shown}} },
		"Unwrap of nothing":   func(c driver.Conn) driver.Conn { return silentWrapper{checkingWrapper{c}} },
		"Unwrap of itself":    func(c driver.Conn) driver.Conn { return endlessWrapper{checkingWrapper{c}} },
		"three":               func(c driver.Conn) driver.Conn { return rawWrapper{unwrapWrapper{executingWrapper{c, &shown}}} },
		"two that pass it on": func(c driver.Conn) driver.Conn { return checkingWrapper{checkingWrapper{c}} },
	} {
		db := openWrapped(t, s.Server, wrap)
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, pool := range []greptime.Pool{db, conn, struct{ *sql.DB }{db}, struct{ *sql.Conn }{conn}} {
			ran := false
			err := greptime.Raw(t.Context(), pool, func(c *greptime.Conn) error {
				ran = true
				return c.Ping(t.Context())
			})
			if err != nil || !ran {
				t.Errorf("%s, %T: ran %v, error %v", name, pool, ran, err)
			}
		}
		conn.Close()
	}
	if shown != "greptime.Raw" {
		t.Errorf("a hook sees the argument as %q", shown)
	}
	for _, text := range s.texts() {
		if text != "SELECT 1" {
			t.Errorf("%q was sent", text)
		}
	}
}

type otherDriver struct{ driver.Conn }

func (otherDriver) Close() error { return nil }

type otherConnector struct{ driver.Connector }

func (otherConnector) Connect(context.Context) (driver.Conn, error) { return otherDriver{}, nil }
func (otherConnector) Driver() driver.Driver                        { return nil }

// embeddingPool embeds a *sql.DB, as *sqlx.DB does.
type embeddingPool struct{ *sql.DB }

type pingOnly struct{}

func (pingOnly) PingContext(context.Context) error { return nil }

func TestRawRefusesWhatHasNoConn(t *testing.T) {
	t.Parallel()
	other := sql.OpenDB(otherConnector{})
	defer other.Close()
	for _, test := range []struct {
		pool greptime.Pool
		want string
	}{
		{nil, "the connection is nil"},
		{(*sql.DB)(nil), "the connection is nil"},
		{(*sql.Conn)(nil), "the connection is nil"},
		{(*embeddingPool)(nil), "the connection is nil"},
		{(*greptime.Conn)(nil), "the connection is nil"},
		{other, "the pool's connections are greptime_test.otherDriver, not this driver's"},
		{pingOnly{}, "has no connections of database/sql"},
	} {
		table := insert.NewTable("t", insert.Time("ts", insert.Millisecond))
		table.Append(time.Now())
		_, writeErr := insert.Write(t.Context(), test.pool, table)
		_, bufferedErr := insert.NewWriter(test.pool, insert.WriterOptions{})
		_, bulkErr := bulk.NewWriter(t.Context(), test.pool, "t", bulk.Options{})
		for _, err := range []error{
			greptime.Raw(t.Context(), test.pool, func(*greptime.Conn) error { return errors.New("it ran") }),
			writeErr, bufferedErr, bulkErr,
		} {
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%T: error %v, want one that says %q", test.pool, err, test.want)
			}
		}
	}
}

// What is made of a pool holds none of its connections, and does not need the one it was
// made with.
func TestWritersOfAPoolHoldNoneOfItsConnections(t *testing.T) {
	t.Parallel()
	s := oneServer(t)
	db := openServer(t, s)
	db.SetMaxOpenConns(1)
	db.SetMaxIdleConns(-1) // closed as soon as they come back
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	table := insert.NewTable("t", insert.Time("ts", insert.Millisecond))
	if err := table.Append(time.Now()); err != nil {
		t.Fatal(err)
	}
	buffered, err := insert.NewWriter(db, insert.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer buffered.Close(ctx)
	for range 2 {
		if n, err := insert.Write(ctx, db, table); n != 1 || err != nil {
			t.Errorf("Write: %d, %v", n, err)
		}
		if n, err := insert.Delete(ctx, db, table); n != 1 || err != nil {
			t.Errorf("Delete: %d, %v", n, err)
		}
		if err := errors.Join(buffered.Write(ctx, table), buffered.Flush(ctx)); err != nil {
			t.Errorf("insert.NewWriter: %v", err)
		}
		type row struct {
			TS time.Time `greptime:"ts,time"`
		}
		if n, err := insert.WriteStructs(ctx, db, "t", []row{{time.Now()}}); n != 1 || err != nil {
			t.Errorf("WriteStructs: %d, %v", n, err)
		}
		stream, err := insert.NewStream(ctx, db)
		if err != nil {
			t.Fatal(err)
		}
		stream.Close()
	}
	conn := oneConn(t, db) // the only one
	if n, err := insert.Write(ctx, conn, table); n != 1 || err != nil {
		t.Errorf("Write on a sql.Conn: %d, %v", n, err)
	}
	if err := errors.Join(buffered.Write(ctx, table), buffered.Flush(ctx)); err != nil {
		t.Errorf("insert.NewWriter, while the pool is in use: %v", err)
	}
}
