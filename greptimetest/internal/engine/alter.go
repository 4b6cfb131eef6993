package engine

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"

	"github.com/greptime-go/greptime/internal/sqltext"
)

// clone copies a table's definition, to be changed and swapped in.
func (t *Table) clone() *Table {
	return &Table{ID: t.ID, Database: t.Database, Name: t.Name, Columns: slices.Clone(t.Columns), Tags: slices.Clone(t.Tags),
		Options: maps.Clone(t.Options), Version: t.Version, Partitions: t.Partitions, View: t.View, latest: t.latest, filled: t.filled, unlogged: t.unlogged}
}

// columnsChanged raises the version of a schema whose columns were changed. GreptimeDB
// flushes a region before it alters its columns, so no row of it is unlogged any more.
func (t *Table) columnsChanged() {
	t.Version++
	t.unlogged = nil
}

// change stores a changed definition and runs the DDL that goes with it. The lock is
// held.
func (e *Engine) change(ctx context.Context, old, t *Table, ddl ...string) error {
	err := e.inTx(ctx, func(conn *sql.Conn) error {
		for _, q := range ddl {
			if _, err := conn.ExecContext(ctx, q); err != nil {
				return asError(err)
			}
		}
		return saveTable(ctx, conn, t)
	})
	if err != nil {
		return err
	}
	delete(e.catalog.databases[old.Database], old.Name)
	e.catalog.databases[t.Database][t.Name] = t
	return nil
}

func (e *Engine) alter(ctx context.Context, s *Session, c *cursor) (*Result, error) {
	c.next()
	if !c.accept("TABLE") {
		return nil, unsupported("ALTER %s", strings.ToUpper(c.peek().text))
	}
	name, err := c.tableName(s)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	old := e.catalog.table(name)
	if old == nil || old.View != "" {
		return nil, tableNotFound(name)
	}
	t := old.clone()
	var ddl []string
	switch {
	case c.accept("RENAME"):
		c.accept("TO")
		if t.Name, err = c.ident(); err != nil {
			return nil, err
		}
		if !validTableName(t.Name) {
			return nil, errorf(InvalidArguments, "Invalid table name: %s", t.Name)
		}
		if e.catalog.databases[t.Database][t.Name] != nil {
			return nil, errorf(TableAlreadyExists, "Table already exists: `%s`", tableName{catalogName, t.Database, t.Name})
		}
	case c.peek().is("ADD"):
		if ddl, err = c.addColumns(s, t); err != nil {
			return nil, err
		}
	case c.accept("DROP", "COLUMN"):
		if ddl, err = c.dropColumn(t); err != nil {
			return nil, err
		}
	case c.accept("MODIFY"):
		if ddl, err = c.modifyColumn(s, t); err != nil {
			return nil, err
		}
		t.columnsChanged()
	case c.accept("SET"):
		if c.peek().is("(") {
			return nil, unsupported("ALTER TABLE SET with parentheses")
		}
		if err := c.setOptions(t); err != nil {
			return nil, err
		}
	case c.accept("UNSET"):
		key, err := c.string()
		if err != nil {
			return nil, err
		}
		delete(t.Options, key)
	default:
		return nil, unsupported("ALTER TABLE %s", strings.ToUpper(c.peek().text))
	}
	if err := c.end(); err != nil {
		return nil, err
	}
	if len(t.Columns) != len(old.Columns) {
		t.columnsChanged()
	}
	return affected(0), e.change(ctx, old, t, ddl...)
}

// columnDDL are the statements that add columns: DuckDB takes no ALTER TABLE after
// an UPDATE of the same transaction.
type columnDDL struct{ alters, fills []string }

func (d columnDDL) statements() []string { return append(d.alters, d.fills...) }

func (c *cursor) addColumns(s *Session, t *Table) ([]string, error) {
	var ddl columnDDL
	for {
		if !c.accept("ADD") {
			return nil, c.unexpected("ADD")
		}
		c.accept("COLUMN")
		ifNot := c.accept("IF", "NOT", "EXISTS")
		col, marks, err := c.columnDef(s, false)
		if err != nil {
			return nil, err
		}
		switch {
		case marks.timeIndex:
			return nil, errorf(InvalidArguments, "Invalid column option, column name: %s, error: the time index cannot be added", col.Name)
		case marks.notNull && col.Default == "":
			return nil, errorf(InvalidArguments, "no default value for column %s: a column that is NOT NULL needs one", col.Name)
		case c.peek().is("FIRST") || c.peek().is("AFTER"):
			return nil, unsupported("ADD COLUMN %s", strings.ToUpper(c.peek().text))
		}
		if marks.primaryKey {
			col.Semantic = Tag
		}
		if _, exists := t.column(col.Name); exists {
			if !ifNot {
				return nil, errorf(TableColumnExists, "Column %s already exists in table %s", col.Name, t.Name)
			}
		} else {
			if err := t.addColumn(col, &ddl); err != nil {
				return nil, err
			}
		}
		if !c.accept(",") {
			return ddl.statements(), nil
		}
	}
}

