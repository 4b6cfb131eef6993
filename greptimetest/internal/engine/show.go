package engine

import (
	"database/sql/driver"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/internal/sqltext"
)

func text0(name string) column    { return column{name, arrow.BinaryTypes.String, false} }
func textNull(name string) column { return column{name, arrow.BinaryTypes.String, true} }

func (e *Engine) show(s *Session, c *cursor) (*Result, error) {
	c.next()
	e.mu.RLock()
	defer e.mu.RUnlock()
	switch {
	case c.accept("DATABASES"), c.accept("SCHEMAS"):
		return e.showNames(c, text0("Database"), slices.Sorted(maps.Keys(e.catalog.databases)))
	case c.accept("TABLES"):
		return e.showTables(s, c, false)
	case c.accept("FULL", "TABLES"):
		return e.showTables(s, c, true)
	case c.accept("VIEWS"):
		db, err := c.fromDatabase(s)
		if err != nil {
			return nil, err
		}
		var views []string
		for _, t := range e.catalog.tables(db) {
			if t.View != "" {
				views = append(views, t.Name)
			}
		}
		return e.showNames(c, text0("Views"), views)
	case c.accept("FLOWS"):
		return table([]column{text0("Flows")}, nil), nil
	case c.accept("STATUS"):
		r := table([]column{text0("Variable_name"), textNull("Value")}, nil)
		r.Empty = true
		return r, c.end()
	case c.accept("CHARSET"), c.accept("CHARACTER", "SET"):
		return table([]column{text0("Charset"), text0("Description"), text0("Default collation"), {"Maxlen", arrow.PrimitiveTypes.Int64, false}},
			[][]driver.Value{{"utf8", "UTF-8 Unicode", "utf8_bin", int64(4)}}), c.end()
	case c.accept("COLLATION"):
		num := func(n string) column { return column{n, arrow.PrimitiveTypes.Int64, false} }
		return table([]column{text0("Collation"), text0("Charset"), num("Id"), text0("Default"), text0("Compiled"), num("Sortlen")},
			[][]driver.Value{{"utf8_bin", "utf8", int64(1), "Yes", "Yes", int64(1)}}), c.end()
	case c.accept("SEARCH_PATH"):
		return table([]column{text0("search_path")}, [][]driver.Value{{s.Database}}), c.end()
	case c.accept("VARIABLES"):
		return e.showVariable(s, c)
	case c.accept("COLUMNS"), c.accept("FIELDS"):
		return e.showColumns(s, c, false)
	case c.accept("FULL", "COLUMNS"), c.accept("FULL", "FIELDS"):
		return e.showColumns(s, c, true)
	case c.accept("INDEX"), c.accept("INDEXES"), c.accept("KEYS"):
		return e.showIndex(s, c)
	case c.accept("CREATE", "TABLE"):
		return e.showCreateTable(s, c)
	case c.accept("CREATE", "VIEW"):
		name, err := c.tableName(s)
		if err != nil {
			return nil, err
		}
		t := e.catalog.table(name)
		if t == nil || t.View == "" {
			return nil, errorf(TableNotFound, "Table not found: %s", name.table)
		}
		return table([]column{text0("View"), text0("Create View")}, [][]driver.Value{{t.Name, "CREATE VIEW IF NOT EXISTS " + t.Name + " AS " + t.View}}), c.end()
	case c.accept("CREATE", "DATABASE"), c.accept("CREATE", "SCHEMA"):
		name, err := c.ident()
		if err != nil {
			return nil, err
		}
		if _, err := e.catalog.database(name); err != nil {
			return nil, err
		}
		return table([]column{text0("Database"), text0("Create Database")}, [][]driver.Value{{name, "CREATE DATABASE IF NOT EXISTS " + name}}), c.end()
	}
	return nil, unsupported("SHOW %s", strings.ToUpper(c.peek().text))
}

// fromDatabase takes FROM db or IN db.
func (c *cursor) fromDatabase(s *Session) (string, error) {
	if !c.accept("FROM") && !c.accept("IN") {
		return s.Database, nil
	}
	return c.ident()
}

