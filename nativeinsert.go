package greptime

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow/array"
	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/request"
	internalsession "github.com/greptime-go/greptime/internal/session"
	"github.com/greptime-go/greptime/internal/sqlinsert"
	"github.com/greptime-go/greptime/internal/sqltext"
	"github.com/greptime-go/greptime/internal/transport"
)

// minNativeRows is the number of rows from which reading the columns of the table, by two
// small queries, pays off for an INSERT. For a value that the text might lose, the columns
// are read in any case: see mayLose.
const minNativeRows = 16

func isAsText(err error) bool {
	var e *sqlinsert.NotNativeError
	return errors.As(err, &e)
}

// isStale reports whether an INSERT does not fit the columns, which may have changed.
func isStale(err error) bool {
	var e *sqlinsert.NotNativeError
	return errors.As(err, &e) && e.Stale
}

// isLossy reports whether an error is about a value that would not be stored unchanged.
func isLossy(err error) bool {
	var e *sqlinsert.LossyError
	return errors.As(err, &e)
}

// maxKeptText is the longest text, in bytes, that parse keeps.
const maxKeptText = 256 << 10

// parse calls sqltext.Parse. It remembers the last text with arguments, because programs
// that insert in batches repeat the same text, and parsing it takes longer than all the
// rest.
func (c *Connector) parse(query string, args int) (*sqltext.Script, error) {
	if last := c.lastText.Load(); last != nil && last.Text == query {
		return last, nil
	}
	script, err := sqltext.Parse(query)
	if err == nil && args > 0 && len(query) <= maxKeptText {
		c.lastText.Store(script)
	}
	return script, err
}

// exec runs the statements of a script to their end. An INSERT … VALUES travels
// natively if Config.Insert allows it and if that certainly stores the same.
func (c *Conn) exec(ctx context.Context, script *sqltext.Script, args []driver.NamedValue) (driver.Result, error) {
	mode := c.connector.cfg.Insert
	isRefused := len(script.Statements) > 1 && !c.connector.cfg.MultiStatements
	if mode == insertSQL || isRefused || !hasInsertValues(script) {
		return c.execText(ctx, script, args)
	}
	n, err := c.nativeInsert(script, args)
	switch {
	case err != nil && (mode == insertNative || !isAsText(err)):
		return nil, nativeOnly(err)
	case err != nil && n == nil:
		return c.execText(ctx, script, args)
	}
	ctx, cancel := c.connector.limit(ctx)
	defer cancel()
	if err != nil {
		if lost := n.checkPositional(ctx); lost != nil {
			return nil, lost
		}
		return c.execText(ctx, script, args)
	}
	if mode == insertNative {
		return n.execNative(ctx)
	}
	return n.execAuto(ctx)
}

// execText runs the statements of a script as text.
func (c *Conn) execText(ctx context.Context, script *sqltext.Script, args []driver.NamedValue) (driver.Result, error) {
	statements, err := c.bind(script, args)
	if err != nil {
		return nil, err
	}
	return c.execStatements(ctx, statements)
}

func (c *Conn) execStatements(ctx context.Context, statements []statement) (driver.Result, error) {
	var result Result
	if err := c.runAll(ctx, statements, &result); err != nil {
		return nil, err
	}
	return result, nil
}

// hasInsertValues reports whether the script contains an INSERT … VALUES.
func hasInsertValues(script *sqltext.Script) bool {
	for i := range script.Statements {
		if st := &script.Statements[i]; st.Kind == sqltext.Insert && st.Values != nil {
			return true
		}
	}
	return false
}

// nativeOnly returns err as users see it when insert=native rules out the text.
func nativeOnly(err error) error {
	if isAsText(err) {
		return fmt.Errorf("greptime: with insert=native the INSERT was not sent, because it cannot travel natively: %w; insert=auto sends such statements as text", err)
	}
	return err
}

// nativeInsert is one INSERT … VALUES of arguments and literals, which may travel as a
// native row insert.
type nativeInsert struct {
	sqlinsert.Insert
	conn    *Conn
	script  *sqltext.Script
	session session // in the table's database

	fresh      bool   // the columns were read for this statement
	unwritable bool   // they cannot be written natively
	refusal    *Error // the server's, of the native insert
}

