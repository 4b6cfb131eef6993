package engine

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
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
		return expr{}, unsupported("CAST to %s", ct.str("id"))
	}
	// GreptimeDB makes arrow_cast of casts to TIMESTAMP, of TRY_CAST as well.
	out, err := castTo(e, t, n.bool("try_cast") && !t.isTimestamp())
	if t.isTimestamp() && (t.Kind != TimestampNano || e.str == nil) { // but TIMESTAMP '…' is none
		out.text = "arrow_cast(" + e.text + `,Utf8("` + castName(t) + `"))`
		out.name = out.text
	}
	return out, err
}

// timeOfDay returns a constant TIME, which is nanoseconds.
func timeOfDay(text, name string) (expr, error) {
	t, err := time.Parse("15:04:05.999999999", text)
	if err != nil {
		if t, err = time.Parse("15:04", text); err != nil {
			return expr{}, unsupported("CAST of '%s' to TIME", text)
		}
	}
	n := t.Sub(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, utc)).Nanoseconds()
	return expr{sql: fmt.Sprintf("CAST(%d AS BIGINT)", n), typ: Type{Kind: TimeNano}, opaque: true, name: name, text: name}, nil
}

// duckType returns the column type behind a type of the parse tree.
func duckType(ct node) (Type, bool) {
	id := ct.str("id")
	if id == "DECIMAL" {
		info := ct.child("type_info")
		w, err1 := strconv.Atoi(fmt.Sprint(info["width"]))
		s, err2 := strconv.Atoi(fmt.Sprint(info["scale"]))
		return Type{Kind: Decimal, Precision: int32(w), Scale: int32(s)}, err1 == nil && err2 == nil
	}
	return duckTypeByName(id)
}

// duckTypeByName finds a type by DuckDB's name for it.
func duckTypeByName(id string) (Type, bool) {
	switch id {
	case "INTEGER":
		return Type{Kind: Int32}, true
	case "BIGINT":
		return Type{Kind: Int64}, true
	}
	for k, info := range kinds {
		t := Type{Kind: k}
		if info.duck == id && !t.isTime() && k != JSON && k != Vector {
			return t, true
		}
	}
	return Type{}, false
}

