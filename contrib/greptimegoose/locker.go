package greptimegoose

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/pressly/goose/v3/lock"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/sqltext"
)

// DefaultLockTable is the name of the lock's table if NewSessionLocker is given none.
const DefaultLockTable = "goose_lock"

// ErrLocked reports that another process migrates the database.
var ErrLocked = errors.New("greptimegoose: the database is locked")

type sessionLocker struct {
	table, quoted string
}

// NewSessionLocker returns a lock for goose.WithSessionLocker: a table of that name
// (DefaultLockTable if empty), which no two processes can create. A provider creates it before
// it migrates and drops it afterwards. While the table exists others wait, until their context
// ends. Then the error wraps ErrLocked, and says how to remove the lock of a process that has
// ended without dropping it.
func NewSessionLocker(table string) lock.SessionLocker {
	if table == "" {
		table = DefaultLockTable
	}
	return &sessionLocker{table, sqltext.QuoteIdent(table)}
}

// SessionLock creates the lock's table. If it exists, SessionLock waits.
func (l *sessionLocker) SessionLock(ctx context.Context, conn *sql.Conn) error {
	exists := false
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		_, err := conn.ExecContext(ctx, "CREATE TABLE "+l.quoted+" (ts TIMESTAMP(3) TIME INDEX)"+tableOptions)
		if err == nil {
			return nil
		}
		exists = exists && ctx.Err() != nil || errors.Is(err, greptime.TableAlreadyExists)
		if !exists {
			return fmt.Errorf("greptimegoose: create the table %s, which locks the database: %w", l.table, err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return fmt.Errorf("%w: another migration has the table %s (%w); if none is running, one ended without removing it: DROP TABLE %s", ErrLocked, l.table, context.Cause(ctx), l.quoted)
		}
	}
}

// SessionUnlock drops the lock's table.
func (l *sessionLocker) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	if _, err := conn.ExecContext(ctx, "DROP TABLE IF EXISTS "+l.quoted); err != nil {
		return fmt.Errorf("greptimegoose: drop the table %s, which locks the database: %w", l.table, err)
	}
	return nil
}
