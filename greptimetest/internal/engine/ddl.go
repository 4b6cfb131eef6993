package engine

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"unicode"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
	"github.com/greptime-go/greptime/greptimetest/internal/translate"
)

func (e *Engine) create(ctx context.Context, s *schema.Session, c *schema.Cursor) (*Result, error) {
	c.Take()
	switch {
	case c.Accept("TABLE"):
		return e.createTable(ctx, s, c)
	case c.Accept("DATABASE"), c.Accept("SCHEMA"):
		return e.createDatabase(ctx, c)
	case c.Accept("VIEW"):
		return e.createView(ctx, s, c, false)
	case c.Accept("OR", "REPLACE", "VIEW"):
		return e.createView(ctx, s, c, true)
	}
	return nil, schema.NotSupported("CREATE %s", strings.ToUpper(c.Peek().Text))
}

func (e *Engine) createDatabase(ctx context.Context, c *schema.Cursor) (*Result, error) {
	ifNot := c.Accept("IF", "NOT", "EXISTS")
	name, err := c.Ident()
	if err != nil {
		return nil, err
	}
	if c.Accept("WITH") {
		if err := c.SkipParens(); err != nil {
			return nil, err
		}
	}
	if err := c.End(); err != nil {
		return nil, err
	}
	return affected(1), e.AddDatabase(ctx, name, ifNot)
}

