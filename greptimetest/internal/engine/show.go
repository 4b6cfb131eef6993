package engine

import (
	"database/sql/driver"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
	"github.com/greptime-go/greptime/internal/sqltext"
)

func text0(name string) column    { return column{name, arrow.BinaryTypes.String, false} }
func textNull(name string) column { return column{name, arrow.BinaryTypes.String, true} }

func (e *Engine) show(s *schema.Session, c *schema.Cursor) (*Result, error) {
	c.Take()
	e.mu.RLock()
	defer e.mu.RUnlock()
	switch {
	case c.Accept("DATABASES"), c.Accept("SCHEMAS"):
		return e.showNames(c, text0("Database"), slices.Sorted(maps.Keys(e.catalog.Databases)))
	case c.Accept("TABLES"):
		return e.showTables(s, c, false)
	case c.Accept("FULL", "TABLES"):
		return e.showTables(s, c, true)
	case c.Accept("VIEWS"):
		db, err := fromDatabase(c, s)
		if err != nil {
			return nil, err
		}
		var views []string
		for _, t := range e.catalog.Tables(db) {
			if t.View != "" {
				views = append(views, t.Name)
			}
		}
		return e.showNames(c, text0("Views"), views)
	case c.Accept("FLOWS"):
		return table([]column{text0("Flows")}, nil), nil
	case c.Accept("STATUS"):
		r := table([]column{text0("Variable_name"), textNull("Value")}, nil)
		r.Empty = true
		return r, c.End()
	case c.Accept("CHARSET"), c.Accept("CHARACTER", "SET"):
		return table([]column{text0("Charset"), text0("Description"), text0("Default collation"), {"Maxlen", arrow.PrimitiveTypes.Int64, false}},
			[][]driver.Value{{"utf8", "UTF-8 Unicode", "utf8_bin", int64(4)}}), c.End()
	case c.Accept("COLLATION"):
		num := func(n string) column { return column{n, arrow.PrimitiveTypes.Int64, false} }
		return table([]column{text0("Collation"), text0("Charset"), num("Id"), text0("Default"), text0("Compiled"), num("Sortlen")},
			[][]driver.Value{{"utf8_bin", "utf8", int64(1), "Yes", "Yes", int64(1)}}), c.End()
	case c.Accept("SEARCH_PATH"):
		return table([]column{text0("search_path")}, [][]driver.Value{{s.Database}}), c.End()
	case c.Accept("VARIABLES"):
		return e.showVariable(s, c)
	case c.Accept("COLUMNS"), c.Accept("FIELDS"):
		return e.showColumns(s, c, false)
	case c.Accept("FULL", "COLUMNS"), c.Accept("FULL", "FIELDS"):
		return e.showColumns(s, c, true)
	case c.Accept("INDEX"), c.Accept("INDEXES"), c.Accept("KEYS"):
		return e.showIndex(s, c)
	case c.Accept("CREATE", "TABLE"):
		return e.showCreateTable(s, c)
	case c.Accept("CREATE", "VIEW"):
		name, err := c.TableName(s)
		if err != nil {
			return nil, err
		}
		t := e.catalog.Table(name)
		if t == nil || t.View == "" {
			return nil, schema.Errorf(schema.TableNotFound, "Table not found: %s", name.Table)
		}
		return table([]column{text0("View"), text0("Create View")}, [][]driver.Value{{t.Name, "CREATE VIEW IF NOT EXISTS " + t.Name + " AS " + t.View}}), c.End()
	case c.Accept("CREATE", "DATABASE"), c.Accept("CREATE", "SCHEMA"):
		name, err := c.Ident()
		if err != nil {
			return nil, err
		}
		if _, err := e.catalog.Database(name); err != nil {
			return nil, err
		}
		return table([]column{text0("Database"), text0("Create Database")}, [][]driver.Value{{name, "CREATE DATABASE IF NOT EXISTS " + name}}), c.End()
	}
	return nil, schema.NotSupported("SHOW %s", strings.ToUpper(c.Peek().Text))
}

// fromDatabase takes FROM db or IN db.
func fromDatabase(c *schema.Cursor, s *schema.Session) (string, error) {
	if !c.Accept("FROM") && !c.Accept("IN") {
		return s.Database, nil
	}
	return c.Ident()
}

