package greptime_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/bulk"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/test/writemodel"
)

// Each test writes in one way to a server that carries out any part of a write and then
// answers anything. No row may be stored twice by a call that was not told to repeat, and
// no error may say that a row is not written which is there.

func TestOutcomesOfNativeInserts(t *testing.T) {
	var healed atomic.Int64
	runSchedules(t, func(s *schedule) { healed.Add(int64(s.insertValues("insert=auto"))) })
	if *seed == 0 && !fewSchedules() && !t.Failed() && healed.Load() == 0 {
		t.Error("no INSERT was written after the columns had turned out to be stale")
	}
}

func TestOutcomesOfInsertsThatAreOnlyNative(t *testing.T) {
	runSchedules(t, func(s *schedule) { s.insertValues("insert=native") })
}

func TestOutcomesOfInsertsAsText(t *testing.T) {
	runSchedules(t, func(s *schedule) { s.insertValues("insert=sql") })
}

// insertValues inserts rows by SQL, while the type of a column changes now and then. It
// returns how many INSERTs were refused for that and written all the same.
func (s *schedule) insertValues(params ...string) (healed int) {
	db := s.db(params...)
	if s.chance(0.7) { // make the columns known
		for name := range scheduleTables {
			s.exec(db, "INSERT", s.rows(name, 16), (*schedule).valuesOf)
		}
	}
	s.begin()
	for range 3 + s.rand.IntN(5) {
		table := s.table()
		if s.chance(0.3) {
			s.server.SetType(table, "v", column.Of([]column.Kind{column.Int64, column.Float64}[s.rand.IntN(2)]))
		}
		stale := s.server.Stale()
		err := s.exec(db, "INSERT", s.rows(table, []int{1, 1, 2, 5, 16, 20}[s.rand.IntN(6)]), (*schedule).valuesOf)
		if err == nil && s.server.Stale() > stale {
			healed++
		}
	}
	return healed
}

// executor is a *sql.DB or a *sql.Tx.
type executor interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// exec executes the statement that text makes for rows of one table.
func (s *schedule) exec(db executor, name string, rows []writemodel.Row, text statementOf) error {
	query, args := text(s, rows)
	call := s.model.Begin(name, rows...)
	ctx, cancel := s.context()
	defer cancel()
	result, err := db.ExecContext(ctx, query, args...)
	var affected int64
	if err == nil {
		affected, err = result.RowsAffected()
	}
	call.SettleResult(affected, err)
	return err
}

// valuesOf returns an INSERT … VALUES of rows.
func (s *schedule) valuesOf(rows []writemodel.Row) (string, []any) {
	var v any = int64(7)
	if s.chance(0.1) {
		v = math.NaN() // no literal says that
	}
	var args []any
	for _, r := range rows {
		var ts any = time.UnixMilli(r.ID)
		if s.chance(0.5) {
			ts = r.ID
		}
		args = append(args, fmt.Sprint("it's ", r.ID%5), ts, v, nil)
	}
	return "INSERT INTO " + rows[0].Table + " (host, ts, v, note) VALUES " + strings.TrimSuffix(strings.Repeat("(?, ?, ?, ?), ", len(rows)), ", "), args
}

func TestOutcomesOfInsertSelect(t *testing.T) {
	runSchedules(t, func(s *schedule) {
		db := s.db()
		s.begin()
		for range 3 + s.rand.IntN(5) {
			s.exec(db, "INSERT SELECT", s.rows(s.table(), 1+s.rand.IntN(20)), (*schedule).selectOf)
		}
	})
}

func (s *schedule) selectOf(rows []writemodel.Row) (string, []any) {
	return "INSERT INTO " + rows[0].Table + " (host, ts, v, note) SELECT host, ts, v, note FROM source WHERE ts >= ? AND ts < ?", []any{rows[0].ID, rows[len(rows)-1].ID + 1}
}

func TestOutcomesOfDelete(t *testing.T) {
	runSchedules(t, func(s *schedule) {
		db := s.db()
		s.begin()
		for range 3 + s.rand.IntN(5) {
			s.exec(db, "DELETE", deletions(s.rows(s.table(), 1+s.rand.IntN(20))), (*schedule).deleteOf)
		}
	})
}

func (s *schedule) deleteOf(rows []writemodel.Row) (string, []any) {
	return "DELETE FROM " + rows[0].Table + " WHERE ts >= ? AND ts < ?", []any{rows[0].ID, rows[len(rows)-1].ID + 1}
}

// deletions returns the deletions of rows.
func deletions(rows []writemodel.Row) []writemodel.Row {
	for i := range rows {
		rows[i].Delete = true
	}
	return rows
}

