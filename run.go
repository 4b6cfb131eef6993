package greptime

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"
	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/doubt"
	internalsession "github.com/greptime-go/greptime/internal/session"
	"github.com/greptime-go/greptime/internal/sqltext"
	"github.com/greptime-go/greptime/internal/transport"
)

// runner runs statements. A Conn runs each in the session that it has then, a session
// in itself.
type runner interface {
	// run runs a statement and waits for the first message of its answer.
	run(ctx context.Context, st statement) (*RecordReader, error)
}

// run sends a statement and waits for the first message of its answer, within Config.Timeout.
func (s session) run(ctx context.Context, st statement) (*RecordReader, error) {
	if err := st.rebind(s); err != nil {
		return nil, err
	}
	ctx, cancel := s.client.limit(ctx)
	rd, err := s.send(ctx, st)
	if err != nil {
		cancel()
		return nil, err
	}
	rd.cancel = cancel
	return rd, nil
}

// send sends a statement and waits for the first message of its answer.
func (s session) send(ctx context.Context, st statement) (*RecordReader, error) {
	var writes *internalsession.Writes
	if !st.readOnly {
		var err error
		if writes, err = s.writes(); err != nil {
			return nil, err
		}
	}
	header, err := s.encodedHeader(ctx)
	if err != nil {
		return nil, err
	}
	ticket, err := st.ticket(header)
	if err != nil {
		return nil, err
	}
	writes.Add(1)
	stream, err := s.client.channels.DoGet(ctx, transport.Request{Ticket: ticket, Metadata: s.metadata(), Repeatable: st.readOnly, Endpoint: st.endpoint})
	if st.alters {
		s.client.tables.Clear()
	}
	if err != nil {
		failure := s.writeError(ctx, err, st.write())
		if !failure.Ambiguous {
			writes.TakeBack(1)
		}
		return nil, failure
	}
	return newRecordReader(ctx, stream, s, st, writes)
}

// Result is the outcome of a statement that returns no rows.
type Result struct{ affected int64 }

// LastInsertId returns an error: GreptimeDB has no generated keys.
func (Result) LastInsertId() (int64, error) {
	return 0, errors.New("greptime: LastInsertId: GreptimeDB has no generated keys; a row's key is its tags and time index")
}

// RowsAffected returns the server's count: the rows that an insert accepted
// (including duplicates), the rows that a delete matched, 1 for CREATE DATABASE, and
// 0 for other DDL. If several statements ran, it returns the sum.
func (r Result) RowsAffected() (int64, error) { return r.affected, nil }

// execAll runs statements one after the other, each to its end, and adds up the
// affected rows. It stops at the first error.
func execAll(ctx context.Context, r runner, statements []statement) (driver.Result, error) {
	var result Result
	wrote := false
	for i, st := range statements {
		affected, err := runToEnd(ctx, r, st)
		if err != nil {
			return nil, statementError(err, i, len(statements), wrote)
		}
		wrote = wrote || isWrite(st)
		result.affected += affected
	}
	return result, nil
}

// runToEnd runs a statement to its end and returns the number of affected rows.
func runToEnd(ctx context.Context, r runner, st statement) (affected int64, err error) {
	rd, err := r.run(ctx, st)
	if err != nil {
		return 0, err
	}
	return rd.drain()
}

// statementError returns an error that names which of n statements failed. If a statement
// before it was a write (wrote), it is not safe to repeat the call as a whole.
func statementError(err error, i, n int, wrote bool) error {
	if n < 2 {
		return err
	}
	if wrote {
		err = ambiguous(err)
	}
	if errors.Is(err, ErrClosed) {
		return err
	}
	return fmt.Errorf("statement %d of %d (those before it ran, those after it did not): %w", i+1, n, err)
}

// ambiguous returns err as the error of a call that has written something before. err itself is
// unchanged: a tracer may have it.
func ambiguous(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return &Error{Message: err.Error(), Ambiguous: true, cause: err}
	}
	marked := *e
	marked.Ambiguous = true
	if err == error(e) {
		return &marked
	}
	return doubt.With(err, &marked)
}

// regionsTimeout bounds the query for the number of a table's regions.
const regionsTimeout = 5 * time.Second

// writeError returns callError for a write of the session. If the error proves that
// nothing was written only if the table has one region, writeError asks for the number of
// regions.
func (s session) writeError(ctx context.Context, err error, w internalsession.Write) *Error {
	e := callError(ctx, err, w)
	if e.Ambiguous && e.proof == provenByOneRegion && w.MayAsk && s.hasOneRegion(ctx, w) {
		e.proof, e.Ambiguous = proven, false
	}
	return e
}

// hasOneRegion reports whether the table of w has one region, according to the server.
func (s session) hasOneRegion(ctx context.Context, w internalsession.Write) bool {
	if w.Table == "" {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, regionsTimeout)
	defer cancel()
	database := w.Database
	if database == "" {
		database = s.database
	}
	n, err := catalog.Regions(ctx, s.query, database, w.Table)
	return err == nil && n == 1
}

// query runs a query about tables, for package catalog.
func (s session) query(ctx context.Context, sql string) (array.RecordReader, error) {
	return s.send(ctx, statement{text: sql, kind: sqltext.Describe, readOnly: true})
}

// selectOne selects a constant.
var selectOne = statement{text: "SELECT 1", kind: sqltext.Select, readOnly: true, endsWithMetrics: true}

// probe asks the endpoint for a result, to learn whether it ends results with metrics.
func (s session) probe(ctx context.Context, endpoint *transport.Endpoint) error {
	st := selectOne
	st.endpoint, st.isProbe = endpoint, true
	rd, err := s.send(ctx, st)
	if err != nil {
		return err
	}
	if _, err := rd.drain(); err != nil {
		return err
	}
	if endpoint.Metrics() == transport.MetricsUnknown { // or the answer had some
		endpoint.SetMetrics(transport.NoMetrics)
	}
	return nil
}

// checkDatabase returns a DatabaseNotFound if the server does not list the database.
func (s session) checkDatabase(ctx context.Context, database string) error {
	known, err := s.databaseExists(ctx, database)
	if err == nil && !known {
		return &Error{Code: DatabaseNotFound, GRPC: codes.NotFound,
			Message: fmt.Sprintf("database %q does not exist; SHOW DATABASES lists those that do", database)}
	}
	return err
}

func (s session) databaseExists(ctx context.Context, database string) (bool, error) {
	rd, err := s.run(ctx, statement{text: "SHOW DATABASES", kind: sqltext.Show, readOnly: true})
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
