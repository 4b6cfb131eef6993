package engine

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/greptime-go/greptime/greptimetest/internal/expr"
	"github.com/greptime-go/greptime/greptimetest/internal/functions"
	"github.com/greptime-go/greptime/greptimetest/internal/schema"
	"github.com/greptime-go/greptime/greptimetest/internal/translate"
)

// Result is the answer to a statement: affected rows if Schema is nil, otherwise
// rows. Close must be called.
type Result struct {
	Affected uint32
	Schema   *arrow.Schema
	// Stream tells that the result is one that GreptimeDB ends with metrics.
	Stream bool
	// BatchMetrics tells that there are metrics after every batch, too.
	BatchMetrics bool
	// Empty tells that a result without rows has a batch of zero rows.
	Empty bool

	rows rowSource
	cols []output
}

// Close gives up what the result holds.
func (r *Result) Close() {
	if r.rows != nil {
		r.rows.close()
	}
}

func affected(n int) *Result { return &Result{Affected: uint32(n)} }

// rowSource yields rows of driver values, and io.EOF after the last.
type rowSource interface {
	next(row []driver.Value) error
	close()
}

// duckRows are the rows of a DuckDB query, with the connection it runs on.
type duckRows struct {
	conn  *sql.Conn
	stmt  *duckdb.Stmt
	rows  driver.Rows
	types []duckdb.TypeInfo
	first [][]driver.Value // read ahead
	err   error            // after first
}

func (r *duckRows) next(row []driver.Value) error {
	if len(r.first) > 0 {
		copy(row, r.first[0])
		r.first = r.first[1:]
		return nil
	}
	if r.err != nil {
		return r.err
	}
	return r.rows.Next(row)
}

func (r *duckRows) close() {
	if r.rows != nil {
		r.rows.Close()
	}
	if r.stmt != nil {
		r.stmt.Close()
	}
	r.conn.Close()
}

// run prepares and executes a query of DuckDB. An error of the execution is kept in
// the rows, because GreptimeDB sends the schema before it meets such an error.
func (e *Engine) run(ctx context.Context, query string) (*duckRows, error) {
	conn, err := e.db.Conn(ctx)
	if err != nil {
		return nil, schema.AsError(err)
	}
	r := &duckRows{conn: conn}
	err = conn.Raw(func(dc any) error {
		stmt, err := dc.(*duckdb.Conn).PrepareContext(ctx, query)
		if err != nil {
			return planFailure(err)
		}
		r.stmt = stmt.(*duckdb.Stmt)
		n, err := r.stmt.ColumnCount()
		if err != nil {
			return err
		}
		r.types = make([]duckdb.TypeInfo, n)
		for i := range r.types {
			if r.types[i], err = r.stmt.ColumnTypeInfo(i); err != nil {
				return err
			}
		}
		if r.rows, err = r.stmt.QueryContext(ctx, nil); err != nil {
			r.err = executionFailure(ctx, err)
		}
		return nil
	})
	if err != nil {
		r.close()
		return nil, schema.AsError(err)
	}
	if r.err == nil {
		row := make([]driver.Value, len(r.types))
		switch err := r.rows.Next(row); {
		case err == nil:
			r.first = append(r.first, row)
		case errors.Is(err, io.EOF):
			r.err = io.EOF
		default:
			r.err = executionFailure(ctx, err)
		}
	}
	return r, nil
}

var badCast = regexp.MustCompile(`Could not convert string '(.*)' to '?([A-Z0-9_]+)'?`)

// executionFailure returns DuckDB's error in GreptimeDB's words, where those are known.
func executionFailure(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return schema.Errorf(schema.Cancelled, "%v", ctx.Err())
	}
	var e *schema.Error
	if errors.As(err, &e) {
		return e
	}
	msg := duckMessage(err)
	if i := strings.Index(msg, "Not supported by greptimetest"); i >= 0 {
		return schema.Errorf(schema.Unsupported, "%s", msg[i:])
	}
	if own, ok := strings.CutPrefix(msg, "database/sql/driver: API error: "); ok { // of a function in Go
		return schema.Errorf(schema.EngineExecuteQuery, "%s", own)
	}
	if mathRefused.MatchString(msg) {
		return schema.NotSupported("%s, which is NaN or infinite there", msg)
	}
	if m := badCast.FindStringSubmatch(msg); m != nil {
		to := m[2]
		if n, ok := strings.CutPrefix(to, "INT"); ok {
			to = "Int" + n
		}
		msg = fmt.Sprintf("Cast error: Cannot cast string '%s' to value of %s type", m[1], to)
	}
	if !knownFailure.MatchString(msg) {
		return schema.NotSupported("what DuckDB fails at (%s)", msg)
	}
	return schema.Errorf(schema.EngineExecuteQuery, "%s", msg)
}

