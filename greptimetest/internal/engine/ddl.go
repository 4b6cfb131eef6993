package engine

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/greptime-go/greptime/internal/sqltext"
)

func (e *Engine) create(ctx context.Context, s *Session, c *cursor) (*Result, error) {
	c.next()
	switch {
	case c.accept("TABLE"):
		return e.createTable(ctx, s, c)
	case c.accept("DATABASE"), c.accept("SCHEMA"):
		return e.createDatabase(ctx, c)
	case c.accept("VIEW"):
		return e.createView(ctx, s, c, false)
	case c.accept("OR", "REPLACE", "VIEW"):
		return e.createView(ctx, s, c, true)
	}
	return nil, unsupported("CREATE %s", strings.ToUpper(c.peek().text))
}

func (e *Engine) createDatabase(ctx context.Context, c *cursor) (*Result, error) {
	ifNot := c.accept("IF", "NOT", "EXISTS")
	name, err := c.ident()
	if err != nil {
		return nil, err
	}
	if c.accept("WITH") {
		if err := c.skipParens(); err != nil {
			return nil, err
		}
	}
	if err := c.end(); err != nil {
		return nil, err
	}
	return affected(1), e.AddDatabase(ctx, name, ifNot)
}

// AddDatabase makes a database.
func (e *Engine) AddDatabase(ctx context.Context, name string, ifNotExists bool) error {
	if name == "" || strings.ContainsFunc(name, unicode.IsSpace) {
		return errorf(Unexpected, "Invalid database name: %s", name)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.catalog.databases[name] != nil {
		if ifNotExists {
			return nil
		}
		return errorf(InvalidArguments, "Schema %s already exists", name)
	}
	if _, err := e.db.ExecContext(ctx, `INSERT INTO `+catalogTable+` VALUES (?, 0, '')`, name); err != nil {
		return asError(err)
	}
	e.catalog.databases[name] = map[string]*Table{}
	return nil
}

func (e *Engine) createTable(ctx context.Context, s *Session, c *cursor) (*Result, error) {
	ifNot := c.accept("IF", "NOT", "EXISTS")
	name, err := c.tableName(s)
	if err != nil {
		return nil, err
	}
	if c.peek().is("LIKE") {
		return nil, unsupported("CREATE TABLE … LIKE")
	}
	t := &Table{Database: name.db, Name: name.table, Options: map[string]string{}}
	timeIndex, keys, err := c.columns(s, t)
	if err != nil {
		return nil, err
	}
	if err := c.tableOptions(s, t); err != nil {
		return nil, err
	}
	if err := c.end(); err != nil {
		return nil, err
	}
	if err := t.setKeys(timeIndex, keys); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return affected(0), e.addTable(ctx, t, ifNot)
}

// columns takes the parenthesised part of CREATE TABLE.
func (c *cursor) columns(s *Session, t *Table) (timeIndex, keys []string, err error) {
	if err := c.expect("("); err != nil {
		return nil, nil, err
	}
	for {
		switch {
		case c.accept("TIME", "INDEX"):
			names, err := c.nameList()
			if err != nil {
				return nil, nil, err
			}
			timeIndex = append(timeIndex, names...)
		case c.accept("PRIMARY", "KEY"):
			names, err := c.nameList()
			if err != nil {
				return nil, nil, err
			}
			keys = append(keys, names...)
		default:
			col, marks, err := c.columnDef(s, true)
			if err != nil {
				return nil, nil, err
			}
			if marks.timeIndex {
				timeIndex = append(timeIndex, col.Name)
			}
			if marks.primaryKey {
				keys = append(keys, col.Name)
			}
			t.Columns = append(t.Columns, col)
		}
		if c.accept(")") {
			return timeIndex, keys, nil
		}
		if !c.accept(",") {
			return nil, nil, c.unexpected("',' or ')' after column definition")
		}
	}
}

// nameList takes (a, b).
func (c *cursor) nameList() ([]string, error) {
	if err := c.expect("("); err != nil {
		return nil, err
	}
	var list []string
	for {
		n, err := c.ident()
		if err != nil {
			return nil, err
		}
		list = append(list, n)
		if c.accept(")") {
			return list, nil
		}
		if err := c.expect(","); err != nil {
			return nil, err
		}
	}
}

// tableOptions takes PARTITION ON, ENGINE, COMMENT and WITH.
func (c *cursor) tableOptions(s *Session, t *Table) error {
	for {
		switch {
		case c.accept("PARTITION", "ON", "COLUMNS"):
			if err := c.partitionClause(t); err != nil {
				return err
			}
		case c.accept("ENGINE"):
			c.accept("=")
			if n, err := c.ident(); err != nil {
				return err
			} else if n != "mito" {
				return unsupported("ENGINE=%s", n)
			}
		case c.accept("COMMENT"):
			c.accept("=")
			v, err := c.string()
			if err != nil {
				return err
			}
			t.Options["comment"] = v
		case c.accept("WITH"):
			opts, err := c.optionList()
			if err != nil {
				return err
			}
			for k, v := range opts {
				if err := t.setOption(k, v); err != nil {
					return err
				}
			}
			return t.checkOptions(s.version)
		default:
			return nil
		}
	}
}

// optionList takes (key = value, 'key' = 'value').
func (c *cursor) optionList() (map[string]string, error) {
	if err := c.expect("("); err != nil {
		return nil, err
	}
	opts := map[string]string{}
	for {
		var key string
		for {
			t := c.next()
			switch {
			case t.kind == sqltext.TokenString:
				key += unquote(t.text)
			case t.isName():
				key += t.name()
			default:
				c.i--
				return nil, c.unexpected("option name")
			}
			if !c.accept(".") {
				break
			}
			key += "."
		}
		if err := c.expect("="); err != nil {
			return nil, err
		}
		v := c.next()
		if v.kind == sqltext.TokenString {
			opts[key] = unquote(v.text)
		} else {
			opts[key] = strings.ToLower(v.text)
		}
		if c.accept(")") {
			return opts, nil
		}
		if err := c.expect(","); err != nil {
			return nil, err
		}
	}
}

// Table options that change nothing here and are shown by SHOW CREATE TABLE.
var quietOptions = map[string]bool{"comment": true, "skip_wal": true, "sst_format": true, "write_buffer_size": true, "storage": true,
	"memtable.type": true, "compaction.type": true, "compaction.twcs.time_window": true, "compaction.twcs.trigger_file_num": true,
	"compaction.twcs.max_output_file_size": true, "physical_metric_table": true, "on_physical_table": true}

// setOption checks a table option as GreptimeDB does.
func (t *Table) setOption(key, value string) error {
	bad := errorf(InvalidArguments, "Failed to parse table option, key: %s, value: %s", key, value)
	switch key {
	case "ttl":
		ttl, ok := parseTTL(value)
		if !ok {
			return bad
		}
		value = ttl
	case "append_mode", "skip_wal":
		if _, err := strconv.ParseBool(value); err != nil {
			return bad
		}
	case "merge_mode":
		if value != "last_row" && value != "last_non_null" {
			return errorf(InvalidArguments, "Invalid options: Matching variant not found at line 1 column 21")
		}
	case "physical_metric_table", "on_physical_table":
		return unsupported("the metric engine")
	default:
		if !quietOptions[key] {
			return errorf(InvalidArguments, "Unrecognized table option key: %s", key)
		}
	}
	t.Options[key] = value
	return nil
}

// checkOptions holds the options against each other.
func (t *Table) checkOptions(version Version) error {
	switch mode := t.Options["merge_mode"]; {
	case !t.appendMode() || mode == "":
	case version < V1_1_4:
		return errorf(InvalidArguments, "Invalid region options, merge_mode is not allowed when append_mode is enabled")
	case mode != "last_row":
		return errorf(InvalidArguments, "Invalid region options, only last_row merge_mode is allowed when append_mode is enabled")
	}
	return nil
}

// parseTTL reads a duration such as 7d and writes it as SHOW CREATE TABLE does.
func parseTTL(v string) (string, bool) {
	switch s := strings.ToLower(v); s {
	case "forever", "instant":
		return s, true
	}
	type ttlUnit struct {
		names     string
		d         time.Duration
		one, many string // as shown; "" for units that are not
	}
	units := []ttlUnit{
		{" years year y ", 31557600 * time.Second, "year", "years"}, {" months month M ", 2630016 * time.Second, "month", "months"},
		{" weeks week w ", 7 * 24 * time.Hour, "", ""}, {" days day d ", 24 * time.Hour, "day", "days"},
		{" hours hour hr h ", time.Hour, "h", "h"}, {" minutes minute min m ", time.Minute, "m", "m"}, {" seconds second sec s ", time.Second, "s", "s"},
	}
	var total time.Duration
	s := strings.TrimSpace(v)
	if s == "" {
		return "", false
	}
	for s != "" {
		i := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
		if i <= 0 {
			return "", false
		}
		n, err := strconv.Atoi(s[:i])
		s = strings.TrimSpace(s[i:])
		j := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsLetter(r) })
		if j < 0 {
			j = len(s)
		}
		unit := s[:j]
		s = strings.TrimSpace(s[j:])
		k := slices.IndexFunc(units, func(u ttlUnit) bool { return strings.Contains(u.names, " "+unit+" ") })
		if err != nil || unit == "" || k < 0 {
			return "", false
		}
		total += time.Duration(n) * units[k].d
	}
	var parts []string
	for _, u := range units {
		if u.one == "" {
			continue
		}
		if n := int(total / u.d); n > 0 {
			total -= time.Duration(n) * u.d
			name := u.one
			if n > 1 {
				name = u.many
			}
			parts = append(parts, strconv.Itoa(n)+name)
		}
	}
	if len(parts) == 0 {
		return "0s", true
	}
	return strings.Join(parts, " "), true
}

