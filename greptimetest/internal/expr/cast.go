package expr

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

var utc = time.UTC

// Cast converts as Arrow's cast does.
func Cast(e Expr, t schema.Type, try bool) (Expr, error) {
	word := "CAST"
	if try {
		word = "TRY_CAST"
	}
	plain := word + "(" + e.SQL + " AS " + t.Duck() + ")"
	out := Combine(plain, e.Text, t, e)
	out.Metadata = e.Metadata
	out.Null = out.Null || try
	from := e.Type
	out.NaN = e.NaN || e.Str != nil && t.IsFloat() && strings.EqualFold(*e.Str, "nan")
	switch {
	case e.Arrow != nil && e.Arrow == arrow.Null:
	case t.IsTimestamp() && e.Str != nil:
		ts, ok := schema.ReadTimestamp(*e.Str, utc)
		if d, isDate := schema.ParseDate(*e.Str, utc); !ok && isDate && len(*e.Str) >= len(time.DateOnly) {
			ts, ok = schema.Instant{Seconds: d * 86400}, true
		}
		n, fits := ts.In(t)
		switch {
		case ok && fits:
			out.SQL, out.Instant = TimestampLiteral(t, n), &ts
		case ok:
			return Expr{}, overflow(ts, t)
		default:
			return Expr{}, schema.Errorf(schema.EngineExecuteQuery, "Parser error: Error parsing timestamp from '%s': error parsing date", *e.Str)
		}
	case t.Kind == schema.Date && e.Str != nil:
		d, ok := castDate(*e.Str)
		if !ok && try {
			out.SQL = "CAST(NULL AS DATE)"
			break
		}
		if !ok {
			return Expr{}, schema.Errorf(schema.EngineExecuteQuery, "Cast error: Cannot cast string '%s' to value of Date32 type", *e.Str)
		}
		out.SQL, out.Instant = DateLiteral(d), &schema.Instant{Seconds: d * 86400}
	case t.Kind == schema.Date && from.IsTimestamp():
		out.SQL = "CAST(" + MicrosOf(e) + " AS DATE)"
	case t.IsTimestamp() && from.IsTimestamp(), t.IsTimestamp() && from.Kind == schema.Date:
		if from.Kind == schema.TimestampNano && t.Kind != schema.TimestampNano || from.IsTimestamp() && t.Kind < from.Kind {
			// DuckDB's casts to a coarser unit are its own; Arrow's divide.
			k := from.PerSecond() / max(t.PerSecond(), 1)
			out.SQL = TimestampFrom(t, fmt.Sprintf("(%s // %d)", UnitsOf(e), k))
		}
	case t.IsTimestamp() && from.IsInteger():
		out.SQL = TimestampFrom(t, "CAST("+e.SQL+" AS BIGINT)")
	case t.IsTimestamp() && from.Kind == schema.String:
		return Expr{}, schema.NotSupported("CAST of text that is no constant to %s", t.SQL())
	case t.Kind == schema.Int64 && from.IsTimestamp():
		out.SQL = UnitsOf(e)
	case t.IsInteger() && from.IsFloat():
		out.SQL = word + "(trunc(" + e.SQL + ") AS " + t.Duck() + ")"
	case t.IsInteger() && from.Kind == schema.Decimal:
		out.SQL = word + "(trunc(" + e.SQL + ") AS " + t.Duck() + ")"
	case t.Kind == schema.Int32 && from.Kind == schema.Date:
		out.SQL = "CAST(" + e.SQL + " - DATE '1970-01-01' AS INTEGER)"
	case t.Kind == schema.Date && from.Kind == schema.Int32 && !try:
		out.SQL = "(DATE '1970-01-01' + " + e.SQL + ")"
	case t.Kind == schema.Binary && from.Kind == schema.String:
		out.SQL = "encode(" + e.SQL + ")"
	case try && (t.Kind == schema.String && from.Kind == schema.Binary || t.Kind == schema.Float32 && from.Kind == schema.Float64):
		return Expr{}, schema.NotSupported("TRY_CAST of %s to %s", from.SQL(), t.SQL())
	case t.Kind == schema.Decimal && from.Kind == schema.Float32:
		out.SQL = word + "(CAST(" + e.SQL + " AS DOUBLE) AS " + t.Duck() + ")" // as a float, DuckDB loses digits
	case t.Kind == schema.String && (from.Kind == schema.Binary || from.IsTimestamp() || from.IsFloat() || from.Kind == schema.Bool || from.IsInteger() || from.Kind == schema.Decimal || from.Kind == schema.Date):
		switch {
		case from.Kind == schema.Binary:
			out.SQL = "decode(" + e.SQL + ")"
		case from.IsTimestamp():
			out.SQL = "strftime(CAST(" + e.SQL + " AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S')"
			if from.Kind != schema.TimestampSecond {
				out.SQL = fmt.Sprintf("greptime_timestamp_text(%s, %d)", UnitsOf(e), from.PerSecond())
			}
		case from.IsFloat():
			out.SQL = "greptime_float_text(CAST(" + e.SQL + " AS DOUBLE), " + strconv.FormatBool(from.Kind == schema.Float32) + ")"
		}
	case t.IsInteger() && from.Kind == schema.String:
		// DuckDB would round '1.5'.
		digits := "greptime_integer_text(" + e.SQL + ", " + schema.QuoteText(t.Name()) + ")"
		if try {
			digits = "CASE WHEN regexp_full_match(" + e.SQL + ", '[+-]?[0-9]+') THEN " + e.SQL + " END"
		}
		out.SQL = word + "(" + digits + " AS " + t.Duck() + ")"
	case t.Kind == schema.Decimal && from.Kind == schema.String:
		out.SQL = word + "(greptime_decimal_text(" + e.SQL + ") AS " + t.Duck() + ")"
	case t.IsFloat() && from.Kind == schema.String:
		digits := "greptime_number_text(" + e.SQL + ", " + schema.QuoteText(schema.CastName(t)) + ")"
		if try {
			digits = "CASE WHEN greptime_is_number(" + e.SQL + ") OR lower(" + e.SQL + ") IN (" + floatWords + ") THEN " + e.SQL + " END"
		}
		out.SQL = word + "(" + digits + " AS " + t.Duck() + ")"
	case t.Kind == schema.Bool && e.Str != nil && !try:
		b, ok := schema.ParseBool(*e.Str)
		if !ok {
			return Expr{}, schema.NotSupported("CAST of '%s' to BOOLEAN", *e.Str)
		}
		out.SQL = strconv.FormatBool(b)
	case t.IsInteger() && (from.IsInteger() || from.Kind == schema.Bool),
		t.IsFloat() && (from.IsInteger() || from.IsFloat() || from.Kind == schema.Decimal),
		t.Kind == schema.Decimal && (from.IsInteger() || from.IsFloat() || from.Kind == schema.Decimal),
		t.Kind == schema.Bool && (from.IsInteger() || from.Kind == schema.Bool),
		t.Same(from) && t.Kind != schema.JSON && t.Kind != schema.Vector:
	case t.IsInteger() && !from.Known() && e.Arrow == nil:
		return Expr{}, schema.NotSupported("CAST of %s to %s; give the inner expression a CAST of its own", Describe(e), t.SQL())
	case !from.Known() && e.Arrow == nil && (t.IsFloat() || t.Kind == schema.String):
	default:
		return Expr{}, schema.NotSupported("CAST of %s to %s", Describe(e), t.SQL())
	}
	return out, nil
}

