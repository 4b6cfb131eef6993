package engine

import (
	"strconv"
	"strings"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// from translates FROM, adds its relations to the scope and returns "" if there is
// none.
func (tr *translator) from(n node, sc *scope) (string, error) {
	if err := tr.enter(); err != nil {
		return "", err
	}
	defer func() { tr.depth-- }()
	if n["sample"] != nil || n["at_clause"] != nil {
		return "", schema.NotSupported("TABLESAMPLE and AT")
	}
	switch n.str("type") {
	case "", "EMPTY":
		return "", nil
	}
	tr.scans = true
	switch n.str("type") {
	case "BASE_TABLE":
		return tr.baseTable(n, sc)
	case "SUBQUERY":
		q, outs, err := tr.query(n.child("subquery").child("node"), sc.parent)
		if err != nil {
			return "", err
		}
		return tr.derived(n, q, outs, sc)
	case "JOIN":
		return tr.join(n, sc)
	case "TABLE_FUNCTION":
		return tr.tableFunction(n, sc)
	case "EXPRESSION_LIST":
		return tr.values(n, sc)
	}
	return "", schema.NotSupported("%s in FROM", n.str("type"))
}

// derived adds a subquery under its alias.
func (tr *translator) derived(n node, q string, outs []expr, sc *scope) (string, error) {
	outs, err := rename(outs, n.strings("column_name_alias"))
	if err != nil {
		return "", err
	}
	alias := n.str("alias")
	if alias == "unnamed_subquery" || alias == "valueslist" {
		alias = "" // names that DuckDB's parser gives
	}
	phys := alias
	if phys == "" {
		tr.unnamed++
		phys = "unnamed subquery " + strconv.Itoa(tr.unnamed)
	}
	sc.rels = append(sc.rels, relation{name: alias, phys: phys, cols: columnsOf(outs)})
	return "(" + q + ") AS " + schema.Quote(phys) + columnList(outs), nil
}

// columnsOf returns the result columns of a query as the surrounding query sees them.
func columnsOf(outs []expr) []expr {
	cols := make([]expr, len(outs))
	for i, o := range outs {
		cols[i] = expr{name: o.name, typ: o.typ, dt: o.dt, opaque: o.opaque, null: o.null, meta: o.meta, iv: o.iv}
	}
	return cols
}

func (tr *translator) baseTable(n node, sc *scope) (string, error) {
	parts := []string{n.str("table_name")}
	if db := n.str("schema_name"); db != "" {
		parts = append([]string{db}, parts...)
	}
	if cat := n.str("catalog_name"); cat != "" {
		parts = append([]string{cat}, parts...)
	}
	alias := n.str("alias")
	if alias == "" {
		alias = parts[len(parts)-1]
	}
	add := func(source string, cols []expr) (string, error) {
		cols, err := rename(cols, n.strings("column_name_alias"))
		if err != nil {
			return "", err
		}
		sc.rels = append(sc.rels, relation{name: alias, phys: alias, cols: columnsOf(cols)})
		return source + " AS " + schema.Quote(alias) + columnList(cols), nil
	}
	if cols, ok := tr.ctes[parts[0]]; ok && len(parts) == 1 {
		return add(schema.Quote(parts[0]), cols)
	}
	name, err := tr.s.Resolve(parts)
	if err != nil {
		return "", err
	}
	if name.Catalog == schema.CatalogName && strings.EqualFold(name.DB, informationSchema) {
		if q, cols, ok := tr.e.infoTable(name.Table); ok {
			tr.version = max(tr.version, 0)
			return add("("+q+")", cols)
		}
		return "", schema.NotSupported("information_schema.%s", name.Table)
	}
	t := tr.e.catalog.Table(name)
	if t == nil {
		return "", schema.PlanError("Table not found: %s", name).WithCode(schema.TableNotFound)
	}
	if t.View != "" {
		if t == tr.replaced {
			return "", schema.NotSupported("a view that reads itself (%s)", t.Name)
		}
		q, outs, err := tr.view(t)
		if err != nil {
			return "", err
		}
		return add("("+q+")", outs)
	}
	tr.version = max(tr.version, t.Version)
	cols := make([]expr, len(t.Columns))
	for i := range t.Columns {
		cols[i] = tableColumn(&t.Columns[i])
	}
	return add("main."+t.Phys(), cols) // a CTE may have the name
}

// view translates the query behind a view, in the view's own database.
func (tr *translator) view(t *schema.Table) (string, []expr, error) {
	stmts, err := schema.Lex(t.View)
	if err != nil || len(stmts) != 1 {
		return "", nil, schema.PlanError("view %s: %v", t.Name, err)
	}
	n, err := tr.e.parseQuery(tr.ctx, stmts[0])
	if err != nil {
		return "", nil, err
	}
	s := *tr.s
	s.Database = t.Database
	inner := *tr
	inner.s, inner.ctes, inner.where = &s, map[string][]expr{}, false
	inner.selecting = false
	q, outs, err := inner.query(n, nil)
	tr.version = max(tr.version, inner.version)
	return q, outs, err
}

func tableColumn(c *schema.Column) expr {
	return expr{name: c.Name, typ: c.Type, null: c.Nullable, opaque: c.Type.IsTime(), meta: c.Metadata()}
}

var joinTypes = map[string]string{
	"INNER": "JOIN", "LEFT": "LEFT JOIN", "RIGHT": "RIGHT JOIN", "OUTER": "FULL JOIN", "FULL": "FULL JOIN",
}

func (tr *translator) join(n node, sc *scope) (string, error) {
	start := len(sc.rels)
	left, err := tr.from(n.child("left"), sc)
	if err != nil {
		return "", err
	}
	mid := len(sc.rels)
	right, err := tr.from(n.child("right"), sc)
	if err != nil {
		return "", err
	}
	kind := joinTypes[n.str("join_type")]
	switch {
	case kind == "":
		return "", schema.NotSupported("%s JOIN", n.str("join_type"))
	case n.str("ref_type") == "CROSS":
		return left + " CROSS JOIN " + right, nil
	case n.str("ref_type") != "REGULAR":
		return "", schema.NotSupported("%s JOIN", n.str("ref_type"))
	}
	if kind == "RIGHT JOIN" || kind == "FULL JOIN" {
		nullable(sc.rels[start:mid])
	}
	if kind == "LEFT JOIN" || kind == "FULL JOIN" {
		nullable(sc.rels[mid:])
	}
	q := left + " " + kind + " " + right
	if using := n.strings("using_columns"); len(using) > 0 {
		if kind != "JOIN" && kind != "LEFT JOIN" {
			return "", schema.NotSupported("USING in a %s", kind)
		}
		names := make([]string, len(using))
		for i, u := range using {
			names[i] = schema.Quote(u)
			if l, r := columnNamed(sc.rels[start:mid], u), columnNamed(sc.rels[mid:], u); l.IsTimestamp() && r.IsTimestamp() && !l.Same(r) {
				return "", schema.NotSupported("USING of %s and %s; write ON", l.SQL(), r.SQL())
			}
			for k := range sc.rels[mid:] {
				r := &sc.rels[mid+k]
				if r.hidden == nil {
					r.hidden = map[string]bool{}
				}
				r.hidden[u] = true
			}
		}
		return q + " USING (" + strings.Join(names, ", ") + ")", nil
	}
	c := n.child("condition")
	if c == nil {
		return "", schema.NotSupported("a JOIN without ON")
	}
	cond, err := tr.filter(c, sc)
	if err == nil && kind == "FULL JOIN" {
		err = plannable(kind, cond)
	}
	return q + " ON " + cond.sql, err
}

// columnNamed returns the type of the first column of a name.
func columnNamed(rels []relation, name string) schema.Type {
	for _, r := range rels {
		for _, c := range r.cols {
			if c.name == name {
				return c.typ
			}
		}
	}
	return schema.Type{}
}

func nullable(rels []relation) {
	for i := range rels {
		for k := range rels[i].cols {
			rels[i].cols[k].null = true
		}
	}
}

// tableFunction translates generate_series, which counts to its end in both.
func (tr *translator) tableFunction(n node, sc *scope) (string, error) {
	f := n.child("function")
	name := f.str("function_name")
	if name != "generate_series" && name != "range" || n.str("with_ordinality") == "WITH_ORDINALITY" {
		return "", schema.NotSupported("the table function %s", name)
	}
	var args []string
	for _, c := range f.list("children") {
		a, err := tr.expr(c, &scope{})
		if err != nil {
			return "", err
		}
		if a.typ.Kind != schema.Int64 {
			return "", schema.NotSupported("%s of anything but integers", name)
		}
		args = append(args, a.sql)
	}
	if len(args) == 0 || len(args) > 3 {
		return "", schema.PlanError("Error during planning: function %s requires 1 to 3 arguments", name)
	}
	if len(args) == 1 {
		args = append([]string{"0::BIGINT"}, args...)
	}
	q := "SELECT * FROM " + name + "(" + strings.Join(args, ", ") + ")"
	value := expr{name: "value", typ: schema.Type{Kind: schema.Int64}}
	if n.str("alias") == "" {
		n["alias"] = name + "()"
	}
	return tr.derived(n, q, []expr{value}, sc)
}

// values translates VALUES, whose columns are column1, column2 …
func (tr *translator) values(n node, sc *scope) (string, error) {
	rows, _ := n["values"].([]any)
	var outs []expr
	var parts []string
	for i, r := range rows {
		l, _ := r.([]any)
		var sqls []string
		for k, v := range nodes(l) {
			e, err := tr.expr(v, &scope{parent: sc.parent})
			if err != nil {
				return "", err
			}
			e.null = true
			switch {
			case i == 0:
				e.name = "column" + strconv.Itoa(k+1)
				e, err = unite(e, e)
				outs = append(outs, e)
			case k < len(outs):
				outs[k], err = unite(outs[k], e)
			}
			if err != nil {
				return "", err
			}
			sqls = append(sqls, e.sql)
		}
		if len(sqls) != len(outs) {
			return "", schema.PlanError("Error during planning: Inconsistent data length across values list: got %d values in row %d but expected %d", len(sqls), i, len(outs))
		}
		parts = append(parts, "("+strings.Join(sqls, ", ")+")")
	}
	for i := range outs {
		outs[i].column = true
	}
	return tr.derived(n, "VALUES "+strings.Join(parts, ", "), outs, sc)
}
