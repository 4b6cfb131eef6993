package greptime

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

var (
	_ driver.Conn               = (*Conn)(nil)
	_ driver.Pinger             = (*Conn)(nil)
	_ driver.ExecerContext      = (*Conn)(nil)
	_ driver.QueryerContext     = (*Conn)(nil)
	_ driver.ConnPrepareContext = (*Conn)(nil)
	_ driver.ConnBeginTx        = (*Conn)(nil)
	_ driver.SessionResetter    = (*Conn)(nil)
	_ driver.Validator          = (*Conn)(nil)
	_ driver.NamedValueChecker  = (*Conn)(nil)
)

// Conn is one session with GreptimeDB: a database and a time zone, on channels
// that it shares with the other connections of its Connector. The server keeps
// no session over gRPC, so the Conn sends both with every request. USE and SET
// time_zone change them in the Conn.
//
// A Conn is safe for concurrent use, although database/sql does not need that.
// Each rows value or record reader that it returns is for one goroutine.
type Conn struct {
	connector     *Connector
	ownsConnector bool
	held          bool // the network connections stay open until Close

	mu      sync.Mutex
	session session
	tx      *transaction // the open one, with transactions=ignore
	closed  bool
}

// session is the state that GreptimeDB's other protocols keep on the server.
type session struct {
	database string // as users write it
	timeZone string // as the header has it
	loc      *time.Location
}

// isUTC reports whether the server reads times without a zone as UTC.
func (s session) isUTC() bool {
	switch strings.ToUpper(s.timeZone) {
	case "", "UTC", "ETC/UTC", "UCT", "ETC/UCT", "ZULU", "ETC/ZULU", "UNIVERSAL", "ETC/UNIVERSAL", "GMT", "ETC/GMT", "+00:00", "-00:00":
		return true
	}
	return false
}

// newConn returns a Conn that need not be closed. It does not keep network connections
// open: they may close when idle, and the next call opens them again.
func (c *Connector) newConn() *Conn {
	return &Conn{connector: c, session: c.session()}
}

// heldConn returns a Conn that keeps the network connections open until its Close.
func (c *Connector) heldConn() *Conn {
	conn := c.newConn()
	conn.held = true
	c.channels.Hold()
	return conn
}

// session returns the state of a new connection, which is the DSN's.
func (c *Connector) session() session {
	return session{database: c.cfg.Database, timeZone: c.cfg.TimeZone, loc: c.loc}
}

// current returns the session's state, or an error if the connection cannot be used.
func (c *Conn) current() (session, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.connector.channels.Closed() {
		return session{}, ErrClosed
	}
	return c.session, nil
}

// Database returns the session's database: the DSN's or that of the last USE.
func (c *Conn) Database() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session.database
}

// Location returns the session's time zone, which time.Time values of results have.
func (c *Conn) Location() *time.Location {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session.loc
}

// Ping checks that the server can be reached, that it accepts the credentials, and that
// the session's database exists. For a missing database the error is [DatabaseNotFound].
// Ping sends one query: for the names of the databases, or for a constant if the database
// is public, which GreptimeDB always has. The server refuses the query of a user who may
// only write; Ping succeeds then, because the server knows the user.
func (c *Conn) Ping(ctx context.Context) (err error) {
	if database := c.Database(); database == defaultDatabase {
		err = c.runAll(ctx, []statement{selectOne}, nil)
	} else {
		err = c.checkDatabase(ctx, database)
	}
	if errors.Is(err, PermissionDenied) {
		return nil
	}
	return err
}

// PingContext does what Ping does, by the name that database/sql uses. It makes the Conn a [Pool].
func (c *Conn) PingContext(ctx context.Context) error { return c.Ping(ctx) }

// Close ends the session. It closes the channels only if the connection came from
// Connect; otherwise they belong to the Connector.
func (c *Conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held && !c.closed {
		c.connector.channels.Release()
	}
	c.closed = true
	if c.ownsConnector {
		return c.connector.Close()
	}
	return nil
}

// ResetSession restores the DSN's database and time zone. database/sql calls it
// before it reuses a connection.
func (c *Conn) ResetSession(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.connector.channels.Closed() {
		return driver.ErrBadConn
	}
	c.session = c.connector.session()
	c.tx = nil
	return nil
}

// IsValid reports whether the connection can be used again, which is true until it
// or its Connector is closed. It is true even if the server cannot be reached,
// because the channel reconnects by itself.
func (c *Conn) IsValid() bool {
	_, err := c.current()
	return err == nil
}

// ExecContext runs a statement, reads its answer to the end and returns the number
// of affected rows. It reads and drops the rows of a query. It may send an INSERT of
// values as a native row insert: see Config.Insert.
func (c *Conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if c.answer(args) {
		return Result{}, nil
	}
	script, err := c.connector.parse(query, len(args))
	if err == nil {
		return c.exec(ctx, script, args)
	}
	statements, err := unlexedStatements(query, args, err)
	if err != nil {
		return nil, err
	}
	return c.execStatements(ctx, statements)
}

// QueryContext runs a statement. It returns an error if the server refuses the
// statement; the rows return an error if the statement fails later.
func (c *Conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	statements, err := c.statements(query, args)
	if err != nil {
		return nil, err
	}
	return c.query(ctx, statements)
}

// QueryArrow runs a statement and returns its result as Arrow record batches. It
// binds args as database/sql's calls do. You must release the reader.
func (c *Conn) QueryArrow(ctx context.Context, query string, args ...any) (*RecordReader, error) {
	named, err := namedValues(args, c.connector.cfg.TimeTruncate)
	if err != nil {
		return nil, err
	}
	statements, err := c.statements(query, named)
	if err != nil {
		return nil, err
	}
	if len(statements) > 1 {
		return nil, fmt.Errorf("%w: QueryArrow accepts one at a time", ErrMultipleStatements)
	}
	return c.run(ctx, statements[0])
}

// Exec runs a statement as ExecContext does, with plain arguments.
func (c *Conn) Exec(ctx context.Context, query string, args ...any) (Result, error) {
	named, err := namedValues(args, c.connector.cfg.TimeTruncate)
	if err != nil {
		return Result{}, err
	}
	result, err := c.ExecContext(ctx, query, named)
	if err != nil {
		return Result{}, err
	}
	return result.(Result), nil
}

// Result is the outcome of a statement that returns no rows.
type Result struct{ affected int64 }

// LastInsertId returns an error: GreptimeDB has no generated keys.
func (Result) LastInsertId() (int64, error) {
	return 0, errors.New("greptime: LastInsertId: GreptimeDB has no generated keys; a row's key is its tags and time index")
}

// RowsAffected returns the server's count: the rows that an insert accepted
// (including duplicates), the rows that a delete matched, 1 for CREATE DATABASE, and
// 0 for other DDL. If several statements ran, it returns the sum.
func (r Result) RowsAffected() (int64, error) { return r.affected, nil }
