package greptime_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/test/captures"
	"github.com/greptime-go/greptime/internal/test/race"
	"github.com/greptime-go/greptime/internal/test/wiretest"
)

func TestUseChangesTheSession(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	db := openServer(t, s.Server)
	db.SetMaxOpenConns(1)
	conn := oneConn(t, db)
	exec(t, conn, "USE information_schema")
	exec(t, conn, "INSERT INTO t VALUES (1)")
	if got := s.last(t).Header.Dbname; got != "information_schema" {
		t.Errorf("database %q", got)
	}
	exec(t, conn, "use PUBLIC;") // an unquoted name is lower-cased, as everywhere in SQL
	exec(t, conn, "INSERT INTO t VALUES (1)")
	if got := s.last(t).Header.Dbname; got != "public" {
		t.Errorf("database %q", got)
	}
	for _, text := range s.texts() {
		if strings.HasPrefix(strings.ToUpper(text), "USE") {
			t.Errorf("%q was sent", text)
		}
	}
	_, err := conn.ExecContext(t.Context(), "USE nowhere")
	if !errors.Is(err, greptime.DatabaseNotFound) || !strings.Contains(err.Error(), `"nowhere"`) {
		t.Errorf("error %v", err)
	}

	exec(t, conn, "USE information_schema")
	conn.Close()
	exec(t, db, "INSERT INTO t VALUES (1)") // the same connection, back from the pool
	if got := s.last(t).Header.Dbname; got != "public" {
		t.Errorf("the pool's connection is still in %q", got)
	}
}

func TestPingOfADatabaseThatDoesNotExist(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	for _, test := range []struct {
		database string
		exists   bool
		sent     string
	}{
		{"public", true, "SELECT 1"},
		{"information_schema", true, "SHOW DATABASES"},
		{"nowhere", false, "SHOW DATABASES"},
		{"Public", false, "SHOW DATABASES"},
	} {
		err := pingError(t, strings.Replace(s.DSN(), "/public", "/"+test.database, 1))
		if test.exists && err != nil || !test.exists && (!errors.Is(err, greptime.DatabaseNotFound) || !strings.Contains(err.Error(), test.database)) {
			t.Errorf("%s: error %v", test.database, err)
		}
		if got := s.last(t); got.GetQuery().GetSql() != test.sent || got.Header.Dbname != test.database {
			t.Errorf("%s: sent %q to %q, want %q", test.database, got.GetQuery().GetSql(), got.Header.Dbname, test.sent)
		}
		conn, err := greptime.Connect(t.Context(), strings.Replace(s.DSN(), "/public", "/"+test.database, 1))
		if test.exists != (err == nil) {
			t.Errorf("Connect to %s: error %v", test.database, err)
		}
		if err == nil {
			conn.Close()
		}
	}
	s.fail["SHOW DATABASES"] = wiretest.Replay(captures.DoGetByName("auth/doget_show_write_only"))
	if err := pingError(t, strings.Replace(s.DSN(), "/public", "/nowhere", 1)); err != nil {
		t.Errorf("a user who may only write: %v", err)
	}
}

func TestUseOfAUserWhoMayNotSeeTheDatabases(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	s.fail["SHOW DATABASES"] = wiretest.Replay(captures.DoGetByName("auth/doget_show_write_only"))
	conn := oneConn(t, openServer(t, s.Server))
	exec(t, conn, `USE "Other"`)
	exec(t, conn, "INSERT INTO t VALUES (1)")
	if got := s.last(t).Header.Dbname; got != "Other" {
		t.Errorf("database %q", got)
	}
}

func TestDatabaseWithADashIsSentWithItsCatalog(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"my-db": "greptime-my-db", "greptime-x": "greptime-greptime-x", "My_DB": "My_DB"} {
		s := newRecordingServer(t)
		cfg, err := greptime.ParseDSN(s.DSN())
		if err != nil {
			t.Fatal(err)
		}
		cfg.Database = name
		connector, err := greptime.NewConnector(cfg)
		if err != nil {
			t.Fatal(err)
		}
		db := sql.OpenDB(connector)
		exec(t, db, "INSERT INTO t VALUES (1)")
		db.Close()
		if got := s.last(t).Header.Dbname; got != want {
			t.Errorf("%s is sent as %q, want %q", name, got, want)
		}
	}
}

