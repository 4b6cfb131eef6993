package greptimemigrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/golang-migrate/migrate/v4"
	"github.com/golang-migrate/migrate/v4/database"
	migratetest "github.com/golang-migrate/migrate/v4/database/testing"
	"github.com/golang-migrate/migrate/v4/source/iofs"

	"github.com/greptime-go/greptime"
	_ "github.com/greptime-go/greptime/driver"
	"github.com/greptime-go/greptime/greptimetest"
)

// dsn returns a DSN with a database of the test's own, on the server that
// GREPTIME_TEST_DSN names, or else on greptimetest.
func dsn(t *testing.T) string {
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
	cfg.Database = fmt.Sprintf("greptimemigrate_%d_%s", os.Getpid(), strings.ToLower(t.Name()))
	if _, err := admin.Exec(t.Context(), "CREATE DATABASE "+cfg.Database); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec(context.Background(), "DROP DATABASE "+cfg.Database); err != nil {
			t.Error(err)
		}
		admin.Close()
	})
	return cfg.FormatDSN()
}

func openDB(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("greptime", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func newMigrate(t *testing.T, dsn string, files map[string]string) *migrate.Migrate {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	source, err := iofs.New(fsys, ".")
	if err != nil {
		t.Fatal(err)
	}
	m, err := migrate.NewWithSourceInstance("iofs", source, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(m.Close()); err != nil {
			t.Error(err)
		}
	})
	return m
}

// The tests that golang-migrate has for every database.
func TestDriverBehavesAsGolangMigrateWants(t *testing.T) {
	t.Parallel()
	d, err := (&Driver{}).Open(withParam(dsn(t), lockedOut))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	migratetest.Test(t, d, []byte("CREATE TABLE m (ts TIMESTAMP TIME INDEX, v DOUBLE); INSERT INTO m VALUES ('2024-01-01T00:00:00Z', 1); CREATE VIEW w AS SELECT * FROM m"))
	d2 := d.(*Driver)
	for _, kind := range []string{"VIEW", "TABLE"} {
		if names, err := d2.names(kind); err != nil || len(names) != 0 {
			t.Errorf("after Drop: %ss %v, %v", kind, names, err)
		}
	}
}

func TestMigrationsGoUpAndDown(t *testing.T) {
	t.Parallel()
	dsn := dsn(t)
	m := newMigrate(t, withParam(dsn, "x-migrations-table=Versions"), map[string]string{
		"1_cpu.up.sql":   "-- cpu; of hosts\nCREATE TABLE cpu (host STRING PRIMARY KEY, ts TIMESTAMP TIME INDEX, load1 DOUBLE);",
		"1_cpu.down.sql": "DROP TABLE cpu;",
		"2_mem.up.sql":   "ALTER TABLE cpu ADD COLUMN note STRING;\nINSERT INTO cpu (host, ts, load1, note) VALUES ('a', '2024-01-01T00:00:00Z', 0.5, 'a;b');",
		"2_mem.down.sql": "ALTER TABLE cpu DROP COLUMN note",
	})
	if err := m.Up(); err != nil {
		t.Fatal(err)
	}
	db := openDB(t, dsn)
	var note string
	if err := db.QueryRow("SELECT note FROM cpu").Scan(&note); err != nil || note != "a;b" {
		t.Errorf("note %q, %v, want a;b", note, err)
	}
	var versions int
	if err := db.QueryRow(`SELECT count(*) FROM "Versions"`).Scan(&versions); err != nil || versions != 1 {
		t.Errorf("%d rows of versions, %v, want 1", versions, err)
	}
	if err := m.Up(); !errors.Is(err, migrate.ErrNoChange) {
		t.Errorf("Up again: %v, want ErrNoChange", err)
	}
	if err := m.Down(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := m.Version(); !errors.Is(err, migrate.ErrNilVersion) {
		t.Errorf("after Down: %v, want ErrNilVersion", err)
	}
	if err := db.QueryRow("SELECT count(*) FROM cpu").Err(); !errors.Is(err, greptime.TableNotFound) {
		t.Errorf("after Down: %v, want TableNotFound", err)
	}
}

func TestHalfFailedMigrationSaysWhatIsThere(t *testing.T) {
	t.Parallel()
	dsn := dsn(t)
	m := newMigrate(t, dsn, map[string]string{
		"1_a.up.sql": "CREATE TABLE a (ts TIMESTAMP TIME INDEX, v DOUBLE); INSERT INTO missing VALUES (1); CREATE TABLE b (ts TIMESTAMP TIME INDEX)",
	})
	err := m.Up()
	if err == nil || !strings.Contains(err.Error(), "statement 2 of 3 (those before it ran, those after it did not)") || !strings.Contains(err.Error(), "no transactions") {
		t.Errorf("Up: %v, want an error that names statement 2 of 3", err)
	}
	if !errors.Is(err, greptime.TableNotFound) {
		t.Errorf("Up: %v, want TableNotFound", err)
	}
	if version, dirty, err := m.Version(); version != 1 || !dirty || err != nil {
		t.Errorf("version %d, dirty %v, %v, want 1, true", version, dirty, err)
	}
	var n int
	if err := openDB(t, dsn).QueryRow("SELECT count(*) FROM a").Scan(&n); err != nil {
		t.Errorf("the first statement did not stay: %v", err)
	}
	if err := m.Up(); !errors.As(err, &migrate.ErrDirty{}) {
		t.Errorf("Up of a dirty database: %v, want ErrDirty", err)
	}
	if err := m.Force(-1); err != nil {
		t.Fatal(err)
	}
	if _, _, err := m.Version(); !errors.Is(err, migrate.ErrNilVersion) {
		t.Errorf("after Force(-1): %v, want ErrNilVersion", err)
	}
}

// lockedOut is how long tests wait for a lock that nobody ends.
const lockedOut = "x-lock-timeout=1ms"

// withParam returns the DSN with a parameter more.
func withParam(dsn, param string) string {
	if strings.Contains(dsn, "?") {
		return dsn + "&" + param
	}
	return dsn + "?" + param
}

func TestLockIsThatOfTheDatabase(t *testing.T) {
	t.Parallel()
	dsn := dsn(t)
	open := func(dsn string) database.Driver {
		d, err := (&Driver{}).Open(dsn)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		})
		return d
	}
	a, b, waiting := open(withParam(dsn, lockedOut)), open(withParam(dsn, lockedOut)), open(dsn)
	if err := a.Lock(); err != nil {
		t.Fatal(err)
	}
	if err := b.Lock(); !errors.Is(err, database.ErrLocked) || !strings.Contains(err.Error(), `DROP TABLE "schema_migrations_lock"`) {
		t.Errorf("Lock of a locked database: %v, want ErrLocked with the remedy", err)
	}
	if err := b.Unlock(); err != nil {
		t.Error(err)
	}
	if err := b.Lock(); !errors.Is(err, database.ErrLocked) {
		t.Errorf("Unlock by another driver unlocked it: %v", err)
	}
	locked := make(chan error)
	go func() { locked <- waiting.Lock() }()
	if err := a.Unlock(); err != nil {
		t.Error(err)
	}
	if err := <-locked; err != nil {
		t.Errorf("Lock that waited: %v", err)
	}
}