// setKeys gives the columns their roles.
func (t *Table) setKeys(timeIndex, keys []string) error {
	if len(timeIndex) == 0 {
		return errorf(InvalidSyntax, "Missing time index constraint")
	}
	if len(timeIndex) > 1 {
		return errorf(InvalidSyntax, "Invalid SQL syntax: expected only one time index, found %d", len(timeIndex))
	}
	seen := map[string]bool{}
	for _, col := range t.Columns {
		if seen[strings.ToLower(col.Name)] {
			if i, ok := t.column(col.Name); ok && t.Columns[i].Name == col.Name && countName(t.Columns, col.Name) > 1 {
				return errorf(InvalidArguments, "Invalid SQL, error: duplicated column name %s", col.Name)
			}
			return unsupported("columns whose names differ in case only (%s)", col.Name)
		}
		seen[strings.ToLower(col.Name)] = true
	}
	i, ok := t.column(timeIndex[0])
	if !ok {
		return errorf(InvalidArguments, "Invalid SQL, error: Column %s not found", timeIndex[0])
	}
	ti := &t.Columns[i]
	if !ti.Type.isTimestamp() || ti.Type.Datetime {
		return errorf(InvalidArguments, "Invalid column option, column name: %s, error: time index column data type should be timestamp", ti.Name)
	}
	ti.Semantic, ti.Nullable = TimeIndex, false
	for _, k := range keys {
		i, ok := t.column(k)
		if !ok {
			return errorf(InvalidArguments, "Invalid SQL, error: Column %s not found", k)
		}
		if t.Columns[i].Semantic == TimeIndex {
			return errorf(InvalidArguments, "Invalid column option, column name: %s, error: primary key and time index are the same column", k)
		}
		t.Columns[i].Semantic = Tag
	}
	t.Tags = keys
	return nil
}

