package greptime

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
)

var (
	_ driver.Rows                           = (*rows)(nil)
	_ driver.RowsNextResultSet              = (*rows)(nil)
	_ driver.RowsColumnTypeScanType         = (*rows)(nil)
	_ driver.RowsColumnTypeDatabaseTypeName = (*rows)(nil)
	_ driver.RowsColumnTypeNullable         = (*rows)(nil)
	_ driver.RowsColumnTypeLength           = (*rows)(nil)
	_ driver.RowsColumnTypePrecisionScale   = (*rows)(nil)
)

// rows reads record batches row by row. What it hands out is the caller's:
// nothing shares memory with a batch.
type rows struct {
	conn    *Conn
	ctx     context.Context
	rest    []statement // of a text of several, those not run yet
	total   int         // statements in the text
	writes  bool        // the current statement is a write
	wrote   bool        // one of those before it is
	rd      *RecordReader
	names   []string
	columns []column
	row, n  int // the next row of the current batch, and how many it has
	err     error
}

// query runs statements up to the first that returns rows, or the last.
func (c *Conn) query(ctx context.Context, statements []statement) (*rows, error) {
	r := &rows{conn: c, ctx: ctx, rest: statements, total: len(statements)}
	for {
		if err := r.open(); err != nil {
			return nil, err
		}
		if len(r.names) > 0 || len(r.rest) == 0 {
			return r, nil
		}
		if err := r.drain(); err != nil {
			return nil, err
		}
	}
}

// isWrite reports whether a statement may have an effect on the server.
func isWrite(st statement) bool { return !st.readOnly && st.apply == nil }

// open runs the next statement.
func (r *rows) open() error {
	index := r.total - len(r.rest)
	st := r.rest[0]
	r.rest = r.rest[1:]
	r.wrote, r.writes = r.wrote || r.writes, isWrite(st)
	rd, err := r.conn.run(r.ctx, st)
	if err != nil {
		r.rest = nil
		return statementError(err, index, r.total, r.wrote)
	}
	r.rd, r.row, r.n = rd, 0, 0
	schema := rd.Schema()
	r.names, r.columns = make([]string, schema.NumFields()), make([]column, schema.NumFields())
	for i := range r.names {
		f := schema.Field(i)
		r.names[i] = f.Name
		if r.columns[i], err = newColumn(f, rd.session.loc); err != nil {
			rd.Release()
			r.rest = nil
			return statementError(err, index, r.total, r.wrote)
		}
	}
	return nil
}

// drain reads the current result to its end, drops it, and releases it.
func (r *rows) drain() error {
	if _, err := r.rd.drain(); err != nil {
		done := r.total - len(r.rest)
		r.rest = nil
		return statementError(err, done-1, r.total, r.wrote)
	}
	return nil
}

// Columns are the names of the result's columns, none if the statement returned
// no rows.
func (r *rows) Columns() []string { return r.names }

// advance moves to the next row, reading the next batch when there is need.
func (r *rows) advance() error {
	if r.row++; r.row < r.n {
		return nil
	}
	if r.err != nil {
		return r.err
	}
	for {
		batch, err := r.rd.next()
		if err != nil {
			if r.wrote && err != io.EOF {
				err = ambiguous(err)
			}
			r.err = err
			r.n = 0
			return err
		}
		if batch.NumRows() == 0 || len(r.columns) == 0 {
			continue
		}
		r.row, r.n = 0, int(batch.NumRows())
		return r.load(batch)
	}
}

func (r *rows) load(batch arrow.RecordBatch) error {
	for i, c := range r.columns {
		if err := c.load(batch.Column(i)); err != nil {
			r.err, r.n = fmt.Errorf("greptime: column %s: %w", r.names[i], err), 0
			return r.err
		}
	}
	return nil
}

// Next fills dest with the next row, boxed; Go 1.27 calls NextRow and ScanColumn
// instead.
func (r *rows) Next(dest []driver.Value) error {
	if err := r.advance(); err != nil {
		return err
	}
	for i, c := range r.columns {
		v, err := c.value(r.row)
		if err != nil {
			return fmt.Errorf("greptime: column %s: %w", r.names[i], err)
		}
		dest[i] = v
	}
	return nil
}

// Close ends the call, read to its end or not. Little that is left is read; an error of
// the server there is returned. Of a text of several statements those that were not
// reached by NextResultSet are not run; it is an error if any of them writes.
func (r *rows) Close() error {
	late := r.finish()
	r.release()
	rest := r.rest
	r.rest = nil
	if r.err != nil && !errors.Is(r.err, io.EOF) {
		return late // nil if the error is known
	}
	if i := slices.IndexFunc(rest, isWrite); i >= 0 {
		return fmt.Errorf("greptime: the rows were closed before statement %d of %d was run, and it writes; use Exec, or NextResultSet to the end", r.total-len(rest)+i+1, r.total)
	}
	return nil
}

// HasNextResultSet says whether statements of the text are left.
func (r *rows) HasNextResultSet() bool { return len(r.rest) > 0 }

// NextResultSet runs the next statement of the text.
func (r *rows) NextResultSet() error {
	if len(r.rest) == 0 {
		return io.EOF
	}
	if r.err != nil && !errors.Is(r.err, io.EOF) {
		return r.err
	}
	if err := r.leave(); err != nil {
		r.err = err
		return err
	}
	r.release()
	r.err = nil
	return r.open()
}

// leave reads the current result to its end: all of it if it has no rows, otherwise what
// finish reads.
func (r *rows) leave() error {
	if len(r.names) == 0 {
		return r.drain()
	}
	err := r.finish()
	if err != nil {
		r.rest = nil
	}
	return err
}

// finish reads what is left of the current result if it is little, and remembers an
// error there.
func (r *rows) finish() error {
	if r.err != nil {
		return nil
	}
	err := r.rd.finish()
	if err != nil {
		r.err = statementError(err, r.total-len(r.rest)-1, r.total, r.wrote)
	}
	return r.err
}

// release gives up the current result. There is no row any more: its memory may be
// that of other batches.
func (r *rows) release() {
	r.row, r.n = 0, 0
	r.rd.Release()
}

// ColumnTypeScanType returns the exact Go type of the column's values. Where they may be
// NULL it is a type that takes NULL: sql.NullInt64 and so on, [Null], or []byte.
func (r *rows) ColumnTypeScanType(i int) reflect.Type { return r.columns[i].info().nullableType() }

// ColumnTypeDatabaseTypeName is GreptimeDB's SQL name of the type, without
// length or precision.
func (r *rows) ColumnTypeDatabaseTypeName(i int) string { return r.columns[i].info().sqlType }

// ColumnTypeNullable says whether the column may hold NULL.
func (r *rows) ColumnTypeNullable(i int) (nullable, ok bool) {
	return r.columns[i].info().nullable, true
}

// ColumnTypeLength is math.MaxInt64 for text and binary columns, which have no
// limit, and not known for others.
func (r *rows) ColumnTypeLength(i int) (length int64, ok bool) {
	info := r.columns[i].info()
	return info.length, info.length > 0
}

// ColumnTypePrecisionScale is that of DECIMAL; of TIMESTAMP and TIME the number
// of digits of a second (0, 3, 6 or 9), with scale 0.
func (r *rows) ColumnTypePrecisionScale(i int) (precision, scale int64, ok bool) {
	info := r.columns[i].info()
	return info.precision, info.scale, info.hasPrecision
}
