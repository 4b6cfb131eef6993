package functions

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/greptimetest/internal/expr"
	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// timeFunctions are the functions of times.
var timeFunctions = map[string]builtin{
	"now": strict(fn(0, 0, now)), "current_timestamp": fn(0, 0, now), "current_date": fn(0, 0, currentDate), "today": fn(0, 0, currentDate),
	"date_trunc": fn(2, 2, dateTrunc), "date_bin": fn(2, 3, dateBin), "date_part": fn(2, 2, datePart), "datepart": fn(2, 2, datePart),
	"to_timestamp": fn(1, 1, toTimestamp(schema.TimestampNano, schema.TimestampSecond)), "to_timestamp_seconds": fn(1, 1, toTimestamp(schema.TimestampSecond, schema.TimestampSecond)),
	"to_timestamp_millis": fn(1, 1, toTimestamp(schema.TimestampMilli, schema.TimestampMilli)), "to_timestamp_micros": fn(1, 1, toTimestamp(schema.TimestampMicro, schema.TimestampMicro)),
	"to_timestamp_nanos": fn(1, 1, toTimestamp(schema.TimestampNano, schema.TimestampNano)), "to_unixtime": fn(1, 1, toUnixtime),
	"date_format": inGo(fn(2, 2, dateFormat), formatInGo), "timezone": fn(0, 2, timezone),
}

func now(at Env, _ []expr.Expr) (expr.Expr, error) {
	n := at.Now.UnixNano()
	return expr.Expr{SQL: expr.TimestampLiteral(schema.NanoType, n), Result: expr.Result{Type: schema.NanoType}, Constant: expr.Constant{Instant: &schema.Instant{Seconds: at.Now.Unix(), Nanos: int64(at.Now.Nanosecond()), Fraction: true}}}, nil
}

func currentDate(at Env, _ []expr.Expr) (expr.Expr, error) {
	return expr.Typed(schema.Type{Kind: schema.Date}, expr.DateLiteral(schema.FloorDiv(at.Now.Unix(), 86400))), nil
}

var truncParts = map[string]bool{"year": true, "quarter": true, "month": true, "week": true, "day": true, "hour": true, "minute": true, "second": true}

func dateTrunc(_ Env, a []expr.Expr) (expr.Expr, error) {
	if a[0].Str == nil || !a[1].Type.IsTimestamp() {
		return expr.Expr{}, schema.NotSupported("date_trunc of %s", expr.Describe(a[1]))
	}
	part := strings.ToLower(*a[0].Str)
	if !truncParts[part] {
		return expr.Expr{}, schema.NotSupported("date_trunc to %q", part)
	}
	return expr.Typed(a[1].Type, "CAST(date_trunc("+schema.QuoteText(part)+", "+expr.MicrosOf(a[1])+") AS "+a[1].Type.Duck()+")"), nil
}

// dateBin cuts time into bins that start at the epoch or at an origin, by integer
// arithmetic in the column's unit.
func dateBin(_ Env, a []expr.Expr) (expr.Expr, error) {
	iv, ts := a[0].Interval, a[1]
	if iv == nil && a[0].Str != nil && ts.Type.IsTimestamp() {
		if p, ok := expr.ParseInterval(*a[0].Str); ok {
			iv = &p
		}
		// A stride of text makes DataFusion cast the timestamp to nanoseconds.
		var err error
		if ts, err = expr.Cast(ts, schema.NanoType, false); err != nil {
			return expr.Expr{}, err
		}
	}
	if iv == nil || iv.Months != 0 || !ts.Type.IsTimestamp() {
		return expr.Expr{}, schema.NotSupported("date_bin unless with an INTERVAL of days and less on a timestamp")
	}
	unit := 1e9 / ts.Type.PerSecond()
	nanos := int64(iv.Days)*86400e9 + iv.Nanos
	if nanos <= 0 || nanos%unit != 0 {
		return expr.Expr{}, schema.NotSupported("date_bin with a stride that is no whole number of the column's units")
	}
	width := strconv.FormatInt(nanos/unit, 10)
	u := expr.UnitsOf(ts)
	if len(a) == 3 {
		n, ok := int64(0), a[2].Instant != nil
		if ok {
			n, ok = a[2].Instant.In(ts.Type)
		}
		if !ok {
			return expr.Expr{}, schema.NotSupported("date_bin with an origin that is no constant")
		}
		u = fmt.Sprintf("(%s - (%d))", u, n%(nanos/unit))
		bin := "(" + u + " - ((" + u + " % " + width + ") + " + width + ") % " + width + fmt.Sprintf(" + (%d))", n%(nanos/unit))
		return expr.Typed(ts.Type, expr.TimestampFrom(ts.Type, bin)), nil
	}
	bin := "(" + u + " - ((" + u + " % " + width + ") + " + width + ") % " + width + ")"
	return expr.Typed(ts.Type, expr.TimestampFrom(ts.Type, bin)), nil
}

