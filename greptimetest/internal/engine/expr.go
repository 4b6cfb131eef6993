package engine

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// expr translates an expression.
func (tr *translator) expr(n node, sc *scope) (expr, error) {
	if err := tr.enter(); err != nil {
		return expr{}, err
	}
	defer func() { tr.depth-- }()
	switch n.str("class") {
	case "COLUMN_REF":
		return tr.columnRef(n.strings("column_names"), sc)
	case "CONSTANT":
		return constant(n.child("value"))
	case "CAST":
		return tr.cast(n, sc)
	case "FUNCTION":
		return tr.function(n, sc)
	case "COMPARISON":
		return tr.comparison(n, sc)
	case "CONJUNCTION":
		return tr.conjunction(n, sc)
	case "BETWEEN":
		return tr.between(n, sc)
	case "OPERATOR":
		return tr.operator(n, sc)
	case "CASE":
		return tr.caseExpr(n, sc)
	case "SUBQUERY":
		return tr.subquery(n, sc)
	case "WINDOW":
		return tr.window(n, sc)
	}
	return expr{}, schema.NotSupported("%s expressions", n.str("class"))
}

// exprs translates a list.
func (tr *translator) exprs(list []node, sc *scope) ([]expr, error) {
	out := make([]expr, len(list))
	for i, n := range list {
		e, err := tr.expr(n, sc)
		if err != nil {
			return nil, err
		}
		out[i] = e
	}
	return out, nil
}

// operand translates an expression that something is computed from.
func (tr *translator) operand(n node, sc *scope) (expr, error) {
	e, err := tr.expr(n, sc)
	if err == nil && (e.opaque || e.isInterval() && e.iv == nil) {
		err = schema.NotSupported("computing with %s", describe(e))
	}
	return e, err
}

func (tr *translator) operands(list []node, sc *scope) ([]expr, error) {
	out := make([]expr, len(list))
	for i, n := range list {
		e, err := tr.operand(n, sc)
		if err != nil {
			return nil, err
		}
		out[i] = e
	}
	return out, nil
}

// describe names the type of an expression in an error.
func describe(e expr) string {
	switch {
	case e.dt != nil:
		return e.dt.String()
	case e.typ.Known():
		return e.typ.SQL()
	}
	return "an expression of unknown type"
}

// columnRef finds a column in the scopes, from the inside out.
func (tr *translator) columnRef(parts []string, sc *scope) (expr, error) {
	column := parts[len(parts)-1]
	rel := ""
	if len(parts) > 1 {
		rel = parts[len(parts)-2]
	}
	for s := sc; s != nil; s = s.parent {
		out, alias, err := s.out(column)
		if rel == "" && s.outsFirst && (alias || err != nil) {
			return s.aliasRef(out), err
		}
		var found []expr
		for _, r := range s.rels {
			if rel != "" && r.name != rel {
				continue
			}
			for _, c := range r.cols {
				if c.name == column && (rel != "" || !r.hidden[column]) {
					found = append(found, reference(r, c))
				}
			}
		}
		if len(found) > 1 {
			return expr{}, schema.PlanError("Schema error: Ambiguous reference to unqualified field %s", column)
		}
		if len(found) == 1 {
			return found[0], nil
		}
		if rel == "" && (alias || err != nil) {
			return s.aliasRef(out), err
		}
	}
	if rel == "" && (column == "current_timestamp" || column == "current_date" || column == "current_time") {
		return tr.call(column, nil)
	}
	var valid []string
	for _, r := range sc.rels {
		for _, c := range r.cols {
			valid = append(valid, reference(r, c).text)
		}
	}
	name := strings.Join(parts, ".")
	if len(valid) == 0 {
		return expr{}, schema.PlanError("No field named %s.", name)
	}
	return expr{}, schema.PlanError("No field named %s. Valid fields are %s.", name, strings.Join(valid, ", "))
}

// aliasRef returns a name of the select list. It stands for its expression, which cannot
// be mistaken for a column of that name; over a set operation only the name is there.
func (s *scope) aliasRef(o expr) expr {
	if len(s.rels) == 0 {
		o.sql = schema.Quote(o.name)
	} else {
		o.sql = "(" + o.sql + ")"
	}
	o.text, o.column = o.name, true
	return o
}