// castTo converts as Arrow's cast does.
func castTo(e expr, t Type, try bool) (expr, error) {
	word := "CAST"
	if try {
		word = "TRY_CAST"
	}
	plain := word + "(" + e.sql + " AS " + t.duck() + ")"
	out := combine(plain, e.text, t, e)
	out.meta = e.meta
	out.null = out.null || try
	from := e.typ
	out.nan = e.nan || e.str != nil && t.isFloat() && strings.EqualFold(*e.str, "nan")
	switch {
	case e.dt != nil && e.dt == arrow.Null:
	case t.isTimestamp() && e.str != nil:
		ts, ok := readTimestamp(*e.str, utc)
		if d, isDate := parseDate(*e.str, utc); !ok && isDate && len(*e.str) >= len(time.DateOnly) {
			ts, ok = instant{seconds: d * 86400}, true
		}
		n, fits := ts.in(t)
		switch {
		case ok && fits:
			out.sql, out.inst = timestampLiteral(t, n), &ts
		case ok:
			return expr{}, overflow(ts, t)
		default:
			return expr{}, errorf(EngineExecuteQuery, "Parser error: Error parsing timestamp from '%s': error parsing date", *e.str)
		}
	case t.Kind == Date && e.str != nil:
		d, ok := castDate(*e.str)
		if !ok && try {
			out.sql = "CAST(NULL AS DATE)"
			break
		}
		if !ok {
			return expr{}, errorf(EngineExecuteQuery, "Cast error: Cannot cast string '%s' to value of Date32 type", *e.str)
		}
		out.sql, out.inst = dateLiteral(d), &instant{seconds: d * 86400}
	case t.Kind == Date && from.isTimestamp():
		out.sql = "CAST(" + microsOf(e) + " AS DATE)"
	case t.isTimestamp() && from.isTimestamp(), t.isTimestamp() && from.Kind == Date:
		if from.Kind == TimestampNano && t.Kind != TimestampNano || from.isTimestamp() && t.Kind < from.Kind {
			// DuckDB's casts to a coarser unit are its own; Arrow's divide.
			k := from.perSecond() / max(t.perSecond(), 1)
			out.sql = timestampFrom(t, fmt.Sprintf("(%s // %d)", unitsOf(e), k))
		}
	case t.isTimestamp() && from.isInteger():
		out.sql = timestampFrom(t, "CAST("+e.sql+" AS BIGINT)")
	case t.isTimestamp() && from.Kind == String:
		return expr{}, unsupported("CAST of text that is no constant to %s", t.sql())
	case t.Kind == Int64 && from.isTimestamp():
		out.sql = unitsOf(e)
	case t.isInteger() && from.isFloat():
		out.sql = word + "(trunc(" + e.sql + ") AS " + t.duck() + ")"
	case t.isInteger() && from.Kind == Decimal:
		out.sql = word + "(trunc(" + e.sql + ") AS " + t.duck() + ")"
	case t.Kind == Int32 && from.Kind == Date:
		out.sql = "CAST(" + e.sql + " - DATE '1970-01-01' AS INTEGER)"
	case t.Kind == Date && from.Kind == Int32 && !try:
		out.sql = "(DATE '1970-01-01' + " + e.sql + ")"
	case t.Kind == Binary && from.Kind == String:
		out.sql = "encode(" + e.sql + ")"
	case try && (t.Kind == String && from.Kind == Binary || t.Kind == Float32 && from.Kind == Float64):
		return expr{}, unsupported("TRY_CAST of %s to %s", from.sql(), t.sql())
	case t.Kind == Decimal && from.Kind == Float32:
		out.sql = word + "(CAST(" + e.sql + " AS DOUBLE) AS " + t.duck() + ")" // as a float, DuckDB loses digits
	case t.Kind == String && (from.Kind == Binary || from.isTimestamp() || from.isFloat() || from.Kind == Bool || from.isInteger() || from.Kind == Decimal || from.Kind == Date):
		switch {
		case from.Kind == Binary:
			out.sql = "decode(" + e.sql + ")"
		case from.isTimestamp():
			out.sql = "strftime(CAST(" + e.sql + " AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S')"
			if from.Kind != TimestampSecond {
				out.sql = fmt.Sprintf("greptime_timestamp_text(%s, %d)", unitsOf(e), from.perSecond())
			}
		case from.isFloat():
			out.sql = "greptime_float_text(CAST(" + e.sql + " AS DOUBLE), " + strconv.FormatBool(from.Kind == Float32) + ")"
		}
	case t.isInteger() && from.Kind == String:
		// DuckDB would round '1.5'.
		digits := "greptime_integer_text(" + e.sql + ", " + quoteText(t.name()) + ")"
		if try {
			digits = "CASE WHEN regexp_full_match(" + e.sql + ", '[+-]?[0-9]+') THEN " + e.sql + " END"
		}
		out.sql = word + "(" + digits + " AS " + t.duck() + ")"
	case t.Kind == Decimal && from.Kind == String:
		out.sql = word + "(greptime_decimal_text(" + e.sql + ") AS " + t.duck() + ")"
	case t.isFloat() && from.Kind == String:
		digits := "greptime_number_text(" + e.sql + ", " + quoteText(castName(t)) + ")"
		if try {
			digits = "CASE WHEN greptime_is_number(" + e.sql + ") OR lower(" + e.sql + ") IN (" + floatWords + ") THEN " + e.sql + " END"
		}
		out.sql = word + "(" + digits + " AS " + t.duck() + ")"
	case t.Kind == Bool && e.str != nil && !try:
		b, ok := parseBool(*e.str)
		if !ok {
			return expr{}, unsupported("CAST of '%s' to BOOLEAN", *e.str)
		}
		out.sql = strconv.FormatBool(b)
	case t.isInteger() && (from.isInteger() || from.Kind == Bool),
		t.isFloat() && (from.isInteger() || from.isFloat() || from.Kind == Decimal),
		t.Kind == Decimal && (from.isInteger() || from.isFloat() || from.Kind == Decimal),
		t.Kind == Bool && (from.isInteger() || from.Kind == Bool),
		t.same(from) && t.Kind != JSON && t.Kind != Vector:
	case t.isInteger() && !from.known() && e.dt == nil:
		return expr{}, unsupported("CAST of %s to %s; give the inner expression a CAST of its own", describe(e), t.sql())
	case !from.known() && e.dt == nil && (t.isFloat() || t.Kind == String):
	default:
		return expr{}, unsupported("CAST of %s to %s", describe(e), t.sql())
	}
	return out, nil
}

