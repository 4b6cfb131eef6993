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
// no session over gRPC, so both are sent with every request; USE and SET
// time_zone change them here.
//
// It is safe for concurrent use, though database/sql never needs that. What a
// Conn hands out (rows, record readers) is for one goroutine each.
type Conn struct {
	connector     *Connector
	ownsConnector bool
	held          bool // the network connections stay open until Close

	mu      sync.Mutex
	session session
	tx      *transaction // with transactions=ignore, the one that is open
	closed  bool
}

// session is the state that GreptimeDB's other protocols keep on the server.
type session struct {
	database string // as the user knows it
	timeZone string // as the header says it
	loc      *time.Location
}

// isUTC says whether the server reads times without a zone as UTC.
func (s session) isUTC() bool {
	switch strings.ToUpper(s.timeZone) {
	case "", "UTC", "ETC/UTC", "UCT", "ETC/UCT", "ZULU", "ETC/ZULU", "UNIVERSAL", "ETC/UNIVERSAL", "GMT", "ETC/GMT", "+00:00", "-00:00":
		return true
	}
	return false
}

// newConn returns a Conn that need not be closed. Network connections may end while it is
// open, as if nobody used them; the next call opens them again.
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

// session is a new connection's state: the DSN's.
func (c *Connector) session() session {
	return session{database: c.cfg.Database, timeZone: c.cfg.TimeZone, loc: c.loc}
}

// current returns the session's state, or why the connection cannot be used.
func (c *Conn) current() (session, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.connector.channels.Closed() {
		return session{}, ErrClosed
	}
	return c.session, nil
}

// Database is the session's database: the DSN's or that of the last USE.
func (c *Conn) Database() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session.database
}

// Location is the session's time zone, in which time.Time values are handed out.
func (c *Conn) Location() *time.Location {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session.loc
}

// Ping finds out whether the server can be reached, the credentials hold, and the
// session's database exists: an error of the last is [DatabaseNotFound]. A user who may
// only write is refused the query, but known: that is a success. It makes one query: for
// the names of the databases, or for a constant if the database is public, which
// GreptimeDB has from the start.
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

// PingContext is Ping by the name that it has in database/sql. It makes the Conn a [Pool].
func (c *Conn) PingContext(ctx context.Context) error { return c.Ping(ctx) }

// Close ends the session. The channels belong to the Connector and stay, unless
// the connection came from Connect.
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

// ResetSession gives the connection the DSN's database and time zone back;
// database/sql calls it before it reuses one.
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

// IsValid says whether the connection can be used again: until it or its
// Connector is closed. A server that cannot be reached is no reason to drop it,
// for the channel reconnects by itself.
func (c *Conn) IsValid() bool {
	_, err := c.current()
	return err == nil
}

// ExecContext runs a statement, reads its answer to the end and tells the
// affected rows. The rows of a query are read and dropped. An INSERT of values may
// travel as a native row insert: see Config.Insert.
func (c *Conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if c.answer(args) {
		return Result{}, nil
	}
	if script, err := c.connector.parse(query, len(args)); err == nil {
		return c.exec(ctx, script, args)
	}
	statements, err := c.statements(query, args) // what is wrong with the text
	if err != nil {
		return nil, err
	}
	return c.execStatements(ctx, statements)
}

// QueryContext runs a statement; its error comes from here when the server
// refuses it, and from the rows when it fails later.
func (c *Conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	statements, err := c.statements(query, args)
	if err != nil {
		return nil, err
	}
	return c.query(ctx, statements)
}

// QueryArrow runs a statement and hands out its result as Arrow record batches.
// args are bound as database/sql's are. The caller must release the reader.
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
		return nil, fmt.Errorf("%w: QueryArrow takes one at a time", ErrMultipleStatements)
	}
	return c.run(ctx, statements[0])
}

// Exec runs a statement; it is ExecContext with plain arguments.
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

// Result is what a statement without rows did.
type Result struct{ affected int64 }

// LastInsertId is not supported: GreptimeDB has no generated keys.
func (Result) LastInsertId() (int64, error) {
	return 0, errors.New("greptime: LastInsertId: GreptimeDB has no generated keys; a row's key is its tags and time index")
}

// RowsAffected is the server's count: of rows accepted by an insert (duplicates
// included), of rows matched by a delete, 1 for CREATE DATABASE and 0 for other
// DDL. It is the sum if several statements ran.
func (r Result) RowsAffected() (int64, error) { return r.affected, nil }
