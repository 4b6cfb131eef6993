package expr

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// CommonType returns the type of all expressions that are not NULL, if it is the same.
func CommonType(es []Expr) schema.Type {
	var t schema.Type
	for _, e := range es {
		if e.Arrow != nil && e.Arrow == arrow.Null {
			continue
		}
		if !e.Type.Known() || t.Known() && !t.Same(e.Type) {
			return schema.Type{}
		}
		t = e.Type
	}
	return t
}

// MergedType returns the type of a value that is one of several: of all of them, or of the
// number that holds them; the zero Type leaves it to DuckDB.
func MergedType(what string, es []Expr) (schema.Type, error) {
	t := CommonType(es)
	if t.Known() {
		return t, nil
	}
	for _, e := range es {
		switch {
		case e.IsNull():
		case !e.Type.Known():
			return schema.Type{}, nil
		case !t.Known():
			t = e.Type
		default:
			both := t.IsNumber() && e.Type.IsNumber() && t.Kind != schema.Decimal && e.Type.Kind != schema.Decimal
			var ok bool
			if t, ok = numberType(t, e.Type); !ok || !both {
				return schema.Type{}, schema.NotSupported("%s of values of different types; CAST them", what)
			}
		}
	}
	if t.Known() && !t.IsInteger() && !t.IsFloat() {
		return schema.Type{}, schema.NotSupported("%s of values of different types; CAST them", what)
	}
	return t, nil
}

// Unite returns the column that two arms of a union have in common.
func Unite(a, b Expr) (Expr, error) {
	for _, iv := range []*Interval{a.Interval, b.Interval} {
		if iv != nil && iv.Nanos%1000 != 0 {
			return Expr{}, schema.NotSupported("rows of intervals that are finer than microseconds")
		}
	}
	a.Opaque = a.Opaque || b.Opaque || a.IsInterval() || b.IsInterval()
	a.Null, a.Traits = a.Null || b.Null, a.Traits|OfColumn // the first row does not tell of the others
	if a.Arrow != nil && arrow.TypeEqual(a.Arrow, arrow.Null) {
		a.Type, a.Arrow = b.Type, b.Arrow
	} else if b.Arrow == nil || !arrow.TypeEqual(b.Arrow, arrow.Null) {
		if !a.Type.Same(b.Type) {
			t, err := unitedType(a, b)
			if err != nil {
				return Expr{}, err
			}
			a.Type, a.Arrow = t, nil
		}
		if a.Arrow != nil && (b.Arrow == nil || !arrow.TypeEqual(a.Arrow, b.Arrow)) {
			a.Arrow = nil
		}
	}
	a.Metadata, a.Constant = nil, Constant{NaN: a.NaN}
	return a, nil
}

// unitedType returns the type of a column of two different types, which are numbers, or text
// and integers; the zero Type leaves types that are not known to DuckDB.
func unitedType(a, b Expr) (schema.Type, error) {
	if !a.Type.Known() || !b.Type.Known() {
		return schema.Type{}, nil
	}
	if a.Type.Kind == schema.String && b.Type.IsInteger() || a.Type.IsInteger() && b.Type.Kind == schema.String {
		return schema.StringType, nil
	}
	t, ok := numberType(a.Type, b.Type)
	if !ok || !a.Type.IsNumber() || !b.Type.IsNumber() || a.Type.Kind == schema.Decimal || b.Type.Kind == schema.Decimal {
		return schema.Type{}, schema.NotSupported("rows of %s and of %s in one column; CAST one of them", Describe(a), Describe(b))
	}
	return t, nil
}
