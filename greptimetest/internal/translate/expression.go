package translate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/greptimetest/internal/expr"
	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// expr translates an expression.
func (tr *translator) expr(n node, sc *scope) (expr.Expr, error) {
	if err := tr.enter(); err != nil {
		return expr.Expr{}, err
	}
	defer tr.leave()
	switch n.str("class") {
	case "COLUMN_REF":
		return tr.columnRef(n.strings("column_names"), sc)
	case "CONSTANT":
		return constantExpr(n.child("value"))
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
	return expr.Expr{}, schema.NotSupported("%s expressions", n.str("class"))
}

// each translates the nodes of a list.
func each(list []node, sc *scope, one func(node, *scope) (expr.Expr, error)) ([]expr.Expr, error) {
	out := make([]expr.Expr, len(list))
	for i, n := range list {
		e, err := one(n, sc)
		if err != nil {
			return nil, err
		}
		out[i] = e
	}
	return out, nil
}

func (tr *translator) exprs(list []node, sc *scope) ([]expr.Expr, error) {
	return each(list, sc, tr.expr)
}

// operand translates an expression that something is computed from.
func (tr *translator) operand(n node, sc *scope) (expr.Expr, error) {
	e, err := tr.expr(n, sc)
	if err == nil && (e.Opaque || e.IsInterval() && e.Interval == nil) {
		err = schema.NotSupported("computing with %s", expr.Describe(e))
	}
	return e, err
}

func (tr *translator) operands(list []node, sc *scope) ([]expr.Expr, error) {
	return each(list, sc, tr.operand)
}

func (tr *translator) conjunction(n node, sc *scope) (expr.Expr, error) {
	es, err := tr.operands(n.list("children"), sc)
	if err != nil {
		return expr.Expr{}, err
	}
	op := " AND "
	if n.str("type") == "CONJUNCTION_OR" {
		op = " OR "
	}
	var s, t []string
	for _, e := range es {
		if e.Type.Known() && e.Type.Kind != schema.Bool {
			return expr.Expr{}, schema.PlanError("Error during planning: Cannot infer common argument type for logical boolean operation Boolean%s%s", op, e.Type.ArrowName())
		}
		s, t = append(s, e.SQL), append(t, e.Text)
	}
	return expr.Combine("("+strings.Join(s, op)+")", strings.Join(t, op), schema.BoolType, es...), nil
}

func (tr *translator) between(n node, sc *scope) (expr.Expr, error) {
	es, err := tr.operands([]node{n.child("input"), n.child("lower"), n.child("upper")}, sc)
	if err != nil {
		return expr.Expr{}, err
	}
	unit := expr.Coarsest(es...)
	lo, err := expr.CompareIn(tr.place, unit, ">=", es[0], es[1])
	if err != nil {
		return expr.Expr{}, err
	}
	hi, err := expr.CompareIn(tr.place, unit, "<=", es[0], es[2])
	if err != nil {
		return expr.Expr{}, err
	}
	text := es[0].Text + " BETWEEN " + es[1].Text + " AND " + es[2].Text
	return expr.Combine("("+lo.SQL+" AND "+hi.SQL+")", text, schema.BoolType, es...), nil
}

func (tr *translator) operator(n node, sc *scope) (expr.Expr, error) {
	kind := n.str("type")
	if kind == "OPERATOR_IS_NULL" || kind == "OPERATOR_IS_NOT_NULL" {
		e, err := tr.expr(n.list("children")[0], sc) // opaque values are NULL or not, too
		if err != nil {
			return expr.Expr{}, err
		}
		if e.Is(expr.AnyOf) {
			return expr.Expr{}, schema.NotSupported("IS NULL of IN of a subquery")
		}
		op := " IS NULL"
		if kind == "OPERATOR_IS_NOT_NULL" {
			op = " IS NOT NULL"
		}
		out := expr.Combine("("+e.SQL+op+")", e.Text+op, schema.BoolType, e)
		out.Null = false
		return out, nil
	}
	es, err := tr.operands(n.list("children"), sc)
	if err != nil {
		return expr.Expr{}, err
	}
	for _, e := range es {
		if e.Is(expr.AnyOf) {
			return expr.Expr{}, schema.NotSupported("NOT IN of a subquery where there may be NULLs; use NOT EXISTS")
		}
	}
	if err := expr.NoIntervals("comparisons", es...); err != nil {
		return expr.Expr{}, err
	}
	switch kind {
	case "OPERATOR_NOT":
		if err := expr.MustBool(es[0]); err != nil {
			return expr.Expr{}, err
		}
		return expr.Combine("(NOT "+es[0].SQL+")", "NOT "+es[0].Text, schema.BoolType, es[0]), nil
	case "COMPARE_IN", "COMPARE_NOT_IN":
		return expr.InList(tr.place, kind, es[0], es[1:])
	case "OPERATOR_COALESCE":
		t, err := expr.MergedType("coalesce", es)
		if err == nil && !t.Known() {
			err = schema.NotSupported("coalesce of values of unknown types; CAST them")
		}
		if err != nil {
			return expr.Expr{}, err
		}
		sql := "coalesce(" + expr.SQLs(es) + ")"
		if t.IsNumber() && !expr.CommonType(es).Known() {
			sql = "CAST(" + sql + " AS " + t.Duck() + ")"
		}
		e := expr.Combine(sql, "coalesce("+expr.Arguments(es)+")", t, es...)
		e.Null = !slices.ContainsFunc(es, func(e expr.Expr) bool { return !e.Null })
		return e, nil
	case "ARRAY_EXTRACT":
		if es[0].Arrow == nil || es[0].Arrow.ID() != arrow.LIST {
			return expr.Expr{}, schema.NotSupported("[…] on %s", expr.Describe(es[0]))
		}
		e := expr.Combine("("+es[0].SQL+")["+es[1].SQL+"]", es[0].Text+"["+es[1].Text+"]", schema.Type{}, es...)
		e.Null = true
		return e, nil
	}
	return expr.Expr{}, schema.NotSupported("%s", kind)
}

func (tr *translator) caseExpr(n node, sc *scope) (expr.Expr, error) {
	var parts []expr.Expr // all of them
	var results []expr.Expr
	sql, text := "CASE", "CASE"
	for _, c := range n.list("case_checks") {
		es, err := tr.operands([]node{c.child("when_expr"), c.child("then_expr")}, sc)
		if err != nil {
			return expr.Expr{}, err
		}
		if es[0].Is(expr.AnyOf) {
			return expr.Expr{}, schema.NotSupported("CASE over IN of a subquery where there may be NULLs; use EXISTS")
		}
		if err := expr.MustBool(es[0]); err != nil {
			return expr.Expr{}, err
		}
		sql += " WHEN " + es[0].SQL + " THEN " + es[1].SQL
		text += " WHEN " + es[0].Text + " THEN " + es[1].Text
		parts, results = append(parts, es...), append(results, es[1])
	}
	missing := true
	if err := expr.NoIntervals("CASE", results...); err != nil {
		return expr.Expr{}, err
	}
	if els := n.child("else_expr"); els != nil {
		e, err := tr.operand(els, sc)
		if err != nil {
			return expr.Expr{}, err
		}
		if err := expr.NoIntervals("CASE", e); err != nil {
			return expr.Expr{}, err
		}
		// A CASE without ELSE has NULL here.
		if e.Arrow == nil || e.Arrow != arrow.Null {
			sql, text, missing = sql+" ELSE "+e.SQL, text+" ELSE "+e.Text, false
			parts, results = append(parts, e), append(results, e)
		}
	}
	t, err := expr.MergedType("CASE", results)
	if err != nil {
		return expr.Expr{}, err
	}
	sql, text = sql+" END", text+" END"
	if t.IsNumber() && !expr.CommonType(results).Known() {
		sql = "CAST(" + sql + " AS " + t.Duck() + ")"
	}
	e := expr.Combine(sql, text, t, parts...)
	if !slices.ContainsFunc(results, func(r expr.Expr) bool { return !r.IsNull() }) {
		e.Arrow = arrow.Null
	}
	e.Null = missing || slices.ContainsFunc(results, func(r expr.Expr) bool { return r.Null })
	return e, nil
}

var comparisons = map[string]string{
	"COMPARE_EQUAL": "=", "COMPARE_NOTEQUAL": "!=", "COMPARE_LESSTHAN": "<", "COMPARE_GREATERTHAN": ">",
	"COMPARE_LESSTHANOREQUALTO": "<=", "COMPARE_GREATERTHANOREQUALTO": ">=",
	"COMPARE_DISTINCT_FROM": "IS DISTINCT FROM", "COMPARE_NOT_DISTINCT_FROM": "IS NOT DISTINCT FROM",
}

func (tr *translator) comparison(n node, sc *scope) (expr.Expr, error) {
	op, ok := comparisons[n.str("type")]
	if !ok {
		return expr.Expr{}, schema.NotSupported("%s", n.str("type"))
	}
	es, err := tr.operands([]node{n.child("left"), n.child("right")}, sc)
	if err != nil {
		return expr.Expr{}, err
	}
	return expr.Compare(tr.place, op, es[0], es[1])
}

// cast translates CAST, TRY_CAST, :: and typed literals.
func (tr *translator) cast(n node, sc *scope) (expr.Expr, error) {
	e, err := tr.operand(n.child("child"), sc)
	if err != nil {
		return expr.Expr{}, err
	}
	ct := n.child("cast_type")
	if ct.str("id") == "INTERVAL" && e.Str != nil {
		return expr.IntervalLiteral(*e.Str)
	}
	if ct.str("id") == "TIME" && e.Str != nil {
		return expr.TimeOfDay(*e.Str, e.Text)
	}
	if ct.str("id") == "BOOLEAN" && e.Str != nil && (*e.Str == "t" || *e.Str == "f") {
		return expr.BoolLiteral(*e.Str == "t"), nil // how DuckDB's parser says TRUE
	}
	t, ok := duckType(ct)
	if !ok {
		return expr.Expr{}, schema.NotSupported("CAST to %s", ct.str("id"))
	}
	// GreptimeDB makes arrow_cast of casts to TIMESTAMP, of TRY_CAST as well.
	out, err := expr.Cast(e, t, n.bool("try_cast") && !t.IsTimestamp())
	if t.IsTimestamp() && (t.Kind != schema.TimestampNano || e.Str == nil) { // but TIMESTAMP '…' is none
		out.Text = "arrow_cast(" + e.Text + `,Utf8("` + schema.CastName(t) + `"))`
		out.Name = out.Text
	}
	return out, err
}

// duckType returns the column type behind a type of the parse tree.
func duckType(ct node) (schema.Type, bool) {
	id := ct.str("id")
	if id == "DECIMAL" {
		info := ct.child("type_info")
		w, err1 := strconv.Atoi(fmt.Sprint(info["width"]))
		s, err2 := strconv.Atoi(fmt.Sprint(info["scale"]))
		return schema.Type{Kind: schema.Decimal, Precision: int32(w), Scale: int32(s)}, err1 == nil && err2 == nil
	}
	return schema.DuckType(id)
}
