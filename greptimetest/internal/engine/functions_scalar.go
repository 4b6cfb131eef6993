package engine

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

func length(duck string) builtin {
	return text(builtin{1, 1, false, func(_ *translator, a []expr) (expr, error) {
		return expr{sql: "CAST(" + duck + "(" + a[0].sql + ") AS INTEGER)", typ: schema.Int32Type}, nil
	}})
}

var position = ofText(builtin{2, 2, false, func(_ *translator, a []expr) (expr, error) {
	return expr{sql: "CAST(strpos(" + sqls(a) + ") AS INTEGER)", typ: schema.Int32Type}, nil
}})

// substr with a start before the text counts from its end in DuckDB, and not in
// DataFusion.
func substr(_ *translator, a []expr) (expr, error) {
	if a[1].num == nil || *a[1].num < 1 {
		return expr{}, schema.NotSupported("substr with a start that is not a positive number")
	}
	if len(a) == 3 && (a[2].num == nil || *a[2].num < 0) {
		return expr{}, schema.NotSupported("substr with a length that is not a number")
	}
	return expr{sql: "substr(" + sqls(a) + ")", typ: schema.StringType}, nil
}

func pad(duck string) builtin {
	return builtin{2, 3, false, func(_ *translator, a []expr) (expr, error) {
		fill := "' '"
		if len(a) == 3 {
			if a[2].str == nil || *a[2].str == "" {
				return expr{}, schema.NotSupported("%s with an empty text, or one that is no constant", duck)
			}
			fill = a[2].sql
		}
		return expr{sql: duck + "(" + a[0].sql + ", CAST(" + a[1].sql + " AS INTEGER), " + fill + ")", typ: schema.StringType}, nil
	}}
}

// ascii makes upper and lower, which map some letters to several, and by their
// neighbours, in DataFusion.
func ascii(duck string) builtin {
	return ofText(builtin{1, 1, false, func(_ *translator, a []expr) (expr, error) {
		return expr{sql: duck + "(greptime_ascii(" + a[0].sql + "))", typ: schema.StringType}, nil
	}})
}

func splitPart(_ *translator, a []expr) (expr, error) {
	if a[1].str == nil || *a[1].str == "" || a[2].num == nil || *a[2].num == 0 {
		return expr{}, schema.NotSupported("split_part unless with a constant delimiter and a constant number that is not 0")
	}
	return expr{sql: "split_part(" + sqls(a) + ")", typ: schema.StringType}, nil
}

// replace of an empty text puts the new one between all letters in DataFusion.
func replace(_ *translator, a []expr) (expr, error) {
	if a[1].str == nil || *a[1].str == "" {
		return expr{}, schema.NotSupported("replace of an empty text, or one that is no constant")
	}
	return expr{sql: "replace(" + sqls(a) + ")", typ: schema.StringType}, nil
}

func chr(_ *translator, a []expr) (expr, error) {
	if a[0].num == nil || *a[0].num < 1 || !utf8.ValidRune(rune(min(*a[0].num, utf8.MaxRune+1))) {
		return expr{}, schema.NotSupported("chr of anything but a constant code point")
	}
	return expr{sql: "chr(CAST(" + a[0].sql + " AS INTEGER))", typ: schema.StringType}, nil
}

// regexpLike takes the patterns that RE2 and Rust's regex read alike: in Rust, \w \d \s
// and \b are of Unicode, and classes have operators.
func regexpLike(_ *translator, a []expr) (expr, error) {
	switch {
	case len(a) == 3:
		return expr{}, schema.NotSupported("regexp_like with flags")
	case a[1].str == nil:
		return expr{}, schema.NotSupported("a regular expression that is no constant")
	}
	p := *a[1].str
	for i := 0; i+1 < len(p); i++ {
		switch next := p[i+1]; {
		case p[i] == '\\' && (next == '_' || '0' <= next && next <= '9' || 'a' <= next|0x20 && next|0x20 <= 'z'):
			return expr{}, schema.NotSupported("\\%c in a regular expression", next)
		case p[i] == '\\':
			i++
		case p[i] == next && strings.IndexByte("&-~", next) >= 0:
			return expr{}, schema.NotSupported("%s in a regular expression", p[i:i+2])
		}
	}
	return expr{sql: "regexp_matches(" + sqls(a) + ")", typ: schema.BoolType}, nil
}

// likePattern returns a LIKE's pattern. A backslash escapes % and _ in both; before
// anything else it is itself in DataFusion.
func likePattern(e expr) (string, error) {
	if e.str == nil {
		return "greptime_pattern(" + e.sql + ")", nil
	}
	for i := 0; i < len(*e.str); i++ {
		if (*e.str)[i] != '\\' {
			continue
		}
		if i++; i == len(*e.str) || (*e.str)[i] != '%' && (*e.str)[i] != '_' {
			return "", schema.NotSupported("LIKE with a backslash that escapes neither %% nor _")
		}
	}
	return e.sql, nil
}