func TestSetTimeZoneChangesHeaderAndLocation(t *testing.T) {
	t.Parallel()
	exchange := captures.DoGetByName("type_timestamp_millisecond")
	s := newRecordingServer(t)
	s.fail["SELECT ts"] = wiretest.Replay(exchange)
	conn := oneConn(t, openServer(t, s.Server, "timezone=Europe/Berlin"))
	read := func() time.Time {
		t.Helper()
		var ts time.Time
		var rest [2]any
		columns := []any{&ts, &rest[0], &rest[1]}
		if err := conn.QueryRowContext(t.Context(), "SELECT ts").Scan(columns[:len(exchange.Fields)]...); err != nil {
			t.Fatal(err)
		}
		return ts
	}
	instant := time.Date(2024, 2, 29, 12, 34, 56, 123e6, time.UTC)
	if ts := read(); !ts.Equal(instant) || ts.Location().String() != "Europe/Berlin" || s.last(t).Header.Timezone != "Europe/Berlin" {
		t.Errorf("%v, header %q", ts, s.last(t).Header.Timezone)
	}
	for _, statement := range []string{"SET time_zone = 'Asia/Shanghai'", "SET TIME ZONE '+08:00'", "SET time_zone = ?"} {
		if strings.Contains(statement, "?") {
			exec(t, conn, "SET time_zone = 'UTC'")
			exec(t, conn, statement, "+08:00")
		} else {
			exec(t, conn, statement)
		}
		ts := read()
		if _, offset := ts.Zone(); !ts.Equal(instant) || offset != 8*3600 {
			t.Errorf("after %s: %v", statement, ts)
		}
	}
	if got := s.last(t).Header.Timezone; got != "+08:00" {
		t.Errorf("header %q", got)
	}
	if _, err := conn.ExecContext(t.Context(), "SET time_zone = 'Mars/Olympus'"); err == nil || !strings.Contains(err.Error(), "Mars/Olympus") {
		t.Errorf("error %v", err)
	}
	exec(t, conn, "SET client_encoding = 'UTF8'") // the server's business
	if got := s.last(t).GetQuery().GetSql(); got != "SET client_encoding = 'UTF8'" {
		t.Errorf("sent %q", got)
	}
}

func TestConnIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	c, err := greptime.Connect(t.Context(), s.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for range 20 {
				if _, err := c.Exec(t.Context(), "INSERT INTO t VALUES (?)", i); err != nil {
					t.Error(err)
				}
				rd, err := c.QueryArrow(t.Context(), "SELECT ?", i)
				if err != nil {
					t.Error(err)
					return
				}
				for rd.Next() {
				}
				if err := rd.Err(); err != nil {
					t.Error(err)
				}
				rd.Release()
				if err := c.SetTimeZone("Asia/Tokyo"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}

// wrappedConn is what tracing and metrics packages put around a connection.
type wrappedConn struct{ driver.Conn }

func (w wrappedConn) Raw() driver.Conn { return w.Conn }

type wrappingConnector struct{ *greptime.Connector }

func (w wrappingConnector) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := w.Connector.Connect(ctx)
	return wrappedConn{c}, err
}

func TestRawUnwrapsConnections(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	cfg, err := greptime.ParseDSN(s.DSN())
	if err != nil {
		t.Fatal(err)
	}
	connector, err := greptime.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(wrappingConnector{connector})
	defer db.Close()
	if err := greptime.Raw(t.Context(), db, func(c *greptime.Conn) error { return c.Ping(t.Context()) }); err != nil {
		t.Error(err)
	}
	failure := errors.New("of the function")
	if err := greptime.Raw(t.Context(), db, func(*greptime.Conn) error { return failure }); !errors.Is(err, failure) {
		t.Errorf("error %v", err)
	}
}

func TestShowDatabasesThatIsNoList(t *testing.T) {
	t.Parallel()
	for _, exchange := range []string{"use_database", "type_signed"} {
		s := newRecordingServer(t)
		s.fail["SHOW DATABASES"] = wiretest.Replay(captures.DoGetByName(exchange))
		if _, err := oneConn(t, openServer(t, s.Server)).ExecContext(t.Context(), "USE other"); err == nil {
			t.Errorf("%s: no error", exchange)
		}
	}
}

// GreptimeDB answers OK to what it does not do.
func TestSetOfTheTimeZoneThatDoesNothingIsRefused(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	db := openServer(t, s.Server, "multi_statements=true")
	conn := oneConn(t, db)
	for _, text := range []string{
		"SET time_zone = 'Asia/Tokyo', 'UTC'", "SET GLOBAL time_zone = 'Asia/Tokyo'", "SET PERSIST time_zone = 'Asia/Tokyo'",
		"SET @@global.time_zone = 'Asia/Tokyo'", "SET time_zone = Tokyo", "INSERT INTO t VALUES (1); SET GLOBAL TIME ZONE 'Asia/Tokyo'",
	} {
		if _, err := conn.ExecContext(t.Context(), text); err == nil || !strings.Contains(err.Error(), "SET time_zone = '") {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := conn.ExecContext(t.Context(), "SET GLOBAL time_zone = ?", "Asia/Tokyo"); err == nil {
		t.Error("with an argument: no error")
	}
	if _, err := conn.ExecContext(t.Context(), "SET time_zone = ?", 9); err == nil {
		t.Error("with a number: no error")
	}
	if got := s.texts(); len(got) != 0 {
		t.Errorf("sent %q", got)
	}
}

// A statement is bound for the time zone in which it is run.
func TestSetTimeZoneCountsForTheArgumentsBehindIt(t *testing.T) {
	t.Parallel()
	s := newRecordingServer(t)
	conn := oneConn(t, openServer(t, s.Server, "multi_statements=true"))
	date := greptime.Date{Year: 2024, Month: 2, Day: 29}
	_, err := conn.ExecContext(t.Context(), "INSERT INTO a VALUES (?); SET time_zone = ?; INSERT INTO b VALUES (?)", date, "Asia/Tokyo", date)
	if err == nil || !strings.Contains(err.Error(), "statement 3 of 3") {
		t.Errorf("a date under a time zone: %v", err)
	}
	exec(t, conn, "SET time_zone = 'UTC'")
	exec(t, conn, "SET time_zone = ?; INSERT INTO c VALUES (?); SET time_zone = ?; INSERT INTO d VALUES (?)", "Asia/Tokyo", 1, "UTC", date)
	want := []string{"INSERT INTO a VALUES ('2024-02-29')", "INSERT INTO c VALUES (1)", "INSERT INTO d VALUES ('2024-02-29')"}
	if got := s.texts(); !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
}

// A SET of the time zone does not make the statements behind it bind each other again.
func TestBindingAfterSetTimeZoneIsLinear(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector empties pools")
	}
	conn, err := greptime.Connect(t.Context(), oneServer(t).DSN("multi_statements=true"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	perStatement := func(n int) float64 {
		text, args := "SET time_zone = '+08:00'"+strings.Repeat("; SELECT ?", n), make([]any, n)
		for i := range args {
			args[i] = i
		}
		return testing.AllocsPerRun(3, func() {
			if err := conn.SetTimeZone("UTC"); err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Exec(t.Context(), text, args...); err != nil {
				t.Fatal(err)
			}
		}) / float64(n)
	}
	if few, many := perStatement(20), perStatement(400); many > 1.5*few {
		t.Errorf("%.0f allocations for each of 400 statements, %.0f for each of 20", many, few)
	}
}