// constant translates a literal. Integers are BIGINT, as DataFusion's are Int64.
func constant(v node) (expr, error) {
	if v.bool("is_null") {
		return expr{sql: "NULL", dt: arrow.Null, null: true, name: "NULL", text: "NULL"}, nil
	}
	raw := fmt.Sprint(v["value"])
	switch id := v.child("type").str("id"); id {
	case "VARCHAR":
		s := v.str("value")
		return textLiteral(s), nil
	case "BOOLEAN":
		return boolLiteral(v.bool("value")), nil
	case "DOUBLE", "FLOAT":
		f, err := strconv.ParseFloat(raw, 64)
		if err != nil {
			return expr{}, schema.NotSupported("the number %s", raw)
		}
		return floatLiteral(f), nil
	case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UBIGINT", "HUGEINT":
		n, ok := new(big.Int).SetString(raw, 10)
		if h := v.child("value"); h != nil {
			n, ok = hugeint(h)
		}
		if !ok {
			return expr{}, schema.NotSupported("the number %s", raw)
		}
		return integerExpr(n), nil
	default:
		return expr{}, schema.NotSupported("%s literals", id)
	}
}

// hugeint returns the value of {"upper": …, "lower": …} in the parse tree.
func hugeint(h node) (*big.Int, bool) {
	up, ok1 := h["upper"].(json.Number)
	lo, ok2 := h["lower"].(json.Number)
	if !ok1 || !ok2 {
		return nil, false
	}
	n, ok1 := new(big.Int).SetString(up.String(), 10)
	l, ok2 := new(big.Int).SetString(lo.String(), 10)
	if !ok1 || !ok2 {
		return nil, false
	}
	return n.Add(n.Lsh(n, 64), l), true
}

func textLiteral(s string) expr {
	t := `Utf8("` + s + `")`
	return expr{sql: schema.QuoteText(s), typ: schema.Type{Kind: schema.String}, name: t, text: t, str: &s}
}

func boolLiteral(b bool) expr {
	t := fmt.Sprintf("Boolean(%t)", b)
	return expr{sql: strconv.FormatBool(b), typ: schema.Type{Kind: schema.Bool}, name: t, text: t}
}

func floatLiteral(f float64) expr {
	s := strconv.FormatFloat(f, 'e', -1, 64)
	t := "Float64(" + strconv.FormatFloat(f, 'f', -1, 64) + ")"
	return expr{sql: "CAST('" + s + "' AS DOUBLE)", typ: schema.Type{Kind: schema.Float64}, name: t, text: t}
}

func integerExpr(n *big.Int) expr {
	switch {
	case n.IsInt64():
		v := n.Int64()
		t := "Int64(" + n.String() + ")"
		return expr{sql: "CAST(" + n.String() + " AS BIGINT)", typ: schema.Type{Kind: schema.Int64}, name: t, text: t, num: &v}
	case n.IsUint64():
		t := "UInt64(" + n.String() + ")"
		return expr{sql: "CAST(" + n.String() + " AS UBIGINT)", typ: schema.Type{Kind: schema.UInt64}, name: t, text: t}
	}
	f, _ := new(big.Float).SetInt(n).Float64()
	return floatLiteral(f)
}

// combine returns an expression computed from others: it depends on columns and may be
// NULL if one of them does so.
func combine(sql, text string, t schema.Type, of ...expr) expr {
	e := expr{sql: sql, typ: t, name: text, text: text}
	for _, o := range of {
		e.column = e.column || o.column
		e.null = e.null || o.null
		e.anyOf = e.anyOf || o.anyOf
		e.volatile = e.volatile || o.volatile
		e.scalar = e.scalar || o.scalar
	}
	return e
}

func texts(list []expr) []string {
	s := make([]string, len(list))
	for i, e := range list {
		s[i] = e.text
	}
	return s
}

// arguments returns the texts of a function's arguments, as a result column's name has
// them.
func arguments(list []expr) string { return strings.Join(texts(list), ",") }

func sqls(list []expr) string {
	s := make([]string, len(list))
	for i, e := range list {
		s[i] = e.sql
	}
	return strings.Join(s, ", ")
}

