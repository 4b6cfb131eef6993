package expr

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

var flipped = map[string]string{"<": ">", ">": "<", "<=": ">=", ">=": "<="}

// Compare compares two values where an expression stands.
func Compare(at Place, op string, l, r Expr) (Expr, error) {
	return CompareIn(at, Coarsest(l, r), op, l, r)
}

// CompareIn compares two values, timestamps in a unit that is at least as coarse as
// theirs.
func CompareIn(at Place, unit schema.Type, op string, l, r Expr) (Expr, error) {
	if l.NaN || r.NaN {
		return Expr{}, schema.NotSupported("comparing with NaN, which DuckDB does otherwise")
	}
	if err := NoIntervals("comparisons", l, r); err != nil {
		return Expr{}, err
	}
	if err := textWithNumber(op, l, r); err != nil {
		return Expr{}, err
	}
	if err := constantWithColumn(at, l, r); err != nil {
		return Expr{}, err
	}
	text := l.Text + " " + op + " " + r.Text
	l, r = inUnit(unit, l, r)
	lsql, err := comparable(at, l, op, r)
	if err != nil {
		return Expr{}, err
	}
	back := op
	if f, ok := flipped[op]; ok {
		back = f
	}
	rsql, err := comparable(at, r, back, l)
	if err != nil {
		return Expr{}, err
	}
	if l.Type.IsFloat() && r.Type.IsFloat() && l.Int == nil && r.Int == nil {
		// NaN equals itself in DuckDB, and not in GreptimeDB. Beside a constant that
		// makes no difference.
		lsql, rsql = "greptime_no_nan("+lsql+")", "greptime_no_nan("+rsql+")"
	}
	return Combine("("+lsql+" "+op+" "+rsql+")", text, schema.BoolType, l, r), nil
}

// constantWithColumn refuses comparisons of a number with a timestamp, a date or a
// BOOLEAN that GreptimeDB refuses: it converts constants beside columns of the first and
// the last, outside SELECT lists.
func constantWithColumn(at Place, l, r Expr) error {
	if l.Type.IsNumber() {
		l, r = r, l
	}
	if !r.Type.IsNumber() || l.Type.IsNumber() || !l.Type.Known() || l.Type.Kind == schema.String {
		return nil
	}
	if converted := l.Type.IsTimestamp() || l.Type.Kind == schema.Bool; !converted || r.Int == nil || !l.IsColumn() || at.SelectList && !at.Filter {
		return schema.NotSupported("comparing %s with %s", Describe(l), Describe(r))
	}
	return nil
}

