// Package engine is the part of the test server behind the wire: GreptimeDB's
// tables, statements and inserts on DuckDB.
//
// What means the same in both is translated and run by DuckDB; what GreptimeDB
// does by rules of its own (DDL, the literals of INSERT, upserts, SHOW) is done
// here; everything else answers Unsupported and names the feature. The rules are
// those of one Version of GreptimeDB.
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

	duckdb "github.com/duckdb/duckdb-go/v2"
)

// Engine holds the databases. Its methods may be called from several goroutines.
type Engine struct {
	db      *sql.DB
	path    string // of the file; "" in memory
	now     clock
	version Version

	// mu guards the catalog. DDL holds it; statements and inserts share it while
	// they run, but not while their results are read.
	mu      sync.RWMutex
	catalog *catalog
}

// openFiles are the files of the engines of this process, to which DuckDB would give
// one database for a file that is opened twice.
var openFiles sync.Map

func folderInUse(dir string) error {
	return fmt.Errorf("the folder %s is in use by another server", dir)
}

// Open creates an engine that keeps its data in a folder, or in memory if the folder
// is "". A commit to a folder is on disk before it is acknowledged.
func Open(dir string, version Version) (*Engine, error) {
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
	e.catalog = c
	return err
}

// inTx runs f in a transaction on a connection of its own.
func (e *Engine) inTx(ctx context.Context, f func(conn *sql.Conn) error) (err error) {
	conn, err := e.db.Conn(ctx)
	if err != nil {
		return asError(err)
	}
	defer conn.Close()
	// A write is not undone by a client that goes away: GreptimeDB's standalone
	// server runs it to its end as well.
	ctx = context.WithoutCancel(ctx)
	if _, err := conn.ExecContext(ctx, "BEGIN"); err != nil {
		return asError(err)
	}
	if err := f(conn); err != nil {
		_, rollback := conn.ExecContext(ctx, "ROLLBACK")
		return errors.Join(err, rollback)
	}
	if _, err := conn.ExecContext(ctx, "COMMIT"); err != nil {
		return asError(err)
	}
	return nil
}

// Execute runs an SQL text. Several statements are run in order until one fails,
// and the answer is an error all the same, as GreptimeDB's.
func (e *Engine) Execute(ctx context.Context, s *Session, text string) (*Result, error) {
	s.version = e.version
	stmts, err := lex(text)
	if err != nil {
		return nil, err
	}
	if len(stmts) == 0 {
		return nil, errorf(InvalidArguments, "Invalid SQL, error: empty statements")
	}
	for _, toks := range stmts {
		if err := checkFirstWord(toks[0]); err != nil {
			return nil, err
		}
		if err := checkPermission(s, toks); err != nil {
			return nil, err
		}
	}
	for i, toks := range stmts {
		r, err := e.statement(ctx, s, &cursor{text: text, toks: toks})
		switch {
		case len(stmts) == 1:
			return r, err
		case err != nil && i == 0:
			return nil, err
		}
		if err != nil {
			break
		}
		r.Close()
	}
	return nil, errorf(Unsupported, "Not supported: execute multiple statements in SQL query string through GRPC interface")
}

// statements that GreptimeDB knows, by their first word.
var statementWords = map[string]bool{
	"SELECT": true, "WITH": true, "VALUES": true, "(": true, "INSERT": true, "REPLACE": true, "DELETE": true,
	"CREATE": true, "ALTER": true, "DROP": true, "TRUNCATE": true, "COMMENT": true, "SHOW": true, "DESC": true,
	"DESCRIBE": true, "EXPLAIN": true, "TQL": true, "ADMIN": true, "COPY": true, "SET": true, "USE": true,
	"KILL": true, "DECLARE": true, "FETCH": true, "CLOSE": true,
}

func checkFirstWord(t token) error {
	if statementWords[strings.ToUpper(t.text)] {
		return nil
	}
	return errorf(Unsupported, "SQL statement is not supported, keyword: %s", t.text)
}

// checkPermission checks permissions as GreptimeDB does: a read-only user may not even
// send USE or SET, and a write-only user may not send any SQL.
func checkPermission(s *Session, toks []token) error {
	reads := false
	switch strings.ToUpper(toks[0].text) {
	case "SELECT", "WITH", "VALUES", "(", "SHOW", "DESC", "DESCRIBE", "EXPLAIN", "TQL":
		reads = true
	}
	if s.WriteOnly || s.ReadOnly && !reads {
		return ErrPermission
	}
	return nil
}

// ErrPermission is the answer to a user who may not do what was asked.
var ErrPermission = errorf(PermissionDenied, "User is not authorized to perform this action")

func (e *Engine) statement(ctx context.Context, s *Session, c *cursor) (*Result, error) {
	switch strings.ToUpper(c.peek().text) {
	case "SELECT", "WITH", "VALUES", "(":
		return e.query(ctx, s, c.text, c.toks)
	case "INSERT", "REPLACE":
		return e.insertSQL(ctx, s, c)
	case "DELETE":
		return e.deleteSQL(ctx, s, c)
	case "CREATE":
		return e.create(ctx, s, c)
	case "ALTER":
		return e.alter(ctx, s, c)
	case "DROP":
		return e.drop(ctx, s, c)
	case "TRUNCATE":
		return e.truncate(ctx, s, c)
	case "COMMENT":
		return e.comment(ctx, s, c)
	case "SHOW":
		return e.show(s, c)
	case "DESC", "DESCRIBE":
		return e.describe(s, c)
	case "EXPLAIN":
		return e.explain(ctx, s, c)
	case "ADMIN":
		return e.admin(s, c)
	case "SET":
		return e.set(c)
	case "USE":
		return e.use(s, c)
	}
	return nil, unsupported("the statement %s", strings.ToUpper(c.peek().text))
}