// like takes LIKE 'pattern' and the end of the statement.
func like(c *schema.Cursor) (func(string) bool, error) {
	all := func(string) bool { return true }
	if c.Accept("LIKE") {
		p, err := c.StringLiteral()
		if err != nil {
			return nil, err
		}
		return func(s string) bool { return likeMatch(p, s) }, c.End()
	}
	if c.Peek().Is("WHERE") {
		return nil, schema.NotSupported("SHOW … WHERE")
	}
	return all, c.End()
}

// likeMatch reports whether a text matches a LIKE pattern with % and _.
func likeMatch(pattern, s string) bool {
	p, t := []rune(pattern), []rune(s)
	i, j, star, mark := 0, 0, -1, 0
	for j < len(t) {
		switch {
		case i < len(p) && p[i] == '%':
			star, mark = i, j
			i++
		case i < len(p) && (p[i] == '_' || p[i] == t[j]):
			i, j = i+1, j+1
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '%' {
		i++
	}
	return i == len(p)
}

func (e *Engine) showNames(c *schema.Cursor, col column, list []string) (*Result, error) {
	keep, err := like(c)
	if err != nil {
		return nil, err
	}
	var rows [][]driver.Value
	for _, n := range list {
		if keep(n) {
			rows = append(rows, []driver.Value{n})
		}
	}
	return table([]column{col}, rows), nil
}

func (e *Engine) showTables(s *schema.Session, c *schema.Cursor, full bool) (*Result, error) {
	db, err := fromDatabase(c, s)
	if err != nil {
		return nil, err
	}
	keep, err := like(c)
	if err != nil {
		return nil, err
	}
	cols := []column{text0("Tables_in_" + db)}
	if full {
		cols = append(cols, text0("Table_type"))
	}
	var rows [][]driver.Value
	add := func(name, kind string) {
		if keep(name) {
			rows = append(rows, []driver.Value{name, kind}[:len(cols)])
		}
	}
	if db == schema.InformationSchema {
		for _, n := range slices.Sorted(maps.Keys(infoTables)) {
			add(n, "LOCAL TEMPORARY")
		}
	}
	for _, t := range e.catalog.Tables(db) {
		kind := "BASE TABLE"
		if t.View != "" {
			kind = "VIEW"
		}
		add(t.Name, kind)
	}
	return table(cols, rows), nil
}

func (e *Engine) showVariable(s *schema.Session, c *schema.Cursor) (*Result, error) {
	name, err := c.Ident()
	if err != nil {
		return nil, err
	}
	name = strings.ToUpper(name)
	values := map[string]string{"TIME_ZONE": s.ZoneName, "SYSTEM_TIME_ZONE": "UTC", "TIMEZONE": s.ZoneName}
	v, ok := values[name]
	if !ok {
		return nil, schema.NotSupported("SHOW VARIABLES %s", name)
	}
	return table([]column{text0(name)}, [][]driver.Value{{v}}), c.End()
}

// tableOf takes FROM table [FROM database].
func tableOf(c *schema.Cursor, s *schema.Session) (schema.TableName, error) {
	if !c.Accept("FROM") && !c.Accept("IN") {
		return schema.TableName{}, c.Unexpected("FROM")
	}
	name, err := c.TableName(s)
	if err == nil && (c.Accept("FROM") || c.Accept("IN")) {
		name.DB, err = c.Ident()
	}
	return name, err
}

func orNull(s string) driver.Value {
	if s == "" {
		return nil
	}
	return s
}

func (e *Engine) showColumns(s *schema.Session, c *schema.Cursor, full bool) (*Result, error) {
	name, err := tableOf(c, s)
	if err != nil {
		return nil, err
	}
	keep, err := like(c)
	if err != nil {
		return nil, err
	}
	cols := []column{text0("Field"), text0("Type"), textNull("Collation"), text0("Null"), text0("Key"), textNull("Default"),
		textNull("Comment"), text0("Privileges"), text0("Extra"), text0("Greptime_type")}
	fullOnly := []int{7, 6, 2}
	var list [][]driver.Value
	if t := e.catalog.Table(name); t != nil {
		for i := range t.Columns {
			col := &t.Columns[i]
			if !keep(col.Name) {
				continue
			}
			collation := ""
			if col.Type.Kind == schema.String {
				collation = "utf8_bin"
			}
			list = append(list, []driver.Value{col.Name, col.Type.LowerName(), orNull(collation), e.version.YesNo(col.Nullable), col.KeyName(),
				orNull(col.DefaultText()), orNull(col.Comment), "select,insert", "", col.Type.Name()})
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i][0].(string) < list[j][0].(string) })
	if !full {
		for _, i := range fullOnly {
			cols = slices.Delete(cols, i, i+1)
			for r := range list {
				list[r] = slices.Delete(list[r], i, i+1)
			}
		}
	}
	return table(cols, list), nil
}

func (e *Engine) showIndex(s *schema.Session, c *schema.Cursor) (*Result, error) {
	name, err := tableOf(c, s)
	if err != nil {
		return nil, err
	}
	if err := c.End(); err != nil {
		return nil, err
	}
	if e.version >= schema.V1_1_4 {
		return e.showIndexAsViews(name), nil
	}
	null := func(n string) column { return column{n, arrow.Null, true} }
	cols := []column{text0("Table"), {"Non_unique", arrow.PrimitiveTypes.Int32, false}, text0("Key_name"), {"Seq_in_index", arrow.PrimitiveTypes.Uint32, false},
		text0("Column_name"), text0("Collation"), null("Cardinality"), null("Sub_part"), null("Packed"), text0("Null"), textNull("Index_type"),
		text0("Comment"), text0("Index_comment"), text0("Visible"), null("Expression")}
	var list [][]driver.Value
	if t := e.catalog.Table(name); t != nil {
		add := func(key string, seq int, col, null, kind string) {
			list = append(list, []driver.Value{t.Name, int64(1), key, int64(seq), col, "A", nil, nil, nil, null, kind, "", "", "YES", nil})
		}
		for i, tag := range t.Tags {
			add("PRIMARY", i+1, tag, "YES", "greptime-primary-key-v1")
		}
		add("TIME INDEX", 1, t.Columns[t.TimeIndex()].Name, "NO", "")
	}
	return table(cols, list), nil
}

// showIndexAsViews returns the indexes of a table as GreptimeDB 1.1 shows them, which
// takes them from information_schema.statistics.
func (e *Engine) showIndexAsViews(name schema.TableName) *Result {
	num := func(n string, null bool) column { return column{n, arrow.PrimitiveTypes.Int64, null} }
	cols := []column{text0("Table"), num("Non_unique", false), text0("Key_name"), num("Seq_in_index", false),
		text0("Column_name"), textNull("Collation"), num("Cardinality", true), num("Sub_part", true), textNull("Packed"), text0("Null"), text0("Index_type"),
		text0("Comment"), text0("Index_comment"), text0("Visible"), textNull("Expression")}
	var list [][]driver.Value
	if t := e.catalog.Table(name); t != nil {
		add := func(nonUnique int64, key string, seq int, col, null, kind string) {
			list = append(list, []driver.Value{t.Name, nonUnique, key, int64(seq), col, "A", nil, nil, nil, null, kind, "", "", "YES", nil})
		}
		for i, tag := range t.Tags {
			add(0, "PRIMARY", i+1, tag, "YES", "PRIMARY")
		}
		add(1, "TIME INDEX", 1, t.Columns[t.TimeIndex()].Name, "", "TIME")
	}
	return table(cols, list)
}

func (e *Engine) showCreateTable(s *schema.Session, c *schema.Cursor) (*Result, error) {
	name, err := c.LastTableName(s)
	if err != nil {
		return nil, err
	}
	t := e.catalog.Table(name)
	if t == nil || t.View != "" {
		return nil, schema.Errorf(schema.TableNotFound, "Table not found: %s", name.Table)
	}
	return table([]column{text0("Table"), text0("Create Table")}, [][]driver.Value{{t.Name, t.CreateText()}}), nil
}

var describeColumns = []column{text0("Column"), text0("Type"), textNull("Key"), text0("Null"), text0("Default"), text0("Semantic Type")}

func (e *Engine) describe(s *schema.Session, c *schema.Cursor) (*Result, error) {
	c.Take()
	c.Accept("TABLE")
	name, err := c.LastTableName(s)
	if err != nil {
		return nil, err
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	var list [][]driver.Value
	if info, ok := infoTables[name.Table]; ok && name.DB == schema.InformationSchema {
		for _, col := range info.cols {
			list = append(list, []driver.Value{col.name, schema.TypeOf(col.dt).Name(), "", schema.YesNo(col.null, "YES", "NO"), "", "FIELD"})
		}
		return table(describeColumns, list), nil
	}
	t := e.catalog.Table(name)
	if t == nil {
		return nil, schema.Errorf(schema.TableNotFound, "Table not found: %s", name.Table)
	}
	if t.View != "" {
		return nil, schema.NotSupported("DESCRIBE of a view")
	}
	for i := range t.Columns {
		col := &t.Columns[i]
		list = append(list, []driver.Value{col.Name, col.Type.Name(), schema.YesNo(col.Semantic == schema.Field, "", "PRI"),
			schema.YesNo(col.Nullable, "YES", "NO"), col.DefaultText(), col.Semantic.String()})
	}
	return table(describeColumns, list), nil
}

// use answers a schema without columns, and changes nothing: there is no session.
func (e *Engine) use(s *schema.Session, c *schema.Cursor) (*Result, error) {
	c.Take()
	name, err := c.Ident()
	if err != nil {
		return nil, err
	}
	if err := c.End(); err != nil {
		return nil, err
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	if _, err := e.catalog.Database(name); err != nil {
		return nil, err
	}
	return table(nil, nil), nil
}

// settable are the variables that SET takes without effect.
var settable = map[string]bool{"TIME_ZONE": true, "TIMEZONE": true, "@@TIME_ZONE": true, "@@SESSION.TIME_ZONE": true, "READ_PREFERENCE": true,
	"CLIENT_ENCODING": true, "DATESTYLE": true, "BYTEA_OUTPUT": true, "INTERVALSTYLE": true, "ALLOW_QUERY_FALLBACK": true}

func (e *Engine) set(c *schema.Cursor) (*Result, error) {
	c.Take()
	if c.Accept("TIME", "ZONE") {
		return affected(0), nil
	}
	if c.Accept("SESSION") || c.Accept("LOCAL") {
		if c.Done() {
			return nil, c.Unexpected("a variable")
		}
	}
	var name string
	for !c.Done() && !c.Peek().Is("=") && !c.Peek().Is("TO") && !c.Peek().Is(":=") {
		name += c.Take().Text
	}
	if c.Done() || name == "" {
		return nil, c.Unexpected("equals sign or TO")
	}
	name = strings.ToUpper(name)
	if !settable[name] {
		return nil, schema.Errorf(schema.Unsupported, "Not supported: Unsupported set variable %s", name)
	}
	return affected(0), nil
}

// admin executes ADMIN flush_table, and answers the other functions as GreptimeDB does;
// they do nothing here.
func (e *Engine) admin(s *schema.Session, c *schema.Cursor) (*Result, error) {
	last := c.Tokens[len(c.Tokens)-1]
	title := c.SQL[c.Peek().Offset : last.Offset+len(last.Text)]
	c.Take()
	name, err := c.Ident()
	if err != nil {
		return nil, err
	}
	if err := c.Expect("("); err != nil {
		return nil, err
	}
	var args []string
	for !c.Accept(")") {
		t := c.Take()
		if t.Kind == sqltext.TokenEOF {
			return nil, c.Unexpected(")")
		}
		if t.Kind == sqltext.TokenString {
			args = append(args, schema.Unquote(t.Text))
		}
	}
	switch name {
	case "flush_table", "compact_table":
		if len(args) == 0 {
			return nil, schema.Errorf(schema.InvalidArguments, "The length of the args is not correct, expect 1, have: 0")
		}
		n, err := tableArgument(s, args[0])
		if err != nil {
			return nil, err
		}
		e.mu.RLock()
		defer e.mu.RUnlock()
		t := e.catalog.Table(n)
		if t == nil {
			return nil, schema.NoTable(n)
		}
		if name == "flush_table" {
			e.stored[t.ID].flush()
		}
	case "flush_region", "compact_region":
	default:
		return nil, schema.Errorf(schema.InvalidArguments, "Admin function not found: %s", name)
	}
	return table([]column{{title, arrow.PrimitiveTypes.Uint64, false}}, [][]driver.Value{{int64(0)}}), nil
}

// tableArgument reads the table that is the argument of an ADMIN function: a name as in
// SQL, with quotes where it needs them.
func tableArgument(s *schema.Session, text string) (schema.TableName, error) {
	stmts, err := schema.Lex(text)
	if err != nil {
		return schema.TableName{}, err
	}
	if len(stmts) != 1 {
		return schema.TableName{}, schema.Errorf(schema.InvalidSyntax, "Invalid SQL syntax: sql parser error: Expected: identifier, found: EOF")
	}
	c := &schema.Cursor{SQL: text, Tokens: stmts[0]}
	return c.LastTableName(s)
}
