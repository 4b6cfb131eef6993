package greptime_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/bulk"
	"github.com/greptime-go/greptime/insert"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

// transactionTexts are what tools send that insist on transactions.
var transactionTexts = []string{
	"BEGIN", "begin work;", "START TRANSACTION", "/* a */ Start Transaction READ ONLY -- b", "COMMIT", "commit;", "END",
	"ROLLBACK", "SAVEPOINT x", "RELEASE x", "RELEASE SAVEPOINT x", "ROLLBACK TO x", "ROLLBACK TO SAVEPOINT x",
}

func TestTransactionTextsDoNothing(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	db := openServer(t, s.Server, "transactions=ignore")
	multi := openServer(t, s.Server, "transactions=ignore&multi_statements=true")
	for _, text := range transactionTexts {
		for _, db := range []*sql.DB{db, multi} {
			exec(t, db, text)
			rows, err := db.Query(text)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			if err := errors.Join(rows.Close(), rows.Err()); err != nil {
				t.Errorf("%s: %v", text, err)
			}
			stmt, err := db.Prepare(text)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			if _, err := stmt.Exec(); err != nil {
				t.Errorf("%s, prepared: %v", text, err)
			}
			stmt.Close()
		}
	}
	if got := s.texts(); len(got) != 0 {
		t.Errorf("sent %q", got)
	}

	exec(t, multi, "BEGIN; INSERT INTO a VALUES (?); SAVEPOINT x; INSERT INTO b VALUES (?); RELEASE x; COMMIT;", 1, 2)
	if got := s.texts(); !slices.Equal(got, []string{"INSERT INTO a VALUES (1)", "INSERT INTO b VALUES (2)"}) {
		t.Errorf("sent %q", got)
	}
	var one int64
	rows, err := multi.Query("BEGIN; SELECT 1; COMMIT")
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		one++
	}
	if err := errors.Join(rows.Close(), rows.Err()); err != nil || one == 0 {
		t.Errorf("%d rows, %v", one, err)
	}
	if _, err := db.Exec("BEGIN; COMMIT"); !errors.Is(err, greptime.ErrMultipleStatements) {
		t.Errorf("a script without multi_statements: %v", err)
	}

	tx, err := db.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range transactionTexts {
		exec(t, tx, text) // they write nothing
	}
	if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
}

func TestTransactionTextsAreRefused(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	for _, params := range []string{"multi_statements=false", "multi_statements=true"} {
		db := openServer(t, s.Server, params)
		for _, text := range slices.Concat(transactionTexts, []string{"BEGIN; INSERT INTO t VALUES (1); COMMIT", "INSERT INTO t VALUES (1); COMMIT"}) {
			if _, err := db.Exec(text); !errors.Is(err, greptime.ErrTransactions) {
				t.Errorf("Exec of %s: %v", text, err)
			}
			if _, err := db.Query(text); !errors.Is(err, greptime.ErrTransactions) {
				t.Errorf("Query of %s: %v", text, err)
			}
		}
	}
	if got := s.texts(); len(got) != 0 {
		t.Errorf("sent %q", got)
	}
}

