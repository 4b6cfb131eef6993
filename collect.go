package greptime

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/greptime-go/greptime/internal/collect"
)

// CollectOption is an option of [CollectReader], [Collect] and the other functions that read
// rows as Go values.
type CollectOption struct{ set func(*collect.Options) }

// AllowExtraColumns leaves out the columns for which a struct has no field. Without it they
// are errors.
func AllowExtraColumns() CollectOption {
	return CollectOption{func(o *collect.Options) { o.ExtraColumns = true }}
}

// AllowMissingColumns leaves the fields of a struct zero for which the result has no column.
// Without it they are errors.
func AllowMissingColumns() CollectOption {
	return CollectOption{func(o *collect.Options) { o.MissingColumns = true }}
}

// CollectReader reads rd, the result of [Conn.QueryArrow] or [Conn.PromQL], to its end and
// returns its rows. You must still release rd. With an error it returns no rows. Beside the
// rows it holds up to 64 MiB of record batches; a result of more is copied once, at the end. A
// batch whose rows would take more than 1 GiB is an error. [EachReader] holds one batch.
//
// T is one of these:
//
//   - A struct, or a pointer to one. Columns go to fields by the tags that package insert
//     uses, `greptime:"column"`, or else by the exact name of the field. Fields of embedded
//     structs count as fields of the outer one. An embedded pointer to a struct is nil in rows
//     in which all its columns are NULL. Types and roles in a tag do not matter. A column
//     without a field and a field without a column are errors, unless an option allows them.
//   - Any other type, for results of one column.
//   - map[string]any, with the values that database/sql scans into an any.
//
// The rules for values are those of database/sql's Scan with this driver, for fields, too; see
// the table of results. Types with a Scan method are scanned. NULL needs a pointer, a sql.Null
// or another type of database/sql for it, a slice, or an any; for other types it is an error
// that names row and column. Beyond Scan, whatever package insert stores from a field is read
// back into it: integers from BOOLEAN, whole DOUBLE and DECIMAL values and, in the column's
// unit, TIMESTAMP; *big.Rat from DECIMAL, []float32 from VECTOR, json.RawMessage and other named
// bytes from STRING. There are two exceptions: a time.Time is not read from TIME, which has only a
// part of it, and nothing undoes what a Value method did if the type has no Scan method.
//
// Errors that do not depend on the rows come before the first one. The strings and the values
// behind pointers of neighbouring rows share memory: if you keep only a few of very many rows,
// clone them.
func CollectReader[T any](rd array.RecordReader, options ...CollectOption) ([]T, error) {
	d, err := newDecoder[T](rd, options)
	if err != nil {
		return nil, err
	}
	return readAll(rd, d)
}

func readAll[T any](rd array.RecordReader, d *collect.Decoder[T]) ([]T, error) {
	list, err := collect.All(rd, d)
	return list, collectError(rd, err)
}

// EachReader returns an iterator over the rows of rd, which are read as [CollectReader] reads
// them. It holds at most a few hundred rows and one record batch. An error is the last pair,
// with the zero value of T. You must still release rd.
func EachReader[T any](rd array.RecordReader, options ...CollectOption) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		d, err := newDecoder[T](rd, options)
		if err != nil {
			var none T
			yield(none, err)
			return
		}
		readEach(rd, d, yield)
	}
}

func readEach[T any](rd array.RecordReader, d *collect.Decoder[T], yield func(T, error) bool) {
	collect.Each(rd, d, func(row T, err error) bool { return yield(row, collectError(rd, err)) })
}

// Collect runs a query and returns its rows, which it reads as [CollectReader] does. from is a
// *sql.DB or *sql.Conn of this driver, a type that embeds one of these, such as *sqlx.DB, a *Conn,
// or a connection that sql.Conn.Raw passes. Arguments of the type [CollectOption] are
// options wherever they stand; the others are bound.
//
//	readings, err := greptime.Collect[Reading](ctx, db, "SELECT host, ts, cpu FROM metrics WHERE host = ?", "web-1")
//	hosts, err := greptime.Collect[string](ctx, db, "SELECT DISTINCT host FROM metrics")
func Collect[T any](ctx context.Context, from any, query string, args ...any) (list []T, err error) {
	result, err := queryFrom(ctx, from, query, args)
	if err != nil {
		return nil, err
	}
	defer result.close()
	d, err := decoderOf[T](result)
	if err != nil {
		return nil, err
	}
	return readAll(result.reader, d)
}

// Each runs a query and returns an iterator over its rows, which it reads as [EachReader]
// does. The query runs when the loop begins, and ends with the loop. The parameters are those
// of [Collect].
func Each[T any](ctx context.Context, from any, query string, args ...any) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		result, err := queryFrom(ctx, from, query, args)
		if err != nil {
			yield(none, err)
			return
		}
		defer result.close()
		d, err := decoderOf[T](result)
		if err != nil {
			yield(none, err)
			return
		}
		readEach(result.reader, d, yield)
	}
}

