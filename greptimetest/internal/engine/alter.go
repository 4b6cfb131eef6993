package engine

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/greptime-go/greptime/greptimetest/internal/expr"
	"github.com/greptime-go/greptime/greptimetest/internal/schema"
	"github.com/greptime-go/greptime/internal/sqltext"
)

// change stores a changed definition and runs the DDL that goes with it. The lock is
// held. GreptimeDB flushes a region before it alters its columns, so no row of it is
// unlogged any more.
func (e *Engine) change(ctx context.Context, old, t *schema.Table, ddl ...string) error {
	err := e.inTx(ctx, func(conn *sql.Conn) error {
		for _, q := range ddl {
			if _, err := conn.ExecContext(ctx, q); err != nil {
				return schema.AsError(err)
			}
		}
		return saveTable(ctx, conn, t)
	})
	if err != nil {
		return err
	}
	delete(e.catalog.Databases[old.Database], old.Name)
	e.catalog.Databases[t.Database][t.Name] = t
	if t.Version != old.Version {
		e.stored[t.ID].unlogged = nil
	}
	return nil
}

func (e *Engine) alter(ctx context.Context, s *schema.Session, c *schema.Cursor) (*Result, error) {
	c.Take()
	if !c.Accept("TABLE") {
		return nil, schema.NotSupported("ALTER %s", strings.ToUpper(c.Peek().Text))
	}
	name, err := c.TableName(s)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	old := e.catalog.Table(name)
	if old == nil || old.View != "" {
		return nil, schema.NoTable(name)
	}
	t := old.Clone()
	var ddl []string
	switch {
	case c.Accept("RENAME"):
		if t.Name, err = c.Ident(); err != nil {
			return nil, err
		}
		if !schema.ValidTableName(t.Name) {
			return nil, schema.Errorf(schema.InvalidArguments, "Invalid table name: %s", t.Name)
		}
		if e.catalog.Databases[t.Database][t.Name] != nil {
			return nil, schema.Errorf(schema.TableAlreadyExists, "Table already exists: `%s`", schema.TableName{Catalog: schema.CatalogName, DB: t.Database, Table: t.Name})
		}
	case c.Peek().Is("ADD"):
		if ddl, err = addColumns(c, s, t); err != nil {
			return nil, err
		}
	case c.Accept("DROP", "COLUMN"):
		if ddl, err = dropColumn(c, t); err != nil {
			return nil, err
		}
	case c.Accept("MODIFY"):
		if ddl, err = modifyColumn(c, s, t); err != nil {
			return nil, err
		}
		t.Version++
	case c.Accept("SET"):
		if c.Peek().Is("(") {
			return nil, schema.NotSupported("ALTER TABLE SET with parentheses")
		}
		if err := setOptions(c, t); err != nil {
			return nil, err
		}
	case c.Accept("UNSET"):
		key, err := c.StringLiteral()
		if err != nil {
			return nil, err
		}
		delete(t.Options, key)
	default:
		return nil, schema.NotSupported("ALTER TABLE %s", strings.ToUpper(c.Peek().Text))
	}
	if err := c.End(); err != nil {
		return nil, err
	}
	if len(t.Columns) != len(old.Columns) {
		t.Version++
	}
	return affected(0), e.change(ctx, old, t, ddl...)
}

// columnDDL are the statements that add columns: DuckDB takes no ALTER TABLE after
// an UPDATE of the same transaction.
type columnDDL struct{ alters, fills []string }

func (d columnDDL) statements() []string { return append(d.alters, d.fills...) }

func addColumns(c *schema.Cursor, s *schema.Session, t *schema.Table) ([]string, error) {
	var ddl columnDDL
	for {
		if !c.Accept("ADD") {
			return nil, c.Unexpected("ADD")
		}
		c.Accept("COLUMN")
		ifNot := c.Accept("IF", "NOT", "EXISTS")
		col, marks, err := c.ColumnDef(s, false)
		if err != nil {
			return nil, err
		}
		switch {
		case marks.TimeIndex:
			return nil, schema.Errorf(schema.InvalidArguments, "Invalid column option, column name: %s, error: the time index cannot be added", col.Name)
		case marks.NotNull && col.Default == "":
			return nil, schema.Errorf(schema.InvalidArguments, "no default value for column %s: a column that is NOT NULL needs one", col.Name)
		case c.Peek().Is("FIRST") || c.Peek().Is("AFTER"):
			return nil, schema.NotSupported("ADD COLUMN %s", strings.ToUpper(c.Peek().Text))
		}
		if marks.PrimaryKey {
			col.Semantic = schema.Tag
		}
		if _, exists := t.Column(col.Name); exists {
			if !ifNot {
				return nil, schema.Errorf(schema.TableColumnExists, "Column %s already exists in table %s", col.Name, t.Name)
			}
		} else {
			if err := addColumn(t, col, &ddl); err != nil {
				return nil, err
			}
		}
		if !c.Accept(",") {
			return ddl.statements(), nil
		}
	}
}