// A transaction in which the server refused the only write has nothing to take back; one
// whose write may have been carried out has.
func TestRollbackAfterRefusedWrites(t *testing.T) {
	t.Parallel()
	refuse := func(c *wiretest.Call) error { return c.Fail(codes.InvalidArgument, "no such table", 4001) }
	lose := func(c *wiretest.Call) error { return c.Fail(codes.Unavailable, "", 0) }
	for name, test := range map[string]struct {
		answer  wiretest.Handler
		query   string
		written bool
	}{
		"text, refused":   {refuse, "INSERT INTO missing (host, ts) VALUES ('a', 1)", false},
		"text, lost":      {lose, "INSERT INTO missing (host, ts) VALUES ('a', 1)", true},
		"native, refused": {refuse, "INSERT INTO t (host, ts) VALUES ('a', 1)", false},
		"native, lost":    {lose, "INSERT INTO t (host, ts) VALUES ('a', 1)", true},
	} {
		s := newTableServer(t)
		db := openServer(t, s.Server, "transactions=ignore")
		s.know(t, db)
		s.answerNative(func(c *wiretest.Call, _ *greptimev1.GreptimeRequest) error { return test.answer(c) })
		s.answerText(test.answer)
		tx, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(test.query); err == nil {
			t.Fatalf("%s: no error", name)
		}
		err = tx.Rollback()
		if errors.Is(err, greptime.ErrTransactions) != test.written {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What transactions=ignore does not do must not advise to set it.
func TestErrorsOfIgnoredTransactionsDoNotAdviseTheirOption(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	db := openServer(t, s.Server, "transactions=ignore")
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	exec(t, tx, "INSERT INTO t VALUES (1)")
	rollback := tx.Rollback()
	_, isolation := db.BeginTx(t.Context(), &sql.TxOptions{Isolation: sql.LevelSerializable})
	if tx, err = db.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true}); err != nil {
		t.Fatal(err)
	}
	_, write := tx.Exec("INSERT INTO t VALUES (1)")
	_, admin := tx.Exec("SELECT flush_table('t')")
	for what, err := range map[string]error{"Rollback": rollback, "isolation": isolation, "write": write, "admin": admin} {
		if !errors.Is(err, greptime.ErrTransactions) || strings.Contains(err.Error(), "set transactions") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}
}

// A function of ADMIN in a query is not called twice, on no endpoint.
func TestAdminFunctionsAreNotRepeated(t *testing.T) {
	t.Parallel()
	lose := func(c *wiretest.Call) error { return c.Fail(codes.Unavailable, "", 0) }
	first, second := wiretest.Start(t, lose), wiretest.Start(t, wiretest.Replay(captures.DoGetByName("select_constants")))
	db, err := sql.Open("greptime", "greptime://"+first.Addr()+","+second.Addr()+"/public?balance=ordered")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for text, repeated := range map[string]bool{"SELECT 1": true, "SELECT flush_table('t')": false, "SELECT `compact_table`('t')": false} {
		before := second.Calls("")
		rows, err := db.Query(text)
		if err == nil {
			rows.Close()
		}
		var e *greptime.Error
		if (err == nil) != repeated || (second.Calls("")-before > 0) != repeated {
			t.Errorf("%s: %v, %d calls of the second endpoint", text, err, second.Calls("")-before)
		}
		if !repeated && (!errors.As(err, &e) || !e.Ambiguous) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// What packages insert and bulk write on the connection of a transaction counts as its
// statements do: unless the server's answer proves that nothing was written.
func TestRollbackAfterInserts(t *testing.T) {
	t.Parallel()
	refuse := func(c *wiretest.Call) error { return c.Fail(codes.NotFound, "Table not found: t", 4001) }
	lose := func(c *wiretest.Call) error { return c.Fail(codes.Unavailable, "", 0) }
	accept := func(c *wiretest.Call) error {
		if c.Method == wiretest.MethodDoPut {
			return c.SendPutResult(`{"request_id":1,"affected_rows":2,"elapsed_secs":0.0}`)
		}
		return c.Respond(2)
	}
	for _, answer := range []struct {
		name    string
		handler wiretest.Handler
		written bool
	}{{"refused", refuse, false}, {"lost", lose, true}, {"accepted", accept, true}} {
		s := wiretest.Start(t, func(c *wiretest.Call) error {
			switch c.Method {
			case wiretest.MethodDoGet:
				return c.Fail(codes.PermissionDenied, "User is not authorized to perform this action", 7006)
			case wiretest.MethodDoPut:
				if err := c.SendPutResult(`{"request_id":0,"affected_rows":0,"elapsed_secs":0.0}`); err != nil {
					return err
				}
				if _, err := c.Recv(); err != nil { // the schema
					return err
				}
				if _, err := c.Recv(); err == io.EOF { // no batch
					return nil
				}
				return answer.handler(c)
			}
			requests := 0
			for {
				if _, err := c.Recv(); err != nil {
					break
				}
				requests++
			}
			if requests == 0 {
				return c.Respond(0)
			}
			return answer.handler(c)
		})
		db := openServer(t, s, "transactions=ignore")
		for name, write := range insertWays(t) {
			conn := oneConn(t, db)
			tx, err := conn.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := write(conn); (err == nil) != (answer.name == "accepted") {
				t.Errorf("%s, %s: %v", name, answer.name, err)
			}
			if err := tx.Rollback(); errors.Is(err, greptime.ErrTransactions) != answer.written {
				t.Errorf("%s, %s: Rollback: %v", name, answer.name, err)
			}
		}
	}
}

// insertWays returns the ways to write two rows on a connection, and to wait for the answer.
func insertWays(t *testing.T) map[string]func(*sql.Conn) error {
	schema, err := insert.NewSchema(insert.Tag("host", insert.String), insert.Time("ts", insert.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	table := schema.NewTable("t")
	for i := range 2 {
		if err := table.Append("a", time.UnixMilli(int64(i))); err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	return map[string]func(*sql.Conn) error{
		"Write": func(c *sql.Conn) error {
			_, err := insert.Write(ctx, c, table)
			return err
		},
		"Delete": func(c *sql.Conn) error {
			_, err := insert.Delete(ctx, c, table)
			return err
		},
		"Stream": func(c *sql.Conn) error {
			stream, err := insert.NewStream(ctx, c)
			if err != nil {
				return err
			}
			defer stream.Close()
			if err := stream.Send(ctx, table); err != nil {
				return err
			}
			_, err = stream.CloseAndRecv(ctx)
			return err
		},
		"Writer": func(c *sql.Conn) error {
			w, err := insert.NewWriter(c, insert.WriterOptions{})
			if err != nil {
				return err
			}
			return errors.Join(w.Write(ctx, table), w.Close(ctx))
		},
		"Writer with OnError": func(c *sql.Conn) error {
			var failed error
			w, err := insert.NewWriter(c, insert.WriterOptions{OnError: func(rows insert.FailedRows) { failed = rows.Err }})
			if err != nil {
				return err
			}
			return errors.Join(w.Write(ctx, table), w.Close(ctx), failed)
		},
		"bulk": func(c *sql.Conn) error {
			w, err := bulk.NewWriter(ctx, c, "t", bulk.Options{Schema: schema, Streams: 1, Retry: insert.Retry{For: -1}})
			if err != nil {
				return err
			}
			batch := w.NewBatch(2)
			for i := range 2 {
				if err := batch.Append("a", time.UnixMilli(int64(i))); err != nil {
					return err
				}
			}
			_, err = w.Write(ctx, batch)
			_, closed := w.Close(ctx)
			return errors.Join(err, closed)
		},
	}
}

// A Rollback undoes nothing of rows whose answer is still to come, or that are sent only
// later.
func TestRollbackBeforeRowsAreAcknowledged(t *testing.T) {
	t.Parallel()
	s := wiretest.Start(t, func(c *wiretest.Call) error {
		for {
			if _, err := c.Recv(); err != nil {
				return c.Respond(1)
			}
		}
	})
	table := insert.NewTable("t", insert.Tag("host", insert.String), insert.Time("ts", insert.Millisecond))
	if err := table.Append("a", time.UnixMilli(1)); err != nil {
		t.Fatal(err)
	}
	db := openServer(t, s, "transactions=ignore")
	conn := oneConn(t, db)
	begin := func() *sql.Tx {
		t.Helper()
		tx, err := conn.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return tx
	}
	rollback := func(what string, tx *sql.Tx, written bool) {
		t.Helper()
		if err := tx.Rollback(); errors.Is(err, greptime.ErrTransactions) != written {
			t.Errorf("%s: %v", what, err)
		}
	}

	tx := begin()
	w, err := insert.NewWriter(conn, insert.WriterOptions{FlushInterval: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	stream, err := insert.NewStream(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	rollback("a Writer and a Stream without rows", tx, false)

	tx = begin()
	if err := errors.Join(w.Write(t.Context(), table), w.Close(t.Context()), stream.Send(t.Context(), table)); err != nil {
		t.Fatal(err)
	}
	rollback("a transaction that began after the Writer and the Stream were made", tx, false)

	tx = begin()
	if w, err = insert.NewWriter(conn, insert.WriterOptions{FlushInterval: time.Hour}); err != nil {
		t.Fatal(err)
	}
	if err := w.Write(t.Context(), table); err != nil {
		t.Fatal(err)
	}
	rollback("rows in the buffer", tx, true)
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	tx = begin()
	if stream, err = insert.NewStream(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(t.Context(), table); err != nil {
		t.Fatal(err)
	}
	stream.Close()
	rollback("a Stream that was given up", tx, true)
}

// Of writes at the same time, a refused one takes back only itself.
func TestRollbackAfterConcurrentInserts(t *testing.T) {
	t.Parallel()
	s := wiretest.Start(t, func(c *wiretest.Call) error {
		request, err := c.Request()
		if err != nil {
			return err
		}
		if request.GetRowInserts().Inserts[0].TableName == "missing" {
			return c.Fail(codes.NotFound, "Table not found: missing", 4001)
		}
		return c.Respond(1)
	})
	cfg, err := greptime.ParseDSN(s.DSN("transactions=ignore"))
	if err != nil {
		t.Fatal(err)
	}
	connector, err := greptime.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer connector.Close()
	opened, err := connector.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	conn := opened.(*greptime.Conn)
	for _, written := range []bool{false, true} {
		tx, err := conn.BeginTx(t.Context(), driver.TxOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var writers sync.WaitGroup
		for i := range 20 {
			name := "missing"
			if written && i == 7 {
				name = "t"
			}
			table := insert.NewTable(name, insert.Tag("host", insert.String), insert.Time("ts", insert.Millisecond))
			if err := table.Append("a", time.UnixMilli(1)); err != nil {
				t.Fatal(err)
			}
			writers.Go(func() {
				if _, err := insert.Write(t.Context(), conn, table); (err == nil) != (name == "t") {
					t.Errorf("table %s: %v", name, err)
				}
			})
		}
		writers.Wait()
		if err := tx.Rollback(); errors.Is(err, greptime.ErrTransactions) != written {
			t.Errorf("written %v: %v", written, err)
		}
	}
}

// A read-only transaction refuses the writers of packages insert and bulk.
func TestReadOnlyTransactionsRefuseInserts(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	db := openServer(t, s.Server, "transactions=ignore")
	for name, write := range insertWays(t) {
		conn := oneConn(t, db)
		tx, err := conn.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := write(conn); !errors.Is(err, greptime.ErrTransactions) {
			t.Errorf("%s: %v", name, err)
		}
		if err := tx.Rollback(); err != nil {
			t.Errorf("%s: Rollback: %v", name, err)
		}
	}
	if got := s.texts(); len(got) != 0 {
		t.Errorf("sent %q", got)
	}
}

// Of two transactions of a connection at the same time, Rollback of the first would not know of
// its writes, and one that is read-only would let them through.
func TestSecondTransactionOfAConnectionIsRefused(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	db := openServer(t, s.Server, "transactions=ignore")
	insert := func(tx *sql.Tx) error {
		_, err := tx.Exec("INSERT INTO t VALUES (1)")
		return err
	}
	for name, opts := range map[string]*sql.TxOptions{"read-write": nil, "read-only": {ReadOnly: true}} {
		conn := oneConn(t, db)
		first, err := conn.BeginTx(t.Context(), opts)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.BeginTx(t.Context(), nil); !errors.Is(err, greptime.ErrTransactions) || !strings.Contains(err.Error(), "still open") {
			t.Errorf("%s: a second transaction: %v", name, err)
		}
		readOnly := opts != nil
		if err := insert(first); errors.Is(err, greptime.ErrTransactions) != readOnly {
			t.Errorf("%s: a write in the first: %v", name, err)
		}
		if err := first.Rollback(); errors.Is(err, greptime.ErrTransactions) == readOnly {
			t.Errorf("%s: Rollback of the first: %v", name, err)
		}
		next, err := conn.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatalf("%s: a transaction after the first: %v", name, err)
		}
		if err := errors.Join(insert(next), next.Commit()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// database/sql rolls a transaction back on a goroutine of its own when its context ends.
func TestTransactionEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	conn, err := greptime.Connect(t.Context(), s.DSN("transactions=ignore"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	ctx, cancel := context.WithCancel(t.Context())
	first, err := conn.BeginTx(ctx, driver.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	second, err := conn.BeginTx(t.Context(), driver.TxOptions{})
	if err != nil {
		t.Fatalf("after the context of the first: %v", err)
	}
	if err := first.Rollback(); err != nil {
		t.Error(err)
	}
	if _, err := conn.BeginTx(t.Context(), driver.TxOptions{}); !errors.Is(err, greptime.ErrTransactions) {
		t.Errorf("the Rollback of the first ended the second: %v", err)
	}
	if err := second.Commit(); err != nil {
		t.Error(err)
	}
}
