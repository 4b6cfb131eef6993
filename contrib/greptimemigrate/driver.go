package greptimemigrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/golang-migrate/migrate/v4/database"

	"github.com/greptime-go/greptime"
	"github.com/greptime-go/greptime/internal/sqltext"
)

// DefaultTable is the name of the version table if Config.Table is empty.
const DefaultTable = "schema_migrations"

// Config holds the settings of a Driver.
type Config struct {
	// Table is the name of the version table, DefaultTable if empty.
	Table string

	// StatementTimeout limits each migration; 0 means no limit.
	StatementTimeout time.Duration
}

func init() {
	database.Register("greptime", &Driver{})
}

// Driver is a database.Driver for one database of GreptimeDB. golang-migrate uses it from
// one goroutine at a time.
type Driver struct {
	db     *sql.DB
	table  string // quoted
	cfg    Config
	lockID string
	locked bool
}

var _ database.Driver = (*Driver)(nil)

// Open connects to the database of a URL, which is a DSN of the driver with the parameters
// x-migrations-table and x-statement-timeout besides. Close of the Driver closes the
// connection.
func (d *Driver) Open(dsn string) (database.Driver, error) {
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
		case "x-statement-timeout":
			if cfg.StatementTimeout, err = time.ParseDuration(value); err != nil || cfg.StatementTimeout < 0 {
				return Config{}, "", fmt.Errorf("greptimemigrate: x-statement-timeout=%s is not a duration, such as 30s", value)
			}
		default:
			return Config{}, "", fmt.Errorf("greptimemigrate: unknown parameter %s; there are x-migrations-table and x-statement-timeout", key)
		}
	}
	return cfg, strings.Join(others, "&"), nil
}

// WithConnector returns a Driver for the database of a Connector, which must allow several
// statements in a text (Config.MultiStatements). The Driver owns the Connector: Close
// closes it.
func WithConnector(connector *greptime.Connector, cfg Config) (*Driver, error) {
	if connector == nil {
		return nil, errors.New("greptimemigrate: the Connector is nil")
	}
	if cfg.Table == "" {
		cfg.Table = DefaultTable
	}
	d := &Driver{db: sql.OpenDB(connector), table: sqltext.QuoteIdent(cfg.Table), cfg: cfg}
	if err := d.open(); err != nil {
		return nil, errors.Join(err, d.db.Close())
	}
	return d, nil
}

// open names the database for the lock and creates the version table.
func (d *Driver) open() error {
	ctx := context.Background()
	var name string
	if err := d.db.QueryRowContext(ctx, "SELECT database()").Scan(&name); err != nil {
		return fmt.Errorf("greptimemigrate: %w", err)
	}
	d.lockID = name + "." + d.table
	// The table has one row: a row with the same time replaces it.
	if _, err := d.db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS "+d.table+" (ts TIMESTAMP(3) TIME INDEX, \"version\" BIGINT, dirty BOOLEAN)"); err != nil {
		return fmt.Errorf("greptimemigrate: create the version table: %w", err)
	}
	return nil
}

// Close closes the connection.
func (d *Driver) Close() error {
	return errors.Join(d.Unlock(), d.db.Close())
}

// locks holds the databases that this process migrates.
var locks sync.Map

// Lock excludes other migrations of this process on the same database. It returns
// database.ErrLocked if there is one.
func (d *Driver) Lock() error {
	if _, held := locks.LoadOrStore(d.lockID, true); held {
		return database.ErrLocked
	}
	d.locked = true
	return nil
}

// Unlock ends what Lock began. It does nothing without a Lock.
func (d *Driver) Unlock() error {
	if d.locked {
		d.locked = false
		locks.Delete(d.lockID)
	}
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

// Drop drops all views and tables of the database, the version table among them.
func (d *Driver) Drop() error {
	for _, kind := range []string{"VIEW", "TABLE"} {
		names, err := d.names(kind)
		if err != nil {
			return err
		}
		for _, name := range names {
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