// textWithNumber refuses comparisons of text with a number that are not the same in
// both: DataFusion compares the number's text.
func textWithNumber(op string, l, r Expr) error {
	if l.Type.Kind == schema.String {
		l, r = r, l
	}
	if !l.Type.IsNumber() || r.Type.Kind != schema.String {
		return nil
	}
	_, order := flipped[op]
	switch {
	case order, r.Str == nil && !l.Type.IsInteger(), r.Str != nil && !printsAs(*r.Str, l.Type):
		return schema.NotSupported("comparing %s with text by %s; CAST one of them", l.Type.SQL(), op)
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

// SameFamily refuses IN (subquery) of values that DuckDB would cast, or order
// otherwise.
func SameFamily(l, r Expr) error {
	if r.Opaque || l.IsInterval() || r.IsInterval() || l.NaN || r.NaN ||
		l.Type.Known() && r.Type.Known() && !l.Type.Same(r.Type) && !(l.Type.IsNumber() && r.Type.IsNumber()) {
		return schema.NotSupported("%s IN a subquery of %s; CAST one of them", Describe(l), Describe(r))
	}
	return nil
}

// comparable returns side e of a comparison "e op other", as a literal of the other
// side's type where it is a constant.
func comparable(at Place, e Expr, op string, other Expr) (string, error) {
	back := op
	if f, ok := flipped[op]; ok {
		back = f
	}
	// From here on the comparison reads "other back e".
	switch t := other.Type; {
	case t.IsTimestamp() && e.Str != nil:
		return timestampBound(at, *e.Str, other, back)
	case t.IsTimestamp() && e.Int != nil:
		return TimestampLiteral(t, *e.Int), nil
	case t.IsTimestamp() && e.Arrow != nil && e.Arrow == arrow.Null && at.Filter && other.IsColumn():
		return "", schema.Errorf(schema.PlanQuery, "Error during planning: column:%s. Casting value:NULL to %s is invalid", other.Text, t.Arrow())
	case t.IsTimestamp() && e.Type.Kind == schema.Date && e.Instant != nil:
		if _, ok := e.Instant.In(schema.NanoType); !ok { // DataFusion compares a DATE with any timestamp in nanoseconds
			return "", overflow(*e.Instant, schema.NanoType)
		}
		return e.SQL, nil
	case t.Kind == schema.Date && e.Str != nil:
		d, ok := castDate(*e.Str)
		if !ok {
			return "", schema.Errorf(schema.EngineExecuteQuery, "Cast error: Cannot cast string '%s' to value of Date32 type", *e.Str)
		}
		return DateLiteral(d), nil
	case t.Kind == schema.Decimal && e.Type.Kind == schema.Float64:
		return e.SQL, nil // DuckDB compares as DOUBLE, like DataFusion
	case t.Kind == schema.Binary && e.Type.Kind == schema.String, t.Kind == schema.String && e.Type.Kind == schema.Binary:
		if e.Type.Kind == schema.String {
			return "encode(" + e.SQL + ")", nil
		}
		return e.SQL, nil
	case (t.Kind == schema.JSON || t.Kind == schema.Vector) && back != "IS DISTINCT FROM" && back != "IS NOT DISTINCT FROM":
		return "", schema.NotSupported("comparing %s", t.SQL())
	case t.Kind == schema.Bool && e.Int != nil && (*e.Int == 0 || *e.Int == 1):
		return strconv.FormatBool(*e.Int == 1), nil
	case t.Kind == schema.Bool && e.Str != nil && (*e.Str == "true" || *e.Str == "false"):
		return *e.Str, nil
	case t.Kind == schema.Bool && (e.Int != nil || e.Str != nil), t.Known() && t.Kind != schema.Bool && e.Type.Kind == schema.Bool && other.Int == nil && other.Str == nil:
		return "", schema.NotSupported("comparing %s with %s", Describe(other), Describe(e))
	case t.Kind == schema.String && other.Str == nil && e.Type.IsInteger():
		return "CAST(" + e.SQL + " AS VARCHAR)", nil
	}
	return e.SQL, nil
}

// InList translates IN and NOT IN of a list of values.
func InList(at Place, kind string, head Expr, list []Expr) (Expr, error) {
	op := strings.ReplaceAll(strings.TrimPrefix(kind, "COMPARE_"), "_", " ")
	all := append([]Expr{head}, list...)
	text := head.Text + " " + op + " " + strings.Join(Texts(list), ", ")
	head, list = listInUnit(head, list)
	items := make([]string, len(list))
	for i, e := range list {
		if err := constantWithColumn(at, head, e); err != nil {
			return Expr{}, err
		}
		if err := textWithNumber("=", head, e); err != nil {
			return Expr{}, err
		}
		if e.Type.Kind == schema.String && e.Str == nil && head.Type.IsNumber() {
			return Expr{}, schema.NotSupported("IN of a number and text")
		}
		if e.NaN || head.NaN {
			return Expr{}, schema.NotSupported("comparing with NaN, which DuckDB does otherwise")
		}
		var err error
		if items[i], err = comparable(at, e, "=", head); err != nil {
			return Expr{}, err
		}
	}
	return Combine("("+head.SQL+" "+op+" ("+strings.Join(items, ", ")+"))", text, schema.BoolType, all...), nil
}