// like takes LIKE 'pattern' and the end of the statement.
func (c *cursor) like() (func(string) bool, error) {
	all := func(string) bool { return true }
	if c.accept("LIKE") {
		p, err := c.string()
		if err != nil {
			return nil, err
		}
		return func(s string) bool { return likeMatch(p, s) }, c.end()
	}
	if c.peek().is("WHERE") {
		return nil, unsupported("SHOW … WHERE")
	}
	return all, c.end()
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

func (e *Engine) showNames(c *cursor, col column, list []string) (*Result, error) {
	keep, err := c.like()
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

func (e *Engine) showTables(s *Session, c *cursor, full bool) (*Result, error) {
	db, err := c.fromDatabase(s)
	if err != nil {
		return nil, err
	}
	keep, err := c.like()
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
	if db == informationSchema {
		for _, n := range slices.Sorted(maps.Keys(infoTables)) {
			add(n, "LOCAL TEMPORARY")
		}
	}
	for _, t := range e.catalog.tables(db) {
		kind := "BASE TABLE"
		if t.View != "" {
			kind = "VIEW"
		}
		add(t.Name, kind)
	}
	return table(cols, rows), nil
}

func (e *Engine) showVariable(s *Session, c *cursor) (*Result, error) {
	name, err := c.ident()
	if err != nil {
		return nil, err
	}
	name = strings.ToUpper(name)
	values := map[string]string{"TIME_ZONE": s.ZoneName, "SYSTEM_TIME_ZONE": "UTC", "TIMEZONE": s.ZoneName}
	v, ok := values[name]
	if !ok {
		return nil, unsupported("SHOW VARIABLES %s", name)
	}
	return table([]column{text0(name)}, [][]driver.Value{{v}}), c.end()
}

// tableOf takes FROM table [FROM database].
func (c *cursor) tableOf(s *Session) (tableName, error) {
	if !c.accept("FROM") && !c.accept("IN") {
		return tableName{}, c.unexpected("FROM")
	}
	name, err := c.tableName(s)
	if err == nil && (c.accept("FROM") || c.accept("IN")) {
		name.db, err = c.ident()
	}
	return name, err
}

func (col *Column) keyName() string {
	return [...]string{"PRI", "", "TIME INDEX"}[col.Semantic]
}

// yesNo returns one of two spellings of a flag.
func yesNo(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}

func orNull(s string) driver.Value {
	if s == "" {
		return nil
	}
	return s
}

func (e *Engine) showColumns(s *Session, c *cursor, full bool) (*Result, error) {
	name, err := c.tableOf(s)
	if err != nil {
		return nil, err
	}
	keep, err := c.like()
	if err != nil {
		return nil, err
	}
	cols := []column{text0("Field"), text0("Type"), textNull("Collation"), text0("Null"), text0("Key"), textNull("Default"),
		textNull("Comment"), text0("Privileges"), text0("Extra"), text0("Greptime_type")}
	fullOnly := []int{7, 6, 2}
	var list [][]driver.Value
	if t := e.catalog.table(name); t != nil {
		for i := range t.Columns {
			col := &t.Columns[i]
			if !keep(col.Name) {
				continue
			}
			collation := ""
			if col.Type.Kind == String {
				collation = "utf8_bin"
			}
			list = append(list, []driver.Value{col.Name, col.Type.lower(), orNull(collation), e.version.yesNo(col.Nullable), col.keyName(),
				orNull(col.defaultText()), orNull(col.Comment), "select,insert", "", col.Type.name()})
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

// defaultText returns the default as DESCRIBE prints it.
func (col *Column) defaultText() string {
	if strings.HasPrefix(col.Default, "'") {
		return unquote(col.Default)
	}
	return col.Default
}

func (e *Engine) showIndex(s *Session, c *cursor) (*Result, error) {
	name, err := c.tableOf(s)
	if err != nil {
		return nil, err
	}
	if err := c.end(); err != nil {
		return nil, err
	}
	if e.version >= V1_1_4 {
		return e.showIndexAsViews(name), nil
	}
	null := func(n string) column { return column{n, arrow.Null, true} }
	cols := []column{text0("Table"), {"Non_unique", arrow.PrimitiveTypes.Int32, false}, text0("Key_name"), {"Seq_in_index", arrow.PrimitiveTypes.Uint32, false},
		text0("Column_name"), text0("Collation"), null("Cardinality"), null("Sub_part"), null("Packed"), text0("Null"), textNull("Index_type"),
		text0("Comment"), text0("Index_comment"), text0("Visible"), null("Expression")}
	var list [][]driver.Value
	if t := e.catalog.table(name); t != nil {
		add := func(key string, seq int, col, null, kind string) {
			list = append(list, []driver.Value{t.Name, int64(1), key, int64(seq), col, "A", nil, nil, nil, null, kind, "", "", "YES", nil})
		}
		for i, tag := range t.Tags {
			add("PRIMARY", i+1, tag, "YES", "greptime-primary-key-v1")
		}
		add("TIME INDEX", 1, t.Columns[t.timeIndex()].Name, "NO", "")
	}
	return table(cols, list), nil
}

// showIndexAsViews returns the indexes of a table as GreptimeDB 1.1 shows them, which
// takes them from information_schema.statistics.
func (e *Engine) showIndexAsViews(name tableName) *Result {
	num := func(n string, null bool) column { return column{n, arrow.PrimitiveTypes.Int64, null} }
	cols := []column{text0("Table"), num("Non_unique", false), text0("Key_name"), num("Seq_in_index", false),
		text0("Column_name"), textNull("Collation"), num("Cardinality", true), num("Sub_part", true), textNull("Packed"), text0("Null"), text0("Index_type"),
		text0("Comment"), text0("Index_comment"), text0("Visible"), textNull("Expression")}
	var list [][]driver.Value
	if t := e.catalog.table(name); t != nil {
		add := func(nonUnique int64, key string, seq int, col, null, kind string) {
			list = append(list, []driver.Value{t.Name, nonUnique, key, int64(seq), col, "A", nil, nil, nil, null, kind, "", "", "YES", nil})
		}
		for i, tag := range t.Tags {
			add(0, "PRIMARY", i+1, tag, "YES", "PRIMARY")
		}
		add(1, "TIME INDEX", 1, t.Columns[t.timeIndex()].Name, "", "TIME")
	}
	return table(cols, list)
}

func (e *Engine) showCreateTable(s *Session, c *cursor) (*Result, error) {
	name, err := c.tableName(s)
	if err != nil {
		return nil, err
	}
	if err := c.end(); err != nil {
		return nil, err
	}
	t := e.catalog.table(name)
	if t == nil || t.View != "" {
		return nil, errorf(TableNotFound, "Table not found: %s", name.table)
	}
	return table([]column{text0("Table"), text0("Create Table")}, [][]driver.Value{{t.Name, t.createText()}}), nil
}

// createText returns the statement that makes the table.
func (t *Table) createText() string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE IF NOT EXISTS %s (\n", quote(t.Name))
	for i := range t.Columns {
		col := &t.Columns[i]
		fmt.Fprintf(&b, "  %s %s %s", quote(col.Name), col.Type.sql(), yesNo(col.Nullable, "NULL", "NOT NULL"))
		if col.Default != "" {
			b.WriteString(" DEFAULT " + col.Default)
		}
		if col.Comment != "" {
			b.WriteString(" COMMENT " + quoteText(col.Comment))
		}
		for _, k := range slices.Sorted(maps.Keys(col.Index)) {
			b.WriteString(map[string]string{
				"greptime:inverted_index": " INVERTED INDEX",
				"greptime:fulltext":       " FULLTEXT INDEX WITH(analyzer = 'English', backend = 'bloom', case_sensitive = 'false', false_positive_rate = '0.01', granularity = '10240')",
				"greptime:skipping_index": " SKIPPING INDEX WITH(false_positive_rate = '0.01', granularity = '10240', type = 'BLOOM')",
			}[k])
		}
		b.WriteString(",\n")
	}
	fmt.Fprintf(&b, "  TIME INDEX (%s)", quote(t.Columns[t.timeIndex()].Name))
	if len(t.Tags) > 0 {
		names := make([]string, len(t.Tags))
		for i, tag := range t.Tags {
			names[i] = quote(tag)
		}
		fmt.Fprintf(&b, ",\n  PRIMARY KEY (%s)", strings.Join(names, ", "))
	}
	b.WriteString("\n)\n" + t.partitionText() + "\nENGINE=mito\n")
	if len(t.Options) > 0 {
		var opts []string
		for _, k := range slices.Sorted(maps.Keys(t.Options)) {
			name := k
			if k == "comment" || strings.Contains(k, ".") {
				name = quoteText(k)
			}
			opts = append(opts, "  "+name+" = "+quoteText(t.Options[k]))
		}
		b.WriteString("WITH(\n" + strings.Join(opts, ",\n") + "\n)")
	}
	return b.String()
}

var describeColumns = []column{text0("Column"), text0("Type"), textNull("Key"), text0("Null"), text0("Default"), text0("Semantic Type")}

func (e *Engine) describe(s *Session, c *cursor) (*Result, error) {
	c.next()
	c.accept("TABLE")
	name, err := c.tableName(s)
	if err != nil {
		return nil, err
	}
	if err := c.end(); err != nil {
		return nil, err
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	var list [][]driver.Value
	if info, ok := infoTables[name.table]; ok && name.db == informationSchema {
		for _, col := range info.cols {
			list = append(list, []driver.Value{col.name, columnTypeOf(col.dt).name(), "", yesNo(col.null, "YES", "NO"), "", "FIELD"})
		}
		return table(describeColumns, list), nil
	}
	t := e.catalog.table(name)
	if t == nil {
		return nil, errorf(TableNotFound, "Table not found: %s", name.table)
	}
	if t.View != "" {
		return nil, unsupported("DESCRIBE of a view")
	}
	for i := range t.Columns {
		col := &t.Columns[i]
		list = append(list, []driver.Value{col.Name, col.Type.name(), yesNo(col.Semantic == Field, "", "PRI"),
			yesNo(col.Nullable, "YES", "NO"), col.defaultText(), col.Semantic.String()})
	}
	return table(describeColumns, list), nil
}

// use answers a schema without columns, and changes nothing: there is no session.
func (e *Engine) use(s *Session, c *cursor) (*Result, error) {
	c.next()
	name, err := c.ident()
	if err != nil {
		return nil, err
	}
	if err := c.end(); err != nil {
		return nil, err
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	if _, err := e.catalog.database(name); err != nil {
		return nil, err
	}
	return table(nil, nil), nil
}

// settable are the variables that SET takes without effect.
var settable = map[string]bool{"TIME_ZONE": true, "TIMEZONE": true, "@@TIME_ZONE": true, "@@SESSION.TIME_ZONE": true, "READ_PREFERENCE": true,
	"CLIENT_ENCODING": true, "DATESTYLE": true, "BYTEA_OUTPUT": true, "INTERVALSTYLE": true, "ALLOW_QUERY_FALLBACK": true}

func (e *Engine) set(c *cursor) (*Result, error) {
	c.next()
	if c.accept("TIME", "ZONE") {
		return affected(0), nil
	}
	if c.accept("SESSION") || c.accept("LOCAL") {
		if c.done() {
			return nil, c.unexpected("a variable")
		}
	}
	var name string
	for !c.done() && !c.peek().is("=") && !c.peek().is("TO") && !c.peek().is(":=") {
		name += c.next().text
	}
	if c.done() || name == "" {
		return nil, c.unexpected("equals sign or TO")
	}
	name = strings.ToUpper(name)
	if !settable[name] {
		return nil, errorf(Unsupported, "Not supported: Unsupported set variable %s", name)
	}
	return affected(0), nil
}

// admin executes ADMIN flush_table, and answers the other functions as GreptimeDB does;
// they do nothing here.
func (e *Engine) admin(s *Session, c *cursor) (*Result, error) {
	last := c.toks[len(c.toks)-1]
	title := c.text[c.peek().pos : last.pos+len(last.text)]
	c.next()
	name, err := c.ident()
	if err != nil {
		return nil, err
	}
	if err := c.expect("("); err != nil {
		return nil, err
	}
	var args []string
	for !c.accept(")") {
		t := c.next()
		if t.kind == sqltext.TokenEOF {
			return nil, c.unexpected(")")
		}
		if t.kind == sqltext.TokenString {
			args = append(args, unquote(t.text))
		}
	}
	switch name {
	case "flush_table", "compact_table":
		if len(args) == 0 {
			return nil, errorf(InvalidArguments, "The length of the args is not correct, expect 1, have: 0")
		}
		n, err := tableArgument(s, args[0])
		if err != nil {
			return nil, err
		}
		e.mu.RLock()
		defer e.mu.RUnlock()
		t := e.catalog.table(n)
		if t == nil {
			return nil, tableNotFound(n)
		}
		if name == "flush_table" {
			t.flush()
		}
	case "flush_region", "compact_region":
	default:
		return nil, errorf(InvalidArguments, "Admin function not found: %s", name)
	}
	return table([]column{{title, arrow.PrimitiveTypes.Uint64, false}}, [][]driver.Value{{int64(0)}}), nil
}

// tableArgument reads the table that is the argument of an ADMIN function: a name as in
// SQL, with quotes where it needs them.
func tableArgument(s *Session, text string) (tableName, error) {
	stmts, err := lex(text)
	if err != nil {
		return tableName{}, err
	}
	if len(stmts) != 1 {
		return tableName{}, errorf(InvalidSyntax, "Invalid SQL syntax: sql parser error: Expected: identifier, found: EOF")
	}
	c := &cursor{text: text, toks: stmts[0]}
	n, err := c.tableName(s)
	if err != nil {
		return tableName{}, err
	}
	return n, c.end()
}