// castDate reads a date of text as Arrow's cast does: the day of a timestamp is one, too.
func castDate(s string) (int64, bool) {
	if d, ok := parseDate(s, utc); ok {
		return d, true
	}
	ts, ok := readTimestamp(s, utc)
	return floorDiv(ts.seconds, 86400), ok
}

func unitName(t Type) string {
	return strings.TrimPrefix(t.name(), "Timestamp")
}

// arrowCast translates arrow_cast(x, 'type').
func arrowCast(args []expr) (expr, error) {
	e, to := args[0], args[1]
	if to.str == nil {
		return expr{}, planError("Error during planning: arrow_cast requires its second argument to be a constant string")
	}
	text := "arrow_cast(" + arguments(args) + ")"
	done := func(out expr, err error) (expr, error) {
		out.name, out.text, out.meta = text, text, e.meta
		return out, err
	}
	if t, ok := arrowTypeName(*to.str); ok {
		return done(castTo(e, t, false))
	}
	as := func(t Type, dt arrow.DataType, opaque bool) (expr, error) {
		out, err := castTo(e, t, false)
		out.dt, out.opaque = dt, opaque
		return done(out, err)
	}
	name, arg, _ := strings.Cut(strings.TrimSuffix(*to.str, ")"), "(")
	switch {
	case *to.str == "Utf8View":
		return as(Type{Kind: String}, arrow.BinaryTypes.StringView, false)
	case *to.str == "LargeUtf8":
		return as(Type{Kind: String}, arrow.BinaryTypes.LargeString, false)
	case *to.str == "LargeBinary":
		return as(Type{Kind: Binary}, arrow.BinaryTypes.LargeBinary, false)
	case *to.str == "BinaryView":
		return as(Type{Kind: Binary}, arrow.BinaryTypes.BinaryView, false)
	case name == "Dictionary":
		index, value, ok := strings.Cut(arg, ",")
		it, ok1 := arrowTypeName(strings.TrimSpace(index))
		vt, ok2 := arrowTypeName(strings.TrimSpace(value))
		if ok && ok1 && it.isInteger() {
			if ok2 && (vt.Kind == String || vt.Kind == Int64) {
				return as(vt, &arrow.DictionaryType{IndexType: it.arrow(), ValueType: vt.arrow()}, false)
			}
		}
	case name == "Time32" || name == "Time64":
		dt := map[string]arrow.DataType{"Time32(Second)": arrow.FixedWidthTypes.Time32s, "Time32(Millisecond)": arrow.FixedWidthTypes.Time32ms,
			"Time64(Microsecond)": arrow.FixedWidthTypes.Time64us, "Time64(Nanosecond)": arrow.FixedWidthTypes.Time64ns}[*to.str]
		width := map[string]Kind{"Time32": Int32, "Time64": Int64}[name]
		if dt != nil && (e.typ.Kind == width || e.dt == arrow.Null) {
			return as(Type{Kind: Int64}, dt, true)
		}
	case name == "Duration":
		dt := map[string]arrow.DataType{"Second": arrow.FixedWidthTypes.Duration_s, "Millisecond": arrow.FixedWidthTypes.Duration_ms,
			"Microsecond": arrow.FixedWidthTypes.Duration_us, "Nanosecond": arrow.FixedWidthTypes.Duration_ns}[arg]
		if dt != nil && (e.typ.isInteger() || e.dt == arrow.Null) {
			return as(Type{Kind: Int64}, dt, true)
		}
	case *to.str == "Interval(YearMonth)" || *to.str == "Interval(MonthDayNano)" || *to.str == "Interval(DayTime)":
		return intervalCast(e, *to.str, text)
	case name == "Timestamp":
		return zonedCast(e, arg, text)
	case name == "List" && e.dt != nil && e.dt.ID() == arrow.LIST:
		if t, ok := arrowTypeName(arg); ok {
			out := combine("CAST("+e.sql+" AS "+t.duck()+"[])", text, Type{}, e)
			out.dt = arrow.ListOf(t.arrow())
			return done(out, nil)
		}
	}
	if n, _ := fmt.Sscanf(*to.str, "Decimal128(%d,-%d)", new(int), new(int)); n == 2 {
		return expr{}, errorf(Unexpected, `Failed to join task: task 1 panicked with message "scale should be in [0, precision]"`)
	}
	return expr{}, unsupportedArrow(*to.str)
}

