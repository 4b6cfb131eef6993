package engine

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	duckdb "github.com/duckdb/duckdb-go/v2"
)

// rows are complete rows of a table: a cell for every column, in its order.
type rows [][]any

// keyColumns returns the tags and the time index, which together are a row's key.
func (t *Table) keyColumns() []int {
	keys := make([]int, 0, len(t.Tags)+1)
	for _, tag := range t.Tags {
		i, _ := t.column(tag)
		keys = append(keys, i)
	}
	return append(keys, t.timeIndex())
}

// key encodes the cells of a key, NULL tags included, so that equal keys are equal
// strings and no others.
func key(row []any, cols []int) string {
	var b []byte
	for _, i := range cols {
		switch v := row[i].(type) {
		case nil:
			b = append(b, 0)
		case bool:
			b = strconv.AppendBool(append(b, 1), v)
		case int64:
			b = binary.BigEndian.AppendUint64(append(b, 2), uint64(v))
		case uint64:
			b = binary.BigEndian.AppendUint64(append(b, 3), v)
		case float32:
			b = binary.BigEndian.AppendUint32(append(b, 4), math.Float32bits(v))
		case float64:
			b = binary.BigEndian.AppendUint64(append(b, 5), math.Float64bits(v))
		case string:
			b = append(binary.AppendUvarint(append(b, 6), uint64(len(v))), v...)
		case []byte:
			b = append(binary.AppendUvarint(append(b, 7), uint64(len(v))), v...)
		case *big.Int:
			s := v.String()
			b = append(binary.AppendUvarint(append(b, 8), uint64(len(s))), s...)
		}
	}
	return string(b)
}

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
func (e *Engine) write(ctx context.Context, t *Table, rs rows, mode writeMode) error {
	if len(rs) == 0 {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if mode.unlogged && t.unlogged == nil {
		t.unlogged = newUnlogged()
	}
	if t.appendMode() {
		err := e.inTx(ctx, func(conn *sql.Conn) error { return appendRows(ctx, conn, t, rs) })
		if err != nil || !mode.unlogged {
			return err
		}
		ids, err := e.appendedRows(ctx, t, len(rs))
		t.unlogged.appended = append(t.unlogged.appended, ids)
		return err
	}
	keys := t.keyColumns()
	ti := t.timeIndex()
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
		case t.lastNonNull():
			merged[i] = fill(r, merged[i])
		default:
			merged[i] = r
		}
	}
	written := slices.Clone(merged) // as they came, without the values of older rows
	old := map[string][]any{}
	err := e.inTx(ctx, func(conn *sql.Conn) error {
		if err := e.knowLatest(ctx, conn, t); err != nil {
			return err
		}
		if lo <= t.latest {
			if err := replaceOld(ctx, conn, t, merged, at, keys, lo, hi, old); err != nil {
				return err
			}
		}
		return appendRows(ctx, conn, t, merged)
	})
	if err != nil {
		return err
	}
	t.latest = max(t.latest, hi)
	switch {
	case mode.unlogged:
		t.unlogged.add(at, old, lo, hi)
	case t.unlogged != nil:
		t.unlogged.overwrite(t, at, written)
	}
	return nil
}

// fill returns the new row with the old one's values where it has none.
func fill(row, old []any) []any {
	out := slices.Clone(row)
	for i, v := range out {
		if v == nil {
			out[i] = old[i]
		}
	}
	return out
}

// knowLatest reads the greatest time index once: rows beyond it replace nothing,
// which is what nearly all rows are.
func (e *Engine) knowLatest(ctx context.Context, conn *sql.Conn, t *Table) error {
	if t.filled {
		return nil
	}
	var v any
	ti := t.Columns[t.timeIndex()]
	err := conn.QueryRowContext(ctx, "SELECT max("+quote(ti.Name)+") FROM "+t.phys()).Scan(&v)
	if err != nil {
		return asError(err)
	}
	t.latest, t.filled = math.MinInt64, true
	if v != nil {
		t.latest = fromDuck(ti.Type, v).(int64)
	}
	return nil
}

// replaceOld deletes the stored rows whose keys come again, after their values were
// taken over if the table merges. It puts them into replaced, by key, if the table has
// rows that a crash loses.
func replaceOld(ctx context.Context, conn *sql.Conn, t *Table, merged rows, at map[string]int, keys []int, lo, hi int64, replaced map[string][]any) error {
	cols := keys
	if t.lastNonNull() || t.unlogged != nil {
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
		if t.unlogged != nil {
			replaced[k] = slices.Clone(row)
		}
		old = append(old, strconv.FormatInt(rowid, 10))
		if t.lastNonNull() {
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
func scanRange(ctx context.Context, conn *sql.Conn, t *Table, cols []int, lo, hi int64, yield func(rowid int64, row []any)) error {
	names := make([]string, len(cols))
	for k, i := range cols {
		names[k] = quote(t.Columns[i].Name)
	}
	ti := t.Columns[t.timeIndex()]
	q := "SELECT rowid, " + strings.Join(names, ", ") + " FROM " + t.phys() + " WHERE " + quote(ti.Name) + " BETWEEN ? AND ?"
	rs, err := conn.QueryContext(ctx, q, toDuck(ti.Type, lo), toDuck(ti.Type, hi))
	if err != nil {
		return asError(err)
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
			return asError(err)
		}
		for k, i := range cols {
			row[i] = fromDuck(t.Columns[i].Type, values[k])
		}
		yield(rowid, row)
	}
	if err := rs.Err(); err != nil {
		return asError(err)
	}
	return nil
}

func deleteRows(ctx context.Context, conn *sql.Conn, t *Table, rowids []string) error {
	for chunk := range slices.Chunk(rowids, 5000) {
		q := "DELETE FROM " + t.phys() + " WHERE rowid IN (" + strings.Join(chunk, ",") + ")"
		if _, err := conn.ExecContext(ctx, q); err != nil {
			return asError(err)
		}
	}
	return nil
}

func appendRows(ctx context.Context, conn *sql.Conn, t *Table, rs rows) error {
	err := conn.Raw(func(dc any) error {
		a, err := duckdb.NewAppenderFromConn(dc.(driver.Conn), "", t.phys())
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
		return asError(err)
	}
	return nil
}

// deleteKeys deletes the rows with these keys. Each row has the key's cells.
func (e *Engine) deleteKeys(ctx context.Context, t *Table, rs rows) error {
	if len(rs) == 0 {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	keys, ti := t.keyColumns(), t.timeIndex()
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
	if err == nil && t.unlogged != nil {
		for k := range wanted {
			t.unlogged.delete(k)
		}
	}
	return err
}