var dateParts = map[string]bool{"year": true, "quarter": true, "month": true, "week": true, "day": true, "dow": true, "doy": true, "hour": true, "minute": true, "second": true}

func datePart(_ Env, a []expr.Expr) (expr.Expr, error) {
	if a[0].Str == nil || !a[1].Type.IsTimestamp() && a[1].Type.Kind != schema.Date {
		return expr.Expr{}, schema.NotSupported("date_part of %s", expr.Describe(a[1]))
	}
	part := strings.ToLower(*a[0].Str)
	name := `date_part(` + a[0].Text + "," + a[1].Text + ")"
	if part == "epoch" {
		if a[1].Type.Kind == schema.Date {
			return expr.Expr{SQL: "CAST(epoch(" + a[1].SQL + ") AS DOUBLE)", Result: expr.Result{Type: schema.DoubleType}, Text: name}, nil
		}
		return expr.Expr{SQL: fmt.Sprintf("(CAST(%s AS DOUBLE) / CAST(%d AS DOUBLE))", expr.UnitsOf(a[1]), a[1].Type.PerSecond()), Result: expr.Result{Type: schema.DoubleType}, Text: name}, nil
	}
	if !dateParts[part] {
		return expr.Expr{}, schema.NotSupported("date_part %q", part)
	}
	source := a[1].SQL
	if a[1].Type.IsTimestamp() {
		source = expr.MicrosOf(a[1])
	}
	return expr.Expr{SQL: "CAST(date_part(" + schema.QuoteText(part) + ", " + source + ") AS INTEGER)", Result: expr.Result{Type: schema.Int32Type}, Text: name}, nil
}

// toTimestamp makes a timestamp of text, another timestamp, or an integer in a
// unit.
func toTimestamp(to, unit schema.Kind) func(Env, []expr.Expr) (expr.Expr, error) {
	return func(_ Env, a []expr.Expr) (expr.Expr, error) {
		e, t := a[0], schema.Type{Kind: to}
		if (e.Type.Kind == schema.Int32 || e.Type.Kind == schema.Int64) && to != unit {
			if e.Int != nil {
				ts := schema.Instant{Seconds: *e.Int}
				n, ok := ts.In(t)
				if !ok {
					return expr.Expr{}, schema.Errorf(schema.EngineExecuteQuery, "Arrow error: Overflow converting %d to Timestamp(ns)", *e.Int)
				}
				return expr.Expr{SQL: expr.TimestampLiteral(t, n), Result: expr.Result{Type: t}, Constant: expr.Constant{Instant: &ts}}, nil
			}
			return expr.Typed(t, expr.TimestampFrom(t, "CAST("+e.SQL+" AS BIGINT) * 1000000000")), nil
		}
		if e.Type.Kind != schema.Int32 && e.Type.Kind != schema.Int64 && e.Str == nil && !e.Type.IsTimestamp() {
			return expr.Expr{}, schema.NotSupported("to_timestamp of %s", expr.Describe(e))
		}
		out, err := expr.Cast(e, t, false)
		return expr.Expr{SQL: out.SQL, Result: expr.Result{Type: t}, Constant: expr.Constant{Instant: out.Instant}}, err
	}
}

func toUnixtime(_ Env, a []expr.Expr) (expr.Expr, error) {
	if !a[0].Type.IsTimestamp() {
		return expr.Expr{}, schema.NotSupported("to_unixtime of %s", expr.Describe(a[0]))
	}
	return expr.Typed(schema.Int64Type, fmt.Sprintf("greptime_floor_divide(%s, %d)", expr.UnitsOf(a[0]), a[0].Type.PerSecond())), nil
}

