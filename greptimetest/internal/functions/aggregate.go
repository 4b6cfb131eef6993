package functions

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/greptimetest/internal/expr"
	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// aggregateFunctions are the aggregates.
var aggregateFunctions = map[string]builtin{
	"count": agg(fn(1, -1, count)), "count_star": agg(fn(0, 0, countStar)),
	"sum": agg(fn(1, 1, sum)), "avg": agg(only(returns(1, 1, "avg", schema.DoubleType), "avg", func(t schema.Type) bool { return t.IsInteger() || t.IsFloat() })),
	"mean": agg(only(returns(1, 1, "avg", schema.DoubleType), "avg", func(t schema.Type) bool { return t.IsInteger() || t.IsFloat() })),
	"min":  agg(only(keeps(1, 1, "min"), "min", ordered)), "max": agg(only(keeps(1, 1, "max"), "max", ordered)),
	"stddev": aggFloat("stddev_samp"), "stddev_samp": aggFloat("stddev_samp"), "stddev_pop": aggFloat("stddev_pop"),
	"var": aggFloat("var_samp"), "var_samp": aggFloat("var_samp"), "var_pop": aggFloat("var_pop"),
	"bool_and": agg(only(returns(1, 1, "bool_and", schema.BoolType), "bool_and", func(t schema.Type) bool { return t.Kind == schema.Bool })),
	"bool_or":  agg(only(returns(1, 1, "bool_or", schema.BoolType), "bool_or", func(t schema.Type) bool { return t.Kind == schema.Bool })),
	"median":   agg(only(keeps(1, 1, "median"), "median", func(t schema.Type) bool { return t.Kind == schema.Float64 })),
	"corr":     agg(doubles("corr")), "covar": agg(doubles("covar_samp")), "covar_samp": agg(doubles("covar_samp")), "covar_pop": agg(doubles("covar_pop")),
	"array_agg": agg(fn(1, 1, func(_ Env, a []expr.Expr) (expr.Expr, error) {
		dt := a[0].ArrowType()
		if dt == nil || a[0].Type.IsBytes() {
			return expr.Expr{}, schema.NotSupported("array_agg of %s", expr.Describe(a[0]))
		}
		return expr.Expr{SQL: "array_agg(" + a[0].SQL + ")", Result: expr.Result{Arrow: arrow.ListOf(dt)}}, nil
	})),
	"first_value": agg(keeps(1, 1, `"first"`)), "last_value": agg(keeps(1, 1, `"last"`)),
}

func ordered(t schema.Type) bool { return !t.IsBytes() && t.Kind != schema.Bool }

func aggFloat(duck string) builtin {
	return agg(only(returns(1, 1, duck, schema.DoubleType), duck, func(t schema.Type) bool { return t.IsInteger() || t.IsFloat() }))
}

// doubles makes an aggregate of two DOUBLE columns; others DataFusion casts its own way.
func doubles(duck string) builtin {
	return fn(2, 2, func(_ Env, a []expr.Expr) (expr.Expr, error) {
		if a[0].Type.Kind != schema.Float64 || a[1].Type.Kind != schema.Float64 {
			return expr.Expr{}, schema.NotSupported("%s of %s and %s; CAST them to DOUBLE", duck, expr.Describe(a[0]), expr.Describe(a[1]))
		}
		return expr.Typed(schema.DoubleType, duck+"("+expr.SQLs(a)+")"), nil
	})
}

// count: DuckDB's count of an opaque value counts the same rows.
func count(_ Env, a []expr.Expr) (expr.Expr, error) {
	if len(a) != 1 {
		return expr.Expr{}, schema.NotSupported("count of several expressions")
	}
	return expr.Typed(schema.Int64Type, "count("+a[0].SQL+")"), nil
}

func countStar(Env, []expr.Expr) (expr.Expr, error) {
	return expr.Typed(schema.Int64Type, "count(*)"), nil
}

// sum keeps 64 bits: where GreptimeDB wraps around, this is an error.
func sum(_ Env, a []expr.Expr) (expr.Expr, error) {
	e, t := a[0], schema.Type{}
	switch {
	case e.Type.IsUnsigned():
		t = schema.UInt64Type
	case e.Type.IsInteger():
		t = schema.Int64Type
	case e.Type.IsFloat():
		t = schema.DoubleType
	case e.Type.Kind == schema.Decimal:
		t = schema.Type{Kind: schema.Decimal, Precision: min(38, e.Type.Precision+10), Scale: e.Type.Scale}
	default:
		return expr.Expr{}, schema.NotSupported("sum of %s", expr.Describe(e))
	}
	return expr.Typed(t, "CAST(sum("+e.SQL+") AS "+t.Duck()+")"), nil
}
