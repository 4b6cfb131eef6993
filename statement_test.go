package greptime_test

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

func TestSeveralStatements(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	db := openServer(t, s.Server)
	if _, err := db.Exec("INSERT INTO a VALUES (1); INSERT INTO b VALUES (2)"); !errors.Is(err, greptime.ErrMultipleStatements) {
		t.Errorf("error %v", err)
	}
	if _, err := db.Query("SELECT 1; SELECT 2"); !errors.Is(err, greptime.ErrMultipleStatements) {
		t.Errorf("error %v", err)
	}
	if n := s.Calls(""); n != 0 {
		t.Errorf("%d requests of refused texts", n)
	}

	multi := openServer(t, s.Server, "multi_statements=true")
	result, err := multi.Exec("INSERT INTO a VALUES (?); ; INSERT INTO b VALUES (?) -- ;", 1, "x;y")
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := result.RowsAffected(); n != 4 {
		t.Errorf("%d affected rows, want those of both", n)
	}
	if got := s.texts(); !slices.Equal(got, []string{"INSERT INTO a VALUES (1)", "INSERT INTO b VALUES ('x;y')"}) {
		t.Errorf("sent %q", got)
	}

	rows, err := multi.Query("INSERT INTO a VALUES (1); SELECT 1; INSERT INTO b VALUES (2); SELECT 2; INSERT INTO c VALUES (3)")
	if err != nil {
		t.Fatal(err)
	}
	sets := 0
	for {
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
		}
		if len(columns) > 0 {
			sets++
		}
		if !rows.NextResultSet() {
			break
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		t.Fatal(err)
	}
	texts := s.texts()
	if sets != 2 || texts[len(texts)-1] != "INSERT INTO c VALUES (3)" {
		t.Errorf("%d result sets, sent %q", sets, texts)
	}

	// Rows that are closed early: what was not reached is not run, and that is said
	// of what writes.
	before := s.Calls("")
	if rows, err = multi.Query("SELECT 1; SELECT 2"); err != nil {
		t.Fatal(err)
	}
	if err := rows.Close(); err != nil {
		t.Errorf("only a read was left: %v", err)
	}
	var n int
	err = multi.QueryRow("SELECT 1; INSERT INTO a VALUES (1)").Scan(&n)
	if err == nil {
		t.Error("a write that was not run is not said")
	}
	if got := s.Calls("") - before; got != 2 {
		t.Errorf("%d requests, want those of the first statements", got)
	}

	s.fail["INSERT INTO bad VALUES (1)"] = wiretest.Replay(captures.DoGetByName("error_missing_table_insert"))
	_, err = multi.Exec("INSERT INTO a VALUES (1); INSERT INTO bad VALUES (1); INSERT INTO c VALUES (1)")
	if !errors.Is(err, greptime.TableNotFound) || !strings.Contains(err.Error(), "statement 2 of 3") {
		t.Errorf("error %v", err)
	}
}

func TestTransactionsAreRefusedOrIgnored(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	if _, err := openServer(t, s.Server).Begin(); !errors.Is(err, greptime.ErrTransactions) {
		t.Errorf("error %v", err)
	}
	db := openServer(t, s.Server, "transactions=ignore")
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	exec(t, tx, "INSERT INTO t VALUES (1)")
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}
	if tx, err = db.Begin(); err != nil {
		t.Fatal(err)
	}
	if err := tx.QueryRow("SELECT 1").Err(); err != nil {
		t.Error(err)
	}
	if err := tx.Rollback(); err != nil {
		t.Errorf("nothing was written, but: %v", err)
	}
	if tx, err = db.Begin(); err != nil {
		t.Fatal(err)
	}
	exec(t, tx, "INSERT INTO t VALUES (1)")
	if err := tx.Rollback(); !errors.Is(err, greptime.ErrTransactions) {
		t.Errorf("a rollback that cannot be: %v", err)
	}
	if tx, err = db.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true}); err != nil {
		t.Fatal(err)
	}
	if err := tx.QueryRow("SELECT 1").Err(); err != nil {
		t.Error(err)
	}
	if _, err := tx.Exec("INSERT INTO t VALUES (1)"); !errors.Is(err, greptime.ErrTransactions) {
		t.Errorf("a write in a read-only transaction: %v", err)
	}
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}
	if _, err := db.BeginTx(t.Context(), &sql.TxOptions{Isolation: sql.LevelSerializable}); !errors.Is(err, greptime.ErrTransactions) {
		t.Errorf("an isolation level: %v", err)
	}
}

