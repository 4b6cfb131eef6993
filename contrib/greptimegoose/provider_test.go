package greptimegoose

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/calltrace"
	"github.com/greptime-go/greptime/greptimetest"
)

// open opens a database of the test's own, on the server that GREPTIME_TEST_DSN names, or
// else on greptimetest.
func open(t *testing.T) *sql.DB {
	t.Helper()
	return openTraced(t, nil)
}

// openTraced opens it with a tracer.
func openTraced(t *testing.T, tracer calltrace.Tracer) *sql.DB {
	t.Helper()
	base := os.Getenv("GREPTIME_TEST_DSN")
	if base == "" {
		base = greptimetest.Start(t).DSN()
	}
	cfg, err := greptime.ParseDSN(base)
	if err != nil {
		t.Fatal(err)
	}
	admin, err := greptime.Connect(t.Context(), base)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Database = fmt.Sprintf("greptimegoose_%d_%s", os.Getpid(), strings.ToLower(t.Name()))
	if _, err := admin.Exec(t.Context(), "CREATE DATABASE "+cfg.Database); err != nil {
		t.Fatal(err)
	}
	cfg.Trace = tracer
	connector, err := greptime.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() {
		db.Close()
		if _, err := admin.Exec(context.Background(), "DROP DATABASE "+cfg.Database); err != nil {
			t.Error(err)
		}
		admin.Close()
	})
	return db
}

