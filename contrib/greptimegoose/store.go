package greptimegoose

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/pressly/goose/v3/database"

	"github.com/greptime-go/greptime/internal/sqltext"
)

// DefaultTable is the name of the version table if NewStore is given none.
const DefaultTable = "goose_db_version"

// tableOptions override those of the database, which tables have otherwise: with its TTL the
// versions would expire, and no row of a table in append mode can be deleted.
const tableOptions = " WITH ('ttl'='forever', 'append_mode'='false', 'merge_mode'='last_row', 'skip_wal'='false')"

// store is a goose store: a row for each applied migration.
type store struct {
	name   string
	quoted string
}

// NewStore returns the goose store of a version table, DefaultTable if the name is empty.
// Give it to NewProvider.
func NewStore(table string) database.StoreExtender {
	if table == "" {
		table = DefaultTable
	}
	return &store{name: table, quoted: sqltext.QuoteIdent(table)}
}

// Tablename returns the name of the version table.
func (s *store) Tablename() string { return s.name }

// TableExists reports whether the version table exists in the connection's database.
func (s *store) TableExists(ctx context.Context, db database.DBTxConn) (bool, error) {
	var n int
	err := db.QueryRowContext(ctx, "SELECT count(*) FROM information_schema.tables WHERE table_schema = database() AND table_name = ?", s.name).Scan(&n)
	return n > 0, err
}

// CreateVersionTable creates the version table.
func (s *store) CreateVersionTable(ctx context.Context, db database.DBTxConn) error {
	_, err := db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS "+s.quoted+" (version_id BIGINT, tstamp TIMESTAMP(3) TIME INDEX, PRIMARY KEY (version_id))"+tableOptions)
	return err
}

// Insert notes that a migration is applied.
func (s *store) Insert(ctx context.Context, db database.DBTxConn, req database.InsertRequest) error {
	_, err := db.ExecContext(ctx, "INSERT INTO "+s.quoted+" (version_id, tstamp) VALUES (?, ?)", req.Version, time.Now().Truncate(time.Millisecond))
	return err
}

// Delete notes that a migration is not applied any more.
func (s *store) Delete(ctx context.Context, db database.DBTxConn, version int64) error {
	_, err := db.ExecContext(ctx, "DELETE FROM "+s.quoted+" WHERE version_id = ?", version)
	return err
}

// GetMigration returns when a migration was applied, or database.ErrVersionNotFound.
func (s *store) GetMigration(ctx context.Context, db database.DBTxConn, version int64) (*database.GetMigrationResult, error) {
	var at sql.NullTime
	if err := db.QueryRowContext(ctx, "SELECT max(tstamp) FROM "+s.quoted+" WHERE version_id = ?", version).Scan(&at); err != nil {
		return nil, err
	}
	if !at.Valid {
		return nil, fmt.Errorf("%w: %d", database.ErrVersionNotFound, version)
	}
	return &database.GetMigrationResult{Timestamp: at.Time, IsApplied: true}, nil
}

// GetLatestVersion returns the highest version, or database.ErrVersionNotFound.
func (s *store) GetLatestVersion(ctx context.Context, db database.DBTxConn) (int64, error) {
	var version sql.NullInt64
	if err := db.QueryRowContext(ctx, "SELECT max(version_id) FROM "+s.quoted).Scan(&version); err != nil {
		return 0, err
	}
	if !version.Valid {
		return 0, database.ErrVersionNotFound
	}
	return version.Int64, nil
}

// ListMigrations returns the applied migrations, the highest version first.
func (s *store) ListMigrations(ctx context.Context, db database.DBTxConn) ([]*database.ListMigrationsResult, error) {
	rows, err := db.QueryContext(ctx, "SELECT DISTINCT version_id FROM "+s.quoted+" ORDER BY version_id DESC")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []*database.ListMigrationsResult
	for rows.Next() {
		m := &database.ListMigrationsResult{IsApplied: true}
		if err := rows.Scan(&m.Version); err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, rows.Err()
}
