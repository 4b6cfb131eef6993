// Package session runs statements in one session with a server and writes their results.
package session

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/greptime-go/greptime"

	"github.com/greptime-go/greptime/cmd/greptime/internal/output"
	"github.com/greptime-go/greptime/cmd/greptime/internal/script"
)

// Session is one session: USE and SET time_zone change it for the statements that follow.
type Session struct {
	DB   *sql.DB
	Conn *sql.Conn
}

// Open opens a session. It sends nothing: the first statement shows whether the server
// answers.
func Open(ctx context.Context, cfg *greptime.Config) (*Session, error) {
	connector, err := greptime.NewConnector(cfg)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &Session{DB: db, Conn: conn}, nil
}

// Close ends the session and its network connections.
func (s *Session) Close() error { return errors.Join(s.Conn.Close(), s.DB.Close()) }

// Where returns the database and the time zone of the session.
func (s *Session) Where() (database string, zone *time.Location, err error) {
	err = greptime.Raw(context.Background(), s.Conn, func(c *greptime.Conn) error {
		database, zone = c.Database(), c.Location()
		return nil
	})
	return database, zone, err
}

// Outcome is what a statement did.
type Outcome struct {
	HasRows bool  // it returned a result, which may be empty
	Rows    int64 // in the result, or affected
}

// Note returns a line about a statement without a result.
func (o Outcome) Note() string {
	switch {
	case o.Rows == 1:
		return "OK, 1 row affected"
	case o.Rows > 0:
		return fmt.Sprintf("OK, %d rows affected", o.Rows)
	default:
		return "OK"
	}
}

// Run runs a statement and writes its result, if it has one, to w.
func (s *Session) Run(ctx context.Context, st script.Statement, w io.Writer, o output.Options) (Outcome, error) {
	switch {
	case !st.ReturnsRows():
		return s.exec(ctx, st)
	case o.Format.FromBatches():
		return s.queryBatches(ctx, st, w, o)
	default:
		return s.queryRows(ctx, st, w, o)
	}
}

func (s *Session) exec(ctx context.Context, st script.Statement) (Outcome, error) {
	result, err := s.Conn.ExecContext(ctx, st.Text)
	if err != nil {
		return Outcome{}, err
	}
	n, err := result.RowsAffected()
	return Outcome{Rows: n}, err
}

func (s *Session) queryRows(ctx context.Context, st script.Statement, w io.Writer, o output.Options) (out Outcome, err error) {
	rows, err := s.Conn.QueryContext(ctx, st.Text)
	if err != nil {
		return out, err
	}
	defer func() {
		if closeErr := rows.Close(); err == nil {
			err = closeErr
		}
	}()
	columns, err := rows.Columns()
	if err != nil || len(columns) == 0 {
		return out, err
	}
	out.HasRows = true
	out.Rows, err = output.WriteRows(w, rows, o)
	return out, err
}

func (s *Session) queryBatches(ctx context.Context, st script.Statement, w io.Writer, o output.Options) (out Outcome, err error) {
	err = greptime.Raw(ctx, s.Conn, func(c *greptime.Conn) error {
		rd, err := c.QueryArrow(ctx, st.Text)
		if err != nil {
			return err
		}
		defer rd.Release()
		if affected, ok := rd.AffectedRows(); ok {
			out.Rows = int64(affected)
			return nil
		}
		out.HasRows = true
		out.Rows, err = output.WriteBatches(w, rd, o)
		return err
	})
	return out, err
}

// Doubt returns what an error leaves open, to be added to a message: whether the server executed the
// statement. It returns "" if the error proves that it did not, or that there was nothing to execute.
func Doubt(err error) string {
	if e := (*greptime.Error)(nil); errors.As(err, &e) && e.Ambiguous {
		return "; the server may have executed the statement, in whole or in part"
	}
	return ""
}
