package engine

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// expr is an expression in DuckDB's SQL, and what GreptimeDB would say about it.
type expr struct {
	sql string
	typ schema.Type // if it is known before DuckDB looks at it
	// dt is the Arrow type of the result where the type alone does not tell it:
	// string views, dictionaries, durations.
	dt arrow.DataType
	// opaque: DuckDB holds the value in a form that means something else to it (a
	// time of day as an integer). It can be selected, not computed with.
	opaque bool
	null   bool // may be NULL
	column bool // depends on a column; otherwise it is a constant
	plain  bool // is a column
	anyOf  bool // is unknown where GreptimeDB says false: IN (subquery) with NULLs
	agg    bool // is an aggregate, which is a column to HAVING
	// volatile: depends on random(). scalar: on a subquery in brackets. The server refuses
	// both in some places.
	volatile, scalar bool
	// name is the result's name without an alias, text the expression inside other
	// names. They differ for columns: ts, and readings.ts.
	name, text string
	meta       map[string]string
	nan        bool // is the constant NaN
	// constant values, for the rules that look at literals
	str  *string
	num  *int64
	inst *schema.Instant
	iv   *interval
}

// out finds a name of the select list, which must be the only one.
func (s *scope) out(name string) (o expr, ok bool, err error) {
	for _, e := range s.outs {
		if e.name == name && ok {
			return expr{}, false, schema.PlanError("Schema error: Ambiguous reference to unqualified field %s", name)
		}
		if e.name == name {
			o, ok = e, true
		}
	}
	return o, ok, nil
}

// isInterval reports whether the expression is an INTERVAL.
func (e expr) isInterval() bool {
	return e.iv != nil || e.dt != nil && e.dt.ID() >= arrow.INTERVAL_MONTHS && e.dt.ID() <= arrow.INTERVAL_DAY_TIME || e.dt != nil && e.dt.ID() == arrow.INTERVAL_MONTH_DAY_NANO
}

// noIntervals refuses intervals in something that compares or merges values: DuckDB
// normalises them, and has no nanoseconds.
func noIntervals(what string, es ...expr) error {
	for _, e := range es {
		if e.isInterval() {
			return schema.NotSupported("%s of intervals", what)
		}
	}
	return nil
}

func (e expr) isNull() bool { return e.dt != nil && e.dt == arrow.Null }

// isColumn reports whether a filter sees the expression as a column.
func (e expr) isColumn() bool { return e.plain || e.agg }

// relation is something in FROM.
type relation struct {
	name string // as the statement calls it; "" if it has none
	phys string // as DuckDB calls it
	cols []expr // name, typ, dt, null, meta
	// hidden are the columns that a join with USING has merged away.
	hidden map[string]bool
}

// scope is where names are looked up.
type scope struct {
	parent *scope
	rels   []relation
	// outs are the aliases of the select list, which ORDER BY and GROUP BY may name.
	outs []expr
	// outsFirst: an alias hides a column of the same name. ORDER BY reads names so,
	// GROUP BY and HAVING the other way round.
	outsFirst bool
}

// translator turns one statement's parse tree into DuckDB's SQL.
type translator struct {
	ctx  context.Context
	e    *Engine
	s    *schema.Session
	now  time.Time
	ctes map[string][]expr
	// replaced is the view that CREATE OR REPLACE VIEW replaces; its query cannot
	// read it.
	replaced *schema.Table
	// where is set inside WHERE, HAVING and ON, where text is compared with timestamps
	// by rules of its own.
	where bool
	// selecting is set inside a select list, and compared has the columns that it
	// compares with text.
	selecting bool
	compared  map[string]bool
	// version is the schema version of a table behind the result, -1 without one.
	version int
	depth   int
	unnamed int // subqueries without an alias so far
	// scans is set once a query has a FROM: then DuckDB fails while rows flow, not before.
	scans bool
}

func (e *Engine) newTranslator(ctx context.Context, s *schema.Session) *translator {
	return &translator{ctx: ctx, e: e, s: s, now: e.now(), ctes: map[string][]expr{}, version: -1}
}

// maxDepth bounds the nesting of queries and expressions.
const maxDepth = 400

func tooDeep() *schema.Error { return schema.NotSupported("a statement that is nested this deeply") }