// Processes that start at the same time migrate once.
func TestConcurrentUpsMigrateOnce(t *testing.T) {
	t.Parallel()
	dsn := dsn(t)
	const processes = 4
	ups := make(chan error, processes)
	for range processes {
		m := newMigrate(t, dsn, map[string]string{
			"1_a.up.sql": "CREATE TABLE a (ts TIMESTAMP TIME INDEX, v DOUBLE)",
			"2_b.up.sql": "INSERT INTO a VALUES ('2024-01-01T00:00:00Z', 1)",
		})
		go func() { ups <- m.Up() }()
	}
	migrated := 0
	for range processes {
		switch err := <-ups; {
		case err == nil:
			migrated++
		case !errors.Is(err, migrate.ErrNoChange):
			t.Error(err)
		}
	}
	if migrated != 1 {
		t.Errorf("%d of %d have migrated, want 1", migrated, processes)
	}
}

// With the TTL of its database the version would be gone, and in append mode there would be many.
func TestVersionTableHasOptionsOfItsOwn(t *testing.T) {
	t.Parallel()
	dsn := dsn(t)
	db := openDB(t, dsn)
	for _, option := range []string{"'ttl'='1d'", "'append_mode'='true'"} {
		name := "greptimemigrate_options_" + strings.Trim(strings.Split(option, "=")[0], "'") + fmt.Sprint(os.Getpid())
		if _, err := db.Exec("CREATE DATABASE " + name + " WITH (" + option + ")"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if _, err := db.Exec("DROP DATABASE " + name); err != nil {
				t.Error(err)
			}
		})
		cfg, err := greptime.ParseDSN(dsn)
		if err != nil {
			t.Fatal(err)
		}
		cfg.Database = name
		m := newMigrate(t, cfg.FormatDSN(), map[string]string{"1_a.up.sql": "CREATE TABLE a (ts TIMESTAMP TIME INDEX)", "1_a.down.sql": "DROP TABLE a", "2_b.up.sql": "CREATE TABLE b (ts TIMESTAMP TIME INDEX)"})
		if err := m.Up(); err != nil {
			t.Fatal(err)
		}
		if version, _, err := m.Version(); version != 2 || err != nil {
			t.Errorf("%s: version %d, %v, want 2", option, version, err)
		}
		var table, text string
		if err := db.QueryRow("SHOW CREATE TABLE "+name+".schema_migrations").Scan(&table, &text); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text, "ttl = 'forever'") || strings.Contains(text, "append_mode = 'true'") {
			t.Errorf("%s: the version table is\n%s", option, text)
		}
	}
}

