package translate

import (
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/greptimetest/internal/expr"
	"github.com/greptime-go/greptime/greptimetest/internal/functions"
	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// function translates a call or an operator.
func (tr *translator) function(n node, sc *scope) (expr.Expr, error) {
	name := n.str("function_name")
	if n.bool("export_state") || n.str("catalog") != "" || n.str("schema") != "" && n.str("schema") != "main" {
		return expr.Expr{}, schema.NotSupported("the function %s.%s", n.str("schema"), name)
	}
	list := n.list("children")
	var args []expr.Expr
	var err error
	if name == "count" || name == "first_value" || name == "last_value" || name == "min" || name == "max" {
		args, err = tr.exprs(list, sc) // these do not compute with the value
		for i := range args {
			if (args[i].Opaque && args[i].Arrow != nil || args[i].IsInterval()) && name != "count" {
				return expr.Expr{}, schema.NotSupported("%s of %s", name, expr.Describe(args[i]))
			}
		}
	} else {
		args, err = tr.operands(list, sc)
	}
	if functions.IsNested(name) { // these do not compute with it either
		args, err = tr.exprs(list, sc)
		for _, a := range args {
			if a.Opaque && (a.Arrow == nil || a.Arrow.ID() != arrow.STRUCT) {
				return expr.Expr{}, schema.NotSupported("%s of %s", name, expr.Describe(a))
			}
		}
	}
	if err != nil {
		return expr.Expr{}, err
	}
	if n.bool("is_operator") {
		if e, ok, err := expr.Operator(name, args); ok || err != nil {
			return e, err
		}
	}
	e, err := functions.Call(tr.env, name, args)
	if err != nil {
		return expr.Expr{}, err
	}
	return tr.aggregateClauses(n, name, args, e, sc)
}

// aggregateClauses adds DISTINCT, ORDER BY and FILTER of an aggregate.
func (tr *translator) aggregateClauses(n node, name string, args []expr.Expr, e expr.Expr, sc *scope) (expr.Expr, error) {
	orders := n.child("order_bys").list("orders")
	filter := n.child("filter")
	if !n.bool("distinct") && len(orders) == 0 && filter == nil {
		return e, nil
	}
	if !functions.IsAggregate(name) {
		return expr.Expr{}, schema.PlanError("Error during planning: %s is not an aggregate function", name)
	}
	// The call is the innermost parenthesis that the function's arguments are in.
	call := expr.SQLs(args)
	if name == "count_star" {
		call = "*"
	}
	i := strings.LastIndex(e.SQL, "("+call+")")
	if i < 0 {
		return expr.Expr{}, schema.NotSupported("DISTINCT, ORDER BY or FILTER in %s", name)
	}
	inner, after := call, ""
	if n.bool("distinct") {
		inner = "DISTINCT " + inner
		e.Text = name + "(DISTINCT " + expr.Arguments(args) + ")"
	}
	if len(orders) > 0 {
		o, text, err := tr.orders(orders, sc)
		if err != nil {
			return expr.Expr{}, err
		}
		inner += " ORDER BY " + o
		e.Text += " ORDER BY [" + text + "]"
	}
	if filter != nil {
		f, err := tr.operand(filter, sc)
		if err == nil {
			err = expr.MustBool(f)
		}
		if err == nil {
			err = expr.Plannable("FILTER", f)
		}
		if err != nil {
			return expr.Expr{}, err
		}
		after = " FILTER (WHERE " + f.SQL + ")"
		e.Text += " FILTER (WHERE " + f.Text + ")"
	}
	e.SQL = e.SQL[:i] + "(" + inner + ")" + after + e.SQL[i+len(call)+2:]
	e.Name = e.Text
	return e, nil
}
