package engine

import (
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// arrowOf returns the Arrow type of an expression, nil if it is not known.
func (e expr) arrowOf() arrow.DataType {
	switch {
	case e.dt != nil:
		return e.dt
	case e.typ.Known():
		return e.typ.Arrow()
	}
	return nil
}

// makeArray translates make_array and [a, b]: of values of one type, and NULLs.
func makeArray(_ *translator, a []expr) (expr, error) {
	item := arrow.Null
	for _, e := range a {
		switch dt := e.arrowOf(); {
		case dt == nil || e.typ.IsBytes() || e.isInterval():
			return expr{}, schema.NotSupported("make_array of %s", describe(e))
		case item == arrow.Null:
			item = dt
		case dt != arrow.Null && !arrow.TypeEqual(item, dt):
			return expr{}, schema.NotSupported("make_array of values of different types; CAST them")
		}
	}
	return expr{sql: "list_value(" + sqls(a) + ")", dt: arrow.ListOf(item), text: "make_array(" + arguments(a) + ")"}, nil
}

// namedStruct translates named_struct('a', x, 'b', y).
func namedStruct(_ *translator, a []expr) (expr, error) {
	if len(a)%2 == 1 {
		return expr{}, schema.PlanError("Error during planning: named_struct requires an even number of arguments, got %d instead", len(a))
	}
	var names []string
	var values []expr
	for i := 0; i < len(a); i += 2 {
		if a[i].str == nil {
			return expr{}, schema.PlanError("Error during planning: named_struct requires constant strings as names")
		}
		names, values = append(names, *a[i].str), append(values, a[i+1])
	}
	return structOf(names, values)
}

// unnamedStruct translates struct(x, y), whose fields are c0, c1 …
func unnamedStruct(_ *translator, a []expr) (expr, error) {
	names := make([]string, len(a))
	for i := range a {
		names[i] = "c" + strconv.Itoa(i)
	}
	return structOf(names, a)
}

func structOf(names []string, values []expr) (expr, error) {
	fields := make([]arrow.Field, len(names))
	parts := make([]string, len(names))
	seen := map[string]bool{}
	for i, v := range values {
		dt := v.arrowOf()
		if dt == nil || v.typ.IsBytes() || v.iv != nil {
			return expr{}, schema.NotSupported("a struct of %s", describe(v))
		}
		if k := strings.ToLower(names[i]); seen[k] || k == "" {
			return expr{}, schema.NotSupported("a struct with the field names %s", strings.Join(names, ", "))
		}
		seen[strings.ToLower(names[i])] = true
		fields[i] = arrow.Field{Name: names[i], Type: dt, Nullable: true}
		parts[i] = schema.QuoteText(names[i]) + ": " + v.sql
	}
	return expr{sql: "{" + strings.Join(parts, ", ") + "}", dt: arrow.StructOf(fields...), opaque: true}, nil
}
