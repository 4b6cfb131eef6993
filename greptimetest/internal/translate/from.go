package translate

import (
	"strconv"
	"strings"

	"github.com/greptime-go/greptime/greptimetest/internal/expr"
	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// from translates FROM, adds its relations to the scope and returns "" if there is
// none.
func (tr *translator) from(n node, sc *scope) (string, error) {
	if err := tr.enter(); err != nil {
		return "", err
	}
	defer tr.leave()
	if n["sample"] != nil || n["at_clause"] != nil {
		return "", schema.NotSupported("TABLESAMPLE and AT")
	}
	switch n.str("type") {
	case "", "EMPTY":
		return "", nil
	}
	tr.read.from = true
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
func (tr *translator) derived(n node, q string, outs []expr.Expr, sc *scope) (string, error) {
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
	return "(" + q + ") AS " + schema.Quote(phys) + ColumnList(outs), nil
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
	add := func(source string, cols []expr.Expr) (string, error) {
		cols, err := rename(cols, n.strings("column_name_alias"))
		if err != nil {
			return "", err
		}
		sc.rels = append(sc.rels, relation{name: alias, phys: alias, cols: columnsOf(cols)})
		return source + " AS " + schema.Quote(alias) + ColumnList(cols), nil
	}
	if cols, ok := tr.ctes[parts[0]]; ok && len(parts) == 1 {
		return add(schema.Quote(parts[0]), cols)
	}
	name, err := tr.env.Session.Resolve(parts)
	if err != nil {
		return "", err
	}
	if name.Catalog == schema.CatalogName && strings.EqualFold(name.DB, schema.InformationSchema) {
		if q, cols, ok := tr.db.Information.InformationTable(name.Table); ok {
			tr.read.version = max(tr.read.version, 0)
			return add("("+q+")", cols)
		}
		return "", schema.NotSupported("information_schema.%s", name.Table)
	}
	t := tr.db.Tables.Table(name)
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
	tr.read.version = max(tr.read.version, t.Version)
	cols := make([]expr.Expr, len(t.Columns))
	for i := range t.Columns {
		cols[i] = tableColumn(&t.Columns[i])
	}
	return add("main."+t.Phys(), cols) // a CTE may have the name
}

// view translates the query behind a view, in the view's own database.
func (tr *translator) view(t *schema.Table) (string, []expr.Expr, error) {
	stmts, err := schema.Lex(t.View)
	if err != nil || len(stmts) != 1 {
		return "", nil, schema.PlanError("view %s: %v", t.Name, err)
	}
	n, err := parseQuery(tr.ctx, tr.db.Parser, stmts[0])
	if err != nil {
		return "", nil, err
	}
	s := *tr.env.Session
	s.Database = t.Database
	inner := *tr
	inner.env.Session, inner.ctes, inner.place = &s, map[string][]expr.Expr{}, expr.Place{Zone: s.Zone}
	q, outs, err := inner.query(n, nil)
	tr.read.version = max(tr.read.version, inner.read.version)
	return q, outs, err
}

func tableColumn(c *schema.Column) expr.Expr {
	return expr.Expr{Name: c.Name, Result: expr.Result{Type: c.Type, Null: c.Nullable, Opaque: c.Type.IsTime(), Metadata: c.Metadata()}}
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
		err = expr.Plannable(kind, cond)
	}
	return q + " ON " + cond.SQL, err
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
		if a.Type.Kind != schema.Int64 {
			return "", schema.NotSupported("%s of anything but integers", name)
		}
		args = append(args, a.SQL)
	}
	if len(args) == 0 || len(args) > 3 {
		return "", schema.PlanError("Error during planning: function %s requires 1 to 3 arguments", name)
	}
	if len(args) == 1 {
		args = append([]string{"0::BIGINT"}, args...)
	}
	q := "SELECT * FROM " + name + "(" + strings.Join(args, ", ") + ")"
	value := expr.Expr{Name: "value", Result: expr.Result{Type: schema.Type{Kind: schema.Int64}}}
	if n.str("alias") == "" {
		n["alias"] = name + "()"
	}
	return tr.derived(n, q, []expr.Expr{value}, sc)
}

// values translates VALUES, whose columns are column1, column2 …
func (tr *translator) values(n node, sc *scope) (string, error) {
	rows, _ := n["values"].([]any)
	var outs []expr.Expr
	var parts []string
	for i, r := range rows {
		l, _ := r.([]any)
		var sqls []string
		for k, v := range nodes(l) {
			e, err := tr.expr(v, &scope{parent: sc.parent})
			if err != nil {
				return "", err
			}
			e.Null = true
			switch {
			case i == 0:
				e.Name = "column" + strconv.Itoa(k+1)
				e, err = expr.Unite(e, e)
				outs = append(outs, e)
			case k < len(outs):
				outs[k], err = expr.Unite(outs[k], e)
			}
			if err != nil {
				return "", err
			}
			sqls = append(sqls, e.SQL)
		}
		if len(sqls) != len(outs) {
			return "", schema.PlanError("Error during planning: Inconsistent data length across values list: got %d values in row %d but expected %d", len(sqls), i, len(outs))
		}
		parts = append(parts, "("+strings.Join(sqls, ", ")+")")
	}
	for i := range outs {
		outs[i].Traits |= expr.OfColumn
	}
	return tr.derived(n, "VALUES "+strings.Join(parts, ", "), outs, sc)
}
