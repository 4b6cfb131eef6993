package functions

import (
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/greptimetest/internal/expr"
	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// makeArray translates make_array and [a, b]: of values of one type, and NULLs.
func makeArray(_ Env, a []expr.Expr) (expr.Expr, error) {
	item := arrow.Null
	for _, e := range a {
		switch dt := e.ArrowType(); {
		case dt == nil || e.Type.IsBytes() || e.IsInterval():
			return expr.Expr{}, schema.NotSupported("make_array of %s", expr.Describe(e))
		case item == arrow.Null:
			item = dt
		case dt != arrow.Null && !arrow.TypeEqual(item, dt):
			return expr.Expr{}, schema.NotSupported("make_array of values of different types; CAST them")
		}
	}
	return expr.Expr{SQL: "list_value(" + expr.SQLs(a) + ")", Result: expr.Result{Arrow: arrow.ListOf(item)}, Text: "make_array(" + expr.Arguments(a) + ")"}, nil
}

// namedStruct translates named_struct('a', x, 'b', y).
func namedStruct(_ Env, a []expr.Expr) (expr.Expr, error) {
	if len(a)%2 == 1 {
		return expr.Expr{}, schema.PlanError("Error during planning: named_struct requires an even number of arguments, got %d instead", len(a))
	}
	var names []string
	var values []expr.Expr
	for i := 0; i < len(a); i += 2 {
		if a[i].Str == nil {
			return expr.Expr{}, schema.PlanError("Error during planning: named_struct requires constant strings as names")
		}
		names, values = append(names, *a[i].Str), append(values, a[i+1])
	}
	return structOf(names, values)
}

// unnamedStruct translates struct(x, y), whose fields are c0, c1 …
func unnamedStruct(_ Env, a []expr.Expr) (expr.Expr, error) {
	names := make([]string, len(a))
	for i := range a {
		names[i] = "c" + strconv.Itoa(i)
	}
	return structOf(names, a)
}

func structOf(names []string, values []expr.Expr) (expr.Expr, error) {
	fields := make([]arrow.Field, len(names))
	parts := make([]string, len(names))
	seen := map[string]bool{}
	for i, v := range values {
		dt := v.ArrowType()
		if dt == nil || v.Type.IsBytes() || v.Interval != nil {
			return expr.Expr{}, schema.NotSupported("a struct of %s", expr.Describe(v))
		}
		if k := strings.ToLower(names[i]); seen[k] || k == "" {
			return expr.Expr{}, schema.NotSupported("a struct with the field names %s", strings.Join(names, ", "))
		}
		seen[strings.ToLower(names[i])] = true
		fields[i] = arrow.Field{Name: names[i], Type: dt, Nullable: true}
		parts[i] = schema.QuoteText(names[i]) + ": " + v.SQL
	}
	return expr.Expr{SQL: "{" + strings.Join(parts, ", ") + "}", Result: expr.Result{Arrow: arrow.StructOf(fields...), Opaque: true}}, nil
}

// nestedFunctions are the functions that make lists and structs.
var nestedFunctions = map[string]builtin{
	"make_array": strict(fn(0, -1, makeArray)), "list_value": fn(0, -1, makeArray),
	"named_struct": strict(fn(2, -1, namedStruct)), "struct": strict(fn(1, -1, unnamedStruct)),
}