// timestampLiteral returns an instant in a timestamp type's unit.
func timestampLiteral(t schema.Type, n int64) string {
	bigint := "CAST('" + strconv.FormatInt(n, 10) + "' AS BIGINT)"
	return timestampFrom(t, bigint)
}

// timestampFrom makes a timestamp of a number of its units.
func timestampFrom(t schema.Type, n string) string {
	switch t.Kind {
	case schema.TimestampNano:
		return "make_timestamp_ns(" + n + ")"
	case schema.TimestampMicro:
		return "make_timestamp(" + n + ")"
	case schema.TimestampMilli:
		return "CAST(make_timestamp_ms(" + n + ") AS TIMESTAMP_MS)"
	default:
		return "CAST(make_timestamp(" + n + " * 1000000) AS TIMESTAMP_S)"
	}
}

// unitsOf returns a timestamp as a number of its units.
func unitsOf(e expr) string {
	switch e.typ.Kind {
	case schema.TimestampNano:
		return "epoch_ns(" + e.sql + ")"
	case schema.TimestampMicro:
		return "epoch_us(" + e.sql + ")"
	case schema.TimestampMilli:
		return "epoch_ms(" + e.sql + ")"
	default:
		return "(epoch_us(" + e.sql + ") // 1000000)"
	}
}

// microsOf returns a timestamp as DuckDB's TIMESTAMP, whose unit is the microsecond. Its own
// cast from nanoseconds cuts towards zero, which is the wrong second before 1970.
func microsOf(e expr) string {
	if e.typ.Kind == schema.TimestampNano {
		return "make_timestamp(greptime_floor_divide(epoch_ns(" + e.sql + "), 1000))"
	}
	return "CAST(" + e.sql + " AS TIMESTAMP)"
}

func dateLiteral(days int64) string {
	return "(DATE '1970-01-01' + CAST(" + strconv.FormatInt(days, 10) + " AS INTEGER))"
}

func (tr *translator) conjunction(n node, sc *scope) (expr, error) {
	es, err := tr.operands(n.list("children"), sc)
	if err != nil {
		return expr{}, err
	}
	op := " AND "
	if n.str("type") == "CONJUNCTION_OR" {
		op = " OR "
	}
	var s, t []string
	for _, e := range es {
		if e.typ.Known() && e.typ.Kind != schema.Bool {
			return expr{}, schema.PlanError("Error during planning: Cannot infer common argument type for logical boolean operation Boolean%s%s", op, e.typ.ArrowName())
		}
		s, t = append(s, e.sql), append(t, e.text)
	}
	return combine("("+strings.Join(s, op)+")", strings.Join(t, op), schema.BoolType, es...), nil
}

func (tr *translator) between(n node, sc *scope) (expr, error) {
	es, err := tr.operands([]node{n.child("input"), n.child("lower"), n.child("upper")}, sc)
	if err != nil {
		return expr{}, err
	}
	unit := coarsest(es...)
	lo, err := tr.compareIn(unit, ">=", es[0], es[1])
	if err != nil {
		return expr{}, err
	}
	hi, err := tr.compareIn(unit, "<=", es[0], es[2])
	if err != nil {
		return expr{}, err
	}
	text := es[0].text + " BETWEEN " + es[1].text + " AND " + es[2].text
	return combine("("+lo.sql+" AND "+hi.sql+")", text, schema.BoolType, es...), nil
}