// knownFailure is what fails in GreptimeDB as well, or, integers that overflow, is said
// to differ.
var knownFailure = regexp.MustCompile(`^Cast error|^Divide by zero|^Overflow in|of range for the destination type U?INT`)

var (
	typesRefused = regexp.MustCompile(`No function matches|Cannot compare values|Cannot mix values|explicit cast is required`)
	mathRefused  = regexp.MustCompile(`cannot take (square root|logarithm)`)
)

// planFailure returns an error that DuckDB found before it ran the query.
func planFailure(err error) error {
	var de *duckdb.Error
	if errors.As(err, &de) {
		switch de.Type {
		case duckdb.ErrorTypeParser, duckdb.ErrorTypeSyntax:
			return schema.Errorf(schema.InvalidSyntax, "Invalid SQL syntax: sql parser error: %s", duckMessage(err))
		case duckdb.ErrorTypeConversion, duckdb.ErrorTypeInvalidInput, duckdb.ErrorTypeOutOfRange:
			return executionFailure(context.Background(), err)
		case duckdb.ErrorTypeNotImplemented:
			return schema.NotSupported("%s", duckMessage(err))
		case duckdb.ErrorTypeBinder:
			// Types that DataFusion may have rules for.
			if msg := duckMessage(err); typesRefused.MatchString(msg) {
				return schema.NotSupported("%s", msg)
			}
		}
	}
	return schema.PlanError("%s", duckMessage(err))
}

// duckMessage returns the first line of DuckDB's error without its kind.
func duckMessage(err error) string {
	msg, _, _ := strings.Cut(err.Error(), "\n")
	if kind, rest, ok := strings.Cut(msg, " Error: "); ok && len(kind) < 30 {
		return rest
	}
	return msg
}

// query runs a SELECT, WITH or VALUES.
func (e *Engine) query(ctx context.Context, s *schema.Session, toks []schema.Token) (*Result, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	p, err := translate.Query(ctx, e.database(), e.env(s), toks)
	if err != nil {
		return nil, err
	}
	return e.runPlanned(ctx, p)
}

// database returns what queries are translated against. The lock is held.
func (e *Engine) database() translate.Database {
	return translate.Database{Parser: e, Tables: e.catalog, Information: e}
}

// env returns what functions know about a request.
func (e *Engine) env(s *schema.Session) functions.Env { return functions.Env{Session: s, Now: e.now()} }

// ParseTree has DuckDB parse a query; see Parser.
func (e *Engine) ParseTree(ctx context.Context, query string) (string, error) {
	var tree string
	row := e.db.QueryRowContext(ctx, `SELECT json_serialize_sql(CAST(? AS VARCHAR), skip_empty := true, skip_null := true)::VARCHAR`, query)
	if err := row.Scan(&tree); err != nil {
		return "", schema.AsError(err)
	}
	return tree, nil
}

// runPlanned runs a translated query.
func (e *Engine) runPlanned(ctx context.Context, p translate.Plan) (*Result, error) {
	rows, err := e.run(ctx, p.SQL)
	if err != nil {
		return nil, err
	}
	if rows.err != nil && !errors.Is(rows.err, io.EOF) && !p.FromTables {
		rows.close()
		return nil, rows.err
	}
	outs := p.Columns
	r := &Result{Stream: true, rows: rows, cols: make([]output, len(outs))}
	if len(rows.types) != len(outs) {
		rows.close()
		return nil, schema.Errorf(schema.Unexpected, "the translated query has %d columns, expected %d", len(rows.types), len(outs))
	}
	fields := make([]arrow.Field, len(outs))
	for i, o := range outs {
		dt, err := outputType(o, rows.types[i])
		if err != nil {
			rows.close()
			return nil, err
		}
		null := o.Null
		if !o.Is(expr.OfColumn) && len(rows.first) > 0 {
			null = rows.first[0][i] == nil
		}
		fields[i] = arrow.Field{Name: o.Name, Type: dt, Nullable: null, Metadata: arrow.MetadataFrom(o.Metadata)}
		r.cols[i] = output{dt, o.Interval}
	}
	var meta *arrow.Metadata
	if p.Version >= 0 {
		m := arrow.NewMetadata([]string{"greptime:version"}, []string{strconv.Itoa(p.Version)})
		meta = &m
	}
	r.Schema = arrow.NewSchema(fields, meta)
	return r, nil
}

