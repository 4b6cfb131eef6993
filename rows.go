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

	"github.com/greptime-go/greptime/internal/scan"
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

// rows reads record batches row by row. The values that it returns belong to the
// caller: none shares memory with a batch.
type rows struct {
	runner  runner
	ctx     context.Context
	rest    []statement // those of the text that have not run yet
	total   int         // statements in the text
	writes  bool        // the current statement is a write
	wrote   bool        // one of those before it is
	rd      *RecordReader
	names   []string
	columns []scan.Column
	row, n  int // the next row of the current batch, and how many it has
	err     error
}

// queryRows runs statements up to the first that returns rows, or the last.
func queryRows(ctx context.Context, runner runner, statements []statement) (*rows, error) {
	r := &rows{runner: runner, ctx: ctx, rest: statements, total: len(statements)}
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

// open runs the next statement.
func (r *rows) open() error {
	index := r.total - len(r.rest)
	st := r.rest[0]
	r.rest = r.rest[1:]
	r.wrote, r.writes = r.wrote || r.writes, isWrite(st)
	rd, err := r.runner.run(r.ctx, st)
	if err != nil {
		r.rest = nil
		return statementError(err, index, r.total, r.wrote)
	}
	r.rd, r.row, r.n = rd, 0, 0
	schema := rd.Schema()
	r.names, r.columns = make([]string, schema.NumFields()), make([]scan.Column, schema.NumFields())
	for i := range r.names {
		f := schema.Field(i)
		r.names[i] = f.Name
		if r.columns[i], err = scan.New(f, rd.session.loc); err != nil {
			err = fmt.Errorf("greptime: %w", err)
			rd.fail(err)
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

// Columns returns the names of the result's columns. There are none if the statement
// returned no rows.
func (r *rows) Columns() []string { return r.names }

// advance moves to the next row. It reads the next batch if necessary.
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
		if err := c.Load(batch.Column(i)); err != nil {
			r.err, r.n = r.columnError(i, err), 0
			r.rd.err = r.err
			return r.err
		}
	}
	return nil
}

// columnError returns the error of a value of column i that cannot be read.
func (r *rows) columnError(i int, err error) error {
	err = fmt.Errorf("greptime: column %s: %w", r.names[i], err)
	if r.wrote {
		return ambiguous(err)
	}
	return err
}

// Next fills dest with the next row, boxed; Go 1.27 calls NextRow and ScanColumn
// instead.
func (r *rows) Next(dest []driver.Value) error {
	if err := r.advance(); err != nil {
		return err
	}
	for i, c := range r.columns {
		v, err := c.Value(r.row)
		if err != nil {
			return r.columnError(i, err)
		}
		dest[i] = v
	}
	return nil
}

// Close ends the call, even if it was not read to its end. If little is left, Close reads
// it and returns an error of the server found there. It does not run the statements of the
// text that NextResultSet has not reached; it returns an error if any of them writes.
func (r *rows) Close() error {
	late := r.finish()
	r.release()
	rest := r.rest
	r.rest = nil
	if r.err != nil && !errors.Is(r.err, io.EOF) {
		return late // nil if the user has seen the error
	}
	if i := slices.IndexFunc(rest, isWrite); i >= 0 {
		return fmt.Errorf("greptime: the rows were closed before statement %d of %d ran, which writes; use Exec, or call NextResultSet until it returns false", r.total-len(rest)+i+1, r.total)
	}
	return nil
}

// HasNextResultSet reports whether the text has statements that have not run yet.
func (r *rows) HasNextResultSet() bool { return len(r.rest) > 0 }

// NextResultSet runs the next statement of the text.
func (r *rows) NextResultSet() error {
	if len(r.rest) == 0 {
		return io.EOF
	}
	if r.err != nil && !errors.Is(r.err, io.EOF) {
		return r.err
	}
	err := r.leave()
	r.release()
	if r.err = err; err != nil {
		return err
	}
	return r.open()
}

// leave ends the current result. It reads all of a result without rows, and otherwise
// what finish reads.
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

// finish reads the rest of the current result if it is small, and remembers an error
// found there.
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

// release releases the current result. There is no current row then, because other
// batches may reuse its memory.
func (r *rows) release() {
	r.row, r.n = 0, 0
	r.rd.Release()
}

// ColumnTypeScanType returns the exact Go type of the column's values. For a nullable
// column it is a type that accepts NULL: sql.NullInt64 and so on, [Null], or []byte.
func (r *rows) ColumnTypeScanType(i int) reflect.Type { return r.columns[i].Info().NullableType() }

// ColumnTypeDatabaseTypeName returns GreptimeDB's SQL name of the type, without
// length or precision.
func (r *rows) ColumnTypeDatabaseTypeName(i int) string { return r.columns[i].Info().SQLType }

// ColumnTypeNullable reports whether the column may contain NULL.
func (r *rows) ColumnTypeNullable(i int) (nullable, ok bool) {
	return r.columns[i].Info().Nullable, true
}

// ColumnTypeLength returns math.MaxInt64 for text and binary columns, which have no
// limit. ok is false for other columns.
func (r *rows) ColumnTypeLength(i int) (length int64, ok bool) {
	info := r.columns[i].Info()
	return info.Length, info.Length > 0
}

// ColumnTypePrecisionScale returns the precision and scale of a DECIMAL. For TIMESTAMP
// and TIME it returns the number of digits of a second (0, 3, 6 or 9) and scale 0.
func (r *rows) ColumnTypePrecisionScale(i int) (precision, scale int64, ok bool) {
	info := r.columns[i].Info()
	return info.Precision, info.Scale, info.HasPrecision
}
