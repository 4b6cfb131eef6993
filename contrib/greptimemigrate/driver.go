package greptimemigrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/golang-migrate/migrate/v4/database"

	"github.com/greptime-go/greptime"
	internaldsn "github.com/greptime-go/greptime/internal/dsn"
	"github.com/greptime-go/greptime/internal/sqltext"
)

// DefaultTable is the name of the version table if Config.Table is empty.
const DefaultTable = "schema_migrations"

// DefaultLockTimeout is how long Lock waits if Config.LockTimeout is 0. It is less than
// golang-migrate's own limit, 15 seconds, after which nobody would end a lock that is got.
const DefaultLockTimeout = 10 * time.Second

// Config holds the settings of a Driver.
type Config struct {
	// Table is the name of the version table, DefaultTable if empty.
	Table string

	// StatementTimeout limits each migration; 0 means no limit.
	StatementTimeout time.Duration

	// LockTimeout limits how long Lock waits for another migration with the same version table
	// to end; 0 means DefaultLockTimeout. For more than 15 s, set migrate.Migrate.LockTimeout,
	// too, to still more.
	LockTimeout time.Duration
}

func init() {
	database.Register("greptime", &Driver{})
}

// Driver is a database.Driver for one database of GreptimeDB. golang-migrate uses it from
// one goroutine at a time.
type Driver struct {
	db     *sql.DB
	table  string // quoted
	lock   string // the name of the lock's table
	cfg    Config
	locked bool
}

var _ database.Driver = (*Driver)(nil)

// Open connects to the database of a URL, which is a DSN of the driver with the parameters
// x-migrations-table, x-statement-timeout and x-lock-timeout besides. Close of the Driver closes
// the connection.
func (d *Driver) Open(dsn string) (database.Driver, error) {
	if _, err := internaldsn.Parse(dsn); err != nil { // a ? of the password may stand where the parameters begin
		return nil, err
	}
	base, query, _ := strings.Cut(dsn, "?")
	cfg, rest, err := cutParams(query)
	if err != nil {
		return nil, err
	}
	if rest != "" {
		base += "?" + rest
	}
	c, err := greptime.ParseDSN(base)
	if err != nil {
		return nil, err
	}
	c.MultiStatements = true
	connector, err := greptime.NewConnector(c)
	if err != nil {
		return nil, err
	}
	return WithConnector(connector, cfg)
}

// cutParams returns this package's parameters of a query, and the others as they are.
func cutParams(query string) (cfg Config, rest string, err error) {
	var others []string
	for part := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(part, "=")
		if !strings.HasPrefix(key, "x-") {
			others = append(others, part)
			continue
		}
		if value, err = url.QueryUnescape(value); err != nil {
			return Config{}, "", fmt.Errorf("greptimemigrate: the value of %s is not percent-encoded: %w", key, err)
		}
		switch key {
		case "x-migrations-table":
			cfg.Table = value
		case "x-statement-timeout", "x-lock-timeout":
			limit := &cfg.StatementTimeout
			if key == "x-lock-timeout" {
				limit = &cfg.LockTimeout
			}
			if *limit, err = time.ParseDuration(value); err != nil || *limit < 0 {
				return Config{}, "", fmt.Errorf("greptimemigrate: %s=%s is not a duration, such as 30s", key, value)
			}
		default:
			return Config{}, "", fmt.Errorf("greptimemigrate: unknown parameter %s; there are x-migrations-table, x-statement-timeout and x-lock-timeout", key)
		}
	}
	return cfg, strings.Join(others, "&"), nil
}

// WithConnector returns a Driver for the database of a Connector, which must allow several
// statements in a text (MultiStatements of its greptime.Config). The Driver owns the Connector: Close
// closes it.
func WithConnector(connector *greptime.Connector, cfg Config) (*Driver, error) {
	if connector == nil {
		return nil, errors.New("greptimemigrate: the Connector is nil")
	}
	if cfg.Table == "" {
		cfg.Table = DefaultTable
	}
	if cfg.LockTimeout == 0 {
		cfg.LockTimeout = DefaultLockTimeout
	}
	d := &Driver{db: sql.OpenDB(connector), table: sqltext.QuoteIdent(cfg.Table), lock: cfg.Table + "_lock", cfg: cfg}
	if err := d.createTable(); err != nil {
		return nil, errors.Join(err, d.db.Close())
	}
	return d, nil
}

// tableOptions override those of the database, which tables have otherwise: with its TTL the
// version would expire, and in append mode there would be several.
const tableOptions = " WITH ('ttl'='forever', 'append_mode'='false', 'merge_mode'='last_row', 'skip_wal'='false')"