// nativeInsert returns the script as a nativeInsert. The error is a *sqlinsert.NotNativeError if
// the script has another form. If the script lacks only the list of columns, it returns a
// nativeInsert and the error.
func (c *Conn) nativeInsert(script *sqltext.Script, args []driver.NamedValue) (*nativeInsert, error) {
	insert, err := sqlinsert.New(script, args)
	if err != nil {
		return nil, err
	}
	if _, isMetric := c.connector.cfg.Hints["physical_table"]; isMetric {
		return nil, &sqlinsert.NotNativeError{Reason: "the hint physical_table would give a native insert another meaning"}
	}
	s, err := c.current()
	if err != nil {
		return nil, err
	}
	if insert.Database != "" {
		s.database = insert.Database
	}
	insert.UTC = s.isUTC()
	n := &nativeInsert{Insert: insert, conn: c, script: script, session: s}
	if !insert.NamesColumns() {
		// The table may have been replaced since its order of columns was read.
		return n, &sqlinsert.NotNativeError{Reason: "it does not name the columns"}
	}
	return n, nil
}

// execAuto sends the INSERT natively or as text. What the server stores for the text is the
// norm. So it sends the INSERT natively where that stores the same, and where the text cannot
// express the arguments: NaN, infinities, and a DATE under a time zone.
func (n *nativeInsert) execAuto(ctx context.Context) (driver.Result, error) {
	if n.isKnown() || n.Rows() >= minNativeRows || n.MayLose() {
		result, err := n.run(ctx)
		if !n.fresh && (isLossy(err) || isAsText(err) && n.isUnsure()) { // a column may have changed
			result, err = n.runFresh(ctx)
		}
		if !isAsText(err) {
			return result, err
		}
	}
	statements, unsayable := n.conn.bind(n.script, n.typedArgs())
	if unsayable == nil {
		result, err := n.conn.execStatements(ctx, statements)
		if n.unwritable && isAboutColumns(err) {
			n.forget()
		}
		if isRefusedAsRead(err) && !n.fresh {
			if result, err := n.runFresh(ctx); !isAsText(err) {
				return result, err
			}
		}
		return result, err
	}
	if !n.fresh {
		if result, err := n.runFresh(ctx); !isAsText(err) {
			return result, err
		}
	}
	if n.refusal != nil {
		return nil, n.refusal
	}
	return nil, unsayable
}

// isUnsure reports whether the known columns have turned out to be wrong and the text might
// lose one of the values.
func (n *nativeInsert) isUnsure() bool { return !n.unwritable && !n.isKnown() && n.MayLose() }

// execNative sends the INSERT natively or not at all.
func (n *nativeInsert) execNative(ctx context.Context) (driver.Result, error) {
	result, err := n.run(ctx)
	if (isAsText(err) || isLossy(err)) && !n.fresh {
		result, err = n.runFresh(ctx)
	}
	switch {
	case err == nil:
		return result, nil
	case isAsText(err) && n.refusal != nil:
		return nil, n.refusal
	}
	return nil, nativeOnly(err)
}

// runFresh does what run does, with the columns as they are now.
func (n *nativeInsert) runFresh(ctx context.Context) (driver.Result, error) {
	n.forget()
	return n.run(ctx)
}

