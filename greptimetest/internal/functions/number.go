package functions

import (
	"strconv"

	"github.com/greptime-go/greptime/greptimetest/internal/expr"
	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// numberFunctions are the functions of numbers.
var numberFunctions = map[string]builtin{
	"abs": only(keeps(1, 1, "abs"), "abs", schema.Type.IsNumber), "sqrt": math1("sqrt"), "exp": math1("exp"),
	"ln": math1("ln"), "log10": math1("log10"), "log2": math1("log2"),
	"sin": math1("sin"), "cos": math1("cos"), "tan": math1("tan"), "atan": math1("atan"), "radians": math1("radians"), "degrees": math1("degrees"),
	"floor": math1("floor"), "ceil": math1("ceil"), "trunc": fn(1, 2, trunc), "round": fn(1, 2, round),
	"power": fn(2, 2, power), "pow": fn(2, 2, power), "isnan": math2bool("isnan"),
	// It is no constant: the planner does not compute what depends on it.
	"random": fn(0, 0, func(Env, []expr.Expr) (expr.Expr, error) {
		return expr.Expr{SQL: "random()", Result: expr.Result{Type: schema.DoubleType}, Traits: expr.OfColumn | expr.OfRandom}, nil
	}),
	"pi":   fn(0, 0, func(Env, []expr.Expr) (expr.Expr, error) { return expr.Typed(schema.DoubleType, "pi()"), nil }),
	"cbrt": math1("cbrt"),
	"gcd":  only(returns(2, 2, "gcd", schema.Int64Type), "gcd", func(t schema.Type) bool { return t.Kind == schema.Int64 }),
	"lcm":  only(returns(2, 2, "lcm", schema.Int64Type), "lcm", func(t schema.Type) bool { return t.Kind == schema.Int64 }),
}

func trunc(at Env, a []expr.Expr) (expr.Expr, error) {
	if len(a) == 2 {
		return expr.Expr{}, schema.NotSupported("trunc to a number of digits")
	}
	return math1("trunc").build(at, a)
}

func round(_ Env, a []expr.Expr) (expr.Expr, error) {
	digits := "0"
	if len(a) == 2 {
		if a[1].Int == nil {
			return expr.Expr{}, schema.NotSupported("round to a number of digits that is not a literal")
		}
		digits = strconv.FormatInt(*a[1].Int, 10)
	}
	if a[0].Type.Kind == schema.Decimal || a[0].Type.Known() && !a[0].Type.IsNumber() {
		return expr.Expr{}, schema.NotSupported("round of %s", expr.Describe(a[0]))
	}
	t := schema.DoubleType
	if a[0].Type.Kind == schema.Float32 {
		t = a[0].Type
	}
	return expr.Typed(t, "CAST(round(CAST("+a[0].SQL+" AS DOUBLE), "+digits+") AS "+t.Duck()+")"), nil
}

// power of integers is an integer in DataFusion and overflows there.
func power(_ Env, a []expr.Expr) (expr.Expr, error) {
	if !a[0].Type.IsFloat() && !a[1].Type.IsFloat() || a[0].Type.Kind == schema.Decimal || a[1].Type.Kind == schema.Decimal {
		return expr.Expr{}, schema.NotSupported("power of %s and %s; CAST them to DOUBLE", expr.Describe(a[0]), expr.Describe(a[1]))
	}
	if a[1].Int != nil && *a[1].Int == 0 {
		return expr.Expr{}, schema.NotSupported("power to 0, which is 1 of NULL as well")
	}
	return expr.Typed(schema.DoubleType, "power(CAST("+a[0].SQL+" AS DOUBLE), CAST("+a[1].SQL+" AS DOUBLE))"), nil
}