func (tr *translator) operator(n node, sc *scope) (expr, error) {
	kind := n.str("type")
	if kind == "OPERATOR_IS_NULL" || kind == "OPERATOR_IS_NOT_NULL" {
		e, err := tr.expr(n.list("children")[0], sc) // opaque values are NULL or not, too
		if err != nil {
			return expr{}, err
		}
		if e.anyOf {
			return expr{}, schema.NotSupported("IS NULL of IN of a subquery")
		}
		op := " IS NULL"
		if kind == "OPERATOR_IS_NOT_NULL" {
			op = " IS NOT NULL"
		}
		out := combine("("+e.sql+op+")", e.text+op, schema.BoolType, e)
		out.null = false
		return out, nil
	}
	es, err := tr.operands(n.list("children"), sc)
	if err != nil {
		return expr{}, err
	}
	for _, e := range es {
		if e.anyOf {
			return expr{}, schema.NotSupported("NOT IN of a subquery where there may be NULLs; use NOT EXISTS")
		}
	}
	if err := noIntervals("comparisons", es...); err != nil {
		return expr{}, err
	}
	switch kind {
	case "OPERATOR_NOT":
		if err := mustBool(es[0]); err != nil {
			return expr{}, err
		}
		return combine("(NOT "+es[0].sql+")", "NOT "+es[0].text, schema.BoolType, es[0]), nil
	case "COMPARE_IN", "COMPARE_NOT_IN":
		return tr.inList(kind, es[0], es[1:])
	case "OPERATOR_COALESCE":
		t, err := mergedType("coalesce", es)
		if err == nil && !t.Known() {
			err = schema.NotSupported("coalesce of values of unknown types; CAST them")
		}
		if err != nil {
			return expr{}, err
		}
		sql := "coalesce(" + sqls(es) + ")"
		if t.IsNumber() && !commonType(es).Known() {
			sql = "CAST(" + sql + " AS " + t.Duck() + ")"
		}
		e := combine(sql, "coalesce("+arguments(es)+")", t, es...)
		e.null = !slices.ContainsFunc(es, func(e expr) bool { return !e.null })
		return e, nil
	case "ARRAY_EXTRACT":
		if es[0].dt == nil || es[0].dt.ID() != arrow.LIST {
			return expr{}, schema.NotSupported("[…] on %s", describe(es[0]))
		}
		e := combine("("+es[0].sql+")["+es[1].sql+"]", es[0].text+"["+es[1].text+"]", schema.Type{}, es...)
		e.null = true
		return e, nil
	}
	return expr{}, schema.NotSupported("%s", kind)
}

// inList translates IN and NOT IN of a list of values.
func (tr *translator) inList(kind string, head expr, list []expr) (expr, error) {
	op := strings.ReplaceAll(strings.TrimPrefix(kind, "COMPARE_"), "_", " ")
	all := append([]expr{head}, list...)
	text := head.text + " " + op + " " + strings.Join(texts(list), ", ")
	head, list = listInUnit(head, list)
	items := make([]string, len(list))
	for i, e := range list {
		if err := constantWithColumn(tr, head, e); err != nil {
			return expr{}, err
		}
		if err := textWithNumber("=", head, e); err != nil {
			return expr{}, err
		}
		if e.typ.Kind == schema.String && e.str == nil && head.typ.IsNumber() {
			return expr{}, schema.NotSupported("IN of a number and text")
		}
		if e.nan || head.nan {
			return expr{}, schema.NotSupported("comparing with NaN, which DuckDB does otherwise")
		}
		var err error
		if items[i], err = tr.comparable(e, "=", head); err != nil {
			return expr{}, err
		}
	}
	return combine("("+head.sql+" "+op+" ("+strings.Join(items, ", ")+"))", text, schema.BoolType, all...), nil
}

// commonType returns the type of all expressions that are not NULL, if it is the same.
func commonType(es []expr) schema.Type {
	var t schema.Type
	for _, e := range es {
		if e.dt != nil && e.dt == arrow.Null {
			continue
		}
		if !e.typ.Known() || t.Known() && !t.Same(e.typ) {
			return schema.Type{}
		}
		t = e.typ
	}
	return t
}

// mergedType returns the type of a value that is one of several: of all of them, or of the
// number that holds them; the zero Type leaves it to DuckDB.
func mergedType(what string, es []expr) (schema.Type, error) {
	t := commonType(es)
	if t.Known() {
		return t, nil
	}
	for _, e := range es {
		switch {
		case e.isNull():
		case !e.typ.Known():
			return schema.Type{}, nil
		case !t.Known():
			t = e.typ
		default:
			both := t.IsNumber() && e.typ.IsNumber() && t.Kind != schema.Decimal && e.typ.Kind != schema.Decimal
			var ok bool
			if t, ok = numberType(t, e.typ); !ok || !both {
				return schema.Type{}, schema.NotSupported("%s of values of different types; CAST them", what)
			}
		}
	}
	if t.Known() && !t.IsInteger() && !t.IsFloat() {
		return schema.Type{}, schema.NotSupported("%s of values of different types; CAST them", what)
	}
	return t, nil
}

