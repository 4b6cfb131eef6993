package greptimegoose

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"

	"github.com/greptime-go/greptime"
)

// connector makes connections of a pool that add the text of a failed statement to its
// error, which goose leaves out.
type connector struct {
	db *sql.DB
}

func (c connector) Driver() driver.Driver { return c.db.Driver() }

// Connect takes a connection out of the pool until its Close.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	pooled, err := c.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	var inner *greptime.Conn
	err = greptime.Raw(ctx, pooled, func(g *greptime.Conn) error {
		inner = g
		return nil
	})
	if err != nil {
		pooled.Close()
		return nil, err
	}
	return &conn{Conn: inner, pooled: pooled}, nil
}

type conn struct {
	*greptime.Conn
	pooled *sql.Conn
}

// Close gives the connection back to the pool.
func (c *conn) Close() error { return c.pooled.Close() }

// ExecContext executes a statement; its error has the text.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	result, err := c.Conn.ExecContext(ctx, query, args)
	if err != nil {
		return nil, fmt.Errorf("%w, in the statement %q", err, excerpt(query))
	}
	return result, nil
}

// excerpt returns the begin of a statement.
func excerpt(query string) string {
	const limit = 200
	text := strings.TrimSpace(query)
	if len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "") + "…"
	}
	return text
}