func dateFormat(at Env, a []expr.Expr) (expr.Expr, error) {
	if !a[0].Type.IsTimestamp() || a[1].Type.Kind != schema.String {
		return expr.Expr{}, schema.NotSupported("date_format of %s", expr.Describe(a[0]))
	}
	return expr.StringView(fmt.Sprintf("greptime_date_format(%s, CAST(%d AS BIGINT), %s, %s)", expr.UnitsOf(a[0]), a[0].Type.PerSecond(), a[1].SQL, schema.QuoteText(at.Session.ZoneName))), nil
}

// timezone translates the function without arguments, and what DuckDB's parser makes of AT
// TIME ZONE: a constant instant, read as local time of the zone.
func timezone(at Env, a []expr.Expr) (expr.Expr, error) {
	if len(a) == 0 {
		return expr.StringView(schema.QuoteText(at.Session.ZoneName)), nil
	}
	if len(a) != 2 || a[0].Str == nil || a[1].Instant == nil || !a[1].Type.IsTimestamp() {
		return expr.Expr{}, schema.NotSupported("AT TIME ZONE of a timestamp that is no constant")
	}
	zone, ok := schema.ParseZone(*a[0].Str)
	if !ok {
		return expr.Expr{}, schema.Errorf(schema.EngineExecuteQuery, "Parser error: Invalid timezone \"%s\"", *a[0].Str)
	}
	local := schema.EveryAt(time.Unix(a[1].Instant.Seconds, 0).UTC(), zone)
	if len(local) != 1 {
		return expr.Expr{}, schema.Errorf(schema.EngineExecuteQuery, "Cast error: Cannot cast timezone to different timezone")
	}
	t := a[1].Type
	n, ok := schema.Instant{Seconds: local[0], Nanos: a[1].Instant.Nanos}.In(t)
	if !ok {
		return expr.Expr{}, schema.Errorf(schema.EngineExecuteQuery, "Cast error: Overflow converting to %s", schema.CastName(t))
	}
	dt := &arrow.TimestampType{Unit: t.Arrow().(*arrow.TimestampType).Unit, TimeZone: *a[0].Str}
	return expr.Expr{SQL: expr.TimestampLiteral(t, n), Result: expr.Result{Type: t, Arrow: dt, Opaque: true}}, nil
}

// formatInGo writes a timestamp, which is a number of units and how many are in a second, in
// a format and a zone.
var formatInGo = expr.GoFunction{
	Name: "greptime_date_format", Args: []schema.Kind{schema.Int64, schema.Int64, schema.String, schema.String}, Result: schema.String,
	Call: func(a []any) (any, error) {
		zone, ok := schema.ParseZone(a[3].(string))
		if !ok {
			zone = time.UTC
		}
		return dateFormatText(schema.UnixTime(a[0].(int64), a[1].(int64)).In(zone), a[2].(string))
	},
}

// dateFormatText knows the usual conversions of strftime.
func dateFormatText(t time.Time, format string) (any, error) {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			b.WriteByte(format[i])
			continue
		}
		if i++; i == len(format) {
			return nil, errors.New("date_format: the format ends with %")
		}
		switch format[i] {
		case 'Y':
			fmt.Fprintf(&b, "%04d", t.Year())
		case 'y':
			fmt.Fprintf(&b, "%02d", t.Year()%100)
		case 'm':
			fmt.Fprintf(&b, "%02d", int(t.Month()))
		case 'd':
			fmt.Fprintf(&b, "%02d", t.Day())
		case 'H':
			fmt.Fprintf(&b, "%02d", t.Hour())
		case 'M':
			fmt.Fprintf(&b, "%02d", t.Minute())
		case 'S':
			fmt.Fprintf(&b, "%02d", t.Second())
		case 'f':
			fmt.Fprintf(&b, "%09d", t.Nanosecond())
		case 'j':
			fmt.Fprintf(&b, "%03d", t.YearDay())
		case 'F':
			b.WriteString(t.Format(time.DateOnly))
		case 'T':
			b.WriteString(t.Format(time.TimeOnly))
		case 'b':
			b.WriteString(t.Format("Jan"))
		case 'B':
			b.WriteString(t.Format("January"))
		case 'a':
			b.WriteString(t.Format("Mon"))
		case 'A':
			b.WriteString(t.Format("Monday"))
		case 'z':
			b.WriteString(t.Format("-0700"))
		case '%':
			b.WriteByte('%')
		default:
			return nil, schema.NotSupported("date_format with %%%c", format[i])
		}
	}
	return b.String(), nil
}