func (tr *translator) enter() error {
	if tr.depth++; tr.depth > maxDepth {
		return tooDeep()
	}
	return nil
}

// query translates a query node and returns its SQL and columns.
func (tr *translator) query(n node, parent *scope) (string, []expr, error) {
	if err := tr.enter(); err != nil {
		return "", nil, err
	}
	defer func() { tr.depth-- }()
	with, restore, err := tr.with(n, parent)
	if err != nil {
		return "", nil, err
	}
	defer restore()
	switch n.str("type") {
	case "SELECT_NODE":
		q, outs, err := tr.selectNode(n, parent)
		return with + q, outs, err
	case "SET_OPERATION_NODE":
		q, outs, err := tr.setOperation(n, parent)
		return with + q, outs, err
	}
	return "", nil, schema.NotSupported("%s", n.str("type"))
}

// with translates the common table expressions of a node.
func (tr *translator) with(n node, parent *scope) (string, func(), error) {
	saved := tr.ctes
	restore := func() { tr.ctes = saved }
	entries := n.child("cte_map").list("map")
	if len(entries) == 0 {
		return "", restore, nil
	}
	tr.ctes = map[string][]expr{}
	for k, v := range saved {
		tr.ctes[k] = v
	}
	parts := make([]string, 0, len(entries))
	for _, entry := range entries {
		name, v := entry.str("key"), entry.child("value")
		sub := v.child("query").child("node")
		if sub.str("type") == "RECURSIVE_CTE_NODE" {
			restore()
			return "", restore, schema.NotSupported("WITH RECURSIVE")
		}
		q, outs, err := tr.query(sub, parent)
		if err == nil {
			outs, err = rename(outs, v.strings("aliases"))
		}
		if err != nil {
			restore()
			return "", restore, err
		}
		tr.ctes[name] = outs
		parts = append(parts, schema.Quote(name)+columnList(outs)+" AS ("+q+")")
	}
	return "WITH " + strings.Join(parts, ", ") + " ", restore, nil
}

func columnList(outs []expr) string {
	names := make([]string, len(outs))
	for i, o := range outs {
		names[i] = schema.Quote(o.name)
	}
	return "(" + strings.Join(names, ", ") + ")"
}

// rename gives columns the names of an alias list.
func rename(outs []expr, names []string) ([]expr, error) {
	if len(names) > 0 && len(names) != len(outs) {
		return nil, schema.PlanError("Source table contains %d columns but only %d names given as column alias", len(outs), len(names))
	}
	outs = slices.Clone(outs)
	for i, n := range names {
		outs[i].name = n
	}
	seen := map[string]bool{}
	for _, o := range outs {
		if k := strings.ToLower(o.name); seen[k] {
			return nil, schema.NotSupported("columns whose names are the same, or differ in case only (%s)", o.name)
		} else {
			seen[k] = true
		}
	}
	return outs, nil
}

func (tr *translator) setOperation(n node, parent *scope) (string, []expr, error) {
	op := map[string]string{"UNION": "UNION", "EXCEPT": "EXCEPT", "INTERSECT": "INTERSECT"}[n.str("setop_type")]
	children := n.list("children")
	if len(children) == 0 {
		children = []node{n.child("left"), n.child("right")}
	}
	if op == "" {
		return "", nil, schema.NotSupported("%s", n.str("setop_type"))
	}
	if n.bool("setop_all") {
		op += " ALL"
	}
	var parts []string
	var outs []expr
	for i, c := range children {
		q, o, err := tr.query(c, parent)
		if err != nil {
			return "", nil, err
		}
		if i == 0 {
			outs = slices.Clone(o)
		} else if len(o) != len(outs) {
			return "", nil, schema.PlanError("%s queries have different number of columns: left has %d columns whereas right has %d columns", op, len(outs), len(o))
		} else {
			for k := range outs {
				if outs[k], err = unite(outs[k], o[k]); err != nil {
					return "", nil, err
				}
			}
		}
		parts = append(parts, "("+q+")")
	}
	if !strings.HasSuffix(op, "ALL") {
		if err := noIntervals(op, outs...); err != nil {
			return "", nil, err
		}
	}
	mods, err := tr.modifiers(n, &scope{parent: parent, outs: outs}, outs)
	if err != nil {
		return "", nil, err
	}
	return strings.Join(parts, " "+op+" ") + mods, outs, nil
}

