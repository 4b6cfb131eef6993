package greptime

import (
	"context"
	"database/sql/driver"
	"fmt"

	"github.com/greptime-go/greptime/internal/sqlinsert"
	"github.com/greptime-go/greptime/internal/sqltext"
)

var (
	_ driver.Stmt              = (*Stmt)(nil)
	_ driver.StmtExecContext   = (*Stmt)(nil)
	_ driver.StmtQueryContext  = (*Stmt)(nil)
	_ driver.NamedValueChecker = (*Stmt)(nil)
)

// Stmt is a statement prepared on the client: lexed once, bound at every use.
// GreptimeDB has no prepared statements over gRPC, so that nothing is sent before
// the first use, which is also when the server reports a mistake in the statement.
type Stmt struct {
	conn *Conn
	text parsedText
}

// PrepareContext lexes the text and finds its placeholders. It sends nothing.
func (c *Conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if _, err := c.current(); err != nil {
		return nil, err
	}
	script, err := sqltext.Parse(query)
	if err != nil {
		return nil, fmt.Errorf("greptime: %w", err)
	}
	if _, err := script.Style(); err != nil {
		return nil, fmt.Errorf("greptime: %w", err)
	}
	return &Stmt{conn: c, text: parsedText{script, &sqlinsert.Memo{}}}, nil
}

// Prepare calls PrepareContext. It implements driver.Conn.
func (c *Conn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

// Close does nothing, because the server keeps nothing for a Stmt.
func (s *Stmt) Close() error { return nil }

// NumInput returns the number of arguments, or -1 if they are named, because then
// the names are checked and not the number.
func (s *Stmt) NumInput() int {
	if style, err := s.text.Style(); err == nil && style == sqltext.Named {
		return -1
	}
	return s.text.NumInput()
}

// CheckNamedValue checks an argument; see Conn.CheckNamedValue.
func (s *Stmt) CheckNamedValue(nv *driver.NamedValue) error { return s.conn.CheckNamedValue(nv) }

// ExecContext runs the statement; see Conn.ExecContext.
func (s *Stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return s.conn.exec(ctx, s.text, args)
}

// QueryContext runs the statement; see Conn.QueryContext.
func (s *Stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	session, err := s.conn.sessionFor(ctx)
	if err != nil {
		return nil, err
	}
	statements, err := session.bind(s.text.Script, args)
	if err != nil {
		return nil, err
	}
	return queryRows(ctx, s.conn, statements)
}

// Exec calls ExecContext. It implements driver.Stmt.
//
// Deprecated: database/sql calls ExecContext.
func (s *Stmt) Exec(args []driver.Value) (driver.Result, error) {
	return s.ExecContext(context.Background(), ordinal(args))
}

// Query calls QueryContext. It implements driver.Stmt.
//
// Deprecated: database/sql calls QueryContext.
func (s *Stmt) Query(args []driver.Value) (driver.Rows, error) {
	return s.QueryContext(context.Background(), ordinal(args))
}

func ordinal(args []driver.Value) []driver.NamedValue {
	named := make([]driver.NamedValue, len(args))
	for i, v := range args {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return named
}
