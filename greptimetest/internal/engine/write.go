package engine

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"math"
	"slices"
	"strconv"
	"strings"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// writeMode is how rows come to a table.
type writeMode struct {
	// firstWins keeps the first row of a key instead of the last: DoPut.
	firstWins bool
	// unlogged rows are lost in a crash before the next flush.
	unlogged bool
}

// write stores rows as the table's options say: append_mode keeps all, last_row
// replaces the row of the same key, last_non_null fills in what the new row leaves
// NULL. The engine's lock is shared.
//
// Within one call the last row of a key wins, or the first one if the mode says so.
func (e *Engine) write(ctx context.Context, t *schema.Table, rs rows, mode writeMode) error {
	if len(rs) == 0 {
		return nil
	}
	st := e.stored[t.ID]
	st.mu.Lock()
	defer st.mu.Unlock()
	if mode.unlogged && st.unlogged == nil {
		st.unlogged = newUnlogged()
	}
	if t.AppendMode() {
		err := e.inTx(ctx, func(conn *sql.Conn) error { return appendRows(ctx, conn, t, rs) })
		if err != nil || !mode.unlogged {
			return err
		}
		ids, err := e.appendedRows(ctx, t, len(rs))
		st.unlogged.appended = append(st.unlogged.appended, ids)
		return err
	}
	keys := t.KeyColumns()
	ti := t.TimeIndex()
	at := make(map[string]int, len(rs))
	merged := make(rows, 0, len(rs))
	lo, hi := int64(math.MaxInt64), int64(math.MinInt64)
	for _, r := range rs {
		k := key(r, keys)
		i, seen := at[k]
		switch {
		case !seen:
			at[k] = len(merged)
			merged = append(merged, r)
			ts := r[ti].(int64)
			lo, hi = min(lo, ts), max(hi, ts)
		case mode.firstWins:
		case t.LastNonNull():
			merged[i] = fill(r, merged[i])
		default:
			merged[i] = r
		}
	}
	written := slices.Clone(merged) // as they came, without the values of older rows
	old := map[string][]any{}
	err := e.inTx(ctx, func(conn *sql.Conn) error {
		if err := st.knowLatest(ctx, conn, t); err != nil {
			return err
		}
		if lo <= st.latest {
			into := old
			if st.unlogged == nil {
				into = nil
			}
			if err := replaceOld(ctx, conn, t, merged, at, keys, lo, hi, into); err != nil {
				return err
			}
		}
		return appendRows(ctx, conn, t, merged)
	})
	if err != nil {
		return err
	}
	st.latest = max(st.latest, hi)
	switch {
	case mode.unlogged:
		st.unlogged.add(at, old, lo, hi)
	case st.unlogged != nil:
		st.unlogged.overwrite(t, at, written)
	}
	return nil
}

// replaceOld deletes the stored rows whose keys come again, after their values were
// taken over if the table merges. It puts them into replaced, by key, unless that is nil.
func replaceOld(ctx context.Context, conn *sql.Conn, t *schema.Table, merged rows, at map[string]int, keys []int, lo, hi int64, replaced map[string][]any) error {
	cols := keys
	if t.LastNonNull() || replaced != nil {
		cols = make([]int, len(t.Columns))
		for i := range cols {
			cols[i] = i
		}
	}
	var old []string
	err := scanRange(ctx, conn, t, cols, lo, hi, func(rowid int64, row []any) {
		k := key(row, keys)
		i, again := at[k]
		if !again {
			return
		}
		if replaced != nil {
			replaced[k] = slices.Clone(row)
		}
		old = append(old, strconv.FormatInt(rowid, 10))
		if t.LastNonNull() {
			merged[i] = fill(merged[i], row)
		}
	})
	if err != nil {
		return err
	}
	return deleteRows(ctx, conn, t, old)
}

// scanRange reads some columns of the rows whose time index is in a range. The rows
// it yields have a cell for every column of the table, and are good until the next.
func scanRange(ctx context.Context, conn *sql.Conn, t *schema.Table, cols []int, lo, hi int64, yield func(rowid int64, row []any)) error {
	names := make([]string, len(cols))
	for k, i := range cols {
		names[k] = schema.Quote(t.Columns[i].Name)
	}
	ti := t.Columns[t.TimeIndex()]
	q := "SELECT rowid, " + strings.Join(names, ", ") + " FROM " + t.Phys() + " WHERE " + schema.Quote(ti.Name) + " BETWEEN ? AND ?"
	rs, err := conn.QueryContext(ctx, q, toDuck(ti.Type, lo), toDuck(ti.Type, hi))
	if err != nil {
		return schema.AsError(err)
	}
	defer rs.Close()
	row := make([]any, len(t.Columns))
	var rowid int64
	values := make([]any, len(cols))
	dest := []any{&rowid}
	for k := range values {
		dest = append(dest, &values[k])
	}
	for rs.Next() {
		if err := rs.Scan(dest...); err != nil {
			return schema.AsError(err)
		}
		for k, i := range cols {
			row[i] = fromDuck(t.Columns[i].Type, values[k])
		}
		yield(rowid, row)
	}
	if err := rs.Err(); err != nil {
		return schema.AsError(err)
	}
	return nil
}

func deleteRows(ctx context.Context, conn *sql.Conn, t *schema.Table, rowids []string) error {
	for chunk := range slices.Chunk(rowids, 5000) {
		q := "DELETE FROM " + t.Phys() + " WHERE rowid IN (" + strings.Join(chunk, ",") + ")"
		if _, err := conn.ExecContext(ctx, q); err != nil {
			return schema.AsError(err)
		}
	}
	return nil
}

func appendRows(ctx context.Context, conn *sql.Conn, t *schema.Table, rs rows) error {
	err := conn.Raw(func(dc any) error {
		a, err := duckdb.NewAppenderFromConn(dc.(driver.Conn), "", t.Phys())
		if err != nil {
			return err
		}
		values := make([]driver.Value, len(t.Columns))
		for _, r := range rs {
			for i, v := range r {
				values[i] = toDuck(t.Columns[i].Type, v)
			}
			if err := a.AppendRow(values...); err != nil {
				a.Close()
				return err
			}
		}
		return a.Close()
	})
	if err != nil {
		return schema.AsError(err)
	}
	return nil
}

// deleteKeys deletes the rows with these keys. Each row has the key's cells.
func (e *Engine) deleteKeys(ctx context.Context, t *schema.Table, rs rows) error {
	if len(rs) == 0 {
		return nil
	}
	st := e.stored[t.ID]
	st.mu.Lock()
	defer st.mu.Unlock()
	keys, ti := t.KeyColumns(), t.TimeIndex()
	lo, hi := int64(math.MaxInt64), int64(math.MinInt64)
	wanted := map[string]bool{}
	for _, r := range rs {
		ts := r[ti].(int64)
		lo, hi = min(lo, ts), max(hi, ts)
		wanted[key(r, keys)] = true
	}
	err := e.inTx(ctx, func(conn *sql.Conn) error {
		var old []string
		err := scanRange(ctx, conn, t, keys, lo, hi, func(rowid int64, row []any) {
			if wanted[key(row, keys)] {
				old = append(old, strconv.FormatInt(rowid, 10))
			}
		})
		if err != nil {
			return err
		}
		return deleteRows(ctx, conn, t, old)
	})
	if err == nil && st.unlogged != nil {
		for k := range wanted {
			st.unlogged.delete(k)
		}
	}
	return err
}