func TestPreparedStatements(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	db := openServer(t, s.Server)
	stmt, err := db.Prepare("INSERT INTO t VALUES (?, ?)")
	if err != nil {
		t.Fatal(err)
	}
	defer stmt.Close()
	if n := s.Calls(""); n != 0 {
		t.Errorf("preparing sent %d requests", n)
	}
	for i := range 3 {
		if _, err := stmt.Exec(i, fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.last(t).GetQuery().GetSql(); got != "INSERT INTO t VALUES (2, '2')" {
		t.Errorf("sent %q", got)
	}
	if _, err := stmt.Exec(1); err == nil {
		t.Error("one argument for two placeholders")
	}
	named, err := db.Prepare("SELECT :a, :b, :a")
	if err != nil {
		t.Fatal(err)
	}
	defer named.Close()
	rows, err := named.Query(sql.Named("b", 2), sql.Named("a", 1))
	if err != nil {
		t.Fatal(err)
	}
	rows.Close()
	if got := s.last(t).GetQuery().GetSql(); got != "SELECT 1, 2, 1" {
		t.Errorf("sent %q", got)
	}
	for _, bad := range []string{"SELECT ?, $1", "SELECT 'abc"} {
		if stmt, err := db.Prepare(bad); err == nil {
			stmt.Close()
			t.Errorf("%s: no error", bad)
		}
	}
}

func TestQueryWithoutRows(t *testing.T) {
	t.Parallel()
	db := openServer(t, newRecordingServer(t).Server)
	rows, err := db.Query("INSERT INTO t VALUES (1)")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if columns, err := rows.Columns(); err != nil || len(columns) != 0 || rows.Next() || rows.Err() != nil {
		t.Errorf("columns %v, %v, %v", columns, err, rows.Err())
	}
	result, err := db.Exec("SELECT 1")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := result.RowsAffected(); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := result.LastInsertId(); err == nil {
		t.Error("LastInsertId works")
	}
}

func TestPromQLIsChecked(t *testing.T) {
	t.Parallel()
	c, err := greptime.Connect(t.Context(), startPing(t).DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	now := time.Now()
	for _, test := range []struct {
		query greptime.PromQuery
		want  string
	}{
		{nil, "the query is nil"},
		{(*greptime.PromRange)(nil), "the query is nil"},
		{greptime.PromRange{Start: now, End: now, Step: time.Second}, "Query"},
		{greptime.PromRange{Query: "up", End: now, Step: time.Second}, "Start"},
		{greptime.PromRange{Query: "up", Start: now, End: now.Add(-1), Step: time.Second}, "before"},
		{greptime.PromRange{Query: "up", Start: now, End: now}, "Step"},
		{greptime.PromRange{Query: "up", Start: now, End: now, Step: time.Second, Lookback: time.Microsecond}, "Lookback"},
		{greptime.PromInstant{Time: now}, "Query"},
		{&greptime.PromInstant{Query: "up", Lookback: -time.Second}, "Lookback"},
	} {
		if _, err := c.PromQL(t.Context(), test.query); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v, want %s", test.query, err, test.want)
		}
	}
}

func TestSyntaxErrorsAreTheServers(t *testing.T) {
	t.Parallel()
	exchange := captures.DoGetByName("error_unterminated")
	db := openServer(t, wiretest.Start(t, wiretest.Replay(exchange)))
	if _, err := db.Query(exchange.Request.SQL); !errors.Is(err, greptime.InvalidSyntax) {
		t.Errorf("error %v", err)
	}
	if _, err := db.Query("SELECT 'abc, ?", 1); err == nil || !strings.Contains(err.Error(), "cannot bind") {
		t.Errorf("error %v", err)
	}
	var e *greptime.Error
	if _, err := db.Query(exchange.Request.SQL); !errors.As(err, &e) || e.GRPC != codes.InvalidArgument {
		t.Errorf("error %v", err)
	}
}

// A DATE's text is read in the header's zone, so what SET time_zone says counts for
// the statements after it, also within one text.
func TestDateAfterSetTimeZoneInOneText(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	conn := oneConn(t, openServer(t, s.Server, "multi_statements=true"))
	date := greptime.Date{Year: 2024, Month: 1, Day: 1}
	_, err := conn.ExecContext(t.Context(), "SET time_zone = 'Asia/Shanghai'; INSERT INTO t (d) VALUES (?)", date)
	if err == nil || !strings.Contains(err.Error(), "timezone") || s.Calls("") != 0 {
		t.Errorf("error %v after %d requests", err, s.Calls(""))
	}
	exec(t, conn, "SET time_zone = 'Etc/UTC'")
	exec(t, conn, "INSERT INTO t (d) VALUES (?)", date)
}

func TestWritesWhoseOutcomeIsUnknown(t *testing.T) {
	t.Parallel()
	for code, unknown := range map[greptime.Code]bool{
		0: true, greptime.Unknown: true, greptime.Unexpected: true, greptime.Internal: true, greptime.External: true,
		greptime.Cancelled: true, greptime.DeadlineExceeded: true, greptime.EngineExecuteQuery: true, greptime.RegionBusy: true,
		greptime.RegionNotReady: true, greptime.StorageUnavailable: true, 12345: true,
		greptime.InvalidSyntax: false, greptime.TableNotFound: false, greptime.InvalidArguments: false,
		greptime.PermissionDenied: false, greptime.PlanQuery: false, greptime.Unsupported: false, greptime.RateLimited: false,
	} {
		s := newRecordingServer(t)
		fail := func(c *wiretest.Call) error { return c.Fail(codes.Internal, "failed", int(code)) }
		s.fail["INSERT INTO t VALUES (1)"], s.fail["SELECT 1"] = fail, fail
		db := openServer(t, s.Server)
		var e *greptime.Error
		if _, err := db.Exec("INSERT INTO t VALUES (1)"); !errors.As(err, &e) || e.Ambiguous != unknown {
			t.Errorf("%v: %v", code, err)
		}
		if _, err := db.Exec("SELECT 1"); !errors.As(err, &e) || e.Ambiguous {
			t.Errorf("a read, %v: %v", code, err)
		}
	}
}

func TestScanMistakesAreErrors(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	s.fail["SELECT empty"] = wiretest.Replay(captures.DoGetByName("select_limit_0"))
	s.fail["SELECT text"] = wiretest.Replay(captures.DoGetByName("select_version"))
	s.fail["SELECT number"] = wiretest.Replay(captures.DoGetByName("dictionary_of_int"))
	db := openServer(t, s.Server, "multi_statements=true")
	for query, dest := range map[string][]any{
		"SELECT text":   {(*string)(nil)},
		"SELECT number": {(*int64)(nil)},
		"SELECT empty":  nil,
	} {
		rows, err := db.Query(query + "; SELECT 1")
		if err != nil {
			t.Fatal(err)
		}
		if rows.Next() {
			if err := rows.Scan(dest...); err == nil {
				t.Errorf("%s: a nil destination is no error", query)
			}
			for rows.Next() {
			}
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		past := make([]any, len(columns))
		for i := range past {
			past[i] = new(any)
		}
		if err := rows.Scan(past...); err == nil && !mayScanPastTheEnd {
			t.Errorf("%s: Scan past the end is no error", query)
		}
		rows.Close()
	}
}