func (tr *translator) caseExpr(n node, sc *scope) (expr, error) {
	var parts []expr // all of them
	var results []expr
	sql, text := "CASE", "CASE"
	for _, c := range n.list("case_checks") {
		es, err := tr.operands([]node{c.child("when_expr"), c.child("then_expr")}, sc)
		if err != nil {
			return expr{}, err
		}
		if es[0].anyOf {
			return expr{}, schema.NotSupported("CASE over IN of a subquery where there may be NULLs; use EXISTS")
		}
		if err := mustBool(es[0]); err != nil {
			return expr{}, err
		}
		sql += " WHEN " + es[0].sql + " THEN " + es[1].sql
		text += " WHEN " + es[0].text + " THEN " + es[1].text
		parts, results = append(parts, es...), append(results, es[1])
	}
	missing := true
	if err := noIntervals("CASE", results...); err != nil {
		return expr{}, err
	}
	if els := n.child("else_expr"); els != nil {
		e, err := tr.operand(els, sc)
		if err != nil {
			return expr{}, err
		}
		if err := noIntervals("CASE", e); err != nil {
			return expr{}, err
		}
		// A CASE without ELSE has NULL here.
		if e.dt == nil || e.dt != arrow.Null {
			sql, text, missing = sql+" ELSE "+e.sql, text+" ELSE "+e.text, false
			parts, results = append(parts, e), append(results, e)
		}
	}
	t, err := mergedType("CASE", results)
	if err != nil {
		return expr{}, err
	}
	sql, text = sql+" END", text+" END"
	if t.IsNumber() && !commonType(results).Known() {
		sql = "CAST(" + sql + " AS " + t.Duck() + ")"
	}
	e := combine(sql, text, t, parts...)
	if !slices.ContainsFunc(results, func(r expr) bool { return !r.isNull() }) {
		e.dt = arrow.Null
	}
	e.null = missing || slices.ContainsFunc(results, func(r expr) bool { return r.null })
	return e, nil
}

func (tr *translator) subquery(n node, sc *scope) (expr, error) {
	if kind := n.str("subquery_type"); kind != "SCALAR" && tr.selecting && !tr.where {
		return expr{}, schema.NotSupported("%s of a subquery in a SELECT list", strings.ReplaceAll(kind, "_", " "))
	}
	where, selecting := tr.where, tr.selecting
	tr.where, tr.selecting = false, false
	q, outs, err := tr.query(n.child("subquery").child("node"), sc)
	tr.where, tr.selecting = where, selecting
	if err != nil {
		return expr{}, err
	}
	switch kind := n.str("subquery_type"); kind {
	case "SCALAR":
		if len(outs) != 1 {
			return expr{}, schema.PlanError("Error during planning: Scalar subquery should only return one column, but found %d", len(outs))
		}
		o := outs[0]
		return expr{sql: "(" + q + ")", typ: o.typ, dt: o.dt, opaque: o.opaque || o.isInterval(), null: true, column: true, scalar: true, name: o.name, text: o.text, iv: o.iv}, nil
	case "EXISTS", "NOT_EXISTS":
		op := strings.ReplaceAll(kind, "_", " ")
		return expr{sql: "(" + op + " (" + q + "))", typ: schema.BoolType, column: true, name: op, text: op}, nil
	case "ANY":
		l, err := tr.operand(n.child("child"), sc)
		if err != nil {
			return expr{}, err
		}
		if n.str("comparison_type") != "COMPARE_EQUAL" {
			return expr{}, schema.NotSupported("ANY and ALL")
		}
		if len(outs) != 1 {
			return expr{}, schema.PlanError("Error during planning: InSubquery should only return one column, but found %d", len(outs))
		}
		if err := sameFamily(l, outs[0]); err != nil {
			return expr{}, err
		}
		e := combine("("+l.sql+" IN ("+q+"))", l.text+" IN (subquery)", schema.BoolType, l)
		e.anyOf = l.null || outs[0].null
		e.column, e.null = true, true
		return e, nil
	default:
		return expr{}, schema.NotSupported("%s subqueries", kind)
	}
}