func unsupportedArrow(name string) *Error {
	if k, _, _ := strings.Cut(name, "("); k == "LargeList" || k == "FixedSizeList" || k == "Map" || k == "Date64" || k == "Float16" ||
		k == "Decimal256" || k == "Decimal32" || k == "Decimal64" {
		return errorf(Unsupported, "Unsupported arrow data type, type: %s", name)
	}
	return unsupported("arrow_cast to %s", name)
}

// arrowTypeName returns the column type that an Arrow type's name stands for.
func arrowTypeName(name string) (Type, bool) {
	switch name {
	case "Utf8":
		return Type{Kind: String}, true
	case "Date32":
		return Type{Kind: Date}, true
	case "Timestamp(Second, None)":
		return Type{Kind: TimestampSecond}, true
	case "Timestamp(Millisecond, None)":
		return Type{Kind: TimestampMilli}, true
	case "Timestamp(Microsecond, None)":
		return Type{Kind: TimestampMicro}, true
	case "Timestamp(Nanosecond, None)":
		return Type{Kind: TimestampNano}, true
	}
	var p, s int32
	if n, _ := fmt.Sscanf(name, "Decimal128(%d,%d)", &p, &s); n == 2 && p >= 1 && p <= 38 && s >= 0 && s <= p {
		return Type{Kind: Decimal, Precision: p, Scale: s}, true
	}
	for k := Bool; k <= Binary; k++ {
		if k != String && kinds[k].name == name {
			return Type{Kind: k}, true
		}
	}
	return Type{}, false
}

// zonedCast makes a timestamp with a zone of constant text or of a timestamp.
func zonedCast(e expr, arg, text string) (expr, error) {
	unit, zone, ok := strings.Cut(arg, ", Some(\"")
	t, known := arrowTypeName("Timestamp(" + unit + ", None)")
	zone = strings.TrimSuffix(zone, "\")")
	loc, valid := parseZone(zone)
	if !ok || !known || !valid {
		return expr{}, unsupported("arrow_cast to Timestamp(%s)", arg)
	}
	if e.str != nil {
		ts, ok := readTimestamp(*e.str, loc)
		n, fits := ts.in(t)
		if wall, _ := readTimestamp(*e.str, utc); ok && len(everyAt(time.Unix(wall.seconds, 0).UTC(), loc)) > 1 && wall != ts {
			ok = false // Arrow does not choose between the two
		}
		if !ok || !fits {
			return expr{}, errorf(EngineExecuteQuery, "Parser error: Error parsing timestamp from '%s'", *e.str)
		}
		e = expr{sql: timestampLiteral(t, n), typ: t, name: e.name, text: e.text, meta: e.meta}
	}
	out, err := castTo(e, t, false)
	out.name, out.text = text, text
	out.dt, out.opaque = &arrow.TimestampType{Unit: t.arrow().(*arrow.TimestampType).Unit, TimeZone: zone}, true
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
		return expr{}, unsupported("INTERVAL '%s'; write it in words, such as '1 year 2 days'", text)
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
		return expr{}, unsupported("arrow_cast of %s to %s", describe(e), to)
	}
	iv, ok := parseInterval(*e.str)
	if !ok || to == "Interval(YearMonth)" && (iv.days != 0 || iv.nanos != 0) || to == "Interval(DayTime)" && (iv.months != 0 || iv.nanos%1e6 != 0) {
		return expr{}, unsupported("arrow_cast of '%s' to %s", *e.str, to)
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

// arrowName returns a type as a plan error prints it.
func (t Type) arrowName() string {
	switch {
	case t.Kind == String:
		return "Utf8"
	case t.Kind == Bool, t.isInteger(), t.isFloat():
		return t.name()
	}
	return t.arrow().String()
}
