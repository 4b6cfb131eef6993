package engine

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// coarsest returns the coarsest of the timestamp types of some values, which is the unit
// in which DataFusion compares them; the zero Type if none is a timestamp.
func coarsest(es ...expr) Type {
	var t Type
	for _, e := range es {
		if e.typ.isTimestamp() && (!t.known() || e.typ.Kind < t.Kind) {
			t = Type{Kind: e.typ.Kind}
		}
	}
	return t
}

// inUnit returns two timestamps as DataFusion compares them: both cut to the unit.
// Beside a constant, the planner does not cut the other one, but turns the constant into
// the other's unit.
func inUnit(unit Type, l, r expr) (expr, expr) {
	if !l.typ.isTimestamp() || !r.typ.isTimestamp() {
		return l, r
	}
	switch {
	case r.column && !l.column:
		return finer(cut(l, unit), r.typ), r
	case l.column && !r.column:
		return l, finer(cut(r, unit), l.typ)
	}
	return cut(l, unit), cut(r, unit)
}

// listInUnit returns the timestamps of an IN as DataFusion compares them, which is as
// inUnit has it, but that the planner only does without cutting the head if the whole
// list is constant.
func listInUnit(head expr, list []expr) (expr, []expr) {
	unit := coarsest(append([]expr{head}, list...)...)
	out := make([]expr, len(list))
	for i, e := range list {
		out[i] = cut(e, unit)
	}
	if !head.typ.isTimestamp() || !head.column || slices.ContainsFunc(list, func(e expr) bool { return e.column }) {
		return cut(head, unit), out
	}
	for i, e := range out {
		if e.typ.isTimestamp() {
			out[i] = finer(e, head.typ)
		}
	}
	return head, out
}

// cut returns a timestamp in a unit, if that is coarser than its own.
func cut(e expr, unit Type) expr {
	if !e.typ.isTimestamp() || !unit.known() || e.typ.Kind <= unit.Kind {
		return e
	}
	out, _ := castTo(e, unit, false) // between timestamps it does not fail
	out.text = e.text
	return out
}

// finer returns a constant timestamp in a unit, if that is finer than its own. What 64
// bits of the unit do not hold becomes NULL, and the planner says nothing.
func finer(e expr, unit Type) expr {
	if e.typ.Kind >= unit.Kind {
		return e
	}
	k := unit.perSecond() / e.typ.perSecond()
	units := unitsOf(e)
	e.sql = fmt.Sprintf("CASE WHEN %s BETWEEN %d AND %d THEN %s END", units, math.MinInt64/k, math.MaxInt64/k, timestampFrom(unit, fmt.Sprintf("(%s * %d)", units, k)))
	e.typ = unit
	return e
}

// overflow returns the error of a cast of an instant that a unit does not hold.
func overflow(ts instant, unit Type) *Error {
	return errorf(EngineExecuteQuery, "Cast error: Overflow converting %s to %s. The dates that can be represented as nanoseconds have to be between 1677-09-21T00:12:44.0 and 2262-04-11T23:47:16.854775804",
		time.Unix(ts.seconds, 0).UTC().Format(time.DateTime), unitName(unit))
}

// timestampBound returns the literal for text that is compared with a timestamp. In WHERE, GreptimeDB
// compares text on a whole second with a column by seconds: "<=" and the upper end
// of BETWEEN reach to the end of the second, and ">" begins after it. The bound
// moved to the last unit of its second has that effect on every operator.
func (tr *translator) timestampBound(text string, other expr, op string) (string, error) {
	ts, ok := parseTimestamp(text, tr.s.Zone)
	if !ok && !other.isColumn() {
		if d, isDate := parseDate(text, utc); isDate { // an ordinary cast
			ts, ok = instant{seconds: d * 86400}, true
		}
	}
	if !ok {
		return "", errorf(EngineExecuteQuery, "Failed to parse a string into Timestamp, raw string: %s", text)
	}
	if tr.selecting && other.isColumn() {
		if inUTC, _ := parseTimestamp(text, utc); inUTC != ts {
			return "", unsupported("text without a zone against the timestamp %s in a SELECT list; write TIMESTAMP '…Z'", other.text)
		}
		tr.compared[other.text] = true
	}
	n, ok := ts.in(other.typ)
	switch {
	case !ok && tr.where && other.isColumn():
		return "CAST(NULL AS " + other.typ.duck() + ")", nil // as any constant that the unit does not hold
	case !ok:
		return "", overflow(ts, other.typ)
	}
	if tr.where && other.isColumn() && !ts.fraction && (op == "<=" || op == ">") {
		n += other.typ.perSecond() - 1
	}
	return timestampLiteral(other.typ, n), nil
}
