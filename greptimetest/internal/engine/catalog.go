package engine

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Semantic is a column's role.
type Semantic uint8

// Roles in the order of GreptimeDB's protocol.
const (
	Tag Semantic = iota
	Field
	TimeIndex
)

func (s Semantic) String() string { return [...]string{"TAG", "FIELD", "TIMESTAMP"}[s] }

// Column is a column of a table.
type Column struct {
	Name     string
	Type     Type
	Nullable bool
	Semantic Semantic
	// Default is the default as SQL text, "" for none; DefaultMeta is the JSON that
	// GreptimeDB puts in the field's metadata.
	Default     string
	DefaultMeta string
	Comment     string
	// Index is the metadata of an inverted, fulltext or skipping index.
	Index map[string]string
}

// Table is a table, or a view if View is set.
type Table struct {
	ID       int
	Database string
	Name     string
	Columns  []Column
	// Tags are the names of the primary key's columns in its order.
	Tags    []string
	Options map[string]string
	Version int // grows with every change of columns
	// Partitions divides the rows among regions.
	Partitions Partitioning
	View       string

	mu       sync.Mutex // held by writers of the table
	latest   int64      // the greatest time index ever written
	filled   bool       // latest is known
	unlogged *unlogged  // nil for none
}

// phys returns the table in DuckDB. Names there are case-insensitive and GreptimeDB's
// are not, so it is the id that names it.
func (t *Table) phys() string { return fmt.Sprintf("t%d", t.ID) }

func (t *Table) column(name string) (int, bool) {
	i := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
	return i, i >= 0
}

func (t *Table) timeIndex() int {
	return slices.IndexFunc(t.Columns, func(c Column) bool { return c.Semantic == TimeIndex })
}

func (t *Table) appendMode() bool  { return t.Options["append_mode"] == "true" }
func (t *Table) lastNonNull() bool { return t.Options["merge_mode"] == "last_non_null" }
func (t *Table) ttlInstant() bool  { return t.Options["ttl"] == "instant" }
func (t *Table) region() string    { return fmt.Sprintf("%d(%d, 0)", t.ID<<32, t.ID) }
func (t *Table) badRequest(format string, args ...any) *Error {
	return errorf(InvalidArguments, "Invalid request to region %s, reason: %s", t.region(), fmt.Sprintf(format, args...))
}

// catalog is the databases and tables. The engine's lock guards it.
type catalog struct {
	databases map[string]map[string]*Table
	nextID    int
}

const catalogName = "greptime"

// The databases that always exist.
var builtinDatabases = []string{"greptime_private", "information_schema", "public"}

const catalogTable = "greptime_catalog"

// loadCatalog reads the catalog that is kept in a DuckDB table beside the data, so
// that both change in one transaction.
func loadCatalog(ctx context.Context, db *sql.DB) (*catalog, error) {
	c := &catalog{databases: map[string]map[string]*Table{}, nextID: 1024}
	for _, name := range builtinDatabases {
		c.databases[name] = map[string]*Table{}
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
		if c.databases[name] == nil {
			c.databases[name] = map[string]*Table{}
		}
		if id == 0 { // the database itself
			continue
		}
		t := &Table{}
		if err := json.Unmarshal([]byte(def), t); err != nil {
			return nil, fmt.Errorf("catalog: table %d of %s: %w", id, name, err)
		}
		c.databases[name][t.Name] = t
		c.nextID = max(c.nextID, t.ID+1)
	}
	return c, rows.Err()
}

func saveTable(ctx context.Context, tx execer, t *Table) error {
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

func forgetTable(ctx context.Context, tx execer, t *Table) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM `+catalogTable+` WHERE id = ?`, t.ID)
	return err
}

type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// table finds a table or view; nil if there is none.
func (c *catalog) table(n tableName) *Table {
	if n.catalog != catalogName {
		return nil
	}
	return c.databases[n.db][n.table]
}

func (c *catalog) database(n string) (map[string]*Table, error) {
	if db := c.databases[n]; db != nil {
		return db, nil
	}
	return nil, errorf(InvalidArguments, "Failed to find schema, schema info: %s", n)
}

// tables returns the tables of a database in the order of their names.
func (c *catalog) tables(db string) []*Table {
	names := slices.Sorted(maps.Keys(c.databases[db]))
	ts := make([]*Table, len(names))
	for i, n := range names {
		ts[i] = c.databases[db][n]
	}
	return ts
}

func tableNotFound(n tableName) *Error {
	return errorf(TableNotFound, "Table not found: %s", n)
}

// validTableName holds a name against GreptimeDB's rule for table names.
func validTableName(name string) bool {
	for i, r := range name {
		letter := r == '_' || r == ':' || r == '-' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		if !letter && (i == 0 || !('0' <= r && r <= '9') && !strings.ContainsRune(".@#", r)) {
			return false
		}
	}
	return name != ""
}
