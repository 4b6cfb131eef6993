package engine

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

const catalogTable = "greptime_catalog"

// loadCatalog reads the catalog that is kept in a DuckDB table beside the data, so
// that both change in one transaction.
func loadCatalog(ctx context.Context, db *sql.DB) (*schema.Catalog, error) {
	c := &schema.Catalog{Databases: map[string]map[string]*schema.Table{}, NextID: 1024}
	for _, name := range schema.BuiltinDatabases {
		c.Databases[name] = map[string]*schema.Table{}
	}
	if _, err := db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS `+catalogTable+` (db VARCHAR, id BIGINT, definition VARCHAR)`); err != nil {
		return nil, err
	}
	rows, err := db.QueryContext(ctx, `SELECT db, id, definition FROM `+catalogTable+` ORDER BY id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name, def string
		var id int
		if err := rows.Scan(&name, &id, &def); err != nil {
			return nil, err
		}
		if c.Databases[name] == nil {
			c.Databases[name] = map[string]*schema.Table{}
		}
		if id == 0 { // the database itself
			continue
		}
		t := &schema.Table{}
		if err := json.Unmarshal([]byte(def), t); err != nil {
			return nil, fmt.Errorf("catalog: table %d of %s: %w", id, name, err)
		}
		c.Databases[name][t.Name] = t
		c.NextID = max(c.NextID, t.ID+1)
	}
	return c, rows.Err()
}

func saveTable(ctx context.Context, tx execer, t *schema.Table) error {
	def, err := json.Marshal(t)
	if err != nil {
		return err
	}
	if err := forgetTable(ctx, tx, t); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO `+catalogTable+` VALUES (?, ?, ?)`, t.Database, t.ID, string(def))
	return err
}

func forgetTable(ctx context.Context, tx execer, t *schema.Table) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM `+catalogTable+` WHERE id = ?`, t.ID)
	return err
}

type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}
