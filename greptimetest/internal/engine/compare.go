package engine

import (
	"math/big"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

var comparisons = map[string]string{
	"COMPARE_EQUAL": "=", "COMPARE_NOTEQUAL": "!=", "COMPARE_LESSTHAN": "<", "COMPARE_GREATERTHAN": ">",
	"COMPARE_LESSTHANOREQUALTO": "<=", "COMPARE_GREATERTHANOREQUALTO": ">=",
	"COMPARE_DISTINCT_FROM": "IS DISTINCT FROM", "COMPARE_NOT_DISTINCT_FROM": "IS NOT DISTINCT FROM",
}

func (tr *translator) comparison(n node, sc *scope) (expr, error) {
	op, ok := comparisons[n.str("type")]
	if !ok {
		return expr{}, schema.NotSupported("%s", n.str("type"))
	}
	es, err := tr.operands([]node{n.child("left"), n.child("right")}, sc)
	if err != nil {
		return expr{}, err
	}
	return tr.compare(op, es[0], es[1])
}

var flipped = map[string]string{"<": ">", ">": "<", "<=": ">=", ">=": "<="}

func (tr *translator) compare(op string, l, r expr) (expr, error) {
	return tr.compareIn(coarsest(l, r), op, l, r)
}

// compareIn compares two values, timestamps in a unit that is at least as coarse as
// theirs.
func (tr *translator) compareIn(unit schema.Type, op string, l, r expr) (expr, error) {
	if l.nan || r.nan {
		return expr{}, schema.NotSupported("comparing with NaN, which DuckDB does otherwise")
	}
	if err := noIntervals("comparisons", l, r); err != nil {
		return expr{}, err
	}
	if err := textWithNumber(op, l, r); err != nil {
		return expr{}, err
	}
	if err := constantWithColumn(tr, l, r); err != nil {
		return expr{}, err
	}
	text := l.text + " " + op + " " + r.text
	l, r = inUnit(unit, l, r)
	lsql, err := tr.comparable(l, op, r)
	if err != nil {
		return expr{}, err
	}
	back := op
	if f, ok := flipped[op]; ok {
		back = f
	}
	rsql, err := tr.comparable(r, back, l)
	if err != nil {
		return expr{}, err
	}
	if l.typ.IsFloat() && r.typ.IsFloat() && l.num == nil && r.num == nil {
		// NaN equals itself in DuckDB, and not in GreptimeDB. Beside a constant that
		// makes no difference.
		lsql, rsql = "greptime_no_nan("+lsql+")", "greptime_no_nan("+rsql+")"
	}
	return combine("("+lsql+" "+op+" "+rsql+")", text, schema.BoolType, l, r), nil
}

// constantWithColumn refuses comparisons of a number with a timestamp, a date or a
// BOOLEAN that GreptimeDB refuses: it converts constants beside columns of the first and
// the last, outside SELECT lists.
func constantWithColumn(tr *translator, l, r expr) error {
	if l.typ.IsNumber() {
		l, r = r, l
	}
	if !r.typ.IsNumber() || l.typ.IsNumber() || !l.typ.Known() || l.typ.Kind == schema.String {
		return nil
	}
	if converted := l.typ.IsTimestamp() || l.typ.Kind == schema.Bool; !converted || r.num == nil || !l.isColumn() || tr.selecting && !tr.where {
		return schema.NotSupported("comparing %s with %s", describe(l), describe(r))
	}
	return nil
}

// textWithNumber refuses comparisons of text with a number that are not the same in
// both: DataFusion compares the number's text.
func textWithNumber(op string, l, r expr) error {
	if l.typ.Kind == schema.String {
		l, r = r, l
	}
	if !l.typ.IsNumber() || r.typ.Kind != schema.String {
		return nil
	}
	_, order := flipped[op]
	switch {
	case order, r.str == nil && !l.typ.IsInteger(), r.str != nil && !printsAs(*r.str, l.typ):
		return schema.NotSupported("comparing %s with text by %s; CAST one of them", l.typ.SQL(), op)
	}
	return nil
}

// printsAs reports whether text is the printed form of a number of a type.
func printsAs(text string, t schema.Type) bool {
	v, err := schema.NumberCell(text, t)
	if err != nil || v == nil {
		return false
	}
	back, err := schema.CastCell(v, t, schema.StringType)
	if d, ok := v.(*big.Int); ok {
		back, err = decimalText(d, t.Scale), nil
	}
	return err == nil && back == text
}

// decimalText returns a decimal with all the digits of its scale.
func decimalText(unscaled *big.Int, scale int32) string {
	return new(big.Rat).SetFrac(unscaled, schema.Pow10(scale)).FloatString(int(scale))
}

// sameFamily refuses IN (subquery) of values that DuckDB would cast, or order
// otherwise.
func sameFamily(l, r expr) error {
	if r.opaque || l.isInterval() || r.isInterval() || l.nan || r.nan ||
		l.typ.Known() && r.typ.Known() && !l.typ.Same(r.typ) && !(l.typ.IsNumber() && r.typ.IsNumber()) {
		return schema.NotSupported("%s IN a subquery of %s; CAST one of them", describe(l), describe(r))
	}
	return nil
}

// comparable returns side e of a comparison "e op other", as a literal of the other
// side's type where it is a constant.
func (tr *translator) comparable(e expr, op string, other expr) (string, error) {
	back := op
	if f, ok := flipped[op]; ok {
		back = f
	}
	// From here on the comparison reads "other back e".
	switch t := other.typ; {
	case t.IsTimestamp() && e.str != nil:
		return tr.timestampBound(*e.str, other, back)
	case t.IsTimestamp() && e.num != nil:
		return timestampLiteral(t, *e.num), nil
	case t.IsTimestamp() && e.dt != nil && e.dt == arrow.Null && tr.where && other.isColumn():
		return "", schema.Errorf(schema.PlanQuery, "Error during planning: column:%s. Casting value:NULL to %s is invalid", other.text, t.Arrow())
	case t.IsTimestamp() && e.typ.Kind == schema.Date && e.inst != nil:
		if _, ok := e.inst.In(schema.NanoType); !ok { // DataFusion compares a DATE with any timestamp in nanoseconds
			return "", overflow(*e.inst, schema.NanoType)
		}
		return e.sql, nil
	case t.Kind == schema.Date && e.str != nil:
		d, ok := castDate(*e.str)
		if !ok {
			return "", schema.Errorf(schema.EngineExecuteQuery, "Cast error: Cannot cast string '%s' to value of Date32 type", *e.str)
		}
		return dateLiteral(d), nil
	case t.Kind == schema.Decimal && e.typ.Kind == schema.Float64:
		return e.sql, nil // DuckDB compares as DOUBLE, like DataFusion
	case t.Kind == schema.Binary && e.typ.Kind == schema.String, t.Kind == schema.String && e.typ.Kind == schema.Binary:
		if e.typ.Kind == schema.String {
			return "encode(" + e.sql + ")", nil
		}
		return e.sql, nil
	case (t.Kind == schema.JSON || t.Kind == schema.Vector) && back != "IS DISTINCT FROM" && back != "IS NOT DISTINCT FROM":
		return "", schema.NotSupported("comparing %s", t.SQL())
	case t.Kind == schema.Bool && e.num != nil && (*e.num == 0 || *e.num == 1):
		return strconv.FormatBool(*e.num == 1), nil
	case t.Kind == schema.Bool && e.str != nil && (*e.str == "true" || *e.str == "false"):
		return *e.str, nil
	case t.Kind == schema.Bool && (e.num != nil || e.str != nil), t.Known() && t.Kind != schema.Bool && e.typ.Kind == schema.Bool && other.num == nil && other.str == nil:
		return "", schema.NotSupported("comparing %s with %s", describe(other), describe(e))
	case t.Kind == schema.String && other.str == nil && e.typ.IsInteger():
		return "CAST(" + e.sql + " AS VARCHAR)", nil
	}
	return e.sql, nil
}
