package greptime_test

import (
	"database/sql"
	"errors"
	"slices"
	"strings"
	"testing"

	greptimev1 "github.com/GreptimeTeam/greptime-proto/go/greptime/v1"
	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
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
