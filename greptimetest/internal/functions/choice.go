package functions

import (
	"slices"

	"github.com/greptime-go/greptime/greptimetest/internal/expr"
	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// choiceFunctions are the functions that return one of their arguments.
var choiceFunctions = map[string]builtin{
	"nullif":   fn(2, 2, nullif),
	"greatest": fn(1, -1, extreme("greatest")), "least": fn(1, -1, extreme("least")),
	"coalesce": strict(fn(1, -1, extreme("coalesce"))), "nvl": fn(2, 2, nvl), "greptime_ifnull": shown("ifnull", fn(2, 2, nvl)),
}

func nullif(_ Env, a []expr.Expr) (expr.Expr, error) {
	if a[0].NaN || a[1].NaN || a[0].IsInterval() || a[0].IsNull() || a[0].Type.Known() && a[1].Type.Known() && !a[0].Type.Same(a[1].Type) {
		return expr.Expr{}, schema.NotSupported("nullif of %s and %s", expr.Describe(a[0]), expr.Describe(a[1]))
	}
	return expr.Expr{SQL: "nullif(" + expr.SQLs(a) + ")", Result: expr.Result{Type: a[0].Type, Null: true}}, nil
}

func extreme(duck string) func(Env, []expr.Expr) (expr.Expr, error) {
	return func(_ Env, a []expr.Expr) (expr.Expr, error) {
		t := expr.CommonType(a)
		if !t.Known() || t.IsBytes() || slices.ContainsFunc(a, func(e expr.Expr) bool { return e.NaN }) {
			return expr.Expr{}, schema.NotSupported("%s of values of different or unknown types; CAST them", duck)
		}
		return expr.Typed(t, duck+"("+expr.SQLs(a)+")"), nil
	}
}

// nvl makes text of types that are neither numbers nor text in DataFusion.
func nvl(at Env, a []expr.Expr) (expr.Expr, error) {
	if t := expr.CommonType(a); !t.IsInteger() && !t.IsFloat() && t.Kind != schema.String {
		return expr.Expr{}, schema.NotSupported("nvl of %s and %s; use coalesce", expr.Describe(a[0]), expr.Describe(a[1]))
	}
	return extreme("coalesce")(at, a)
}