// unite returns the column that two arms of a union have in common.
func unite(a, b expr) (expr, error) {
	for _, iv := range []*interval{a.iv, b.iv} {
		if iv != nil && iv.nanos%1000 != 0 {
			return expr{}, schema.NotSupported("rows of intervals that are finer than microseconds")
		}
	}
	a.opaque = a.opaque || b.opaque || a.isInterval() || b.isInterval()
	a.null, a.column = a.null || b.null, true // the first row does not tell of the others
	if a.dt != nil && arrow.TypeEqual(a.dt, arrow.Null) {
		a.typ, a.dt = b.typ, b.dt
	} else if b.dt == nil || !arrow.TypeEqual(b.dt, arrow.Null) {
		if !a.typ.Same(b.typ) {
			t, err := unitedType(a, b)
			if err != nil {
				return expr{}, err
			}
			a.typ, a.dt = t, nil
		}
		if a.dt != nil && (b.dt == nil || !arrow.TypeEqual(a.dt, b.dt)) {
			a.dt = nil
		}
	}
	a.meta, a.str, a.num, a.inst, a.iv = nil, nil, nil, nil, nil
	return a, nil
}

// unitedType returns the type of a column of two different types, which are numbers, or text
// and integers; the zero Type leaves types that are not known to DuckDB.
func unitedType(a, b expr) (schema.Type, error) {
	if !a.typ.Known() || !b.typ.Known() {
		return schema.Type{}, nil
	}
	if a.typ.Kind == schema.String && b.typ.IsInteger() || a.typ.IsInteger() && b.typ.Kind == schema.String {
		return schema.StringType, nil
	}
	t, ok := numberType(a.typ, b.typ)
	if !ok || !a.typ.IsNumber() || !b.typ.IsNumber() || a.typ.Kind == schema.Decimal || b.typ.Kind == schema.Decimal {
		return schema.Type{}, schema.NotSupported("rows of %s and of %s in one column; CAST one of them", describe(a), describe(b))
	}
	return t, nil
}

func (tr *translator) selectNode(n node, parent *scope) (string, []expr, error) {
	if h := n.str("aggregate_handling"); h != "" && h != "STANDARD_HANDLING" {
		return "", nil, schema.NotSupported("GROUP BY ALL")
	}
	for _, k := range []string{"qualify", "sample"} {
		if n[k] != nil {
			return "", nil, schema.NotSupported("%s", strings.ToUpper(k))
		}
	}
	sc := &scope{parent: parent}
	from, err := tr.from(n.child("from_table"), sc)
	if err != nil {
		return "", nil, err
	}
	items, outs, err := tr.selectList(n, sc)
	if err != nil {
		return "", nil, err
	}
	sc.outs = outs
	q := "SELECT "
	mods, distinct, err := tr.selectModifiers(n, sc, outs)
	if err != nil {
		return "", nil, err
	}
	q += distinct + strings.Join(items, ", ")
	if from != "" {
		q += " FROM " + from
	}
	if w := n.child("where_clause"); w != nil {
		cond, err := tr.condition(w, sc)
		if err != nil {
			return "", nil, err
		}
		q += " WHERE " + cond
	}
	group, err := tr.groupBy(n, sc)
	if err != nil {
		return "", nil, err
	}
	q += group
	if h := n.child("having"); h != nil {
		cond, err := tr.filter(h, sc)
		if err != nil {
			return "", nil, err
		}
		q += " HAVING " + cond.sql
	}
	return q + mods, outs, nil
}

// condition translates a WHERE.
func (tr *translator) condition(n node, sc *scope) (string, error) {
	outs := sc.outs
	sc.outs = nil // WHERE does not see the select list
	cond, err := tr.filter(n, sc)
	sc.outs = outs
	return cond.sql, err
}

// filter translates the condition of WHERE, HAVING or ON.
func (tr *translator) filter(n node, sc *scope) (expr, error) {
	where := tr.where
	tr.where = true
	cond, err := tr.expr(n, sc)
	tr.where = where
	if err != nil {
		return expr{}, err
	}
	return cond, mustBool(cond)
}

