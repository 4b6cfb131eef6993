package engine

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// coarsest returns the coarsest of the timestamp types of some values, which is the unit
// in which DataFusion compares them; the zero Type if none is a timestamp.
func coarsest(es ...expr) schema.Type {
	var t schema.Type
	for _, e := range es {
		if e.typ.IsTimestamp() && (!t.Known() || e.typ.Kind < t.Kind) {
			t = schema.Type{Kind: e.typ.Kind}
		}
	}
	return t
}

// inUnit returns two timestamps as DataFusion compares them: both cut to the unit.
// Beside a constant, the planner does not cut the other one, but turns the constant into
// the other's unit.
func inUnit(unit schema.Type, l, r expr) (expr, expr) {
	if !l.typ.IsTimestamp() || !r.typ.IsTimestamp() {
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
	if !head.typ.IsTimestamp() || !head.column || slices.ContainsFunc(list, func(e expr) bool { return e.column }) {
		return cut(head, unit), out
	}
	for i, e := range out {
		if e.typ.IsTimestamp() {
			out[i] = finer(e, head.typ)
		}
	}
	return head, out
}

// cut returns a timestamp in a unit, if that is coarser than its own.
func cut(e expr, unit schema.Type) expr {
	if !e.typ.IsTimestamp() || !unit.Known() || e.typ.Kind <= unit.Kind {
		return e
	}
	out, _ := castTo(e, unit, false) // between timestamps it does not fail
	out.text = e.text
	return out
}

// finer returns a constant timestamp in a unit, if that is finer than its own. What 64
// bits of the unit do not hold becomes NULL, and the planner says nothing.
func finer(e expr, unit schema.Type) expr {
	if e.typ.Kind >= unit.Kind {
		return e
	}
	k := unit.PerSecond() / e.typ.PerSecond()
	units := unitsOf(e)
	e.sql = fmt.Sprintf("CASE WHEN %s BETWEEN %d AND %d THEN %s END", units, math.MinInt64/k, math.MaxInt64/k, timestampFrom(unit, fmt.Sprintf("(%s * %d)", units, k)))
	e.typ = unit
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
func (tr *translator) timestampBound(text string, other expr, op string) (string, error) {
	ts, ok := schema.ParseTimestamp(text, tr.s.Zone)
	if !ok && !other.isColumn() {
		if d, isDate := schema.ParseDate(text, utc); isDate { // an ordinary cast
			ts, ok = schema.Instant{Seconds: d * 86400}, true
		}
	}
	if !ok {
		return "", schema.Errorf(schema.EngineExecuteQuery, "Failed to parse a string into Timestamp, raw string: %s", text)
	}
	if tr.selecting && other.isColumn() {
		if inUTC, _ := schema.ParseTimestamp(text, utc); inUTC != ts {
			return "", schema.NotSupported("text without a zone against the timestamp %s in a SELECT list; write TIMESTAMP '…Z'", other.text)
		}
		tr.compared[other.text] = true
	}
	n, ok := ts.In(other.typ)
	switch {
	case !ok && tr.where && other.isColumn():
		return "CAST(NULL AS " + other.typ.Duck() + ")", nil // as any constant that the unit does not hold
	case !ok:
		return "", overflow(ts, other.typ)
	}
	if tr.where && other.isColumn() && !ts.Fraction && (op == "<=" || op == ">") {
		n += other.typ.PerSecond() - 1
	}
	return timestampLiteral(other.typ, n), nil
}
