package expr

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// Coarsest returns the coarsest of the timestamp types of some values, which is the unit
// in which DataFusion compares them; the zero Type if none is a timestamp.
func Coarsest(es ...Expr) schema.Type {
	var t schema.Type
	for _, e := range es {
		if e.Type.IsTimestamp() && (!t.Known() || e.Type.Kind < t.Kind) {
			t = schema.Type{Kind: e.Type.Kind}
		}
	}
	return t
}

// inUnit returns two timestamps as DataFusion compares them: both cut to the unit.
// Beside a constant, the planner does not cut the other one, but turns the constant into
// the other's unit.
func inUnit(unit schema.Type, l, r Expr) (Expr, Expr) {
	if !l.Type.IsTimestamp() || !r.Type.IsTimestamp() {
		return l, r
	}
	switch {
	case r.Is(OfColumn) && !l.Is(OfColumn):
		return finer(cut(l, unit), r.Type), r
	case l.Is(OfColumn) && !r.Is(OfColumn):
		return l, finer(cut(r, unit), l.Type)
	}
	return cut(l, unit), cut(r, unit)
}

// listInUnit returns the timestamps of an IN as DataFusion compares them, which is as
// inUnit has it, but that the planner only does without cutting the head if the whole
// list is constant.
func listInUnit(head Expr, list []Expr) (Expr, []Expr) {
	unit := Coarsest(append([]Expr{head}, list...)...)
	out := make([]Expr, len(list))
	for i, e := range list {
		out[i] = cut(e, unit)
	}
	if !head.Type.IsTimestamp() || !head.Is(OfColumn) || slices.ContainsFunc(list, func(e Expr) bool { return e.Is(OfColumn) }) {
		return cut(head, unit), out
	}
	for i, e := range out {
		if e.Type.IsTimestamp() {
			out[i] = finer(e, head.Type)
		}
	}
	return head, out
}

// cut returns a timestamp in a unit, if that is coarser than its own.
func cut(e Expr, unit schema.Type) Expr {
	if !e.Type.IsTimestamp() || !unit.Known() || e.Type.Kind <= unit.Kind {
		return e
	}
	out, _ := Cast(e, unit, false) // between timestamps it does not fail
	out.Text = e.Text
	return out
}

// finer returns a constant timestamp in a unit, if that is finer than its own. What 64
// bits of the unit do not hold becomes NULL, and the planner says nothing.
func finer(e Expr, unit schema.Type) Expr {
	if e.Type.Kind >= unit.Kind {
		return e
	}
	k := unit.PerSecond() / e.Type.PerSecond()
	units := UnitsOf(e)
	e.SQL = fmt.Sprintf("CASE WHEN %s BETWEEN %d AND %d THEN %s END", units, math.MinInt64/k, math.MaxInt64/k, TimestampFrom(unit, fmt.Sprintf("(%s * %d)", units, k)))
	e.Type = unit
	return e
}

// overflow returns the error of a cast of an instant that a unit does not hold.
func overflow(ts schema.Instant, unit schema.Type) *schema.Error {
	return schema.Errorf(schema.EngineExecuteQuery, "Cast error: Overflow converting %s to %s. The dates that can be represented as nanoseconds have to be between 1677-09-21T00:12:44.0 and 2262-04-11T23:47:16.854775804",
		time.Unix(ts.Seconds, 0).UTC().Format(time.DateTime), schema.UnitName(unit))
}

// timestampBound returns the literal for text that is compared with a timestamp. In WHERE, GreptimeDB
// compares text on a whole second with a column by seconds: "<=" and the upper end
// of BETWEEN reach to the end of the second, and ">" begins after it. The bound
// moved to the last unit of its second has that effect on every operator.
func timestampBound(at Place, text string, other Expr, op string) (string, error) {
	ts, ok := schema.ParseTimestamp(text, at.Zone)
	if !ok && !other.IsColumn() {
		if d, isDate := schema.ParseDate(text, utc); isDate { // an ordinary cast
			ts, ok = schema.Instant{Seconds: d * 86400}, true
		}
	}
	if !ok {
		return "", schema.Errorf(schema.EngineExecuteQuery, "Failed to parse a string into Timestamp, raw string: %s", text)
	}
	if at.SelectList && other.IsColumn() {
		if inUTC, _ := schema.ParseTimestamp(text, utc); inUTC != ts {
			return "", schema.NotSupported("text without a zone against the timestamp %s in a SELECT list; write TIMESTAMP '…Z'", other.Text)
		}
		at.Compared[other.Text] = true
	}
	n, ok := ts.In(other.Type)
	switch {
	case !ok && at.Filter && other.IsColumn():
		return "CAST(NULL AS " + other.Type.Duck() + ")", nil // as any constant that the unit does not hold
	case !ok:
		return "", overflow(ts, other.Type)
	}
	if at.Filter && other.IsColumn() && !ts.Fraction && (op == "<=" || op == ">") {
		n += other.Type.PerSecond() - 1
	}
	return TimestampLiteral(other.Type, n), nil
}
