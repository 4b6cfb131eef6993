package engine

import (
	"context"
	"database/sql"
	"math"
	"strconv"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// unlogged are the rows of a table that a crash of GreptimeDB loses although they were
// acknowledged. V1_1_4 fills a DoPut batch that lacks columns in memory, but writes the
// batch without them to its log; on the replay the batch is dropped. A flush writes the
// filled rows to a file, and an ALTER of the columns flushes.
type unlogged struct {
	lo, hi int64 // the range of their time index
	// before is what a crash leaves of each key: the row that was there before, nil for
	// none.
	before map[string][]any
	// appended are the row ids in append_mode, as ranges with both ends.
	appended [][2]int64
}

func newUnlogged() *unlogged {
	return &unlogged{lo: math.MaxInt64, hi: math.MinInt64, before: map[string][]any{}}
}

// add notes that rows with these keys were written and are not in the log. old are the
// rows that they replaced.
func (u *unlogged) add(keys map[string]int, old map[string][]any, lo, hi int64) {
	u.lo, u.hi = min(u.lo, lo), max(u.hi, hi)
	for k := range keys {
		if _, known := u.before[k]; !known {
			u.before[k] = old[k]
		}
	}
}

// overwrite notes that rows with these keys were written which are in the log.
func (u *unlogged) overwrite(t *schema.Table, keys map[string]int, written rows) {
	for k, i := range keys {
		old, known := u.before[k]
		switch {
		case !known:
		case !t.LastNonNull():
			delete(u.before, k)
		case old == nil:
			u.before[k] = written[i]
		default:
			u.before[k] = fill(written[i], old)
		}
	}
}

// delete notes that a key was deleted.
func (u *unlogged) delete(key string) { delete(u.before, key) }

// Crash does to the data what a crash and a restart of GreptimeDB do: rows that were
// neither logged nor flushed are gone, and what they replaced is there again.
func (e *Engine) Crash(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for t := range e.catalog.All() {
		st := e.stored[t.ID]
		if st.unlogged == nil {
			continue
		}
		if err := e.inTx(ctx, func(conn *sql.Conn) error { return st.unlogged.lose(ctx, conn, t) }); err != nil {
			return err
		}
		st.unlogged = nil
	}
	return nil
}

// lose takes the rows out of the table.
func (u *unlogged) lose(ctx context.Context, conn *sql.Conn, t *schema.Table) error {
	for _, ids := range u.appended {
		if _, err := conn.ExecContext(ctx, "DELETE FROM "+t.Phys()+" WHERE rowid BETWEEN ? AND ?", ids[0], ids[1]); err != nil {
			return schema.AsError(err)
		}
	}
	if len(u.before) == 0 {
		return nil
	}
	var lost []string
	var again rows
	keys := t.KeyColumns()
	err := scanRange(ctx, conn, t, keys, u.lo, u.hi, func(rowid int64, row []any) {
		old, unsafe := u.before[key(row, keys)]
		if !unsafe {
			return
		}
		lost = append(lost, strconv.FormatInt(rowid, 10))
		if old != nil {
			again = append(again, old)
		}
	})
	if err != nil {
		return err
	}
	if err := deleteRows(ctx, conn, t, lost); err != nil {
		return err
	}
	return appendRows(ctx, conn, t, again)
}

// appendedRows returns the row ids of the n rows that were appended last.
func (e *Engine) appendedRows(ctx context.Context, t *schema.Table, n int) ([2]int64, error) {
	var last int64
	if err := e.db.QueryRowContext(ctx, "SELECT max(rowid) FROM "+t.Phys()).Scan(&last); err != nil {
		return [2]int64{}, schema.AsError(err)
	}
	return [2]int64{last - int64(n) + 1, last}, nil
}
