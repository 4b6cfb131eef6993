package engine

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

var utc = time.UTC

// cast translates CAST, TRY_CAST, :: and typed literals.
func (tr *translator) cast(n node, sc *scope) (expr, error) {
	e, err := tr.operand(n.child("child"), sc)
	if err != nil {
		return expr{}, err
	}
	ct := n.child("cast_type")
	if ct.str("id") == "INTERVAL" && e.str != nil {
		return intervalLiteral(*e.str)
	}
	if ct.str("id") == "TIME" && e.str != nil {
		return timeOfDay(*e.str, e.text)
	}
	if ct.str("id") == "BOOLEAN" && e.str != nil && (*e.str == "t" || *e.str == "f") {
		return boolLiteral(*e.str == "t"), nil // how DuckDB's parser says TRUE
	}
	t, ok := duckType(ct)
	if !ok {
		return expr{}, schema.NotSupported("CAST to %s", ct.str("id"))
	}
	// GreptimeDB makes arrow_cast of casts to TIMESTAMP, of TRY_CAST as well.
	out, err := castTo(e, t, n.bool("try_cast") && !t.IsTimestamp())
	if t.IsTimestamp() && (t.Kind != schema.TimestampNano || e.str == nil) { // but TIMESTAMP '…' is none
		out.text = "arrow_cast(" + e.text + `,Utf8("` + schema.CastName(t) + `"))`
		out.name = out.text
	}
	return out, err
}

// timeOfDay returns a constant TIME, which is nanoseconds.
func timeOfDay(text, name string) (expr, error) {
	t, err := time.Parse("15:04:05.999999999", text)
	if err != nil {
		if t, err = time.Parse("15:04", text); err != nil {
			return expr{}, schema.NotSupported("CAST of '%s' to TIME", text)
		}
	}
	n := t.Sub(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, utc)).Nanoseconds()
	return expr{sql: fmt.Sprintf("CAST(%d AS BIGINT)", n), typ: schema.Type{Kind: schema.TimeNano}, opaque: true, name: name, text: name}, nil
}

// duckType returns the column type behind a type of the parse tree.
func duckType(ct node) (schema.Type, bool) {
	id := ct.str("id")
	if id == "DECIMAL" {
		info := ct.child("type_info")
		w, err1 := strconv.Atoi(fmt.Sprint(info["width"]))
		s, err2 := strconv.Atoi(fmt.Sprint(info["scale"]))
		return schema.Type{Kind: schema.Decimal, Precision: int32(w), Scale: int32(s)}, err1 == nil && err2 == nil
	}
	return schema.DuckType(id)
}

