package expr

import (
	"fmt"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// ArrowCast translates arrow_cast(x, 'type').
func ArrowCast(args []Expr) (Expr, error) {
	e, to := args[0], args[1]
	if to.Str == nil {
		return Expr{}, schema.PlanError("Error during planning: arrow_cast requires its second argument to be a constant string")
	}
	text := "arrow_cast(" + Arguments(args) + ")"
	done := func(out Expr, err error) (Expr, error) {
		out.Name, out.Text, out.Metadata = text, text, e.Metadata
		return out, err
	}
	if t, ok := schema.ArrowType(*to.Str); ok {
		return done(Cast(e, t, false))
	}
	as := func(t schema.Type, dt arrow.DataType, opaque bool) (Expr, error) {
		out, err := Cast(e, t, false)
		out.Arrow, out.Opaque = dt, opaque
		return done(out, err)
	}
	name, arg, _ := strings.Cut(strings.TrimSuffix(*to.Str, ")"), "(")
	switch {
	case *to.Str == "Utf8View":
		return as(schema.Type{Kind: schema.String}, arrow.BinaryTypes.StringView, false)
	case *to.Str == "LargeUtf8":
		return as(schema.Type{Kind: schema.String}, arrow.BinaryTypes.LargeString, false)
	case *to.Str == "LargeBinary":
		return as(schema.Type{Kind: schema.Binary}, arrow.BinaryTypes.LargeBinary, false)
	case *to.Str == "BinaryView":
		return as(schema.Type{Kind: schema.Binary}, arrow.BinaryTypes.BinaryView, false)
	case name == "Dictionary":
		index, value, ok := strings.Cut(arg, ",")
		it, ok1 := schema.ArrowType(strings.TrimSpace(index))
		vt, ok2 := schema.ArrowType(strings.TrimSpace(value))
		if ok && ok1 && it.IsInteger() {
			if ok2 && (vt.Kind == schema.String || vt.Kind == schema.Int64) {
				return as(vt, &arrow.DictionaryType{IndexType: it.Arrow(), ValueType: vt.Arrow()}, false)
			}
		}
	case name == "Time32" || name == "Time64":
		dt := map[string]arrow.DataType{"Time32(Second)": arrow.FixedWidthTypes.Time32s, "Time32(Millisecond)": arrow.FixedWidthTypes.Time32ms,
			"Time64(Microsecond)": arrow.FixedWidthTypes.Time64us, "Time64(Nanosecond)": arrow.FixedWidthTypes.Time64ns}[*to.Str]
		width := map[string]schema.Kind{"Time32": schema.Int32, "Time64": schema.Int64}[name]
		if dt != nil && (e.Type.Kind == width || e.Arrow == arrow.Null) {
			return as(schema.Type{Kind: schema.Int64}, dt, true)
		}
	case name == "Duration":
		dt := map[string]arrow.DataType{"Second": arrow.FixedWidthTypes.Duration_s, "Millisecond": arrow.FixedWidthTypes.Duration_ms,
			"Microsecond": arrow.FixedWidthTypes.Duration_us, "Nanosecond": arrow.FixedWidthTypes.Duration_ns}[arg]
		if dt != nil && (e.Type.IsInteger() || e.Arrow == arrow.Null) {
			return as(schema.Type{Kind: schema.Int64}, dt, true)
		}
	case *to.Str == "Interval(YearMonth)" || *to.Str == "Interval(MonthDayNano)" || *to.Str == "Interval(DayTime)":
		return intervalCast(e, *to.Str, text)
	case name == "Timestamp":
		return zonedCast(e, arg, text)
	case name == "List" && e.Arrow != nil && e.Arrow.ID() == arrow.LIST:
		if t, ok := schema.ArrowType(arg); ok {
			out := Combine("CAST("+e.SQL+" AS "+t.Duck()+"[])", text, schema.Type{}, e)
			out.Arrow = arrow.ListOf(t.Arrow())
			return done(out, nil)
		}
	}
	if n, _ := fmt.Sscanf(*to.Str, "Decimal128(%d,-%d)", new(int), new(int)); n == 2 {
		return Expr{}, schema.Errorf(schema.Unexpected, `Failed to join task: task 1 panicked with message "scale should be in [0, precision]"`)
	}
	return Expr{}, unsupportedArrow(*to.Str)
}

func unsupportedArrow(name string) *schema.Error {
	if k, _, _ := strings.Cut(name, "("); k == "LargeList" || k == "FixedSizeList" || k == "Map" || k == "Date64" || k == "Float16" ||
		k == "Decimal256" || k == "Decimal32" || k == "Decimal64" {
		return schema.Errorf(schema.Unsupported, "Unsupported arrow data type, type: %s", name)
	}
	return schema.NotSupported("arrow_cast to %s", name)
}

// zonedCast makes a timestamp with a zone of constant text or of a timestamp.
func zonedCast(e Expr, arg, text string) (Expr, error) {
	unit, zone, ok := strings.Cut(arg, ", Some(\"")
	t, known := schema.ArrowType("Timestamp(" + unit + ", None)")
	zone = strings.TrimSuffix(zone, "\")")
	loc, valid := schema.ParseZone(zone)
	if !ok || !known || !valid {
		return Expr{}, schema.NotSupported("arrow_cast to Timestamp(%s)", arg)
	}
	if e.Str != nil {
		ts, ok := schema.ReadTimestamp(*e.Str, loc)
		n, fits := ts.In(t)
		if wall, _ := schema.ReadTimestamp(*e.Str, utc); ok && len(schema.EveryAt(time.Unix(wall.Seconds, 0).UTC(), loc)) > 1 && wall != ts {
			ok = false // Arrow does not choose between the two
		}
		if !ok || !fits {
			return Expr{}, schema.Errorf(schema.EngineExecuteQuery, "Parser error: Error parsing timestamp from '%s'", *e.Str)
		}
		e = Expr{SQL: TimestampLiteral(t, n), Result: Result{Type: t, Metadata: e.Metadata}, Name: e.Name, Text: e.Text}
	}
	out, err := Cast(e, t, false)
	out.Name, out.Text = text, text
	out.Arrow, out.Opaque = &arrow.TimestampType{Unit: t.Arrow().(*arrow.TimestampType).Unit, TimeZone: zone}, true
	out.Instant = nil
	return out, err
}

func intervalCast(e Expr, to, text string) (Expr, error) {
	out := Expr{Name: text, Text: text}
	switch to {
	case "Interval(YearMonth)":
		out.Arrow = arrow.FixedWidthTypes.MonthInterval
	case "Interval(DayTime)":
		out.Arrow = arrow.FixedWidthTypes.DayTimeInterval
	default:
		out.Arrow = arrow.FixedWidthTypes.MonthDayNanoInterval
	}
	if e.Arrow != nil && e.Arrow == arrow.Null {
		out.SQL, out.Null, out.Opaque = "CAST(NULL AS INTERVAL)", true, true
		return out, nil
	}
	if e.Str == nil {
		return Expr{}, schema.NotSupported("arrow_cast of %s to %s", Describe(e), to)
	}
	iv, ok := ParseInterval(*e.Str)
	if !ok || to == "Interval(YearMonth)" && (iv.Days != 0 || iv.Nanos != 0) || to == "Interval(DayTime)" && (iv.Months != 0 || iv.Nanos%1e6 != 0) {
		return Expr{}, schema.NotSupported("arrow_cast of '%s' to %s", *e.Str, to)
	}
	out.SQL, out.Interval = iv.sql(), &iv
	return out, nil
}