func trunc(tr *translator, a []expr) (expr, error) {
	if len(a) == 2 {
		return expr{}, schema.NotSupported("trunc to a number of digits")
	}
	return math1("trunc").build(tr, a)
}

func round(_ *translator, a []expr) (expr, error) {
	digits := "0"
	if len(a) == 2 {
		if a[1].num == nil {
			return expr{}, schema.NotSupported("round to a number of digits that is not a literal")
		}
		digits = strconv.FormatInt(*a[1].num, 10)
	}
	if a[0].typ.Kind == schema.Decimal || a[0].typ.Known() && !a[0].typ.IsNumber() {
		return expr{}, schema.NotSupported("round of %s", describe(a[0]))
	}
	t := schema.DoubleType
	if a[0].typ.Kind == schema.Float32 {
		t = a[0].typ
	}
	return expr{sql: "CAST(round(CAST(" + a[0].sql + " AS DOUBLE), " + digits + ") AS " + t.Duck() + ")", typ: t}, nil
}

// power of integers is an integer in DataFusion and overflows there.
func power(_ *translator, a []expr) (expr, error) {
	if !a[0].typ.IsFloat() && !a[1].typ.IsFloat() || a[0].typ.Kind == schema.Decimal || a[1].typ.Kind == schema.Decimal {
		return expr{}, schema.NotSupported("power of %s and %s; CAST them to DOUBLE", describe(a[0]), describe(a[1]))
	}
	if a[1].num != nil && *a[1].num == 0 {
		return expr{}, schema.NotSupported("power to 0, which is 1 of NULL as well")
	}
	return expr{sql: "power(CAST(" + a[0].sql + " AS DOUBLE), CAST(" + a[1].sql + " AS DOUBLE))", typ: schema.DoubleType}, nil
}

func math2bool(duck string) builtin {
	return only(returns(1, 1, duck, schema.BoolType), duck, schema.Type.IsFloat)
}

func nullif(_ *translator, a []expr) (expr, error) {
	if a[0].nan || a[1].nan || a[0].isInterval() || a[0].isNull() || a[0].typ.Known() && a[1].typ.Known() && !a[0].typ.Same(a[1].typ) {
		return expr{}, schema.NotSupported("nullif of %s and %s", describe(a[0]), describe(a[1]))
	}
	return expr{sql: "nullif(" + sqls(a) + ")", typ: a[0].typ, null: true}, nil
}

func extreme(duck string) func(*translator, []expr) (expr, error) {
	return func(_ *translator, a []expr) (expr, error) {
		t := commonType(a)
		if !t.Known() || t.IsBytes() || slices.ContainsFunc(a, func(e expr) bool { return e.nan }) {
			return expr{}, schema.NotSupported("%s of values of different or unknown types; CAST them", duck)
		}
		return expr{sql: duck + "(" + sqls(a) + ")", typ: t}, nil
	}
}

// nvl makes text of types that are neither numbers nor text in DataFusion.
func nvl(tr *translator, a []expr) (expr, error) {
	if t := commonType(a); !t.IsInteger() && !t.IsFloat() && t.Kind != schema.String {
		return expr{}, schema.NotSupported("nvl of %s and %s; use coalesce", describe(a[0]), describe(a[1]))
	}
	return extreme("coalesce")(tr, a)
}

// hexLiteral translates X'0aff', which DuckDB does not know; see duckDialect.
func hexLiteral(_ *translator, a []expr) (expr, error) {
	if a[0].str == nil {
		return expr{}, schema.PlanError("Error during planning: Invalid function 'unhex'.")
	}
	t := binaryText(*a[0].str)
	return expr{sql: "unhex(" + schema.QuoteText(*a[0].str) + ")", typ: schema.Type{Kind: schema.Binary}, text: t}, nil
}

// hexText translates a string with NULs; see duckDialect.
func hexText(_ *translator, a []expr) (expr, error) {
	b, err := hex.DecodeString(*a[0].str)
	return textLiteral(string(b)), err
}

func encode(_ *translator, a []expr) (expr, error) {
	if a[1].str == nil || *a[1].str != "hex" || a[0].typ.Kind != schema.Binary {
		return expr{}, schema.NotSupported("encode of anything but binary to 'hex'")
	}
	return expr{sql: "lower(hex(" + a[0].sql + "))", typ: schema.StringType}, nil
}

func now(tr *translator, _ []expr) (expr, error) {
	n := tr.now.UnixNano()
	return expr{sql: timestampLiteral(schema.NanoType, n), typ: schema.NanoType, inst: &schema.Instant{Seconds: tr.now.Unix(), Nanos: int64(tr.now.Nanosecond()), Fraction: true}}, nil
}