// One runs a query and returns its row. The error is sql.ErrNoRows if there is none; several
// rows are an error, too. The parameters are those of [Collect].
func One[T any](ctx context.Context, from any, query string, args ...any) (one T, err error) {
	result, err := queryFrom(ctx, from, query, args)
	if err != nil {
		return one, err
	}
	defer result.close()
	d, err := decoderOf[T](result)
	if err != nil {
		return one, err
	}
	row, n, err := collect.One(result.reader, d)
	switch {
	case err != nil:
		return one, collectError(result.reader, err)
	case n == 0:
		return one, sql.ErrNoRows
	case n > 1:
		return one, errSeveralRows
	}
	return row, nil
}

var errSeveralRows = errors.New("greptime: One: the result has several rows; use Collect, or add LIMIT 1 to the query")

func newDecoder[T any](rd array.RecordReader, options []CollectOption) (*collect.Decoder[T], error) {
	if isNil(rd) {
		return nil, errNoReader
	}
	var o collect.Options
	for _, option := range options {
		if option.set != nil {
			option.set(&o)
		}
	}
	loc := time.UTC
	if r, ok := rd.(*RecordReader); ok {
		if n, ok := r.AffectedRows(); ok {
			return nil, fmt.Errorf("greptime: the statement returned no rows (%d rows affected); use Exec", n)
		}
		loc = r.session.loc
	}
	d, err := collect.New[T](rd.Schema(), loc, o)
	if err != nil {
		return nil, fmt.Errorf("greptime: %w", err)
	}
	return d, nil
}

// decoderOf returns the decoder for the result of a query. If there is none, the call ends with
// the error, also for a tracer.
func decoderOf[T any](r queryResult) (*collect.Decoder[T], error) {
	d, err := newDecoder[T](r.reader, r.options)
	if err != nil {
		r.reader.err = err
	}
	return d, err
}

// errNoReader reports that a record reader is nil, as QueryArrow returns it with an error.
var errNoReader = errors.New("greptime: the record reader is nil: check the error of QueryArrow or PromQL")

// collectError returns an error of a row with the driver's name. The reader's own errors have it.
func collectError(rd array.RecordReader, err error) error {
	if err == nil || errors.Is(err, rd.Err()) { // == panics for errors that cannot be compared
		return err
	}
	return fmt.Errorf("greptime: %w", err)
}

// queryResult is the result of a query, which must be closed.
type queryResult struct {
	reader  *RecordReader
	options []CollectOption // those among the query's arguments
	pooled  *sql.Conn       // what the query runs on, if it was taken from a pool for it
}

// close ends the query and returns its connection to the pool.
func (r *queryResult) close() {
	r.reader.Release()
	r.returnConn()
}

func (r *queryResult) returnConn() {
	if r.pooled != nil {
		_ = r.pooled.Close() // the query's outcome is known
	}
}

// queryFrom runs a query on a connection of from.
func queryFrom(ctx context.Context, from any, query string, args []any) (r queryResult, err error) {
	defer func() {
		if r.reader == nil { // an error, or the panic of an argument's Value
			r.returnConn()
		}
	}()
	bound := args
	for i, arg := range args {
		if option, ok := arg.(CollectOption); ok {
			if r.options == nil {
				bound = append([]any{}, args[:i]...)
			}
			r.options = append(r.options, option)
		} else if r.options != nil {
			bound = append(bound, arg)
		}
	}
	conn, ok := from.(*Conn)
	if !ok || conn == nil {
		if conn, r.pooled, err = connOf(ctx, from); err != nil {
			return r, err
		}
	}
	r.reader, err = conn.QueryArrow(ctx, query, bound...)
	return r, err
}

// connOf returns a Conn of from, which is not one itself. If it takes a connection from a pool,
// it also returns that, for you to close. Unlike in Raw, a *sql.Conn can be used meanwhile, as
// in the body of a loop.
func connOf(ctx context.Context, from any) (conn *Conn, pooled *sql.Conn, err error) {
	if isNil(from) {
		return nil, nil, errNoPool
	}
	if p, ok := from.(interface {
		Conn(context.Context) (*sql.Conn, error)
	}); ok {
		c, err := p.Conn(ctx)
		if err != nil {
			return nil, nil, err
		}
		defer func() {
			if conn == nil { // an error, or a panic of the pool's driver
				_ = c.Close()
			}
		}()
		if conn, _, err = connOf(ctx, c); err != nil {
			return nil, nil, err
		}
		return conn, c, nil
	}
	switch p := from.(type) {
	case Pool:
		if err := Raw(ctx, p, func(c *Conn) error { conn = c; return nil }); err != nil {
			return nil, nil, err
		}
	case driver.Conn:
		conn = unwrapConn(ctx, p)
	case interface{ Rollback() error }:
		return nil, nil, fmt.Errorf("greptime: a %T cannot be read from, because GreptimeDB has no transactions; pass the *sql.DB or *sql.Conn that began it", from)
	}
	if conn == nil {
		return nil, nil, fmt.Errorf("greptime: a %T has no connections of this driver; pass a *greptime.Conn, a *sql.DB or a *sql.Conn", from)
	}
	return conn, pooled, nil
}
