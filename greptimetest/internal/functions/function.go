package functions

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/greptimetest/internal/expr"
	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// builtin is a function that means the same in GreptimeDB and, as it is written
// here, in DuckDB.
type builtin struct {
	min, max int // arguments; max -1 for any number
	build    func(at Env, args []expr.Expr) (expr.Expr, error)

	aggregate bool
	display   string           // its name in those of result columns; "" for the one it is called by
	strict    bool             // is NULL only if an argument is
	code      *expr.GoFunction // what DuckDB calls for it, nil for its own functions
}

// fn makes a function. build returns the call in DuckDB's SQL; Call does the rest.
func fn(min, max int, build func(at Env, args []expr.Expr) (expr.Expr, error)) builtin {
	return builtin{min: min, max: max, build: build}
}

// shown gives a function another name in those of result columns.
func shown(as string, b builtin) builtin { b.display = as; return b }

// strict marks a function that is NULL only if an argument is.
func strict(b builtin) builtin { b.strict = true; return b }

// inGo gives a function the code in Go that its SQL calls.
func inGo(b builtin, code expr.GoFunction) builtin { b.code = &code; return b }

// returns makes a function of DuckDB's name and a fixed type.
func returns(min, max int, duck string, t schema.Type) builtin {
	return fn(min, max, func(_ Env, args []expr.Expr) (expr.Expr, error) {
		return expr.Typed(t, duck+"("+expr.SQLs(args)+")"), nil
	})
}

// keeps makes a function whose type is its first argument's.
func keeps(min, max int, duck string) builtin {
	return fn(min, max, func(_ Env, args []expr.Expr) (expr.Expr, error) {
		if args[0].IsNull() {
			return expr.Expr{}, schema.NotSupported("%s of NULL; CAST it", duck)
		}
		return expr.Typed(args[0].Type, duck+"("+expr.SQLs(args)+")"), nil
	})
}

// only refuses arguments of which the first is not of these kinds.
func only(b builtin, what string, ok func(t schema.Type) bool) builtin {
	inner := b.build
	b.build = func(at Env, args []expr.Expr) (expr.Expr, error) {
		if a := args[0]; a.Type.Known() && !ok(a.Type) || !a.Type.Known() && a.Arrow != nil && a.Arrow != arrow.Null {
			return expr.Expr{}, schema.NotSupported("%s of %s", what, expr.Describe(a))
		}
		return inner(at, args)
	}
	return b
}

// math1 makes a function of one float; integers become doubles, as DataFusion has it.
func math1(duck string) builtin {
	return only(fn(1, 1, func(_ Env, args []expr.Expr) (expr.Expr, error) {
		if args[0].Type.Kind == schema.Float32 {
			return expr.Typed(schema.Type{Kind: schema.Float32}, "CAST("+duck+"("+args[0].SQL+") AS FLOAT)"), nil
		}
		if args[0].Type.Kind == schema.Decimal {
			return expr.Expr{}, schema.NotSupported("%s of %s", duck, args[0].Type.SQL())
		}
		return expr.Typed(schema.Type{Kind: schema.Float64}, duck+"(CAST("+args[0].SQL+" AS DOUBLE))"), nil
	}), duck, schema.Type.IsNumber)
}

// math2bool makes a predicate of one float.
func math2bool(duck string) builtin {
	return only(returns(1, 1, duck, schema.BoolType), duck, schema.Type.IsFloat)
}

// view marks a function whose strings GreptimeDB returns as Utf8View.
func view(b builtin) builtin {
	inner := b.build
	b.build = func(at Env, args []expr.Expr) (expr.Expr, error) {
		e, err := inner(at, args)
		e.Arrow = arrow.BinaryTypes.StringView
		return e, err
	}
	return b
}

// text casts arguments to text as Arrow does; integers stay.
func text(b builtin) builtin {
	inner := b.build
	b.build = func(at Env, args []expr.Expr) (expr.Expr, error) {
		args, err := expr.AsTexts(args)
		if err != nil {
			return expr.Expr{}, err
		}
		return inner(at, args)
	}
	return b
}

// ofText marks a function that DataFusion does not cast arguments for: but for integers
// behind the first, they must be text.
func ofText(b builtin) builtin {
	inner := b.build
	b.build = func(at Env, args []expr.Expr) (expr.Expr, error) {
		for i, a := range args {
			if a.Type.Kind != schema.String && !a.IsNull() && (i == 0 || !a.Type.IsInteger()) {
				return expr.Expr{}, schema.NotSupported("text functions of %s; CAST it", expr.Describe(a))
			}
		}
		return inner(at, args)
	}
	return b
}

// ofBytes makes a function in Go of one value that is kept as bytes. sql returns the bytes of
// an argument, and reports whether it has them.
func ofBytes(name string, sql func(expr.Expr) (string, bool), t schema.Type, dt arrow.DataType, f func(stored []byte) (any, error)) builtin {
	build := func(_ Env, a []expr.Expr) (expr.Expr, error) {
		stored, ok := sql(a[0])
		if !ok {
			return expr.Expr{}, schema.NotSupported("%s of %s", name, expr.Describe(a[0]))
		}
		return expr.Expr{SQL: "greptime_" + name + "(" + stored + ")", Result: expr.Result{Type: t, Arrow: dt}}, nil
	}
	return inGo(fn(1, 1, build), expr.GoFunction{
		Name: "greptime_" + name, Args: []schema.Kind{schema.Binary}, Result: t.Kind,
		Call: func(a []any) (any, error) { return f(a[0].([]byte)) },
	})
}

// parses makes a function in Go that reads text into bytes.
func parses(name string, f func(text string) (any, error)) builtin {
	build := func(_ Env, a []expr.Expr) (expr.Expr, error) {
		if a[0].Type.Kind != schema.String {
			return expr.Expr{}, schema.NotSupported("%s of %s", name, expr.Describe(a[0]))
		}
		return expr.Expr{SQL: "greptime_" + name + "(" + a[0].SQL + ")", Result: expr.Result{Type: schema.Type{Kind: schema.Binary}, Arrow: arrow.BinaryTypes.BinaryView}}, nil
	}
	return inGo(fn(1, 1, build), expr.GoFunction{
		Name: "greptime_" + name, Args: []schema.Kind{schema.String}, Result: schema.Binary,
		Call: func(a []any) (any, error) { return f(a[0].(string)) },
	})
}

// agg marks an aggregate.
func agg(b builtin) builtin { b.aggregate = true; return b }
