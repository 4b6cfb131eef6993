package greptime

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
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
	client       *client
	ownsChannels bool // Close closes them

	mu      sync.Mutex
	session session
	closed  bool
}

// newConn returns a Conn that keeps the network connections open until its Close.
func newConn(c *client) *Conn {
	c.channels.Hold()
	return &Conn{client: c, session: c.session()}
}

// current returns the session as it is now, or an error if the connection cannot be used.
func (c *Conn) current() (session, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.client.channels.Closed() {
		return session{}, ErrClosed
	}
	return c.session, nil
}

// sessionFor returns the session for a call with ctx: WithTimeZone and WithHints change it.
func (c *Conn) sessionFor(ctx context.Context) (session, error) {
	s, err := c.current()
	if err != nil {
		return session{}, err
	}
	return s.with(ctx)
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

// Use changes the session's database, as USE does. GreptimeDB does not check the
// database that a request names, so Use asks for the list of databases. It does not
// check the name for a user who may not see the list. On a sql.DB the change lasts
// until the connection returns to the pool. Use a sql.Conn instead, or name the
// database in the DSN.
func (c *Conn) Use(ctx context.Context, database string) error {
	s, err := c.current()
	if err != nil {
		return err
	}
	if err := s.checkDatabase(ctx, database); err != nil && !errors.Is(err, PermissionDenied) {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session.database = database
	return nil
}

// SetTimeZone changes the session's time zone, as SET time_zone does. The server
// reads times without a zone in the text of statements in it, and time.Time values
// of results have it as their Location. zone is an IANA name or an offset such as
// +08:00.
func (c *Conn) SetTimeZone(zone string) error {
	cfg := Config{TimeZone: zone}
	loc, err := cfg.location()
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session.timeZone, c.session.loc = zone, loc
	return nil
}

// Ping checks that the server can be reached, that it accepts the credentials, and that
// the session's database exists. For a missing database the error is [DatabaseNotFound].
// Ping sends one query: for the names of the databases, or for a constant if the database
// is public, which GreptimeDB always has. The server refuses the query of a user who may
// only write; Ping succeeds then, because the server knows the user.
func (c *Conn) Ping(ctx context.Context) (err error) {
	s, err := c.current()
	if err != nil {
		return err
	}
	if s.database == defaultDatabase {
		_, err = runToEnd(ctx, s, selectOne)
	} else {
		err = s.checkDatabase(ctx, s.database)
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
	if !c.closed {
		c.client.channels.Release()
	}
	c.closed = true
	if c.ownsChannels {
		return c.client.channels.Close()
	}
	return nil
}

// ResetSession restores the DSN's database and time zone. database/sql calls it
// before it reuses a connection.
func (c *Conn) ResetSession(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.client.channels.Closed() {
		return driver.ErrBadConn
	}
	c.session = c.client.session()
	return nil
}

// IsValid reports whether the connection can be used again, which is true until it
// or its Connector is closed. It is true even if the server cannot be reached,
// because the channel reconnects by itself.
func (c *Conn) IsValid() bool {
	_, err := c.current()
	return err == nil
}

// CheckNamedValue accepts the argument types that the package documentation lists, calls
// Value of a driver.Valuer, follows pointers, and refuses other types with an error that
// says what to pass instead. Its errors do not name the argument; database/sql does.
func (c *Conn) CheckNamedValue(nv *driver.NamedValue) error {
	// An INSERT of many rows has many arguments, most of these types.
	if _, ok := nv.Value.(string); ok {
		return nil
	}
	if _, ok := nv.Value.(float64); ok {
		return nil
	}
	return c.checkNamedValue(nv)
}

// checkNamedValue implements CheckNamedValue for all types.
func (c *Conn) checkNamedValue(nv *driver.NamedValue) error {
	cut := c.client.cfg.TimeTruncate
	switch v := nv.Value.(type) {
	case nil, bool, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, float32, float64, string, []byte:
		return nil
	case time.Time:
		if cut > 0 {
			nv.Value = v.Truncate(cut)
		}
		return nil
	case *connRequest:
		v.conn = c
		return nil
	}
	v, err := checkedValue(nv.Value, cut)
	if err != nil {
		return fmt.Errorf("greptime: %w", notBadConn(err))
	}
	nv.Value = v
	return nil
}

// ExecContext runs a statement, reads its answer to the end and returns the number
// of affected rows. It reads and drops the rows of a query. It may send an INSERT of
// values as a native row insert: see Config.Insert.
func (c *Conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if c.answer(args) {
		return Result{}, nil
	}
	text, err := c.client.parse(query, len(args))
	if err == nil {
		return c.exec(ctx, text, args)
	}
	statements, err := unlexedStatements(query, args, err)
	if err != nil {
		return nil, err
	}
	return execAll(ctx, c, statements)
}

// QueryContext runs a statement. It returns an error if the server refuses the
// statement; the rows return an error if the statement fails later.
func (c *Conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.sessionFor(ctx)
	if err != nil {
		return nil, err
	}
	statements, err := s.statements(query, args)
	if err != nil {
		return nil, err
	}
	return queryRows(ctx, c, statements)
}

// QueryArrow runs a statement and returns its result as Arrow record batches. It
// binds args as database/sql's calls do. You must release the reader.
func (c *Conn) QueryArrow(ctx context.Context, query string, args ...any) (*RecordReader, error) {
	named, err := namedValues(args, c.client.cfg.TimeTruncate)
	if err != nil {
		return nil, err
	}
	s, err := c.sessionFor(ctx)
	if err != nil {
		return nil, err
	}
	statements, err := s.statements(query, named)
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
	named, err := namedValues(args, c.client.cfg.TimeTruncate)
	if err != nil {
		return Result{}, err
	}
	result, err := c.ExecContext(ctx, query, named)
	if err != nil {
		return Result{}, err
	}
	return result.(Result), nil
}

// exec runs the statements of a script to their end. It sends an INSERT … VALUES natively if
// Config.Insert allows that and if the server certainly stores the same.
func (c *Conn) exec(ctx context.Context, text parsedText, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.sessionFor(ctx)
	if err != nil {
		return nil, err
	}
	args = truncated(args, c.client.cfg.TimeTruncate)
	mode := c.client.cfg.Insert
	isRefused := len(text.Statements) > 1 && !c.client.cfg.MultiStatements
	if mode != insertSQL && !isRefused && hasInsertValues(text.Script) {
		x, err := newInsertion(s, text, args)
		switch {
		case err == nil:
			return x.exec(ctx)
		case mode == insertNative:
			return nil, nativeOnly(err)
		}
	}
	statements, err := s.bind(text.Script, args)
	if err != nil {
		return nil, err
	}
	return execAll(ctx, c, statements)
}

// run runs a statement in the session as it is now, and waits for the first message of its
// answer. It carries out itself what changes the session.
func (c *Conn) run(ctx context.Context, st statement) (*RecordReader, error) {
	s, err := c.sessionFor(ctx)
	if err != nil {
		return nil, err
	}
	if s.client.tracer != nil {
		return c.runTraced(ctx, s, st)
	}
	return c.runIn(ctx, s, st)
}

// runIn runs a statement in a session of the Conn.
func (c *Conn) runIn(ctx context.Context, s session, st statement) (*RecordReader, error) {
	if st.apply == nil {
		return s.run(ctx, st)
	}
	if err := st.apply(ctx, c); err != nil {
		return nil, err
	}
	return emptyRecordReader(), nil
}

// runTraced runs a statement as runIn does, and tells the tracer.
func (c *Conn) runTraced(ctx context.Context, s session, st statement) (*RecordReader, error) {
	if err := st.rebind(s); err != nil {
		return nil, err
	}
	ctx, call := s.client.tracer.Start(ctx, s.tracedStatement(&st))
	rd, err := c.runIn(ctx, s, st)
	switch {
	case err != nil:
		call.End(err)
		return nil, err
	case rd.stream == nil:
		call.End(nil)
	default:
		rd.onEnd = func(err error) {
			call.Endpoint, call.Rows, call.Bytes = rd.stream.Endpoint().Addr(), rd.rows, rd.bytes
			call.End(err)
		}
	}
	return rd, nil
}