// castDate reads a date of text as Arrow's cast does: the day of a timestamp is one, too.
func castDate(s string) (int64, bool) {
	if d, ok := schema.ParseDate(s, utc); ok {
		return d, true
	}
	ts, ok := schema.ReadTimestamp(s, utc)
	return schema.FloorDiv(ts.Seconds, 86400), ok
}

// TimeOfDay returns a constant TIME, which is nanoseconds.
func TimeOfDay(text, name string) (Expr, error) {
	t, err := time.Parse("15:04:05.999999999", text)
	if err != nil {
		if t, err = time.Parse("15:04", text); err != nil {
			return Expr{}, schema.NotSupported("CAST of '%s' to TIME", text)
		}
	}
	n := t.Sub(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, utc)).Nanoseconds()
	return Expr{SQL: fmt.Sprintf("CAST(%d AS BIGINT)", n), Result: Result{Type: schema.Type{Kind: schema.TimeNano}, Opaque: true}, Name: name, Text: name}, nil
}

// AsTexts casts what DuckDB would write otherwise than Arrow does: floats,
// timestamps, dates, booleans. Integers stay: some arguments are numbers.
func AsTexts(args []Expr) ([]Expr, error) {
	args = slices.Clone(args)
	for i, a := range args {
		switch {
		case a.Type.IsBytes(), !a.Type.Known() && a.Arrow != nil && a.Arrow != arrow.Null:
			return nil, schema.NotSupported("text functions of %s", Describe(a))
		case a.Type.Known() && a.Type.Kind != schema.String && !a.Type.IsInteger():
			c, err := Cast(a, schema.StringType, false)
			if err != nil {
				return nil, err
			}
			args[i].SQL, args[i].Type = c.SQL, schema.StringType
		}
	}
	return args, nil
}
