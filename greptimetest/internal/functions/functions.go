package functions

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/greptime-go/greptime/greptimetest/internal/expr"
	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// builtins are all functions by name.
var builtins = merged(textFunctions, numberFunctions, choiceFunctions, bytesFunctions, nestedFunctions, timeFunctions, sessionFunctions,
	jsonFunctions, vectorFunctions, aggregateFunctions)

func merged(tables ...map[string]builtin) map[string]builtin {
	all := map[string]builtin{}
	for _, t := range tables {
		maps.Copy(all, t)
	}
	return all
}

// GoFunctions returns the functions in Go that translated calls need.
func GoFunctions() []expr.GoFunction {
	byName := map[string]expr.GoFunction{} // a function may have several names
	for _, f := range builtins {
		if f.code != nil {
			byName[f.code.Name] = *f.code
		}
	}
	return slices.Collect(maps.Values(byName))
}

// IsNested reports whether a function makes a list or a struct, for which it does not
// compute with its arguments.
func IsNested(name string) bool { _, ok := nestedFunctions[name]; return ok }

// IsAggregate reports whether a name is an aggregate's.
func IsAggregate(name string) bool { return builtins[name].aggregate }

// Call translates a function of the table.
func Call(at Env, name string, args []expr.Expr) (expr.Expr, error) {
	f, ok := builtins[name]
	if !ok {
		if parserIntervals[name] {
			return expr.Expr{}, schema.NotSupported("INTERVAL with a unit behind its text; write INTERVAL '1 day'")
		}
		if strings.HasSuffix(name, "like_escape") {
			return expr.Expr{}, schema.NotSupported("LIKE with ESCAPE")
		}
		if greptimeFunctions[name] {
			return expr.Expr{}, schema.NotSupported("the function %s", name)
		}
		return expr.Expr{}, schema.PlanError("Error during planning: Invalid function '%s'.", name)
	}
	if len(args) < f.min || f.max >= 0 && len(args) > f.max {
		return expr.Expr{}, schema.PlanError("Error during planning: Failed to coerce arguments to satisfy a call to '%s' function: %d arguments", name, len(args))
	}
	if f.aggregate {
		if err := expr.Plannable(name, args...); err != nil {
			return expr.Expr{}, err
		}
	}
	e, err := f.build(at, args)
	if err != nil {
		return expr.Expr{}, err
	}
	if e.Text == "" {
		e.Text = cmp.Or(f.display, name) + "(" + expr.Arguments(args) + ")"
		if name == "count_star" {
			e.Text = "count(*)"
		}
	}
	e.Name = e.Text
	for _, a := range args {
		e.Traits |= a.Traits &^ expr.AnyOf
	}
	switch {
	case name == "count" || name == "count_star":
		e.Null, e.Traits = false, e.Traits|expr.OfColumn
	case f.aggregate:
		e.Null, e.Traits, e.Form = true, e.Traits|expr.OfColumn, expr.Aggregate
	case e.Is(expr.OfColumn):
		e.Null = e.Null || !f.strict || slices.ContainsFunc(args, func(a expr.Expr) bool { return a.Null })
	default:
		e.Null = e.Null || slices.ContainsFunc(args, func(a expr.Expr) bool { return a.Null })
	}
	return e, nil
}