// A text of several statements is one call.
func TestOutcomesOfScripts(t *testing.T) {
	runSchedules(t, func(s *schedule) {
		db := s.db("multi_statements=true")
		s.begin()
		for range 2 + s.rand.IntN(4) {
			rows, text := s.script()
			s.exec(db, "script", rows, text)
		}
	})
}

// statementOf makes a statement for rows, and its arguments.
type statementOf func(s *schedule, rows []writemodel.Row) (string, []any)

// script returns a text of two or three statements, and the rows that it writes.
func (s *schedule) script() ([]writemodel.Row, statementOf) {
	var all []writemodel.Row
	var texts []string
	var args []any
	for i := range 2 + s.rand.IntN(2) {
		rows := s.rows(s.table(), 1+s.rand.IntN(4))
		text := (*schedule).valuesOf
		switch s.rand.IntN(4) {
		case 0:
			text = (*schedule).selectOf
		case 1:
			rows, text = deletions(rows), (*schedule).deleteOf
		case 2:
			if i > 0 {
				texts = append(texts, "SELECT count(*) FROM information_schema.partitions WHERE table_name = '"+s.table()+"'")
			}
		}
		query, values := text(s, rows)
		texts, args, all = append(texts, query), append(args, values...), append(all, rows...)
	}
	return all, func(*schedule, []writemodel.Row) (string, []any) { return strings.Join(texts, "; "), args }
}

// Query executes statements that write, too, one by one as its results are read.
func TestOutcomesOfQuery(t *testing.T) {
	runSchedules(t, func(s *schedule) {
		db := s.db("multi_statements=true")
		s.begin()
		for range 3 + s.rand.IntN(4) {
			rows, text := s.rows(s.table(), 1+s.rand.IntN(4)), statementOf((*schedule).valuesOf)
			if s.chance(0.5) {
				rows, text = s.script()
			}
			query, args := text(s, rows)
			call := s.model.Begin("Query", rows...)
			ctx, cancel := s.context()
			err := queryAll(ctx, db, query, args...)
			call.SettleRest(writemodel.OutcomeOf(err), err)
			cancel()
		}
	})
}

// queryAll reads all results of a query to their ends.
func queryAll(ctx context.Context, db *sql.DB, query string, args ...any) error {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	for more := true; more; more = rows.NextResultSet() {
		for rows.Next() {
		}
	}
	err = errors.Join(rows.Err(), rows.Close())
	if failed := rows.Err(); failed != nil && failed == ctx.Err() { // not an error that wraps it
		// Once the context has ended, Rows.Err is the context's error, whatever the driver
		// returned: database/sql hides that the error is Ambiguous.
		err = errors.Join(err, &greptime.Error{Ambiguous: true})
	}
	return err
}

// What Rollback says is true of all that was executed in the transaction.
func TestOutcomesOfTransactions(t *testing.T) {
	runSchedules(t, func(s *schedule) {
		db := s.db("transactions=ignore")
		s.begin()
		for range 3 + s.rand.IntN(5) {
			tx, err := db.BeginTx(s.t.Context(), nil)
			if errors.Is(err, greptime.ErrClosed) {
				return
			} else if err != nil {
				s.t.Fatal(err)
			}
			if s.chance(0.3) {
				s.exec(tx, "INSERT in a transaction", s.rows(s.table(), 1+s.rand.IntN(3)), (*schedule).valuesOf)
				if err := tx.Commit(); err != nil {
					s.t.Error(err)
				}
				continue
			}
			call := s.model.Begin("transaction")
			for range 1 + s.rand.IntN(2) {
				rows := s.rows(s.table(), 1+s.rand.IntN(3))
				call.Submit(rows...)
				query, args := s.valuesOf(rows)
				ctx, cancel := s.context()
				_, err = tx.ExecContext(ctx, query, args...)
				cancel()
				s.model.Note("%v: %v", call, err)
			}
			if err := tx.Rollback(); err != nil {
				call.SettleRest(writemodel.Unknown, err)
			} else {
				call.SettleRest(writemodel.Refused, errors.New("it was rolled back"))
			}
		}
	})
}

func TestOutcomesOfWrite(t *testing.T) {
	runSchedules(t, func(s *schedule) { s.write(1, false) })
}

func TestOutcomesOfWriteOfSeveralTables(t *testing.T) {
	runSchedules(t, func(s *schedule) { s.write(3, false) })
}