func currentDate(tr *translator, _ []expr) (expr, error) {
	return expr{sql: dateLiteral(schema.FloorDiv(tr.now.Unix(), 86400)), typ: schema.Type{Kind: schema.Date}}, nil
}

var truncParts = map[string]bool{"year": true, "quarter": true, "month": true, "week": true, "day": true, "hour": true, "minute": true, "second": true}

func dateTrunc(_ *translator, a []expr) (expr, error) {
	if a[0].str == nil || !a[1].typ.IsTimestamp() {
		return expr{}, schema.NotSupported("date_trunc of %s", describe(a[1]))
	}
	part := strings.ToLower(*a[0].str)
	if !truncParts[part] {
		return expr{}, schema.NotSupported("date_trunc to %q", part)
	}
	return expr{sql: "CAST(date_trunc(" + schema.QuoteText(part) + ", " + microsOf(a[1]) + ") AS " + a[1].typ.Duck() + ")", typ: a[1].typ}, nil
}

// dateBin cuts time into bins that start at the epoch or at an origin, by integer
// arithmetic in the column's unit.
func dateBin(_ *translator, a []expr) (expr, error) {
	iv, ts := a[0].iv, a[1]
	if iv == nil && a[0].str != nil && ts.typ.IsTimestamp() {
		if p, ok := parseInterval(*a[0].str); ok {
			iv = &p
		}
		// A stride of text makes DataFusion cast the timestamp to nanoseconds.
		var err error
		if ts, err = castTo(ts, schema.NanoType, false); err != nil {
			return expr{}, err
		}
	}
	if iv == nil || iv.months != 0 || !ts.typ.IsTimestamp() {
		return expr{}, schema.NotSupported("date_bin unless with an INTERVAL of days and less on a timestamp")
	}
	unit := 1e9 / ts.typ.PerSecond()
	nanos := int64(iv.days)*86400e9 + iv.nanos
	if nanos <= 0 || nanos%unit != 0 {
		return expr{}, schema.NotSupported("date_bin with a stride that is no whole number of the column's units")
	}
	width := strconv.FormatInt(nanos/unit, 10)
	u := unitsOf(ts)
	if len(a) == 3 {
		n, ok := int64(0), a[2].inst != nil
		if ok {
			n, ok = a[2].inst.In(ts.typ)
		}
		if !ok {
			return expr{}, schema.NotSupported("date_bin with an origin that is no constant")
		}
		u = fmt.Sprintf("(%s - (%d))", u, n%(nanos/unit))
		bin := "(" + u + " - ((" + u + " % " + width + ") + " + width + ") % " + width + fmt.Sprintf(" + (%d))", n%(nanos/unit))
		return expr{sql: timestampFrom(ts.typ, bin), typ: ts.typ}, nil
	}
	bin := "(" + u + " - ((" + u + " % " + width + ") + " + width + ") % " + width + ")"
	return expr{sql: timestampFrom(ts.typ, bin), typ: ts.typ}, nil
}

var dateParts = map[string]bool{"year": true, "quarter": true, "month": true, "week": true, "day": true, "dow": true, "doy": true, "hour": true, "minute": true, "second": true}

func datePart(_ *translator, a []expr) (expr, error) {
	if a[0].str == nil || !a[1].typ.IsTimestamp() && a[1].typ.Kind != schema.Date {
		return expr{}, schema.NotSupported("date_part of %s", describe(a[1]))
	}
	part := strings.ToLower(*a[0].str)
	name := `date_part(` + a[0].text + "," + a[1].text + ")"
	if part == "epoch" {
		if a[1].typ.Kind == schema.Date {
			return expr{sql: "CAST(epoch(" + a[1].sql + ") AS DOUBLE)", typ: schema.DoubleType, text: name}, nil
		}
		return expr{sql: fmt.Sprintf("(CAST(%s AS DOUBLE) / CAST(%d AS DOUBLE))", unitsOf(a[1]), a[1].typ.PerSecond()), typ: schema.DoubleType, text: name}, nil
	}
	if !dateParts[part] {
		return expr{}, schema.NotSupported("date_part %q", part)
	}
	source := a[1].sql
	if a[1].typ.IsTimestamp() {
		source = microsOf(a[1])
	}
	return expr{sql: "CAST(date_part(" + schema.QuoteText(part) + ", " + source + ") AS INTEGER)", typ: schema.Int32Type, text: name}, nil
}

