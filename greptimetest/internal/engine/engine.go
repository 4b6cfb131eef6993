// Package engine is the part of the test server behind the wire: GreptimeDB's
// statements and inserts on DuckDB.
//
// What means the same in both is translated (package translate) and run by DuckDB; what
// GreptimeDB does by rules of its own (DDL, the literals of INSERT, upserts, SHOW) is done
// here; everything else answers Unsupported and names the feature. The rules are
// those of one version of GreptimeDB.
package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// Engine holds the databases. Its methods may be called from several goroutines.
type Engine struct {
	db      *sql.DB
	path    string // of the file; "" in memory
	now     clock
	version schema.Version

	// mu guards the catalog. DDL holds it; statements and inserts share it while
	// they run, but not while their results are read.
	mu      sync.RWMutex
	catalog *schema.Catalog
	stored  map[int]*stored // by the table's ID
}

// openFiles are the files of the engines of this process, to which DuckDB would give
// one database for a file that is opened twice.
var openFiles sync.Map

func folderInUse(dir string) error {
	return fmt.Errorf("the folder %s is in use by another server", dir)
}

// Open creates an engine that keeps its data in a folder, or in memory if the folder
// is "". A commit to a folder is on disk before it is acknowledged.
func Open(dir string, version schema.Version) (*Engine, error) {
	path := ""
	if dir != "" {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return nil, err
		}
		abs, err := filepath.Abs(dir)
		if err != nil {
			return nil, err
		}
		path = filepath.Join(abs, "greptimetest.duckdb")
		if _, used := openFiles.LoadOrStore(path, true); used {
			return nil, folderInUse(dir)
		}
	}
	connector, err := duckdb.NewConnector(path, nil)
	if err != nil {
		openFiles.Delete(path)
		if msg := err.Error(); strings.Contains(msg, "Could not set lock") || strings.Contains(msg, "already in use") {
			return nil, folderInUse(dir)
		}
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	e := &Engine{db: sql.OpenDB(connector), path: path, now: systemClock, version: version}
	if err := e.prepare(context.Background()); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// Close ends the engine. Results that are still read fail.
func (e *Engine) Close() error {
	defer openFiles.Delete(e.path)
	return e.db.Close()
}

// prepare sets DuckDB up to agree with DataFusion where a setting does it.
func (e *Engine) prepare(ctx context.Context) error {
	for _, q := range []string{
		`SET GLOBAL default_null_order = 'NULLS_LAST_ON_ASC_FIRST_ON_DESC'`,
		`SET GLOBAL ieee_floating_point_ops = true`,
		`SET GLOBAL TimeZone = 'UTC'`,
		`SET GLOBAL preserve_insertion_order = true`,
		`SET GLOBAL autoinstall_known_extensions = false`,
		`SET GLOBAL autoload_known_extensions = false`,
		`SET GLOBAL enable_external_access = false`, // no statement reads or writes files
	} {
		if _, err := e.db.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("%s: %w", q, err)
		}
	}
	if err := registerFunctions(ctx, e.db); err != nil {
		return err
	}
	c, err := loadCatalog(ctx, e.db)
	if err != nil {
		return err
	}
	e.catalog, e.stored = c, map[int]*stored{}
	for t := range c.All() {
		e.stored[t.ID] = &stored{}
	}
	return nil
}

// inTx runs f in a transaction on a connection of its own.
func (e *Engine) inTx(ctx context.Context, f func(conn *sql.Conn) error) (err error) {
	conn, err := e.db.Conn(ctx)
	if err != nil {
		return schema.AsError(err)
	}
	defer conn.Close()
	// A write is not undone by a client that goes away: GreptimeDB's standalone
	// server runs it to its end as well.
	ctx = context.WithoutCancel(ctx)
	if _, err := conn.ExecContext(ctx, "BEGIN"); err != nil {
		return schema.AsError(err)
	}
	if err := f(conn); err != nil {
		_, rollback := conn.ExecContext(ctx, "ROLLBACK")
		return errors.Join(err, rollback)
	}
	if _, err := conn.ExecContext(ctx, "COMMIT"); err != nil {
		return schema.AsError(err)
	}
	return nil
}

// clock tells the time; tests set it.
type clock func() time.Time

func systemClock() time.Time { return time.Now().UTC() }