func files(texts map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range texts {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func newProvider(t *testing.T, db *sql.DB, texts map[string]string, opts ...goose.ProviderOption) *Provider {
	t.Helper()
	p, err := NewProvider(db, files(texts), nil, append(opts, goose.WithDisableGlobalRegistry(true))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

const (
	createCPU = "-- +goose Up\nCREATE TABLE cpu (host STRING PRIMARY KEY, ts TIMESTAMP TIME INDEX, load1 DOUBLE);\n-- +goose Down\nDROP TABLE cpu;\n"
	addNote   = "-- +goose Up\nALTER TABLE cpu ADD COLUMN note STRING;\nINSERT INTO cpu (host, ts, note) VALUES ('a', '2024-01-01T00:00:00Z', 'a;b');\n-- +goose Down\nALTER TABLE cpu DROP COLUMN note;\n"
)

func TestMigrationsGoUpAndDown(t *testing.T) {
	t.Parallel()
	db := open(t)
	goMigration := goose.NewGoMigration(3,
		&goose.GoFunc{RunDB: func(ctx context.Context, db *sql.DB) error {
			_, err := db.ExecContext(ctx, "INSERT INTO cpu (host, ts, load1) VALUES (?, ?, ?)", "b", time.Unix(0, 0), 0.5)
			return err
		}},
		&goose.GoFunc{RunDB: func(ctx context.Context, db *sql.DB) error {
			_, err := db.ExecContext(ctx, "DELETE FROM cpu WHERE host = ?", "b")
			return err
		}})
	p := newProvider(t, db, map[string]string{"00001_cpu.sql": createCPU, "00002_note.sql": addNote}, goose.WithGoMigrations(goMigration))
	results, err := p.Up(t.Context())
	if err != nil || len(results) != 3 {
		t.Fatalf("Up: %d migrations, %v, want 3", len(results), err)
	}
	var note string
	if err := db.QueryRow("SELECT note FROM cpu WHERE host = 'a'").Scan(&note); err != nil || note != "a;b" {
		t.Errorf("note %q, %v, want a;b", note, err)
	}
	if v, err := p.GetDBVersion(t.Context()); v != 3 || err != nil {
		t.Errorf("version %d, %v, want 3", v, err)
	}
	status, err := p.Status(t.Context())
	if err != nil || len(status) != 3 {
		t.Fatalf("Status: %d, %v, want 3", len(status), err)
	}
	for _, s := range status {
		if s.State != goose.StateApplied || time.Since(s.AppliedAt).Abs() > time.Hour {
			t.Errorf("%s: %s at %v, want applied just now", s.Source.Path, s.State, s.AppliedAt)
		}
	}
	if results, err := p.Up(t.Context()); len(results) != 0 || err != nil {
		t.Errorf("Up again: %d migrations, %v, want none", len(results), err)
	}
	if _, err := p.DownTo(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if v, err := p.GetDBVersion(t.Context()); v != 1 || err != nil {
		t.Errorf("version after DownTo(1): %d, %v, want 1", v, err)
	}
	if _, err := p.Down(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Down(t.Context()); !errors.Is(err, goose.ErrNoNextVersion) {
		t.Errorf("Down of nothing: %v, want ErrNoNextVersion", err)
	}
	if _, err := p.UpByOne(t.Context()); err != nil {
		t.Errorf("UpByOne after Down: %v", err)
	}
}

func TestHalfFailedMigrationSaysWhatIsThere(t *testing.T) {
	t.Parallel()
	db := open(t)
	p := newProvider(t, db, map[string]string{
		"00001_cpu.sql": createCPU,
		"00002_bad.sql": "-- +goose Up\nALTER TABLE cpu ADD COLUMN note STRING;\nINSERT INTO missing VALUES (1);\n",
	})
	_, err := p.Up(t.Context())
	if !errors.Is(err, greptime.TableNotFound) || !strings.Contains(err.Error(), `in the statement "INSERT INTO missing VALUES (1);"`) || !strings.Contains(err.Error(), "what ran of 00002_bad.sql before the error stays") {
		t.Errorf("Up: %v, want TableNotFound that names the statement and the file", err)
	}
	var partial *goose.PartialError
	if !errors.As(err, &partial) || len(partial.Applied) != 1 {
		t.Errorf("Up: %v, want a PartialError with one applied migration", err)
	}
	if v, err := p.GetDBVersion(t.Context()); v != 1 || err != nil {
		t.Errorf("version %d, %v, want 1", v, err)
	}
	if _, err := db.Exec("INSERT INTO cpu (host, ts, note) VALUES ('a', '2024-01-01T00:00:00Z', 'n')"); err != nil {
		t.Errorf("the first statement did not stay: %v", err)
	}
}

// A migration in Go may have no file.
func TestHalfFailedMigrationInGoIsNamedByItsVersion(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	fails := &goose.GoFunc{RunDB: func(context.Context, *sql.DB) error { return broken }}
	p := newProvider(t, open(t), nil, goose.WithGoMigrations(goose.NewGoMigration(7, fails, nil)))
	if _, err := p.Up(t.Context()); !errors.Is(err, broken) || !strings.Contains(err.Error(), "what ran of version 7 before the error stays") {
		t.Errorf("Up: %v, want the error of the migration that names its version", err)
	}
}

func TestProviderOfAnotherDriverIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := NewProvider(nil, files(nil), nil); err == nil || !strings.Contains(err.Error(), "the database is nil") {
		t.Errorf("nil: %v, want an error", err)
	}
	db := open(t)
	if _, err := NewProvider(db, files(nil), nil, goose.WithDisableGlobalRegistry(true)); !errors.Is(err, goose.ErrNoMigrations) {
		t.Errorf("no files: %v, want ErrNoMigrations", err)
	}
	if open := db.Stats().InUse; open != 0 {
		t.Errorf("%d connections in use after the error, want 0", open)
	}
}

func TestProviderGivesConnectionsBack(t *testing.T) {
	t.Parallel()
	db := open(t)
	db.SetMaxOpenConns(1)
	p, err := NewProvider(db, files(map[string]string{"00001_cpu.sql": createCPU}), nil, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if open := db.Stats().InUse; open != 0 {
		t.Errorf("%d connections in use after Close, want 0", open)
	}
	if err := db.PingContext(t.Context()); err != nil {
		t.Errorf("the pool after Close: %v", err)
	}
}

// goose holds a connection while it runs the migration, which would wait for one without end.
func TestGoMigrationsNeedASecondConnection(t *testing.T) {
	t.Parallel()
	db := open(t)
	db.SetMaxOpenConns(1)
	nothing := &goose.GoFunc{RunDB: func(context.Context, *sql.DB) error { return nil }}
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true), goose.WithGoMigrations(goose.NewGoMigration(1, nothing, nothing))}
	if _, err := NewProvider(db, files(nil), nil, options...); err == nil || !strings.Contains(err.Error(), "SetMaxOpenConns") {
		t.Errorf("%v, want an error with the remedy", err)
	}
	db.SetMaxOpenConns(2)
	p, err := NewProvider(db, files(nil), nil, options...)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, err := p.Up(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestStore(t *testing.T) {
	t.Parallel()
	db, ctx := open(t), t.Context()
	s := NewStore(`Odd-Name`)
	if s.Tablename() != `Odd-Name` || NewStore("").Tablename() != DefaultTable {
		t.Errorf("table names %q, %q", s.Tablename(), NewStore("").Tablename())
	}
	if exists, err := s.TableExists(ctx, db); exists || err != nil {
		t.Errorf("before: %v, %v, want no table", exists, err)
	}
	for range 2 {
		if err := s.CreateVersionTable(ctx, db); err != nil {
			t.Fatal(err)
		}
	}
	if exists, err := s.TableExists(ctx, db); exists || err != nil {
		t.Errorf("without version 0: %v, %v, want no table", exists, err)
	}
	if _, err := s.GetLatestVersion(ctx, db); !errors.Is(err, database.ErrVersionNotFound) {
		t.Errorf("latest of none: %v, want ErrVersionNotFound", err)
	}
	if all, err := s.ListMigrations(ctx, db); len(all) != 0 || err != nil {
		t.Errorf("list of none: %v, %v", all, err)
	}
	for _, v := range []int64{0, 3, 20240101000000, 3} {
		if err := s.Insert(ctx, db, database.InsertRequest{Version: v}); err != nil {
			t.Fatal(err)
		}
	}
	if exists, err := s.TableExists(ctx, db); !exists || err != nil {
		t.Errorf("after: %v, %v, want a table", exists, err)
	}
	if v, err := s.GetLatestVersion(ctx, db); v != 20240101000000 || err != nil {
		t.Errorf("latest: %d, %v, want 20240101000000", v, err)
	}
	if all, err := s.ListMigrations(ctx, db); err != nil || len(all) != 3 || all[0].Version != 3 || all[1].Version != 20240101000000 || all[2].Version != 0 || !all[1].IsApplied {
		t.Errorf("list: %v, %v, want three, the last that was applied first", all, err)
	}
	if m, err := s.GetMigration(ctx, db, 3); err != nil || !m.IsApplied || time.Since(m.Timestamp).Abs() > time.Hour {
		t.Errorf("migration 3: %+v, %v, want applied just now", m, err)
	}
	if err := s.Delete(ctx, db, 3); err != nil {
		t.Fatal(err)
	}
	if _, err := s.GetMigration(ctx, db, 3); !errors.Is(err, database.ErrVersionNotFound) {
		t.Errorf("migration 3 after Delete: %v, want ErrVersionNotFound", err)
	}
}

// Down undoes what was applied last, as goose does it with a column of growing numbers.
func TestMigrationsOutOfOrderAreUndoneInTheOppositeOrder(t *testing.T) {
	t.Parallel()
	db := open(t)
	const nothing = "-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 1;\n"
	texts := map[string]string{"00001_a.sql": nothing, "00003_c.sql": nothing}
	if _, err := newProvider(t, db, texts).Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	texts["00002_b.sql"], texts["00004_d.sql"] = nothing, nothing
	p := newProvider(t, db, texts, goose.WithAllowOutofOrder(true))
	if results, err := p.Up(t.Context()); err != nil || len(results) != 2 {
		t.Fatalf("Up: %d migrations, %v, want 2", len(results), err)
	}
	for _, want := range []int64{4, 2, 3, 1} {
		if result, err := p.Down(t.Context()); err != nil || result.Source.Version != want {
			t.Fatalf("Down: %+v, %v, want that of version %d", result, err, want)
		}
	}
}

func TestAppliedVersionsKeepTheirOrderWhenAClockIsBehind(t *testing.T) {
	t.Parallel()
	db, ctx := open(t), t.Context()
	s := NewStore("")
	if err := s.CreateVersionTable(ctx, db); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("INSERT INTO goose_db_version (version_id, tstamp) VALUES (7, ?)", time.Now().Add(time.Hour).Truncate(time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	for _, v := range []int64{5, 6, 1} {
		if err := s.Insert(ctx, db, database.InsertRequest{Version: v}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := s.ListMigrations(ctx, db)
	var got []int64
	for _, m := range all {
		got = append(got, m.Version)
	}
	if want := []int64{1, 6, 5, 7}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%d, %v, want %d", got, err, want)
	}
}

func TestVersionTableOfAnotherName(t *testing.T) {
	t.Parallel()
	db := open(t)
	p, err := NewProvider(db, files(map[string]string{"00001_cpu.sql": createCPU}), NewStore("versions_of_mine"), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, err := p.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := db.QueryRow("SELECT count(*) FROM versions_of_mine").Scan(&n); err != nil || n != 2 {
		t.Errorf("%d rows, %v, want versions 0 and 1", n, err)
	}
}

// With the TTL of its database the versions would be gone, and in append mode none could be deleted.
func TestVersionTableHasOptionsOfItsOwn(t *testing.T) {
	t.Parallel()
	db := open(t)
	for _, option := range []string{"ttl='1d'", "append_mode='true'"} {
		name := fmt.Sprintf("greptimegoose_options_%d_%s", os.Getpid(), strings.Split(option, "=")[0])
		if _, err := db.Exec("CREATE DATABASE " + name + " WITH (" + option + ")"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if _, err := db.Exec("DROP DATABASE " + name); err != nil {
				t.Error(err)
			}
		})
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.ExecContext(t.Context(), "USE "+name); err != nil {
			t.Fatal(err)
		}
		s := NewStore("")
		if err := s.CreateVersionTable(t.Context(), conn); err != nil {
			t.Fatal(err)
		}
		if err := s.Insert(t.Context(), conn, database.InsertRequest{Version: 1}); err != nil {
			t.Fatal(err)
		}
		var table, text string
		if err := conn.QueryRowContext(t.Context(), "SHOW CREATE TABLE goose_db_version").Scan(&table, &text); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text, "ttl = 'forever'") || strings.Contains(text, "append_mode = 'true'") {
			t.Errorf("%s: the version table is\n%s", option, text)
		}
		if err := s.Delete(t.Context(), conn, 1); err != nil {
			t.Error(err)
		}
	}
}

// goose creates the version table before it waits for the lock, and inserts version 0 afterwards.
func TestAVersionTableWithoutVersion0IsCompleted(t *testing.T) {
	t.Parallel()
	db := open(t)
	if err := NewStore("").CreateVersionTable(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	p := newProvider(t, db, map[string]string{"00001_cpu.sql": createCPU})
	if results, err := p.Up(t.Context()); err != nil || len(results) != 1 {
		t.Fatalf("Up: %d migrations, %v, want 1", len(results), err)
	}
	// Another process inserts its version 0 late.
	if err := NewStore("").Insert(t.Context(), db, database.InsertRequest{}); err != nil {
		t.Fatal(err)
	}
	if result, err := p.Down(t.Context()); err != nil || result.Source.Version != 1 {
		t.Errorf("Down: %+v, %v, want that of version 1", result, err)
	}
	var n int
	if err := db.QueryRow("SELECT count(*) FROM goose_db_version").Scan(&n); err != nil || n != 1 {
		t.Errorf("%d rows, %v, want that of version 0", n, err)
	}
}

// Processes that start at the same time migrate once.
func TestConcurrentUpsMigrateOnce(t *testing.T) {
	t.Parallel()
	db := open(t)
	const processes = 4
	ups := make(chan int, processes)
	for range processes {
		p := newProvider(t, db, map[string]string{"00001_cpu.sql": createCPU, "00002_note.sql": addNote}, goose.WithSessionLocker(NewSessionLocker("")))
		go func() {
			results, err := p.Up(t.Context())
			if err != nil {
				t.Error(err)
			}
			ups <- len(results)
		}()
	}
	applied := 0
	for range processes {
		applied += <-ups
	}
	if applied != 2 {
		t.Errorf("%d migrations are applied, want 2", applied)
	}
}

// onRefused calls itself when a statement has failed.
type onRefused func()

func (onRefused) Start(ctx context.Context, _ calltrace.Call) context.Context { return ctx }

func (f onRefused) End(_ context.Context, _ calltrace.Call, outcome calltrace.Outcome) {
	if outcome.Err != nil {
		f()
	}
}

func TestLockOfAProcessThatHasEndedSaysHowToRemoveIt(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	db := openTraced(t, onRefused(cancel))
	if _, err := db.Exec("CREATE TABLE locked (ts TIMESTAMP TIME INDEX)"); err != nil {
		t.Fatal(err)
	}
	p := newProvider(t, db, map[string]string{"00001_cpu.sql": createCPU}, goose.WithSessionLocker(NewSessionLocker("locked")))
	if _, err := p.Up(ctx); !errors.Is(err, ErrLocked) || !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), `DROP TABLE "locked"`) {
		t.Errorf("Up of a locked database: %v, want ErrLocked with the remedy", err)
	}
	if _, err := db.Exec("DROP TABLE locked"); err != nil {
		t.Fatal(err)
	}
	if results, err := p.Up(t.Context()); err != nil || len(results) != 1 {
		t.Errorf("Up afterwards: %d migrations, %v", len(results), err)
	}
}