// A write with AtLeastOnce is repeated on another endpoint; what it says in the end holds
// for both.
func TestOutcomesOfWriteAtLeastOnce(t *testing.T) {
	runSchedules(t, func(s *schedule) { s.write(2, true) })
}

// write writes and deletes rows of up to so many tables natively, in one request or, by a
// small limit, in several.
func (s *schedule) write(tables int, atLeastOnce bool) {
	cfg := s.config()
	if s.chance(0.2) {
		cfg.MaxMessageSize = 250
	}
	conn := s.conn(cfg)
	s.begin()
	for range 3 + s.rand.IntN(5) {
		options := insert.Options{AtLeastOnce: atLeastOnce, ExistingOnly: s.chance(0.5)}
		var all []writemodel.Row
		var list []*insert.Table
		for range 1 + s.rand.IntN(tables) {
			rows := s.rows(s.table(), 1+s.rand.IntN(8))
			all = append(all, rows...)
			list = append(list, s.insertTable(rows))
		}
		begin := s.model.Begin
		if atLeastOnce {
			begin = s.model.BeginRepeatable
		}
		ctx, cancel := s.context()
		if s.chance(0.3) {
			call := begin("insert.Delete", deletions(all)...)
			n, err := options.Delete(ctx, conn, list...)
			call.SettleResult(n, err)
		} else {
			call := begin("insert.Write", all...)
			n, err := options.Write(ctx, conn, list...)
			call.SettleResult(n, err)
		}
		cancel()
	}
}

// insertTable returns rows of one table for package insert.
func (s *schedule) insertTable(rows []writemodel.Row) *insert.Table {
	table := insert.NewTable(rows[0].Table, insert.Tag("host", insert.String), insert.Time("ts", insert.Millisecond), insert.Field("v", insert.Int64))
	for _, r := range rows {
		if err := table.Append("a", time.UnixMilli(r.ID), 7); err != nil {
			s.t.Error(err)
		}
	}
	return table
}

func TestOutcomesOfStream(t *testing.T) {
	runSchedules(t, func(s *schedule) {
		conn := s.conn(s.config())
		s.begin()
		for range 2 + s.rand.IntN(4) {
			s.stream(conn)
		}
	})
}

// stream sends requests on a stream, which is one call.
func (s *schedule) stream(conn *greptime.Conn) {
	call := s.model.Begin("insert.Stream")
	ctx, cancel := s.context()
	defer cancel()
	stream, err := insert.NewStream(ctx, conn)
	if err != nil {
		return // it has no rows
	}
	defer stream.Close()
	for range 1 + s.rand.IntN(3) {
		var list []*insert.Table
		rows := s.rows(s.table(), 1+s.rand.IntN(4))
		list = append(list, s.insertTable(rows))
		if s.chance(0.3) {
			more := s.rows(s.table(), 1+s.rand.IntN(4))
			list = append(list, s.insertTable(more))
			rows = append(rows, more...)
		}
		send := stream.Send
		if s.chance(0.3) {
			rows, send = deletions(rows), stream.Delete
		}
		call.Submit(rows...)
		err := send(ctx, list...)
		var failed *insert.StreamError
		switch {
		case err == nil:
		case errors.As(err, &failed):
			call.SettleResult(0, err)
			return
		default: // the stream goes on without these rows
			call.Settle(writemodel.OutcomeOf(err), err, rows...)
		}
	}
	n, err := stream.CloseAndRecv(ctx)
	call.SettleResult(n, err)
}

func TestOutcomesOfWriter(t *testing.T) {
	runSchedules(t, func(s *schedule) { s.buffered(false) })
}

func TestOutcomesOfWriterAtLeastOnce(t *testing.T) {
	runSchedules(t, func(s *schedule) { s.buffered(true) })
}