// addColumn adds a column at the end, and the DDL for it. Rows that are there get
// its default.
func (t *Table) addColumn(col Column, ddl *columnDDL) error {
	if slices.ContainsFunc(t.Columns, func(c Column) bool { return strings.EqualFold(c.Name, col.Name) }) {
		return unsupported("columns whose names differ in case only (%s)", col.Name)
	}
	t.Columns = append(t.Columns, col)
	if col.Semantic == Tag {
		t.Tags = append(t.Tags, col.Name)
	}
	ddl.alters = append(ddl.alters, "ALTER TABLE "+t.phys()+" ADD COLUMN "+quote(col.Name)+" "+col.Type.duck())
	if col.Default == "" {
		return nil
	}
	v, err := col.defaultCell(systemClock())
	if err != nil {
		return err
	}
	var lit string
	switch {
	case col.Type.isTimestamp():
		lit = timestampLiteral(col.Type, v.(int64))
	case col.Type.Kind == String:
		lit = quoteText(v.(string))
	case col.Type.isNumber() || col.Type.Kind == Bool:
		lit = "CAST('" + strings.Trim(quoteText(asText(v)), "'") + "' AS " + col.Type.duck() + ")"
	default:
		return unsupported("a default for a %s column", col.Type.sql())
	}
	ddl.fills = append(ddl.fills, "UPDATE "+t.phys()+" SET "+quote(col.Name)+" = "+lit)
	return nil
}

func (c *cursor) dropColumn(t *Table) ([]string, error) {
	ifExists := c.accept("IF", "EXISTS")
	name, err := c.ident()
	if err != nil {
		return nil, err
	}
	i, ok := t.column(name)
	if !ok {
		if ifExists {
			return nil, nil
		}
		return nil, errorf(TableColumnNotFound, "Column %s not exists in table %s", name, t.Name)
	}
	if t.Columns[i].Semantic != Field || slices.Contains(t.Partitions.Columns, name) {
		return nil, errorf(InvalidArguments, "Not allowed to remove index column %s from table %s", name, t.Name)
	}
	t.Columns = slices.Delete(t.Columns, i, i+1)
	return []string{"ALTER TABLE " + t.phys() + " DROP COLUMN " + quote(name)}, nil
}

// setOptions takes 'key' = 'value', ….
func (c *cursor) setOptions(t *Table) error {
	for {
		tok := c.next()
		key := tok.text
		if tok.kind == sqltext.TokenString {
			key = unquote(key)
		}
		if err := c.expect("="); err != nil {
			return err
		}
		v := c.next()
		value := v.text
		if v.kind == sqltext.TokenString {
			value = unquote(value)
		}
		if key == "append_mode" || key == "merge_mode" {
			return unsupported("changing %s of a table", key)
		}
		if err := t.setOption(key, value); err != nil {
			return err
		}
		if !c.accept(",") {
			return nil
		}
	}
}

// comment executes COMMENT ON TABLE … IS '…'.
func (e *Engine) comment(ctx context.Context, s *Session, c *cursor) (*Result, error) {
	c.next()
	if !c.accept("ON", "TABLE") {
		return nil, unsupported("COMMENT ON anything but a TABLE")
	}
	name, err := c.tableName(s)
	if err != nil {
		return nil, err
	}
	if err := c.expect("IS"); err != nil {
		return nil, err
	}
	text := ""
	if !c.accept("NULL") {
		if text, err = c.string(); err != nil {
			return nil, err
		}
	}
	if err := c.end(); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	old := e.catalog.table(name)
	if old == nil {
		return nil, tableNotFound(name)
	}
	t := old.clone()
	if text == "" {
		delete(t.Options, "comment")
	} else {
		t.Options["comment"] = text
	}
	return affected(0), e.change(ctx, old, t)
}