// createTable creates the version table. It has one row: a row with the same time replaces it.
func (d *Driver) createTable() error {
	if _, err := d.db.Exec("CREATE TABLE IF NOT EXISTS " + d.table + " (ts TIMESTAMP(3) TIME INDEX, \"version\" BIGINT, dirty BOOLEAN)" + tableOptions); err != nil {
		return fmt.Errorf("greptimemigrate: create the version table: %w", err)
	}
	return nil
}

// Close ends a Lock and closes the connection.
func (d *Driver) Close() error {
	return errors.Join(d.Unlock(), d.db.Close())
}

// Lock creates the lock's table, which no two processes can. While the table exists it waits,
// until LockTimeout. Then it returns an error that wraps database.ErrLocked and says how to
// remove the lock of a process that has ended without Unlock.
func (d *Driver) Lock() error {
	deadline := time.Now().Add(d.cfg.LockTimeout)
	text := "CREATE TABLE " + sqltext.QuoteIdent(d.lock) + " (ts TIMESTAMP(3) TIME INDEX)" + tableOptions
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		_, err := d.db.Exec(text)
		switch {
		case err == nil:
			d.locked = true
			return nil
		case !errors.Is(err, greptime.TableAlreadyExists):
			return fmt.Errorf("greptimemigrate: create the table %s, which locks the database: %w", d.lock, err)
		case !time.Now().Add(pause).Before(deadline):
			return fmt.Errorf("greptimemigrate: %w: another migration has the table %s; if none is running, one ended without removing it: DROP TABLE %s", database.ErrLocked, d.lock, sqltext.QuoteIdent(d.lock))
		}
		time.Sleep(pause)
	}
}

// Unlock ends what Lock began. It does nothing without a Lock.
func (d *Driver) Unlock() error {
	if !d.locked {
		return nil
	}
	if _, err := d.db.Exec("DROP TABLE IF EXISTS " + sqltext.QuoteIdent(d.lock)); err != nil {
		return fmt.Errorf("greptimemigrate: drop the table %s, which locks the database: %w", d.lock, err)
	}
	d.locked = false
	return nil
}

// Run executes the statements of a migration, one by one. If one fails, those before it stay
// executed; the error says which one it was.
func (d *Driver) Run(migration io.Reader) error {
	text, err := io.ReadAll(migration)
	if err != nil {
		return err
	}
	script, err := sqltext.Parse(string(text))
	if err == nil && len(script.Statements) == 0 {
		return nil // comments alone
	}
	ctx := context.Background()
	if d.cfg.StatementTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.cfg.StatementTimeout)
		defer cancel()
	}
	if _, err := d.db.ExecContext(ctx, string(text)); err != nil {
		return fmt.Errorf("greptimemigrate: %w; GreptimeDB has no transactions, so what ran before the error stays", err)
	}
	return nil
}

// SetVersion writes the version and whether its migration is incomplete.
func (d *Driver) SetVersion(version int, dirty bool) error {
	if _, err := d.db.Exec("INSERT INTO "+d.table+" (ts, \"version\", dirty) VALUES (?, ?, ?)", time.Unix(0, 0), version, dirty); err != nil {
		return fmt.Errorf("greptimemigrate: write version %d: %w", version, err)
	}
	return nil
}

// Version returns the version, database.NilVersion if there is none, and whether its
// migration is incomplete.
func (d *Driver) Version() (version int, dirty bool, err error) {
	err = d.db.QueryRow("SELECT \"version\", dirty FROM "+d.table).Scan(&version, &dirty)
	if errors.Is(err, sql.ErrNoRows) {
		return database.NilVersion, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("greptimemigrate: read the version: %w", err)
	}
	return version, dirty, nil
}

// Drop drops all views and tables of the database, among them the version table. Unlock drops
// the lock's table.
func (d *Driver) Drop() error {
	for _, kind := range []string{"VIEW", "TABLE"} {
		names, err := d.names(kind)
		if err != nil {
			return err
		}
		for _, name := range names {
			if name == d.lock {
				continue // Unlock drops it
			}
			if _, err := d.db.Exec("DROP " + kind + " IF EXISTS " + sqltext.QuoteIdent(name)); err != nil {
				return fmt.Errorf("greptimemigrate: drop %s %s: %w", strings.ToLower(kind), name, err)
			}
		}
	}
	return nil
}

// names returns the names of the views or the tables of the database.
func (d *Driver) names(kind string) ([]string, error) {
	types := map[string]string{"VIEW": "VIEW", "TABLE": "BASE TABLE"}
	rows, err := d.db.Query("SELECT table_name FROM information_schema.tables WHERE table_schema = database() AND table_type = ? ORDER BY table_name", types[kind])
	if err != nil {
		return nil, fmt.Errorf("greptimemigrate: list the %ss: %w", strings.ToLower(kind), err)
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}