// toTimestamp makes a timestamp of text, another timestamp, or an integer in a
// unit.
func toTimestamp(to, unit schema.Kind) func(*translator, []expr) (expr, error) {
	return func(_ *translator, a []expr) (expr, error) {
		e, t := a[0], schema.Type{Kind: to}
		if (e.typ.Kind == schema.Int32 || e.typ.Kind == schema.Int64) && to != unit {
			if e.num != nil {
				ts := schema.Instant{Seconds: *e.num}
				n, ok := ts.In(t)
				if !ok {
					return expr{}, schema.Errorf(schema.EngineExecuteQuery, "Arrow error: Overflow converting %d to Timestamp(ns)", *e.num)
				}
				return expr{sql: timestampLiteral(t, n), typ: t, inst: &ts}, nil
			}
			return expr{sql: timestampFrom(t, "CAST("+e.sql+" AS BIGINT) * 1000000000"), typ: t}, nil
		}
		if e.typ.Kind != schema.Int32 && e.typ.Kind != schema.Int64 && e.str == nil && !e.typ.IsTimestamp() {
			return expr{}, schema.NotSupported("to_timestamp of %s", describe(e))
		}
		out, err := castTo(e, t, false)
		return expr{sql: out.sql, typ: t, inst: out.inst}, err
	}
}

func toUnixtime(_ *translator, a []expr) (expr, error) {
	if !a[0].typ.IsTimestamp() {
		return expr{}, schema.NotSupported("to_unixtime of %s", describe(a[0]))
	}
	return expr{sql: fmt.Sprintf("greptime_floor_divide(%s, %d)", unitsOf(a[0]), a[0].typ.PerSecond()), typ: schema.Int64Type}, nil
}

func dateFormat(tr *translator, a []expr) (expr, error) {
	if !a[0].typ.IsTimestamp() || a[1].typ.Kind != schema.String {
		return expr{}, schema.NotSupported("date_format of %s", describe(a[0]))
	}
	return expr{
		sql: fmt.Sprintf("greptime_date_format(%s, CAST(%d AS BIGINT), %s, %s)", unitsOf(a[0]), a[0].typ.PerSecond(), a[1].sql, schema.QuoteText(tr.s.ZoneName)),
		typ: schema.StringType, dt: arrow.BinaryTypes.StringView,
	}, nil
}

// timezone translates the function without arguments, and what DuckDB's parser makes of AT
// TIME ZONE: a constant instant, read as local time of the zone.
func timezone(tr *translator, a []expr) (expr, error) {
	if len(a) == 0 {
		return expr{sql: schema.QuoteText(tr.s.ZoneName), typ: schema.StringType, dt: arrow.BinaryTypes.StringView}, nil
	}
	if len(a) != 2 || a[0].str == nil || a[1].inst == nil || !a[1].typ.IsTimestamp() {
		return expr{}, schema.NotSupported("AT TIME ZONE of a timestamp that is no constant")
	}
	zone, ok := schema.ParseZone(*a[0].str)
	if !ok {
		return expr{}, schema.Errorf(schema.EngineExecuteQuery, "Parser error: Invalid timezone \"%s\"", *a[0].str)
	}
	local := schema.EveryAt(time.Unix(a[1].inst.Seconds, 0).UTC(), zone)
	if len(local) != 1 {
		return expr{}, schema.Errorf(schema.EngineExecuteQuery, "Cast error: Cannot cast timezone to different timezone")
	}
	t := a[1].typ
	n, ok := schema.Instant{Seconds: local[0], Nanos: a[1].inst.Nanos}.In(t)
	if !ok {
		return expr{}, schema.Errorf(schema.EngineExecuteQuery, "Cast error: Overflow converting to %s", schema.CastName(t))
	}
	dt := &arrow.TimestampType{Unit: t.Arrow().(*arrow.TimestampType).Unit, TimeZone: *a[0].str}
	return expr{sql: timestampLiteral(t, n), typ: t, dt: dt, opaque: true}, nil
}

// count: DuckDB's count of an opaque value counts the same rows.
func count(_ *translator, a []expr) (expr, error) {
	if len(a) != 1 {
		return expr{}, schema.NotSupported("count of several expressions")
	}
	return expr{sql: "count(" + a[0].sql + ")", typ: schema.Int64Type}, nil
}

func countStar(*translator, []expr) (expr, error) {
	return expr{sql: "count(*)", typ: schema.Int64Type}, nil
}

// sum keeps 64 bits: where GreptimeDB wraps around, this is an error.
func sum(_ *translator, a []expr) (expr, error) {
	e, t := a[0], schema.Type{}
	switch {
	case e.typ.IsUnsigned():
		t = schema.UInt64Type
	case e.typ.IsInteger():
		t = schema.Int64Type
	case e.typ.IsFloat():
		t = schema.DoubleType
	case e.typ.Kind == schema.Decimal:
		t = schema.Type{Kind: schema.Decimal, Precision: min(38, e.typ.Precision+10), Scale: e.typ.Scale}
	default:
		return expr{}, schema.NotSupported("sum of %s", describe(e))
	}
	return expr{sql: "CAST(sum(" + e.sql + ") AS " + t.Duck() + ")", typ: t}, nil
}