// mustBool refuses a condition that is none.
func mustBool(e expr) error {
	if e.typ.Known() && e.typ.Kind != schema.Bool || e.isInterval() {
		return schema.PlanError("Error during planning: Cannot create filter with non-boolean predicate '%s' returning %s", e.text, describe(e))
	}
	return nil
}

// selectList translates the select list with its stars written out.
func (tr *translator) selectList(n node, sc *scope) ([]string, []expr, error) {
	var items []string
	var outs []expr
	seen, asWritten := map[string]int{}, map[string]int{}
	selecting, compared := tr.selecting, tr.compared
	tr.selecting, tr.compared = true, map[string]bool{}
	defer func() { tr.selecting, tr.compared = selecting, compared }()
	for _, item := range n.list("select_list") {
		var es []expr
		var err error
		if item.str("class") == "STAR" {
			es, err = tr.star(item, sc)
		} else {
			var e expr
			e, err = tr.expr(item, sc)
			if a := item.str("alias"); a != "" {
				e.name = a
			}
			es = []expr{e}
		}
		if err != nil {
			return nil, nil, err
		}
		for _, e := range es {
			// Columns of two tables may have one name. A column is not told from its CAST,
			// which has the name of the column with its table.
			written := e.name
			if e.plain && item.str("alias") == "" {
				written = e.text
			}
			first, dup := seen[e.name]
			if dup = dup && !(e.plain && outs[first].plain && item.str("alias") == "" && e.text != outs[first].text); !dup {
				first, dup = asWritten[written]
			}
			if dup {
				return nil, nil, schema.PlanError(`Error during planning: Projections require unique expression names but the expression "%s AS %s" at position %d and "%s AS %s" at position %d have the same name. Consider aliasing ("AS") one of them.`,
					outs[first].text, outs[first].name, first, e.text, e.name, len(outs))
			}
			seen[e.name], asWritten[written] = len(outs), len(outs)
			outs = append(outs, e)
			items = append(items, e.sql+" AS "+schema.Quote(e.name))
		}
	}
	for _, e := range outs {
		if e.isColumn() && tr.compared[e.text] {
			return nil, nil, schema.NotSupported("comparing %s with text beside %s itself in a SELECT list; write TIMESTAMP '…Z'", e.text, e.text)
		}
	}
	return items, outs, nil
}

func (tr *translator) star(n node, sc *scope) ([]expr, error) {
	if n.bool("columns") {
		return nil, schema.NotSupported("COLUMNS(*)")
	}
	for _, k := range []string{"exclude_list", "replace_list", "qualified_exclude_list", "rename_list", "expr"} {
		if n[k] != nil {
			return nil, schema.NotSupported("* with %s", strings.TrimSuffix(k, "_list"))
		}
	}
	rel, found := n.str("relation_name"), false
	var es []expr
	for _, r := range sc.rels {
		if rel != "" && r.name != rel {
			continue
		}
		found = true
		for _, c := range r.cols {
			if rel != "" || !r.hidden[c.name] {
				es = append(es, reference(r, c))
			}
		}
	}
	if !found {
		return nil, schema.PlanError("Error during planning: Invalid qualifier %s", rel)
	}
	return es, nil
}

// reference returns the expression that names a column of a relation.
func reference(r relation, c expr) expr {
	c.sql = schema.Quote(r.phys) + "." + schema.Quote(c.name)
	c.text = c.name
	if r.name != "" {
		c.text = r.name + "." + c.name
	}
	c.column, c.plain = true, true
	c.str, c.num, c.inst = nil, nil, nil
	c.opaque = c.opaque || c.iv != nil // the constant, or NULL
	return c
}

func (tr *translator) groupBy(n node, sc *scope) (string, error) {
	groups := n.list("group_expressions")
	if len(groups) == 0 {
		return "", nil
	}
	if sets, _ := n["group_sets"].([]any); len(sets) > 1 {
		return "", schema.NotSupported("GROUPING SETS, ROLLUP and CUBE")
	}
	parts := make([]string, len(groups))
	for i, g := range groups {
		q, _, err := tr.orderKey("GROUP BY", g, sc)
		if err != nil {
			return "", err
		}
		parts[i] = q
	}
	return " GROUP BY " + strings.Join(parts, ", "), nil
}