// buffered writes rows one by one and several at once into a buffered writer, which is
// one call: what it does not give back it has written.
func (s *schedule) buffered(atLeastOnce bool) {
	begin := s.model.Begin
	if atLeastOnce {
		begin = s.model.BeginRepeatable
	}
	call := begin("insert.Writer")
	undelivered := func(u insert.FailedRows) {
		call.SettleFailed(u.Ambiguous, u.Err, rowsOf(s.t, u.Table)...)
	}
	take := func(err error) {
		var e *insert.WriteError
		if errors.As(err, &e) {
			for _, u := range e.Failed {
				undelivered(u)
			}
		} else if err != nil {
			s.t.Errorf("Flush or Close: %v", err)
		}
	}
	options := insert.WriterOptions{
		FlushRows:     1 + s.rand.IntN(8),
		FlushInterval: time.Duration(1+s.rand.IntN(3)) * time.Millisecond,
		InFlight:      1 + s.rand.IntN(3),
		Timeout:       20 * time.Millisecond,
		Retry:         s.retry(atLeastOnce),
	}
	if s.chance(0.5) {
		options.OnError = undelivered
	}
	w, err := insert.NewWriter(s.conn(s.config()), options)
	if err != nil {
		s.t.Fatal(err)
	}
	s.begin()
	for range 5 + s.rand.IntN(15) {
		rows := s.rows(s.table(), []int{1, 1, 1, 4, 12}[s.rand.IntN(5)])
		call.Submit(rows...)
		if err := w.Write(s.t.Context(), s.insertTable(rows)); err != nil {
			call.Settle(writemodel.Refused, err, rows...)
		}
		if s.chance(0.1) {
			take(w.Flush(s.t.Context()))
		}
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), []time.Duration{0, 5 * time.Millisecond, time.Minute}[s.rand.IntN(3)])
	defer cancel()
	take(w.Close(ctx))
	call.SettleRest(writemodel.Acknowledged, nil)
}

// retry draws for how long a writer sends again.
func (s *schedule) retry(atLeastOnce bool) insert.Retry {
	return insert.Retry{
		For:         time.Duration(s.rand.IntN(20)-1)*time.Millisecond + 1, // negative in one of 20
		MinBackoff:  time.Millisecond,
		MaxBackoff:  2 * time.Millisecond,
		AtLeastOnce: atLeastOnce,
	}
}

// rowsOf returns the rows of a table of package insert.
func rowsOf(t testing.TB, table *insert.Table) []writemodel.Row {
	rows := make([]writemodel.Row, table.Len())
	for i := range rows {
		ts, err := table.Row(i).Time("ts")
		if err != nil {
			t.Error(err)
		}
		rows[i] = writemodel.Row{Table: table.Name(), ID: ts.UnixMilli()}
	}
	return rows
}

func TestOutcomesOfBulk(t *testing.T) {
	runSchedules(t, func(s *schedule) { s.bulk(false) })
}

func TestOutcomesOfBulkAtLeastOnce(t *testing.T) {
	runSchedules(t, func(s *schedule) { s.bulk(true) })
}

// bulk writes batches, each of which is a call.
func (s *schedule) bulk(atLeastOnce bool) {
	options := bulk.Options{
		Streams:  1 + s.rand.IntN(3),
		InFlight: 1 + s.rand.IntN(8),
		Timeout:  30 * time.Millisecond,
		Retry:    s.retry(atLeastOnce),
	}
	begin := s.model.Begin
	if atLeastOnce {
		begin = s.model.BeginRepeatable
	}
	cfg := s.config()
	cfg.Timeout = 0 // which NewWriter might not meet
	if s.chance(0.3) {
		options.CheckInterval = time.Millisecond
	}
	w, err := bulk.NewWriter(s.t.Context(), s.conn(cfg), s.table(), options)
	if err != nil {
		s.t.Fatal(err)
	}
	s.begin()
	calls := map[int64]*writemodel.Call{} // by the batch's id
	take := func(err error) bool {
		var e *bulk.WriteError
		if !errors.As(err, &e) {
			s.model.Note("the writer: %v", err) // such as that it does not know whether the table has changed
			return false
		}
		for _, b := range e.Failed {
			call := calls[b.ID]
			call.SettleFailed(b.Ambiguous, b.Err, call.Rest()...)
		}
		return true
	}
	batch := w.NewBatch(8)
	for i := range 1 + s.rand.IntN(10) {
		rows := s.rows(w.Table(), 1+s.rand.IntN(8))
		for _, r := range rows {
			if err := batch.Append("a", time.UnixMilli(r.ID), 7, nil); err != nil {
				s.t.Error(err)
			}
		}
		if s.chance(0.05) {
			s.server.AddColumn(w.Table(), fmt.Sprint("c", i))
		}
		call := begin("batch", rows...)
		p, err := w.WriteAsync(s.t.Context(), batch)
		for take(err) { // failures that had piled up
			p, err = w.WriteAsync(s.t.Context(), batch)
		}
		if err != nil {
			call.SettleRest(writemodel.Refused, err)
			break
		}
		calls[p.ID()] = call
		if s.chance(0.1) {
			take(w.Flush(s.t.Context()))
		}
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), []time.Duration{0, 5 * time.Millisecond, time.Minute}[s.rand.IntN(3)])
	defer cancel()
	_, err = w.Close(ctx)
	take(err)
	for _, call := range calls {
		call.SettleRest(writemodel.Acknowledged, nil)
	}
}