// AddDatabase makes a database.
func (e *Engine) AddDatabase(ctx context.Context, name string, ifNotExists bool) error {
	if name == "" || strings.ContainsFunc(name, unicode.IsSpace) {
		return schema.Errorf(schema.Unexpected, "Invalid database name: %s", name)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.catalog.Databases[name] != nil {
		if ifNotExists {
			return nil
		}
		return schema.Errorf(schema.InvalidArguments, "Schema %s already exists", name)
	}
	if _, err := e.db.ExecContext(ctx, `INSERT INTO `+catalogTable+` VALUES (?, 0, '')`, name); err != nil {
		return schema.AsError(err)
	}
	e.catalog.Databases[name] = map[string]*schema.Table{}
	return nil
}

func (e *Engine) createTable(ctx context.Context, s *schema.Session, c *schema.Cursor) (*Result, error) {
	ifNot := c.Accept("IF", "NOT", "EXISTS")
	name, err := c.TableName(s)
	if err != nil {
		return nil, err
	}
	if c.Peek().Is("LIKE") {
		return nil, schema.NotSupported("CREATE TABLE … LIKE")
	}
	t := &schema.Table{Database: name.DB, Name: name.Table, Options: map[string]string{}}
	timeIndex, keys, err := c.Columns(s, t)
	if err != nil {
		return nil, err
	}
	if err := c.TableOptions(s, t); err != nil {
		return nil, err
	}
	if err := c.End(); err != nil {
		return nil, err
	}
	if err := t.SetKeys(timeIndex, keys); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return affected(0), e.addTable(ctx, t, ifNot)
}

// addTable makes a table. The lock is held.
func (e *Engine) addTable(ctx context.Context, t *schema.Table, ifNot bool) error {
	if !schema.ValidTableName(t.Name) {
		return schema.Errorf(schema.InvalidArguments, "Invalid table name: %s", t.Name)
	}
	if strings.EqualFold(t.Database, schema.InformationSchema) {
		return readOnlySchema(t.Database)
	}
	db, err := e.catalog.Database(t.Database)
	if err != nil {
		return err
	}
	if db[t.Name] != nil {
		if ifNot {
			return nil
		}
		return schema.Errorf(schema.TableAlreadyExists, "Table already exists: `%s`", schema.TableName{Catalog: schema.CatalogName, DB: t.Database, Table: t.Name})
	}
	if slices.ContainsFunc(t.Columns, func(c schema.Column) bool { return c.Name == "" }) {
		return schema.NotSupported("a column without a name")
	}
	t.ID = e.catalog.NextID
	err = e.inTx(ctx, func(conn *sql.Conn) error {
		defs := make([]string, len(t.Columns))
		for i, col := range t.Columns {
			defs[i] = schema.Quote(col.Name) + " " + col.Type.Duck()
		}
		if t.View == "" {
			if _, err := conn.ExecContext(ctx, "CREATE TABLE "+t.Phys()+" ("+strings.Join(defs, ", ")+")"); err != nil {
				return schema.AsError(err)
			}
		}
		return saveTable(ctx, conn, t)
	})
	if err != nil {
		return err
	}
	e.stored[t.ID] = newStored()
	e.catalog.NextID++
	db[t.Name] = t
	return nil
}

func readOnlySchema(db string) *schema.Error {
	return schema.Errorf(schema.Unsupported, "Schema `%s` is read-only", db)
}

func (e *Engine) createView(ctx context.Context, s *schema.Session, c *schema.Cursor, replace bool) (*Result, error) {
	ifNot := c.Accept("IF", "NOT", "EXISTS")
	name, err := c.TableName(s)
	if err != nil {
		return nil, err
	}
	if c.Peek().Is("(") {
		return nil, schema.NotSupported("a column list in CREATE VIEW")
	}
	if err := c.Expect("AS"); err != nil {
		return nil, err
	}
	toks := c.Rest(c.Next)
	if len(toks) == 0 {
		return nil, c.Unexpected("a query")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	old := e.catalog.Table(name)
	if _, err := translate.View(ctx, e.database(), e.env(s), toks, old); err != nil {
		return nil, err
	}
	last := toks[len(toks)-1]
	v := &schema.Table{Database: name.DB, Name: name.Table, Options: map[string]string{}, View: c.SQL[toks[0].Offset : last.Offset+len(last.Text)]}
	if old != nil && old.View != "" && replace {
		v.ID = old.ID
		return affected(0), e.change(ctx, old, v)
	}
	return affected(0), e.addTable(ctx, v, ifNot)
}

func (e *Engine) drop(ctx context.Context, s *schema.Session, c *schema.Cursor) (*Result, error) {
	c.Take()
	kind := strings.ToUpper(c.Take().Text)
	ifExists := c.Accept("IF", "EXISTS")
	switch kind {
	case "TABLE", "VIEW":
		for {
			name, err := c.TableName(s)
			if err != nil {
				return nil, err
			}
			if err := e.dropByName(ctx, name, ifExists, kind == "VIEW"); err != nil {
				return nil, err
			}
			if !c.Accept(",") {
				return affected(0), c.End()
			}
		}
	case "DATABASE", "SCHEMA":
		name, err := c.Ident()
		if err != nil {
			return nil, err
		}
		return affected(0), e.dropDatabase(ctx, s, name, ifExists)
	}
	return nil, schema.NotSupported("DROP %s", kind)
}

// DropTable removes a table as a DdlRequest does.
func (e *Engine) DropTable(ctx context.Context, s *schema.Session, db, name string, ifExists bool) error {
	if db == "" {
		db = s.Database
	}
	return e.dropByName(ctx, schema.TableName{Catalog: s.Catalog, DB: db, Table: name}, ifExists, false)
}

func (e *Engine) dropByName(ctx context.Context, name schema.TableName, ifExists, view bool) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	t := e.catalog.Table(name)
	switch {
	case t == nil && ifExists:
		return nil
	case t == nil:
		return schema.NoTable(name)
	case view != (t.View != ""):
		return schema.Errorf(schema.InvalidArguments, "Invalid SQL, error: %s is not a %s", name, map[bool]string{true: "view", false: "table"}[view])
	}
	return e.dropTable(ctx, t)
}

func (e *Engine) dropTable(ctx context.Context, t *schema.Table) error {
	err := e.inTx(ctx, func(conn *sql.Conn) error {
		if t.View == "" {
			if _, err := conn.ExecContext(ctx, "DROP TABLE "+t.Phys()); err != nil {
				return schema.AsError(err)
			}
		}
		return forgetTable(ctx, conn, t)
	})
	if err == nil {
		delete(e.catalog.Databases[t.Database], t.Name)
		delete(e.stored, t.ID)
	}
	return err
}

// dropDatabase drops a database with its tables. GreptimeDB refuses to drop the database
// of the request (StatementExecutor::drop_database in its source), also with IF EXISTS.
func (e *Engine) dropDatabase(ctx context.Context, s *schema.Session, name string, ifExists bool) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if strings.EqualFold(name, schema.InformationSchema) {
		return readOnlySchema(name)
	}
	if e.catalog.Databases[name] == nil {
		if ifExists {
			return nil
		}
		return schema.Errorf(schema.InvalidArguments, "Failed to find schema, schema info: %s", name)
	}
	if name == s.Database {
		return schema.Errorf(schema.InvalidArguments, "Schema `%s` is in use", name)
	}
	if slices.Contains(schema.BuiltinDatabases, name) {
		return schema.NotSupported("DROP DATABASE %s", name)
	}
	for _, t := range e.catalog.Tables(name) {
		if err := e.dropTable(ctx, t); err != nil {
			return err
		}
	}
	if _, err := e.db.ExecContext(ctx, `DELETE FROM `+catalogTable+` WHERE db = ? AND id = 0`, name); err != nil {
		return schema.AsError(err)
	}
	delete(e.catalog.Databases, name)
	return nil
}

func (e *Engine) truncate(ctx context.Context, s *schema.Session, c *schema.Cursor) (*Result, error) {
	c.Take()
	c.Accept("TABLE")
	name, err := c.LastTableName(s)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	t := e.catalog.Table(name)
	if t == nil || t.View != "" {
		return nil, schema.NoTable(name)
	}
	if _, err := e.db.ExecContext(context.WithoutCancel(ctx), "DELETE FROM "+t.Phys()); err != nil {
		return nil, schema.AsError(err)
	}
	e.stored[t.ID].unlogged = nil
	return affected(0), nil
}