func countName(cols []Column, name string) int {
	n := 0
	for _, c := range cols {
		if c.Name == name {
			n++
		}
	}
	return n
}

// addTable makes a table. The lock is held.
func (e *Engine) addTable(ctx context.Context, t *Table, ifNot bool) error {
	if !validTableName(t.Name) {
		return errorf(InvalidArguments, "Invalid table name: %s", t.Name)
	}
	if strings.EqualFold(t.Database, informationSchema) {
		return readOnlySchema(t.Database)
	}
	db, err := e.catalog.database(t.Database)
	if err != nil {
		return err
	}
	if db[t.Name] != nil {
		if ifNot {
			return nil
		}
		return errorf(TableAlreadyExists, "Table already exists: `%s`", tableName{catalogName, t.Database, t.Name})
	}
	if slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Name == "" }) {
		return unsupported("a column without a name")
	}
	t.ID = e.catalog.nextID
	err = e.inTx(ctx, func(conn *sql.Conn) error {
		defs := make([]string, len(t.Columns))
		for i, col := range t.Columns {
			defs[i] = quote(col.Name) + " " + col.Type.duck()
		}
		if t.View == "" {
			if _, err := conn.ExecContext(ctx, "CREATE TABLE "+t.phys()+" ("+strings.Join(defs, ", ")+")"); err != nil {
				return asError(err)
			}
		}
		return saveTable(ctx, conn, t)
	})
	if err != nil {
		return err
	}
	t.filled, t.latest = true, -1<<63
	e.catalog.nextID++
	db[t.Name] = t
	return nil
}

func readOnlySchema(db string) *Error {
	return errorf(Unsupported, "Schema `%s` is read-only", db)
}