func TestBadURLs(t *testing.T) {
	t.Parallel()
	for dsn, want := range map[string]string{
		"greptime://u:s3cret@localhost:4001/public?x-statement-timeout=soon": "x-statement-timeout=soon is not a duration",
		"greptime://u:s3cret@localhost:4001/public?x-lock-timeout=-1s":       "x-lock-timeout=-1s is not a duration",
		"greptime://u:s3cret@localhost:4001/public?x-table=a":                "unknown parameter x-table",
		"greptime://u:s3cret@localhost:4001/public?timezon=UTC":              "timezon",
		"greptime://u:s3cret%zz@localhost:4001/public":                       "greptime: ",
		"greptime://u:s3cret@localhost:4001/public?x-migrations-table=%zz":   "not percent-encoded",
		"greptime://u:a?x-s3cret@localhost:4001/public":                      "percent-encoded",
		"greptime://u:a?x-lock-timeout=s3cret@localhost:4001/public":         "percent-encoded",
		"greptime://u:a?b&x-s3cret%zz=%zz@localhost:4001/public":             "percent-encoded",
	} {
		_, err := (&Driver{}).Open(dsn)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v, want an error with %q and without the password", url.QueryEscape(dsn), err, want)
		}
	}
	if _, err := WithConnector(nil, Config{}); err == nil {
		t.Error("WithConnector(nil) is not an error")
	}
}

func TestParametersOfTheURL(t *testing.T) {
	t.Parallel()
	cfg, rest, err := cutParams("timezone=%2B08:00&x-migrations-table=a%26b&x-statement-timeout=1m&x-lock-timeout=5s&hints=a=b")
	if want := (Config{Table: "a&b", StatementTimeout: time.Minute, LockTimeout: 5 * time.Second}); cfg != want || rest != "timezone=%2B08:00&hints=a=b" || err != nil {
		t.Errorf("got %+v, %q, %v, want %+v and the others as they are", cfg, rest, err, want)
	}
}

func TestMigrationOfSeveralStatementsNamesTheSetting(t *testing.T) {
	t.Parallel()
	cfg, err := greptime.ParseDSN(dsn(t))
	if err != nil {
		t.Fatal(err)
	}
	connector, err := greptime.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	d, err := WithConnector(connector, Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Run(strings.NewReader("SELECT 1; SELECT 2")); err == nil || !strings.Contains(err.Error(), "multi_statements=true") {
		t.Errorf("Run: %v, want an error that names multi_statements=true", err)
	}
}
