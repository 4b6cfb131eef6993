package expr

import "github.com/greptime-go/greptime/greptimetest/internal/schema"

// NoIntervals refuses intervals in something that compares or merges values: DuckDB
// normalises them, and has no nanoseconds.
func NoIntervals(what string, es ...Expr) error {
	for _, e := range es {
		if e.IsInterval() {
			return schema.NotSupported("%s of intervals", what)
		}
	}
	return nil
}

// Plannable refuses what the server's planner refuses in some clauses: subqueries in
// brackets in all of them, and in those that sort, expressions of random().
func Plannable(clause string, es ...Expr) error {
	for _, e := range es {
		if e.Is(OfSubquery) {
			return schema.Errorf(schema.Unsupported, "This feature is not implemented: Physical plan does not support logical expression ScalarSubquery(<subquery>)")
		}
		if sorts := clause == "ORDER BY" || clause == "PARTITION BY"; sorts && e.Is(OfRandom) && e.Text != "random()" {
			return schema.PlanError("%s of an expression of random(): %s", clause, e.Text)
		}
	}
	return nil
}

// MustBool refuses a condition that is none.
func MustBool(e Expr) error {
	if e.Type.Known() && e.Type.Kind != schema.Bool || e.IsInterval() {
		return schema.PlanError("Error during planning: Cannot create filter with non-boolean predicate '%s' returning %s", e.Text, Describe(e))
	}
	return nil
}