// run executes the native insert with the known columns. The error is a *sqlinsert.NotNativeError if nothing was
// written, provably, and the statement must go as text. It is lossy (see isLossy) if nothing
// was sent.
func (n *nativeInsert) run(ctx context.Context) (driver.Result, error) {
	writes, err := n.conn.writes()
	if err != nil {
		return nil, err
	}
	n.refusal = nil
	table, err := n.columns(ctx)
	if err != nil {
		return nil, err
	}
	buffer := sqlinsert.NewBuffer()
	defer buffer.Free()
	if err := n.Encode(buffer, table); err != nil {
		if isStale(err) && !n.fresh {
			n.forget() // the next INSERT reads them again
		}
		return nil, err
	}
	header, err := n.conn.encodedHeader(ctx, n.session)
	if err != nil {
		return nil, err
	}
	encoded := request.Encode(header, request.Insert, request.Rows{Table: n.Table, Body: &buffer.Body, To: len(buffer.Body.Bytes), Count: n.Rows()})
	if size := encoded.Len(); size > n.conn.connector.cfg.MaxMessageSize {
		return nil, &sqlinsert.NotNativeError{Reason: fmt.Sprintf("it takes %d bytes, more than max_message_size", size)}
	}
	writes.Add(1)
	affected, err := n.conn.connector.channels.Handle(ctx, transport.HandleRequest{Request: encoded, Metadata: n.conn.connector.nativeHints})
	if err == nil {
		return Result{affected: int64(affected)}, nil
	}
	e := n.conn.writeError(ctx, n.session, err, n.write())
	if !e.Ambiguous {
		writes.TakeBack(1)
	}
	if !isAboutColumns(e) {
		return nil, e
	}
	// The table may have changed.
	n.forget()
	if e.Ambiguous {
		return nil, e
	}
	n.refusal = e
	return nil, &sqlinsert.NotNativeError{Reason: "the server refuses it natively: " + e.Error(), Cause: e}
}

// write describes the native insert as a write.
func (n *nativeInsert) write() internalsession.Write {
	return internalsession.Write{Kind: internalsession.Rows, Database: n.session.database, Table: n.Table, Tables: 1, Rows: n.Rows(), MayAsk: true}
}

// isAboutColumns reports whether the server may have refused an INSERT because the table
// has other columns than the request. That does not show what was written.
func isAboutColumns(err error) bool {
	return errors.Is(err, InvalidArguments) || errors.Is(err, TableNotFound) || errors.Is(err, TableColumnNotFound)
}

// nativeHints keep the server from creating the table and from adding columns to it, as it
// does by default for native inserts.
var nativeHints = map[string]string{"auto_create_table": "false"}

// columns returns the table's columns. It reads them if they are not known. It also remembers
// columns that cannot be written natively: otherwise each such insert would read them.
func (n *nativeInsert) columns(ctx context.Context) (*catalog.Table, error) {
	t, known, err := n.cache().Lookup(n.session.database, n.Table)
	if !known {
		n.fresh = true
		t, err = n.cache().Get(ctx, n.query, n.session.database, n.Table)
	}
	var unwritable *catalog.UnwritableError
	n.unwritable = errors.As(err, &unwritable)
	switch {
	case err == nil || !n.unwritable && (isCallError(err) || ctx.Err() != nil):
		return t, err
	case !n.unwritable && isRefusal(err) && !errors.Is(err, TableNotFound) && n.MayLose():
		return nil, fmt.Errorf("greptime: INSERT into table %s was not sent: the server may store one of its values as NULL or an infinity, and the columns could not be read: %w",
			strconv.Quote(n.Table), err)
	}
	return nil, &sqlinsert.NotNativeError{Reason: fmt.Sprintf("the columns of table %s could not be read: %v", strconv.Quote(n.Table), err), Cause: err}
}

// isRefusal reports whether an error is an answer of the server.
func isRefusal(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.fromServer
}

// query asks about the table, in its database. Users who may not read the table cannot write it
// natively.
func (n *nativeInsert) query(ctx context.Context, sql string) (array.RecordReader, error) {
	rd, err := n.conn.queryIn(n.session)(ctx, sql)
	if errors.Is(err, PermissionDenied) {
		return nil, catalog.NewUnwritableError(err)
	}
	return rd, err
}

// isCallError reports whether an error is that of a call that got no answer in time.
func isCallError(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return errors.Is(err, ErrClosed)
	}
	return e.GRPC == codes.Unavailable && e.Code == 0 || e.Code == Cancelled || e.Code == DeadlineExceeded
}

func (n *nativeInsert) cache() *catalog.Cache { return &n.conn.connector.tables }

func (n *nativeInsert) isKnown() bool {
	_, known, err := n.cache().Lookup(n.session.database, n.Table)
	return known && err == nil
}

func (n *nativeInsert) forget() { n.cache().Drop(n.session.database, n.Table) }