func (e *Engine) createView(ctx context.Context, s *Session, c *cursor, replace bool) (*Result, error) {
	ifNot := c.accept("IF", "NOT", "EXISTS")
	name, err := c.tableName(s)
	if err != nil {
		return nil, err
	}
	if c.peek().is("(") {
		return nil, unsupported("a column list in CREATE VIEW")
	}
	if err := c.expect("AS"); err != nil {
		return nil, err
	}
	toks := c.rest(c.i)
	if len(toks) == 0 {
		return nil, c.unexpected("a query")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	old := e.catalog.table(name)
	n, err := e.parseQuery(ctx, toks)
	if err != nil {
		return nil, err
	}
	tr := e.newTranslator(ctx, s)
	tr.replaced = old
	if _, _, err := tr.query(n, nil); err != nil {
		return nil, err
	}
	last := toks[len(toks)-1]
	v := &Table{Database: name.db, Name: name.table, Options: map[string]string{}, View: c.text[toks[0].pos : last.pos+len(last.text)]}
	if old != nil && old.View != "" && replace {
		v.ID = old.ID
		return affected(0), e.change(ctx, old, v)
	}
	return affected(0), e.addTable(ctx, v, ifNot)
}

func (e *Engine) drop(ctx context.Context, s *Session, c *cursor) (*Result, error) {
	c.next()
	kind := strings.ToUpper(c.next().text)
	ifExists := c.accept("IF", "EXISTS")
	switch kind {
	case "TABLE", "VIEW":
		for {
			name, err := c.tableName(s)
			if err != nil {
				return nil, err
			}
			if err := e.dropByName(ctx, name, ifExists, kind == "VIEW"); err != nil {
				return nil, err
			}
			if !c.accept(",") {
				return affected(0), c.end()
			}
		}
	case "DATABASE", "SCHEMA":
		name, err := c.ident()
		if err != nil {
			return nil, err
		}
		return affected(0), e.dropDatabase(ctx, s, name, ifExists)
	}
	return nil, unsupported("DROP %s", kind)
}

// DropTable removes a table as a DdlRequest does.
func (e *Engine) DropTable(ctx context.Context, s *Session, db, name string, ifExists bool) error {
	if db == "" {
		db = s.Database
	}
	return e.dropByName(ctx, tableName{s.Catalog, db, name}, ifExists, false)
}

func (e *Engine) dropByName(ctx context.Context, name tableName, ifExists, view bool) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	t := e.catalog.table(name)
	switch {
	case t == nil && ifExists:
		return nil
	case t == nil:
		return tableNotFound(name)
	case view != (t.View != ""):
		return errorf(InvalidArguments, "Invalid SQL, error: %s is not a %s", name, map[bool]string{true: "view", false: "table"}[view])
	}
	return e.dropTable(ctx, t)
}

func (e *Engine) dropTable(ctx context.Context, t *Table) error {
	err := e.inTx(ctx, func(conn *sql.Conn) error {
		if t.View == "" {
			if _, err := conn.ExecContext(ctx, "DROP TABLE "+t.phys()); err != nil {
				return asError(err)
			}
		}
		return forgetTable(ctx, conn, t)
	})
	if err == nil {
		delete(e.catalog.databases[t.Database], t.Name)
	}
	return err
}

// dropDatabase drops a database with its tables. GreptimeDB refuses to drop the database
// of the request (StatementExecutor::drop_database in its source), also with IF EXISTS.
func (e *Engine) dropDatabase(ctx context.Context, s *Session, name string, ifExists bool) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if strings.EqualFold(name, informationSchema) {
		return readOnlySchema(name)
	}
	if e.catalog.databases[name] == nil {
		if ifExists {
			return nil
		}
		return errorf(InvalidArguments, "Failed to find schema, schema info: %s", name)
	}
	if name == s.Database {
		return errorf(InvalidArguments, "Schema `%s` is in use", name)
	}
	if slices.Contains(builtinDatabases, name) {
		return unsupported("DROP DATABASE %s", name)
	}
	for _, t := range e.catalog.tables(name) {
		if err := e.dropTable(ctx, t); err != nil {
			return err
		}
	}
	if _, err := e.db.ExecContext(ctx, `DELETE FROM `+catalogTable+` WHERE db = ? AND id = 0`, name); err != nil {
		return asError(err)
	}
	delete(e.catalog.databases, name)
	return nil
}

func (e *Engine) truncate(ctx context.Context, s *Session, c *cursor) (*Result, error) {
	c.next()
	c.accept("TABLE")
	name, err := c.tableName(s)
	if err != nil {
		return nil, err
	}
	if err := c.end(); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	t := e.catalog.table(name)
	if t == nil || t.View != "" {
		return nil, tableNotFound(name)
	}
	if _, err := e.db.ExecContext(context.WithoutCancel(ctx), "DELETE FROM "+t.phys()); err != nil {
		return nil, asError(err)
	}
	t.unlogged = nil
	return affected(0), nil
}
