package greptime

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow/array"
	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime/internal/sqltext"
)

// Use changes the session's database, as USE does. GreptimeDB does not check the
// database that a request names, so Use asks for the list of databases. It does not
// check the name for a user who may not see the list. On a sql.DB the change lasts
// until the connection returns to the pool. Use a sql.Conn instead, or name the
// database in the DSN.
func (c *Conn) Use(ctx context.Context, database string) error {
	if err := c.checkDatabase(ctx, database); err != nil && !errors.Is(err, PermissionDenied) {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session.database = database
	return nil
}

// checkDatabase returns a DatabaseNotFound if the server does not list the database.
func (c *Conn) checkDatabase(ctx context.Context, database string) error {
	known, err := c.databaseExists(ctx, database)
	if err == nil && !known {
		return &Error{Code: DatabaseNotFound, GRPC: codes.NotFound,
			Message: fmt.Sprintf("database %q does not exist; SHOW DATABASES lists those that do", database)}
	}
	return err
}

func (c *Conn) databaseExists(ctx context.Context, database string) (bool, error) {
	rd, err := c.run(ctx, statement{text: "SHOW DATABASES", kind: sqltext.Show, readOnly: true})
	if err != nil {
		return false, err
	}
	defer rd.Release()
	found := false
	for rd.Next() {
		batch := rd.RecordBatch()
		if batch.NumCols() != 1 {
			return false, fmt.Errorf("greptime: SHOW DATABASES answered with %d columns, not one", batch.NumCols())
		}
		names, ok := batch.Column(0).(array.StringLike)
		if !ok {
			return false, fmt.Errorf("greptime: SHOW DATABASES answered with %s, not text", batch.Column(0).DataType())
		}
		for i := range names.Len() {
			found = found || names.IsValid(i) && names.Value(i) == database
		}
	}
	return found, rd.Err()
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
