package translate

import (
	"slices"
	"strings"

	"github.com/greptime-go/greptime/greptimetest/internal/expr"
	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// query translates a query node and returns its SQL and columns.
func (tr *translator) query(n node, parent *scope) (string, []expr.Expr, error) {
	if err := tr.enter(); err != nil {
		return "", nil, err
	}
	defer tr.leave()
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
	tr.ctes = map[string][]expr.Expr{}
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
		parts = append(parts, schema.Quote(name)+ColumnList(outs)+" AS ("+q+")")
	}
	return "WITH " + strings.Join(parts, ", ") + " ", restore, nil
}

func (tr *translator) setOperation(n node, parent *scope) (string, []expr.Expr, error) {
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
	var outs []expr.Expr
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
				if outs[k], err = expr.Unite(outs[k], o[k]); err != nil {
					return "", nil, err
				}
			}
		}
		parts = append(parts, "("+q+")")
	}
	if !strings.HasSuffix(op, "ALL") {
		if err := expr.NoIntervals(op, outs...); err != nil {
			return "", nil, err
		}
	}
	mods, err := tr.modifiers(n, &scope{parent: parent, outs: outs}, outs)
	if err != nil {
		return "", nil, err
	}
	return strings.Join(parts, " "+op+" ") + mods, outs, nil
}

func (tr *translator) subquery(n node, sc *scope) (expr.Expr, error) {
	if kind := n.str("subquery_type"); kind != "SCALAR" && tr.place.SelectList && !tr.place.Filter {
		return expr.Expr{}, schema.NotSupported("%s of a subquery in a SELECT list", strings.ReplaceAll(kind, "_", " "))
	}
	outer := tr.place
	tr.place = expr.Place{Zone: outer.Zone}
	q, outs, err := tr.query(n.child("subquery").child("node"), sc)
	tr.place = outer
	if err != nil {
		return expr.Expr{}, err
	}
	switch kind := n.str("subquery_type"); kind {
	case "SCALAR":
		if len(outs) != 1 {
			return expr.Expr{}, schema.PlanError("Error during planning: Scalar subquery should only return one column, but found %d", len(outs))
		}
		o := outs[0]
		return expr.Expr{SQL: "(" + q + ")", Result: expr.Result{Type: o.Type, Arrow: o.Arrow, Opaque: o.Opaque || o.IsInterval(), Null: true}, Traits: expr.OfColumn | expr.OfSubquery, Name: o.Name, Text: o.Text, Constant: expr.Constant{Interval: o.Interval}}, nil
	case "EXISTS", "NOT_EXISTS":
		op := strings.ReplaceAll(kind, "_", " ")
		return expr.Expr{SQL: "(" + op + " (" + q + "))", Result: expr.Result{Type: schema.BoolType}, Traits: expr.OfColumn, Name: op, Text: op}, nil
	case "ANY":
		l, err := tr.operand(n.child("child"), sc)
		if err != nil {
			return expr.Expr{}, err
		}
		if n.str("comparison_type") != "COMPARE_EQUAL" {
			return expr.Expr{}, schema.NotSupported("ANY and ALL")
		}
		if len(outs) != 1 {
			return expr.Expr{}, schema.PlanError("Error during planning: InSubquery should only return one column, but found %d", len(outs))
		}
		if err := expr.SameFamily(l, outs[0]); err != nil {
			return expr.Expr{}, err
		}
		e := expr.Combine("("+l.SQL+" IN ("+q+"))", l.Text+" IN (subquery)", schema.BoolType, l)
		e.Traits = e.Traits&^expr.AnyOf | expr.OfColumn
		if l.Null || outs[0].Null {
			e.Traits |= expr.AnyOf
		}
		e.Null = true
		return e, nil
	default:
		return expr.Expr{}, schema.NotSupported("%s subqueries", kind)
	}
}