// castTo converts as Arrow's cast does.
func castTo(e expr, t schema.Type, try bool) (expr, error) {
	word := "CAST"
	if try {
		word = "TRY_CAST"
	}
	plain := word + "(" + e.sql + " AS " + t.Duck() + ")"
	out := combine(plain, e.text, t, e)
	out.meta = e.meta
	out.null = out.null || try
	from := e.typ
	out.nan = e.nan || e.str != nil && t.IsFloat() && strings.EqualFold(*e.str, "nan")
	switch {
	case e.dt != nil && e.dt == arrow.Null:
	case t.IsTimestamp() && e.str != nil:
		ts, ok := schema.ReadTimestamp(*e.str, utc)
		if d, isDate := schema.ParseDate(*e.str, utc); !ok && isDate && len(*e.str) >= len(time.DateOnly) {
			ts, ok = schema.Instant{Seconds: d * 86400}, true
		}
		n, fits := ts.In(t)
		switch {
		case ok && fits:
			out.sql, out.inst = timestampLiteral(t, n), &ts
		case ok:
			return expr{}, overflow(ts, t)
		default:
			return expr{}, schema.Errorf(schema.EngineExecuteQuery, "Parser error: Error parsing timestamp from '%s': error parsing date", *e.str)
		}
	case t.Kind == schema.Date && e.str != nil:
		d, ok := castDate(*e.str)
		if !ok && try {
			out.sql = "CAST(NULL AS DATE)"
			break
		}
		if !ok {
			return expr{}, schema.Errorf(schema.EngineExecuteQuery, "Cast error: Cannot cast string '%s' to value of Date32 type", *e.str)
		}
		out.sql, out.inst = dateLiteral(d), &schema.Instant{Seconds: d * 86400}
	case t.Kind == schema.Date && from.IsTimestamp():
		out.sql = "CAST(" + microsOf(e) + " AS DATE)"
	case t.IsTimestamp() && from.IsTimestamp(), t.IsTimestamp() && from.Kind == schema.Date:
		if from.Kind == schema.TimestampNano && t.Kind != schema.TimestampNano || from.IsTimestamp() && t.Kind < from.Kind {
			// DuckDB's casts to a coarser unit are its own; Arrow's divide.
			k := from.PerSecond() / max(t.PerSecond(), 1)
			out.sql = timestampFrom(t, fmt.Sprintf("(%s // %d)", unitsOf(e), k))
		}
	case t.IsTimestamp() && from.IsInteger():
		out.sql = timestampFrom(t, "CAST("+e.sql+" AS BIGINT)")
	case t.IsTimestamp() && from.Kind == schema.String:
		return expr{}, schema.NotSupported("CAST of text that is no constant to %s", t.SQL())
	case t.Kind == schema.Int64 && from.IsTimestamp():
		out.sql = unitsOf(e)
	case t.IsInteger() && from.IsFloat():
		out.sql = word + "(trunc(" + e.sql + ") AS " + t.Duck() + ")"
	case t.IsInteger() && from.Kind == schema.Decimal:
		out.sql = word + "(trunc(" + e.sql + ") AS " + t.Duck() + ")"
	case t.Kind == schema.Int32 && from.Kind == schema.Date:
		out.sql = "CAST(" + e.sql + " - DATE '1970-01-01' AS INTEGER)"
	case t.Kind == schema.Date && from.Kind == schema.Int32 && !try:
		out.sql = "(DATE '1970-01-01' + " + e.sql + ")"
	case t.Kind == schema.Binary && from.Kind == schema.String:
		out.sql = "encode(" + e.sql + ")"
	case try && (t.Kind == schema.String && from.Kind == schema.Binary || t.Kind == schema.Float32 && from.Kind == schema.Float64):
		return expr{}, schema.NotSupported("TRY_CAST of %s to %s", from.SQL(), t.SQL())
	case t.Kind == schema.Decimal && from.Kind == schema.Float32:
		out.sql = word + "(CAST(" + e.sql + " AS DOUBLE) AS " + t.Duck() + ")" // as a float, DuckDB loses digits
	case t.Kind == schema.String && (from.Kind == schema.Binary || from.IsTimestamp() || from.IsFloat() || from.Kind == schema.Bool || from.IsInteger() || from.Kind == schema.Decimal || from.Kind == schema.Date):
		switch {
		case from.Kind == schema.Binary:
			out.sql = "decode(" + e.sql + ")"
		case from.IsTimestamp():
			out.sql = "strftime(CAST(" + e.sql + " AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S')"
			if from.Kind != schema.TimestampSecond {
				out.sql = fmt.Sprintf("greptime_timestamp_text(%s, %d)", unitsOf(e), from.PerSecond())
			}
		case from.IsFloat():
			out.sql = "greptime_float_text(CAST(" + e.sql + " AS DOUBLE), " + strconv.FormatBool(from.Kind == schema.Float32) + ")"
		}
	case t.IsInteger() && from.Kind == schema.String:
		// DuckDB would round '1.5'.
		digits := "greptime_integer_text(" + e.sql + ", " + schema.QuoteText(t.Name()) + ")"
		if try {
			digits = "CASE WHEN regexp_full_match(" + e.sql + ", '[+-]?[0-9]+') THEN " + e.sql + " END"
		}
		out.sql = word + "(" + digits + " AS " + t.Duck() + ")"
	case t.Kind == schema.Decimal && from.Kind == schema.String:
		out.sql = word + "(greptime_decimal_text(" + e.sql + ") AS " + t.Duck() + ")"
	case t.IsFloat() && from.Kind == schema.String:
		digits := "greptime_number_text(" + e.sql + ", " + schema.QuoteText(schema.CastName(t)) + ")"
		if try {
			digits = "CASE WHEN greptime_is_number(" + e.sql + ") OR lower(" + e.sql + ") IN (" + floatWords + ") THEN " + e.sql + " END"
		}
		out.sql = word + "(" + digits + " AS " + t.Duck() + ")"
	case t.Kind == schema.Bool && e.str != nil && !try:
		b, ok := schema.ParseBool(*e.str)
		if !ok {
			return expr{}, schema.NotSupported("CAST of '%s' to BOOLEAN", *e.str)
		}
		out.sql = strconv.FormatBool(b)
	case t.IsInteger() && (from.IsInteger() || from.Kind == schema.Bool),
		t.IsFloat() && (from.IsInteger() || from.IsFloat() || from.Kind == schema.Decimal),
		t.Kind == schema.Decimal && (from.IsInteger() || from.IsFloat() || from.Kind == schema.Decimal),
		t.Kind == schema.Bool && (from.IsInteger() || from.Kind == schema.Bool),
		t.Same(from) && t.Kind != schema.JSON && t.Kind != schema.Vector:
	case t.IsInteger() && !from.Known() && e.dt == nil:
		return expr{}, schema.NotSupported("CAST of %s to %s; give the inner expression a CAST of its own", describe(e), t.SQL())
	case !from.Known() && e.dt == nil && (t.IsFloat() || t.Kind == schema.String):
	default:
		return expr{}, schema.NotSupported("CAST of %s to %s", describe(e), t.SQL())
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

// arrowCast translates arrow_cast(x, 'type').
func arrowCast(args []expr) (expr, error) {
	e, to := args[0], args[1]
	if to.str == nil {
		return expr{}, schema.PlanError("Error during planning: arrow_cast requires its second argument to be a constant string")
	}
	text := "arrow_cast(" + arguments(args) + ")"
	done := func(out expr, err error) (expr, error) {
		out.name, out.text, out.meta = text, text, e.meta
		return out, err
	}
	if t, ok := schema.ArrowType(*to.str); ok {
		return done(castTo(e, t, false))
	}
	as := func(t schema.Type, dt arrow.DataType, opaque bool) (expr, error) {
		out, err := castTo(e, t, false)
		out.dt, out.opaque = dt, opaque
		return done(out, err)
	}
	name, arg, _ := strings.Cut(strings.TrimSuffix(*to.str, ")"), "(")
	switch {
	case *to.str == "Utf8View":
		return as(schema.Type{Kind: schema.String}, arrow.BinaryTypes.StringView, false)
	case *to.str == "LargeUtf8":
		return as(schema.Type{Kind: schema.String}, arrow.BinaryTypes.LargeString, false)
	case *to.str == "LargeBinary":
		return as(schema.Type{Kind: schema.Binary}, arrow.BinaryTypes.LargeBinary, false)
	case *to.str == "BinaryView":
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
			"Time64(Microsecond)": arrow.FixedWidthTypes.Time64us, "Time64(Nanosecond)": arrow.FixedWidthTypes.Time64ns}[*to.str]
		width := map[string]schema.Kind{"Time32": schema.Int32, "Time64": schema.Int64}[name]
		if dt != nil && (e.typ.Kind == width || e.dt == arrow.Null) {
			return as(schema.Type{Kind: schema.Int64}, dt, true)
		}
	case name == "Duration":
		dt := map[string]arrow.DataType{"Second": arrow.FixedWidthTypes.Duration_s, "Millisecond": arrow.FixedWidthTypes.Duration_ms,
			"Microsecond": arrow.FixedWidthTypes.Duration_us, "Nanosecond": arrow.FixedWidthTypes.Duration_ns}[arg]
		if dt != nil && (e.typ.IsInteger() || e.dt == arrow.Null) {
			return as(schema.Type{Kind: schema.Int64}, dt, true)
		}
	case *to.str == "Interval(YearMonth)" || *to.str == "Interval(MonthDayNano)" || *to.str == "Interval(DayTime)":
		return intervalCast(e, *to.str, text)
	case name == "Timestamp":
		return zonedCast(e, arg, text)
	case name == "List" && e.dt != nil && e.dt.ID() == arrow.LIST:
		if t, ok := schema.ArrowType(arg); ok {
			out := combine("CAST("+e.sql+" AS "+t.Duck()+"[])", text, schema.Type{}, e)
			out.dt = arrow.ListOf(t.Arrow())
			return done(out, nil)
		}
	}
	if n, _ := fmt.Sscanf(*to.str, "Decimal128(%d,-%d)", new(int), new(int)); n == 2 {
		return expr{}, schema.Errorf(schema.Unexpected, `Failed to join task: task 1 panicked with message "scale should be in [0, precision]"`)
	}
	return expr{}, unsupportedArrow(*to.str)
}

func unsupportedArrow(name string) *schema.Error {
	if k, _, _ := strings.Cut(name, "("); k == "LargeList" || k == "FixedSizeList" || k == "Map" || k == "Date64" || k == "Float16" ||
		k == "Decimal256" || k == "Decimal32" || k == "Decimal64" {
		return schema.Errorf(schema.Unsupported, "Unsupported arrow data type, type: %s", name)
	}
	return schema.NotSupported("arrow_cast to %s", name)
}

// zonedCast makes a timestamp with a zone of constant text or of a timestamp.
func zonedCast(e expr, arg, text string) (expr, error) {
	unit, zone, ok := strings.Cut(arg, ", Some(\"")
	t, known := schema.ArrowType("Timestamp(" + unit + ", None)")
	zone = strings.TrimSuffix(zone, "\")")
	loc, valid := schema.ParseZone(zone)
	if !ok || !known || !valid {
		return expr{}, schema.NotSupported("arrow_cast to Timestamp(%s)", arg)
	}
	if e.str != nil {
		ts, ok := schema.ReadTimestamp(*e.str, loc)
		n, fits := ts.In(t)
		if wall, _ := schema.ReadTimestamp(*e.str, utc); ok && len(schema.EveryAt(time.Unix(wall.Seconds, 0).UTC(), loc)) > 1 && wall != ts {
			ok = false // Arrow does not choose between the two
		}
		if !ok || !fits {
			return expr{}, schema.Errorf(schema.EngineExecuteQuery, "Parser error: Error parsing timestamp from '%s'", *e.str)
		}
		e = expr{sql: timestampLiteral(t, n), typ: t, name: e.name, text: e.text, meta: e.meta}
	}
	out, err := castTo(e, t, false)
	out.name, out.text = text, text
	out.dt, out.opaque = &arrow.TimestampType{Unit: t.Arrow().(*arrow.TimestampType).Unit, TimeZone: zone}, true
	out.inst = nil
	return out, err
}

// interval is a constant INTERVAL.
type interval struct {
	months, days int32
	nanos        int64
}

var intervalUnits = map[string]interval{
	"year": {months: 12}, "y": {months: 12}, "month": {months: 1}, "mon": {months: 1}, "week": {days: 7}, "w": {days: 7},
	"day": {days: 1}, "d": {days: 1}, "hour": {nanos: 3600e9}, "hr": {nanos: 3600e9}, "h": {nanos: 3600e9},
	"minute": {nanos: 60e9}, "min": {nanos: 60e9}, "m": {nanos: 60e9}, "second": {nanos: 1e9}, "sec": {nanos: 1e9}, "s": {nanos: 1e9},
	"millisecond": {nanos: 1e6}, "milli": {nanos: 1e6}, "ms": {nanos: 1e6}, "microsecond": {nanos: 1e3}, "us": {nanos: 1e3},
	"nanosecond": {nanos: 1}, "nano": {nanos: 1}, "ns": {nanos: 1},
}

// parseInterval reads words: "1 year -2 days 1.5 seconds", "10s".
func parseInterval(text string) (interval, bool) {
	var iv interval
	s := strings.ToLower(strings.TrimSpace(text))
	if s == "" {
		return iv, false
	}
	for s != "" {
		i := 0
		for i < len(s) && strings.IndexByte("+-.0123456789", s[i]) >= 0 {
			i++
		}
		num := s[:i]
		s = strings.TrimLeft(s[i:], " ")
		j := 0
		for j < len(s) && s[j] >= 'a' && s[j] <= 'z' {
			j++
		}
		word := s[:j]
		s = strings.TrimLeft(s[j:], " ,")
		u, ok := intervalUnits[word]
		if !ok {
			u, ok = intervalUnits[strings.TrimSuffix(word, "s")]
		}
		whole, frac, hasFrac := strings.Cut(num, ".")
		n, err := strconv.ParseInt(whole, 10, 64)
		if whole == "" || whole == "-" || whole == "+" {
			n, err = 0, nil
		}
		if !ok || num == "" || err != nil || hasFrac && (u.nanos == 0 || len(frac) > 9) {
			return iv, false
		}
		months, ok1 := addUnits(int64(iv.months), n, int64(u.months))
		days, ok2 := addUnits(int64(iv.days), n, int64(u.days))
		nanos, ok3 := addUnits(iv.nanos, n, u.nanos)
		if !ok1 || !ok2 || !ok3 || int64(int32(months)) != months || int64(int32(days)) != days {
			return iv, false
		}
		iv.months, iv.days = int32(months), int32(days)
		if frac != "" {
			f, err := strconv.ParseInt((frac + "000000000")[:9], 10, 64)
			if err != nil {
				return iv, false
			}
			f = f * (u.nanos / 1000) / 1e6
			if strings.HasPrefix(num, "-") {
				f = -f
			}
			if nanos, ok = addUnits(nanos, f, 1); !ok {
				return iv, false
			}
		}
		iv.nanos = nanos
	}
	return iv, true
}

// addUnits returns sum + n*unit, and reports whether 64 bits hold it. unit is not
// negative.
func addUnits(sum, n, unit int64) (int64, bool) {
	if unit == 0 || n == 0 {
		return sum, true
	}
	product := n * unit
	total := sum + product
	return total, product/unit == n && (total > sum) == (n > 0)
}

func intervalLiteral(text string) (expr, error) {
	iv, ok := parseInterval(text)
	if !ok {
		return expr{}, schema.NotSupported("INTERVAL '%s'; write it in words, such as '1 year 2 days'", text)
	}
	name := fmt.Sprintf("IntervalMonthDayNano(\"IntervalMonthDayNano { months: %d, days: %d, nanoseconds: %d }\")", iv.months, iv.days, iv.nanos)
	e := expr{name: name, text: name, dt: arrow.FixedWidthTypes.MonthDayNanoInterval, iv: &iv}
	e.sql = iv.sql()
	return e, nil
}

// sql returns the interval for DuckDB, whose intervals end at microseconds; what is
// finer is added where it matters (see shift).
func (iv interval) sql() string {
	return fmt.Sprintf("(to_months(%d) + to_days(%d) + to_microseconds(%d))", iv.months, iv.days, iv.nanos/1000)
}

func intervalCast(e expr, to, text string) (expr, error) {
	out := expr{name: text, text: text}
	switch to {
	case "Interval(YearMonth)":
		out.dt = arrow.FixedWidthTypes.MonthInterval
	case "Interval(DayTime)":
		out.dt = arrow.FixedWidthTypes.DayTimeInterval
	default:
		out.dt = arrow.FixedWidthTypes.MonthDayNanoInterval
	}
	if e.dt != nil && e.dt == arrow.Null {
		out.sql, out.null, out.opaque = "CAST(NULL AS INTERVAL)", true, true
		return out, nil
	}
	if e.str == nil {
		return expr{}, schema.NotSupported("arrow_cast of %s to %s", describe(e), to)
	}
	iv, ok := parseInterval(*e.str)
	if !ok || to == "Interval(YearMonth)" && (iv.days != 0 || iv.nanos != 0) || to == "Interval(DayTime)" && (iv.months != 0 || iv.nanos%1e6 != 0) {
		return expr{}, schema.NotSupported("arrow_cast of '%s' to %s", *e.str, to)
	}
	out.sql, out.iv = iv.sql(), &iv
	return out, nil
}

// binaryText returns bytes as a plan prints them.
func binaryText(digits string) string {
	b, _ := hex.DecodeString(digits)
	s := make([]string, len(b))
	for i, c := range b {
		s[i] = strconv.Itoa(int(c))
	}
	return `Binary("` + strings.Join(s, ",") + `")`
}