// addColumn adds a column at the end, and the DDL for it. Rows that are there get
// its default.
func addColumn(t *schema.Table, col schema.Column, ddl *columnDDL) error {
	if slices.ContainsFunc(t.Columns, func(c schema.Column) bool { return strings.EqualFold(c.Name, col.Name) }) {
		return schema.NotSupported("columns whose names differ in case only (%s)", col.Name)
	}
	t.Columns = append(t.Columns, col)
	if col.Semantic == schema.Tag {
		t.Tags = append(t.Tags, col.Name)
	}
	ddl.alters = append(ddl.alters, "ALTER TABLE "+t.Phys()+" ADD COLUMN "+schema.Quote(col.Name)+" "+col.Type.Duck())
	if col.Default == "" {
		return nil
	}
	v, err := col.DefaultCell(systemClock())
	if err != nil {
		return err
	}
	var lit string
	switch {
	case col.Type.IsTimestamp():
		lit = expr.TimestampLiteral(col.Type, v.(int64))
	case col.Type.Kind == schema.String:
		lit = schema.QuoteText(v.(string))
	case col.Type.IsNumber() || col.Type.Kind == schema.Bool:
		lit = "CAST('" + strings.Trim(schema.QuoteText(fmt.Sprint(v)), "'") + "' AS " + col.Type.Duck() + ")"
	default:
		return schema.NotSupported("a default for a %s column", col.Type.SQL())
	}
	ddl.fills = append(ddl.fills, "UPDATE "+t.Phys()+" SET "+schema.Quote(col.Name)+" = "+lit)
	return nil
}

func dropColumn(c *schema.Cursor, t *schema.Table) ([]string, error) {
	name, err := c.Ident()
	if err != nil {
		return nil, err
	}
	if err := c.End(); err != nil {
		return nil, err
	}
	i, ok := t.Column(name)
	if !ok {
		return nil, schema.Errorf(schema.TableColumnNotFound, "Column %s not exists in table %s", name, t.Name)
	}
	if t.Columns[i].Semantic != schema.Field || slices.Contains(t.Partitions.Columns, name) {
		return nil, schema.Errorf(schema.InvalidArguments, "Not allowed to remove index column %s from table %s", name, t.Name)
	}
	t.Columns = slices.Delete(t.Columns, i, i+1)
	return []string{"ALTER TABLE " + t.Phys() + " DROP COLUMN " + schema.Quote(name)}, nil
}

// setOptions takes 'key' = 'value', ….
func setOptions(c *schema.Cursor, t *schema.Table) error {
	for {
		tok := c.Take()
		key := tok.Text
		if tok.Kind == sqltext.TokenString {
			key = schema.Unquote(key)
		}
		if err := c.Expect("="); err != nil {
			return err
		}
		v := c.Take()
		value := v.Text
		if v.Kind == sqltext.TokenString {
			value = schema.Unquote(value)
		}
		if key == "append_mode" || key == "merge_mode" {
			return schema.NotSupported("changing %s of a table", key)
		}
		if err := t.SetOption(key, value); err != nil {
			return err
		}
		if !c.Accept(",") {
			return nil
		}
	}
}

// comment executes COMMENT ON TABLE … IS '…' and COMMENT ON COLUMN … IS '…'.
func (e *Engine) comment(ctx context.Context, s *schema.Session, c *schema.Cursor) (*Result, error) {
	c.Take()
	var name schema.TableName
	var column string
	var err error
	ofColumn := false
	switch {
	case c.Accept("ON", "TABLE"):
		name, err = c.TableName(s)
	case c.Accept("ON", "COLUMN"):
		name, column, err = c.ColumnName(s)
		ofColumn = true
	default:
		return nil, schema.NotSupported("COMMENT ON anything but a TABLE or a COLUMN")
	}
	if err != nil {
		return nil, err
	}
	if err := c.Expect("IS"); err != nil {
		return nil, err
	}
	text := ""
	if !c.Accept("NULL") {
		if text, err = c.StringLiteral(); err != nil {
			return nil, err
		}
	}
	if err := c.End(); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	old := e.catalog.Table(name)
	if old == nil {
		return nil, schema.NoTable(name)
	}
	t := old.Clone()
	switch {
	case ofColumn:
		i, ok := t.Column(column)
		if !ok {
			return nil, schema.Errorf(schema.TableColumnNotFound, "Column %s not exists in table %s", column, t.Name)
		}
		t.Columns[i].Comment = text
	case text == "":
		delete(t.Options, "comment")
	default:
		t.Options["comment"] = text
	}
	return affected(0), e.change(ctx, old, t)
}
