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

// TableExists reports whether the connection's database has the version table, with version 0,
// which goose inserts after it has created the table: another process may be about to.
func (s *store) TableExists(ctx context.Context, db database.DBTxConn) (bool, error) {
	var n int
	err := db.QueryRowContext(ctx, "SELECT count(*) FROM information_schema.tables WHERE table_schema = database() AND table_name = ?", s.name).Scan(&n)
	if n == 0 || err != nil {
		return false, err
	}
	err = db.QueryRowContext(ctx, "SELECT count(*) FROM "+s.quoted+" WHERE version_id = 0").Scan(&n)
	return n > 0, err
}

// CreateVersionTable creates the version table.
func (s *store) CreateVersionTable(ctx context.Context, db database.DBTxConn) error {
	_, err := db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS "+s.quoted+" (version_id BIGINT, tstamp TIMESTAMP(3) TIME INDEX, PRIMARY KEY (version_id))"+tableOptions)
	return err
}

// Insert notes that a migration is applied. Its time is later than those of all before it, even
// if the clocks of two machines differ: it is the order in which migrations were applied.
// Version 0 is before all, and one row, also if two processes insert it.
func (s *store) Insert(ctx context.Context, db database.DBTxConn, req database.InsertRequest) error {
	at := time.Unix(0, 0)
	if req.Version != 0 {
		var last sql.NullTime
		if err := db.QueryRowContext(ctx, "SELECT max(tstamp) FROM "+s.quoted).Scan(&last); err != nil {
			return err
		}
		at = time.Now().Truncate(time.Millisecond)
		if last.Valid && !at.After(last.Time) {
			at = last.Time.Add(time.Millisecond)
		}
	}
	_, err := db.ExecContext(ctx, "INSERT INTO "+s.quoted+" (version_id, tstamp) VALUES (?, ?)", req.Version, at)
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

// ListMigrations returns the applied migrations, the last that was applied first. Down begins
// with it, which is not the highest version if migrations were applied out of order.
func (s *store) ListMigrations(ctx context.Context, db database.DBTxConn) ([]*database.ListMigrationsResult, error) {
	rows, err := db.QueryContext(ctx, "SELECT version_id, max(tstamp) AS applied FROM "+s.quoted+" GROUP BY version_id ORDER BY applied DESC, version_id DESC")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []*database.ListMigrationsResult
	for rows.Next() {
		m := &database.ListMigrationsResult{IsApplied: true}
		var applied time.Time
		if err := rows.Scan(&m.Version, &applied); err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, rows.Err()
}
