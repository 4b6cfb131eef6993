// Package complete completes what you type: keywords, functions, and the tables and columns
// of a database.
package complete

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"
)

// Catalog is what can be named in a database. It is safe for concurrent use.
type Catalog struct {
	mu        sync.Mutex
	database  string
	databases []string
	tables    []string            // of the database
	columns   map[string][]Column // by table
}

// Column is a column of a table.
type Column struct{ Name, Type string }

// loadTimeout bounds how long a server may take to list its tables.
const loadTimeout = 10 * time.Second

// maxColumns bounds the columns that are kept, and the databases, whatever the server sends.
const maxColumns = 100_000

// Load reads the databases, and the tables and columns of one of them. What it cannot read is as it
// was before, or for another database as far as it was read. It keeps nothing if ctx ends.
func (c *Catalog) Load(ctx context.Context, db *sql.DB, database string) error {
	limited, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	var next Catalog
	databasesErr := next.loadDatabases(limited, db)
	columnsErr := next.loadColumns(limited, db, database)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if databasesErr == nil {
		c.databases = next.databases
	}
	if columnsErr == nil || database != c.database {
		c.database, c.tables, c.columns = database, next.tables, next.columns
	}
	return errors.Join(databasesErr, columnsErr)
}

func (c *Catalog) loadDatabases(ctx context.Context, db *sql.DB) (err error) {
	rows, err := db.QueryContext(ctx, "SHOW DATABASES")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for len(c.databases) < maxColumns && rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		c.databases = append(c.databases, name)
	}
	return rows.Err()
}

func (c *Catalog) loadColumns(ctx context.Context, db *sql.DB, database string) (err error) {
	c.columns = map[string][]Column{}
	rows, err := db.QueryContext(ctx, "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = ? ORDER BY table_name, ordinal_position LIMIT ?", database, maxColumns)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for n := 0; n < maxColumns && rows.Next(); n++ {
		var table string
		var column Column
		if err := rows.Scan(&table, &column.Name, &column.Type); err != nil {
			return err
		}
		if c.columns[table] == nil {
			c.tables = append(c.tables, table)
		}
		c.columns[table] = append(c.columns[table], column)
	}
	return rows.Err()
}
