package engine

import (
	"math/big"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
)

var boolType = Type{Kind: Bool}

var comparisons = map[string]string{
	"COMPARE_EQUAL": "=", "COMPARE_NOTEQUAL": "!=", "COMPARE_LESSTHAN": "<", "COMPARE_GREATERTHAN": ">",
	"COMPARE_LESSTHANOREQUALTO": "<=", "COMPARE_GREATERTHANOREQUALTO": ">=",
	"COMPARE_DISTINCT_FROM": "IS DISTINCT FROM", "COMPARE_NOT_DISTINCT_FROM": "IS NOT DISTINCT FROM",
}

func (tr *translator) comparison(n node, sc *scope) (expr, error) {
	op, ok := comparisons[n.str("type")]
	if !ok {
		return expr{}, unsupported("%s", n.str("type"))
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
func (tr *translator) compareIn(unit Type, op string, l, r expr) (expr, error) {
	if l.nan || r.nan {
		return expr{}, unsupported("comparing with NaN, which DuckDB does otherwise")
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
	if l.typ.isFloat() && r.typ.isFloat() && l.num == nil && r.num == nil {
		// NaN equals itself in DuckDB, and not in GreptimeDB. Beside a constant that
		// makes no difference.
		lsql, rsql = "greptime_no_nan("+lsql+")", "greptime_no_nan("+rsql+")"
	}
	return combine("("+lsql+" "+op+" "+rsql+")", text, boolType, l, r), nil
}

// constantWithColumn refuses comparisons of a number with a timestamp, a date or a
// BOOLEAN that GreptimeDB refuses: it converts constants beside columns of the first and
// the last, outside SELECT lists.
func constantWithColumn(tr *translator, l, r expr) error {
	if l.typ.isNumber() {
		l, r = r, l
	}
	if !r.typ.isNumber() || l.typ.isNumber() || !l.typ.known() || l.typ.Kind == String {
		return nil
	}
	if converted := l.typ.isTimestamp() || l.typ.Kind == Bool; !converted || r.num == nil || !l.isColumn() || tr.selecting && !tr.where {
		return unsupported("comparing %s with %s", describe(l), describe(r))
	}
	return nil
}

// textWithNumber refuses comparisons of text with a number that are not the same in
// both: DataFusion compares the number's text.
func textWithNumber(op string, l, r expr) error {
	if l.typ.Kind == String {
		l, r = r, l
	}
	if !l.typ.isNumber() || r.typ.Kind != String {
		return nil
	}
	_, order := flipped[op]
	switch {
	case order, r.str == nil && !l.typ.isInteger(), r.str != nil && !printsAs(*r.str, l.typ):
		return unsupported("comparing %s with text by %s; CAST one of them", l.typ.sql(), op)
	}
	return nil
}

// printsAs reports whether text is the printed form of a number of a type.
func printsAs(text string, t Type) bool {
	v, err := numberCell(text, t)
	if err != nil || v == nil {
		return false
	}
	back, err := castCell(v, t, tString)
	if d, ok := v.(*big.Int); ok {
		back, err = decimalText(d, t.Scale), nil
	}
	return err == nil && back == text
}

// decimalText returns a decimal with all the digits of its scale.
func decimalText(unscaled *big.Int, scale int32) string {
	return new(big.Rat).SetFrac(unscaled, pow10(scale)).FloatString(int(scale))
}

// sameFamily refuses IN (subquery) of values that DuckDB would cast, or order
// otherwise.
func sameFamily(l, r expr) error {
	if r.opaque || l.isInterval() || r.isInterval() || l.nan || r.nan ||
		l.typ.known() && r.typ.known() && !l.typ.same(r.typ) && !(l.typ.isNumber() && r.typ.isNumber()) {
		return unsupported("%s IN a subquery of %s; CAST one of them", describe(l), describe(r))
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
	case t.isTimestamp() && e.str != nil:
		return tr.timestampBound(*e.str, other, back)
	case t.isTimestamp() && e.num != nil:
		return timestampLiteral(t, *e.num), nil
	case t.isTimestamp() && e.dt != nil && e.dt == arrow.Null && tr.where && other.isColumn():
		return "", errorf(PlanQuery, "Error during planning: column:%s. Casting value:NULL to %s is invalid", other.text, t.arrow())
	case t.isTimestamp() && e.typ.Kind == Date && e.inst != nil:
		if _, ok := e.inst.in(tNano); !ok { // DataFusion compares a DATE with any timestamp in nanoseconds
			return "", overflow(*e.inst, tNano)
		}
		return e.sql, nil
	case t.Kind == Date && e.str != nil:
		d, ok := castDate(*e.str)
		if !ok {
			return "", errorf(EngineExecuteQuery, "Cast error: Cannot cast string '%s' to value of Date32 type", *e.str)
		}
		return dateLiteral(d), nil
	case t.Kind == Decimal && e.typ.Kind == Float64:
		return e.sql, nil // DuckDB compares as DOUBLE, like DataFusion
	case t.Kind == Binary && e.typ.Kind == String, t.Kind == String && e.typ.Kind == Binary:
		if e.typ.Kind == String {
			return "encode(" + e.sql + ")", nil
		}
		return e.sql, nil
	case (t.Kind == JSON || t.Kind == Vector) && back != "IS DISTINCT FROM" && back != "IS NOT DISTINCT FROM":
		return "", unsupported("comparing %s", t.sql())
	case t.Kind == Bool && e.num != nil && (*e.num == 0 || *e.num == 1):
		return strconv.FormatBool(*e.num == 1), nil
	case t.Kind == Bool && e.str != nil && (*e.str == "true" || *e.str == "false"):
		return *e.str, nil
	case t.Kind == Bool && (e.num != nil || e.str != nil), t.known() && t.Kind != Bool && e.typ.Kind == Bool && other.num == nil && other.str == nil:
		return "", unsupported("comparing %s with %s", describe(other), describe(e))
	case t.Kind == String && other.str == nil && e.typ.isInteger():
		return "CAST(" + e.sql + " AS VARCHAR)", nil
	}
	return e.sql, nil
}