// outputType returns the Arrow type of a result column.
func outputType(o expr.Expr, t duckdb.TypeInfo) (arrow.DataType, error) {
	switch {
	case o.Arrow != nil:
		return o.Arrow, nil
	case o.Type.Known():
		return o.Type.Arrow(), nil
	}
	return arrowType(t)
}

// arrowType returns the Arrow type that stands for a type of DuckDB.
func arrowType(t duckdb.TypeInfo) (arrow.DataType, error) {
	switch t.InternalType() {
	case duckdb.TYPE_DECIMAL:
		d := t.Details().(*duckdb.DecimalDetails)
		return &arrow.Decimal128Type{Precision: int32(d.Width), Scale: int32(d.Scale)}, nil
	case duckdb.TYPE_LIST:
		child, err := arrowType(t.Details().(*duckdb.ListDetails).Child)
		if err != nil {
			return nil, err
		}
		return arrow.ListOf(child), nil
	case duckdb.TYPE_STRUCT:
		var fields []arrow.Field
		for _, en := range t.Details().(*duckdb.StructDetails).Entries {
			child, err := arrowType(en.Info())
			if err != nil {
				return nil, err
			}
			fields = append(fields, arrow.Field{Name: en.Name(), Type: child, Nullable: true})
		}
		return arrow.StructOf(fields...), nil
	case duckdb.TYPE_HUGEINT:
		return nil, schema.NotSupported("integers of both signs in 64 bits; CAST them")
	case duckdb.TYPE_INTERVAL:
		return arrow.FixedWidthTypes.MonthDayNanoInterval, nil
	case duckdb.TYPE_SQLNULL:
		return arrow.Null, nil
	}
	k, ok := duckKinds[t.InternalType()]
	if !ok {
		return nil, schema.NotSupported("results of DuckDB's type %v", t.InternalType())
	}
	return schema.Type{Kind: k}.Arrow(), nil
}

var duckKinds = map[duckdb.Type]schema.Kind{
	duckdb.TYPE_BOOLEAN: schema.Bool, duckdb.TYPE_TINYINT: schema.Int8, duckdb.TYPE_SMALLINT: schema.Int16, duckdb.TYPE_INTEGER: schema.Int32, duckdb.TYPE_BIGINT: schema.Int64,
	duckdb.TYPE_UTINYINT: schema.UInt8, duckdb.TYPE_USMALLINT: schema.UInt16, duckdb.TYPE_UINTEGER: schema.UInt32, duckdb.TYPE_UBIGINT: schema.UInt64,
	duckdb.TYPE_FLOAT: schema.Float32, duckdb.TYPE_DOUBLE: schema.Float64, duckdb.TYPE_VARCHAR: schema.String, duckdb.TYPE_BLOB: schema.Binary, duckdb.TYPE_DATE: schema.Date,
	duckdb.TYPE_TIMESTAMP_S: schema.TimestampSecond, duckdb.TYPE_TIMESTAMP_MS: schema.TimestampMilli, duckdb.TYPE_TIMESTAMP: schema.TimestampMicro, duckdb.TYPE_TIMESTAMP_NS: schema.TimestampNano,
}

// goRows are rows made here: SHOW, DESCRIBE.
type goRows [][]driver.Value

func (r *goRows) next(row []driver.Value) error {
	if len(*r) == 0 {
		return io.EOF
	}
	copy(row, (*r)[0])
	*r = (*r)[1:]
	return nil
}

func (r *goRows) close() {}
