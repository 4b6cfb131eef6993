package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// builtin is a function that means the same in GreptimeDB and, as it is written
// here, in DuckDB.
type builtin struct {
	min, max  int // arguments; max -1 for any number
	aggregate bool
	build     func(tr *translator, args []expr) (expr, error)
}

// returns makes a function of DuckDB's name and a fixed type.
func returns(min, max int, duck string, t schema.Type) builtin {
	return builtin{min: min, max: max, build: func(_ *translator, args []expr) (expr, error) {
		return expr{sql: duck + "(" + sqls(args) + ")", typ: t}, nil
	}}
}

// keeps makes a function whose type is its first argument's.
func keeps(min, max int, duck string) builtin {
	return builtin{min: min, max: max, build: func(_ *translator, args []expr) (expr, error) {
		if args[0].isNull() {
			return expr{}, schema.NotSupported("%s of NULL; CAST it", duck)
		}
		return expr{sql: duck + "(" + sqls(args) + ")", typ: args[0].typ}, nil
	}}
}

// math1 makes a function of one float; integers become doubles, as DataFusion has it.
func math1(duck string) builtin {
	return only(builtin{min: 1, max: 1, build: func(_ *translator, args []expr) (expr, error) {
		if args[0].typ.Kind == schema.Float32 {
			return expr{sql: "CAST(" + duck + "(" + args[0].sql + ") AS FLOAT)", typ: schema.Type{Kind: schema.Float32}}, nil
		}
		if args[0].typ.Kind == schema.Decimal {
			return expr{}, schema.NotSupported("%s of %s", duck, args[0].typ.SQL())
		}
		return expr{sql: duck + "(CAST(" + args[0].sql + " AS DOUBLE))", typ: schema.Type{Kind: schema.Float64}}, nil
	}}, duck, schema.Type.IsNumber)
}

// view marks a function whose strings GreptimeDB returns as Utf8View.
func view(b builtin) builtin {
	inner := b.build
	b.build = func(tr *translator, args []expr) (expr, error) {
		e, err := inner(tr, args)
		e.dt = arrow.BinaryTypes.StringView
		return e, err
	}
	return b
}

// only refuses arguments of which the first is not of these kinds.
func only(b builtin, what string, ok func(t schema.Type) bool) builtin {
	inner := b.build
	b.build = func(tr *translator, args []expr) (expr, error) {
		if a := args[0]; a.typ.Known() && !ok(a.typ) || !a.typ.Known() && a.dt != nil && a.dt != arrow.Null {
			return expr{}, schema.NotSupported("%s of %s", what, describe(a))
		}
		return inner(tr, args)
	}
	return b
}

func text(b builtin) builtin {
	inner := b.build
	b.build = func(tr *translator, args []expr) (expr, error) {
		args, err := asTexts(args)
		if err != nil {
			return expr{}, err
		}
		return inner(tr, args)
	}
	return b
}

// ofText marks a function that DataFusion does not cast arguments for: but for integers
// behind the first, they must be text.
func ofText(b builtin) builtin {
	inner := b.build
	b.build = func(tr *translator, args []expr) (expr, error) {
		for i, a := range args {
			if a.typ.Kind != schema.String && !a.isNull() && (i == 0 || !a.typ.IsInteger()) {
				return expr{}, schema.NotSupported("text functions of %s; CAST it", describe(a))
			}
		}
		return inner(tr, args)
	}
	return b
}

// asTexts casts what DuckDB would write otherwise than Arrow does: floats,
// timestamps, dates, booleans. Integers stay: some arguments are numbers.
func asTexts(args []expr) ([]expr, error) {
	args = slices.Clone(args)
	for i, a := range args {
		switch {
		case a.typ.IsBytes(), !a.typ.Known() && a.dt != nil && a.dt != arrow.Null:
			return nil, schema.NotSupported("text functions of %s", describe(a))
		case a.typ.Known() && a.typ.Kind != schema.String && !a.typ.IsInteger():
			c, err := castTo(a, schema.StringType, false)
			if err != nil {
				return nil, err
			}
			args[i].sql, args[i].typ = c.sql, schema.StringType
		}
	}
	return args, nil
}

func agg(b builtin) builtin { b.aggregate = true; return b }

var builtins map[string]builtin

func init() {
	builtins = map[string]builtin{
		// Text.
		"upper": ascii("upper"), "lower": ascii("lower"),
		"trim": ofText(returns(1, 2, "trim", schema.StringType)), "btrim": ofText(returns(1, 2, "trim", schema.StringType)),
		"ltrim": ofText(returns(1, 2, "ltrim", schema.StringType)), "rtrim": ofText(returns(1, 2, "rtrim", schema.StringType)),
		"replace": ofText(builtin{3, 3, false, replace}), "reverse": text(returns(1, 1, "reverse", schema.StringType)),
		"left": text(returns(2, 2, `"left"`, schema.StringType)), "right": text(returns(2, 2, `"right"`, schema.StringType)),
		"repeat": text(returns(2, 2, "repeat", schema.StringType)), "split_part": ofText(builtin{3, 3, false, splitPart}),
		"concat": text(returns(1, -1, "concat", schema.StringType)), "concat_ws": text(returns(2, -1, "concat_ws", schema.StringType)),
		"starts_with": ofText(returns(2, 2, "starts_with", schema.BoolType)), "ends_with": ofText(returns(2, 2, "ends_with", schema.BoolType)),
		"contains": ofText(returns(2, 2, "contains", schema.BoolType)), "chr": {1, 1, false, chr},
		"regexp_like": ofText(builtin{2, 3, false, regexpLike}),
		// x ~ 'pattern', as DuckDB's parser writes it; DataFusion's matches anywhere.
		"regexp_full_match": ofText(builtin{2, 2, false, func(tr *translator, a []expr) (expr, error) {
			e, err := regexpLike(tr, a)
			e.text = a[0].text + " ~ " + a[1].text
			return e, err
		}}),
		"md5":    view(ofText(returns(1, 1, "md5", schema.StringType))),
		"length": length("length"), "char_length": length("length"), "character_length": length("length"),
		"octet_length": ofText(length("strlen")), "strpos": position, "position": position, "instr": position,
		"substr": view(ofText(builtin{2, 3, false, substr})), "substring": view(ofText(builtin{2, 3, false, substr})),
		"lpad": text(pad("lpad")), "rpad": text(pad("rpad")),
		// Numbers.
		"abs": only(keeps(1, 1, "abs"), "abs", schema.Type.IsNumber), "sqrt": math1("sqrt"), "exp": math1("exp"),
		"ln": math1("ln"), "log10": math1("log10"), "log2": math1("log2"),
		"sin": math1("sin"), "cos": math1("cos"), "tan": math1("tan"), "atan": math1("atan"), "radians": math1("radians"), "degrees": math1("degrees"),
		"floor": math1("floor"), "ceil": math1("ceil"), "trunc": {1, 2, false, trunc}, "round": {1, 2, false, round},
		"power": {2, 2, false, power}, "pow": {2, 2, false, power}, "isnan": math2bool("isnan"),
		// It is no constant: the planner does not compute what depends on it.
		"random": {0, 0, false, func(*translator, []expr) (expr, error) {
			return expr{sql: "random()", typ: schema.DoubleType, column: true, volatile: true}, nil
		}},
		"pi":       {0, 0, false, func(*translator, []expr) (expr, error) { return expr{sql: "pi()", typ: schema.DoubleType}, nil }},
		"nullif":   {2, 2, false, nullif},
		"greatest": {1, -1, false, extreme("greatest")}, "least": {1, -1, false, extreme("least")},
		"coalesce": {1, -1, false, extreme("coalesce")}, "nvl": {2, 2, false, nvl}, "greptime_ifnull": {2, 2, false, nvl},
		"arrow_cast": {2, 2, false, func(_ *translator, a []expr) (expr, error) { return arrowCast(a) }},
		"make_array": {0, -1, false, makeArray}, "list_value": {0, -1, false, makeArray},
		"named_struct": {2, -1, false, namedStruct}, "struct": {1, -1, false, unnamedStruct},
		"unhex":         {1, 1, false, hexLiteral},
		"greptime_text": {1, 1, false, hexText},
		"encode":        {2, 2, false, encode},
		"cbrt":          math1("cbrt"), "ascii": ofText(returns(1, 1, "ascii", schema.Int32Type)), "translate": ofText(returns(3, 3, "translate", schema.StringType)),
		"gcd": only(returns(2, 2, "gcd", schema.Int64Type), "gcd", func(t schema.Type) bool { return t.Kind == schema.Int64 }),
		"lcm": only(returns(2, 2, "lcm", schema.Int64Type), "lcm", func(t schema.Type) bool { return t.Kind == schema.Int64 }),
		// Time.
		"now": {0, 0, false, now}, "current_timestamp": {0, 0, false, now}, "current_date": {0, 0, false, currentDate}, "today": {0, 0, false, currentDate},
		"date_trunc": {2, 2, false, dateTrunc}, "date_bin": {2, 3, false, dateBin}, "date_part": {2, 2, false, datePart}, "datepart": {2, 2, false, datePart},
		"to_timestamp": {1, 1, false, toTimestamp(schema.TimestampNano, schema.TimestampSecond)}, "to_timestamp_seconds": {1, 1, false, toTimestamp(schema.TimestampSecond, schema.TimestampSecond)},
		"to_timestamp_millis": {1, 1, false, toTimestamp(schema.TimestampMilli, schema.TimestampMilli)}, "to_timestamp_micros": {1, 1, false, toTimestamp(schema.TimestampMicro, schema.TimestampMicro)},
		"to_timestamp_nanos": {1, 1, false, toTimestamp(schema.TimestampNano, schema.TimestampNano)}, "to_unixtime": {1, 1, false, toUnixtime},
		"date_format": {2, 2, false, dateFormat}, "timezone": {0, 2, false, timezone},
		// The session.
		"version": session(func(s *schema.Session) string { return s.Version.String() }), "database": session(func(s *schema.Session) string { return s.Database }),
		"current_schema": session(func(s *schema.Session) string { return s.Database }),
		// Aggregates.
		"count": agg(builtin{1, -1, false, count}), "count_star": agg(builtin{0, 0, false, countStar}),
		"sum": agg(builtin{1, 1, false, sum}), "avg": agg(only(returns(1, 1, "avg", schema.DoubleType), "avg", func(t schema.Type) bool { return t.IsInteger() || t.IsFloat() })),
		"mean": agg(only(returns(1, 1, "avg", schema.DoubleType), "avg", func(t schema.Type) bool { return t.IsInteger() || t.IsFloat() })),
		"min":  agg(only(keeps(1, 1, "min"), "min", ordered)), "max": agg(only(keeps(1, 1, "max"), "max", ordered)),
		"stddev": aggFloat("stddev_samp"), "stddev_samp": aggFloat("stddev_samp"), "stddev_pop": aggFloat("stddev_pop"),
		"var": aggFloat("var_samp"), "var_samp": aggFloat("var_samp"), "var_pop": aggFloat("var_pop"),
		"bool_and": agg(only(returns(1, 1, "bool_and", schema.BoolType), "bool_and", func(t schema.Type) bool { return t.Kind == schema.Bool })),
		"bool_or":  agg(only(returns(1, 1, "bool_or", schema.BoolType), "bool_or", func(t schema.Type) bool { return t.Kind == schema.Bool })),
		"median":   agg(only(keeps(1, 1, "median"), "median", func(t schema.Type) bool { return t.Kind == schema.Float64 })),
		"corr":     agg(doubles("corr")), "covar": agg(doubles("covar_samp")), "covar_samp": agg(doubles("covar_samp")), "covar_pop": agg(doubles("covar_pop")),
		"array_agg": agg(builtin{1, 1, false, func(_ *translator, a []expr) (expr, error) {
			dt := a[0].arrowOf()
			if dt == nil || a[0].typ.IsBytes() {
				return expr{}, schema.NotSupported("array_agg of %s", describe(a[0]))
			}
			return expr{sql: "array_agg(" + a[0].sql + ")", dt: arrow.ListOf(dt)}, nil
		}}),
		"first_value": agg(keeps(1, 1, `"first"`)), "last_value": agg(keeps(1, 1, `"last"`)),
	}
	for name, f := range jsonFunctions() {
		builtins[name] = f
	}
	for name, f := range vectorFunctions() {
		builtins[name] = f
	}
}

func ordered(t schema.Type) bool { return !t.IsBytes() && t.Kind != schema.Bool }

func aggFloat(duck string) builtin {
	return agg(only(returns(1, 1, duck, schema.DoubleType), duck, func(t schema.Type) bool { return t.IsInteger() || t.IsFloat() }))
}

// doubles makes an aggregate of two DOUBLE columns; others DataFusion casts its own way.
func doubles(duck string) builtin {
	return builtin{2, 2, false, func(_ *translator, a []expr) (expr, error) {
		if a[0].typ.Kind != schema.Float64 || a[1].typ.Kind != schema.Float64 {
			return expr{}, schema.NotSupported("%s of %s and %s; CAST them to DOUBLE", duck, describe(a[0]), describe(a[1]))
		}
		return expr{sql: duck + "(" + sqls(a) + ")", typ: schema.DoubleType}, nil
	}}
}

func session(value func(*schema.Session) string) builtin {
	return builtin{0, 0, false, func(tr *translator, _ []expr) (expr, error) {
		return expr{sql: schema.QuoteText(value(tr.s)), typ: schema.StringType, dt: arrow.BinaryTypes.StringView}, nil
	}}
}

// function translates a call or an operator.
func (tr *translator) function(n node, sc *scope) (expr, error) {
	name := n.str("function_name")
	if n.bool("export_state") || n.str("catalog") != "" || n.str("schema") != "" && n.str("schema") != "main" {
		return expr{}, schema.NotSupported("the function %s.%s", n.str("schema"), name)
	}
	list := n.list("children")
	var args []expr
	var err error
	if name == "count" || name == "first_value" || name == "last_value" || name == "min" || name == "max" {
		args, err = tr.exprs(list, sc) // these do not compute with the value
		for i := range args {
			if (args[i].opaque && args[i].dt != nil || args[i].isInterval()) && name != "count" {
				return expr{}, schema.NotSupported("%s of %s", name, describe(args[i]))
			}
		}
	} else {
		args, err = tr.operands(list, sc)
	}
	if nestedFunctions[name] { // these do not compute with it either
		args, err = tr.exprs(list, sc)
		for _, a := range args {
			if a.opaque && (a.dt == nil || a.dt.ID() != arrow.STRUCT) {
				return expr{}, schema.NotSupported("%s of %s", name, describe(a))
			}
		}
	}
	if err != nil {
		return expr{}, err
	}
	if n.bool("is_operator") {
		if e, ok, err := tr.binary(name, args); ok || err != nil {
			return e, err
		}
	}
	e, err := tr.call(name, args)
	if err != nil {
		return expr{}, err
	}
	return tr.aggregateClauses(n, name, args, e, sc)
}

var nestedFunctions = map[string]bool{"make_array": true, "list_value": true, "named_struct": true, "struct": true}

// aggregateClauses adds DISTINCT, ORDER BY and FILTER of an aggregate.
func (tr *translator) aggregateClauses(n node, name string, args []expr, e expr, sc *scope) (expr, error) {
	orders := n.child("order_bys").list("orders")
	filter := n.child("filter")
	if !n.bool("distinct") && len(orders) == 0 && filter == nil {
		return e, nil
	}
	if !builtins[name].aggregate {
		return expr{}, schema.PlanError("Error during planning: %s is not an aggregate function", name)
	}
	// The call is the innermost parenthesis that the function's arguments are in.
	call := sqls(args)
	if name == "count_star" {
		call = "*"
	}
	i := strings.LastIndex(e.sql, "("+call+")")
	if i < 0 {
		return expr{}, schema.NotSupported("DISTINCT, ORDER BY or FILTER in %s", name)
	}
	inner, after := call, ""
	if n.bool("distinct") {
		inner = "DISTINCT " + inner
		e.text = name + "(DISTINCT " + arguments(args) + ")"
	}
	if len(orders) > 0 {
		o, text, err := tr.orders(orders, sc)
		if err != nil {
			return expr{}, err
		}
		inner += " ORDER BY " + o
		e.text += " ORDER BY [" + text + "]"
	}
	if filter != nil {
		f, err := tr.operand(filter, sc)
		if err == nil {
			err = mustBool(f)
		}
		if err == nil {
			err = plannable("FILTER", f)
		}
		if err != nil {
			return expr{}, err
		}
		after = " FILTER (WHERE " + f.sql + ")"
		e.text += " FILTER (WHERE " + f.text + ")"
	}
	e.sql = e.sql[:i] + "(" + inner + ")" + after + e.sql[i+len(call)+2:]
	e.name = e.text
	return e, nil
}

// call translates a function of the table.
func (tr *translator) call(name string, args []expr) (expr, error) {
	f, ok := builtins[name]
	if !ok {
		if parserIntervals[name] {
			return expr{}, schema.NotSupported("INTERVAL with a unit behind its text; write INTERVAL '1 day'")
		}
		if strings.HasSuffix(name, "like_escape") {
			return expr{}, schema.NotSupported("LIKE with ESCAPE")
		}
		if greptimeFunctions[name] {
			return expr{}, schema.NotSupported("the function %s", name)
		}
		return expr{}, schema.PlanError("Error during planning: Invalid function '%s'.", name)
	}
	if len(args) < f.min || f.max >= 0 && len(args) > f.max {
		return expr{}, schema.PlanError("Error during planning: Failed to coerce arguments to satisfy a call to '%s' function: %d arguments", name, len(args))
	}
	if f.aggregate {
		if err := plannable(name, args...); err != nil {
			return expr{}, err
		}
	}
	e, err := f.build(tr, args)
	if err != nil {
		return expr{}, err
	}
	if e.text == "" {
		display := name
		if n, ok := displayNames[name]; ok {
			display = n
		}
		e.text = display + "(" + arguments(args) + ")"
		if name == "count_star" {
			e.text = "count(*)"
		}
	}
	e.name = e.text
	for _, a := range args {
		e.column = e.column || a.column
		e.volatile = e.volatile || a.volatile
		e.scalar = e.scalar || a.scalar
	}
	switch {
	case name == "count" || name == "count_star":
		e.null, e.column = false, true
	case f.aggregate:
		e.null, e.column, e.agg = true, true, true
	case e.column:
		e.null = e.null || !notNullFunctions[name] || slices.ContainsFunc(args, func(a expr) bool { return a.null })
	default:
		e.null = e.null || slices.ContainsFunc(args, func(a expr) bool { return a.null })
	}
	return e, nil
}

// displayNames are the names of functions in those of result columns.
var displayNames = map[string]string{"trim": "btrim", "position": "strpos", "substring": "substr", "greptime_ifnull": "ifnull"}

// notNullFunctions are NULL only if an argument is.
var notNullFunctions = map[string]bool{"arrow_cast": true, "coalesce": true, "concat": true, "now": true, "make_array": true, "named_struct": true, "struct": true}

// binary translates an operator; false if it is a function after all.
func (tr *translator) binary(op string, a []expr) (expr, bool, error) {
	switch op {
	case "+", "-", "*", "/", "%":
		if len(a) == 1 {
			e := combine("("+op+" "+a[0].sql+")", "("+op+" "+a[0].text+")", a[0].typ, a[0])
			if op == "-" && a[0].typ.IsUnsigned() {
				return expr{}, true, schema.PlanError("Error during planning: Negation only supports numeric, interval and timestamp types")
			}
			if !a[0].typ.IsNumber() {
				return expr{}, true, schema.NotSupported("%s of %s", op, describe(a[0]))
			}
			return e, true, nil
		}
		e, err := arithmetic(op, a[0], a[1])
		return e, true, err
	case "||":
		a, err := asTexts(a)
		if err != nil {
			return expr{}, true, err
		}
		return combine("("+a[0].sql+" || "+a[1].sql+")", a[0].text+" || "+a[1].text, schema.StringType, a...), true, nil
	case "~~", "!~~", "~~*", "!~~*":
		word := map[string]string{"~~": "LIKE", "!~~": "NOT LIKE", "~~*": "ILIKE", "!~~*": "NOT ILIKE"}[op]
		for _, e := range a {
			if e.typ.Kind != schema.String && !e.isNull() {
				return expr{}, true, schema.NotSupported("%s of %s", word, describe(e))
			}
		}
		pattern, err := likePattern(a[1])
		if err != nil {
			return expr{}, true, err
		}
		value := a[0].sql
		if strings.HasSuffix(word, "ILIKE") { // the two fold other letters alike
			value, pattern = "greptime_ascii("+value+")", "greptime_ascii("+pattern+")"
		}
		return combine("("+value+" "+word+" "+pattern+" ESCAPE '\\')", a[0].text+" "+word+" "+a[1].text, schema.BoolType, a...), true, nil
	}
	if !strings.ContainsAny(op, "abcdefghijklmnopqrstuvwxyz") {
		return expr{}, true, schema.NotSupported("the operator %s", op)
	}
	return expr{}, false, nil
}

func arithmetic(op string, l, r expr) (expr, error) {
	text := l.text + " " + op + " " + r.text
	switch {
	case l.typ.IsTimestamp() && r.iv != nil && (op == "+" || op == "-"):
		sql, err := shift(l, op, *r.iv)
		return combine(sql, text, l.typ, l, r), err
	case r.typ.IsTimestamp() && l.iv != nil && op == "+":
		sql, err := shift(r, op, *l.iv)
		return combine(sql, text, r.typ, l, r), err
	case l.typ.Kind == schema.Date && r.iv != nil && (op == "+" || op == "-") && r.iv.nanos == 0:
		return combine("CAST("+l.sql+" "+op+" "+r.sql+" AS DATE)", text, l.typ, l, r), nil
	case l.typ.IsTimestamp() && r.typ.IsTimestamp() && op == "-" && l.typ.Same(r.typ):
		e := combine("("+unitsOf(l)+" - "+unitsOf(r)+")", text, schema.Int64Type, l, r)
		e.dt = &arrow.DurationType{Unit: l.typ.Arrow().(*arrow.TimestampType).Unit}
		e.opaque = true
		return e, nil
	}
	if l.dt != nil && l.dt == arrow.Null {
		l.typ = r.typ
	}
	if r.dt != nil && r.dt == arrow.Null {
		r.typ = l.typ
	}
	switch {
	case l.typ.Known() && !l.typ.IsNumber(), r.typ.Known() && !r.typ.IsNumber(), l.dt != nil && l.dt != arrow.Null, r.dt != nil && r.dt != arrow.Null:
		return expr{}, schema.NotSupported("%s %s %s", describe(l), op, describe(r))
	case (l.typ.Kind == schema.Decimal || r.typ.Kind == schema.Decimal) && !l.typ.IsFloat() && !r.typ.IsFloat():
		return decimalArithmetic(op, text, l, r)
	}
	t, ok := numberType(l.typ, r.typ)
	if !ok {
		return expr{}, schema.NotSupported("%s %s %s; CAST one of them", describe(l), op, describe(r))
	}
	if !t.Known() && (op == "/" || op == "%") {
		return expr{}, schema.NotSupported("%s of values whose types are not known; CAST them", op)
	}
	sql := "(" + l.sql + " " + op + " " + r.sql + ")"
	if (op == "/" || op == "%") && !t.IsFloat() {
		f := map[string]string{"/": "greptime_divide", "%": "greptime_modulo"}[op]
		sql = f + "(" + l.sql + ", " + r.sql + ")"
	}
	if t.Known() {
		sql = "CAST(" + sql + " AS " + t.Duck() + ")"
	}
	return combine(sql, text, t, l, r), nil
}

// decimalArithmetic adds, subtracts and multiplies decimals and integers, which
// count as decimals of all their digits, with Arrow's precision and scale.
func decimalArithmetic(op, text string, l, r expr) (expr, error) {
	a, ok1 := decimalType(l.typ)
	b, ok2 := decimalType(r.typ)
	t := schema.Type{Kind: schema.Decimal}
	switch {
	case !ok1 || !ok2:
		return expr{}, schema.NotSupported("%s %s %s", describe(l), op, describe(r))
	case op == "+" || op == "-":
		t.Scale = max(a.Scale, b.Scale)
		t.Precision = min(38, max(a.Precision-a.Scale, b.Precision-b.Scale)+t.Scale+1)
		a, b = schema.Type{Kind: schema.Decimal, Precision: 38, Scale: t.Scale}, schema.Type{Kind: schema.Decimal, Precision: 38, Scale: t.Scale}
	case op == "*" && a.Scale+b.Scale <= 38:
		t.Scale = a.Scale + b.Scale
		t.Precision = min(38, a.Precision+b.Precision+1)
	default:
		return expr{}, schema.NotSupported("%s of DECIMAL; CAST to DOUBLE, or compute in the program", op)
	}
	sql := fmt.Sprintf("CAST(CAST(%s AS %s) %s CAST(%s AS %s) AS %s)", l.sql, a.Duck(), op, r.sql, b.Duck(), t.Duck())
	return combine(sql, text, t, l, r), nil
}

// decimalType returns the decimal that a number counts as.
func decimalType(t schema.Type) (schema.Type, bool) {
	digits := map[schema.Kind]int32{schema.Int8: 3, schema.UInt8: 3, schema.Int16: 5, schema.UInt16: 5, schema.Int32: 10, schema.UInt32: 10, schema.Int64: 20, schema.UInt64: 20}[t.Kind]
	if digits > 0 {
		return schema.Type{Kind: schema.Decimal, Precision: digits}, true
	}
	return t, t.Kind == schema.Decimal
}

// numberType returns the type of an arithmetic result, where DuckDB and DataFusion agree
// on it or a cast makes them; the zero Type if that is left to DuckDB, false if they
// do not agree.
func numberType(l, r schema.Type) (schema.Type, bool) {
	switch {
	case l.Kind == schema.Float64 || r.Kind == schema.Float64:
		return schema.DoubleType, true
	case !l.Known() || !r.Known():
		return schema.Type{}, true
	case l.Kind == schema.Decimal || r.Kind == schema.Decimal: // with FLOAT, as the caller has it
		return schema.Type{}, false
	case l.Kind == schema.Float32 || r.Kind == schema.Float32:
		return schema.Type{Kind: schema.Float32}, true
	case l.IsUnsigned() == r.IsUnsigned():
		return schema.Type{Kind: max(l.Kind, r.Kind)}, true
	}
	unsigned, signed := l.Kind, r.Kind
	if r.IsUnsigned() {
		unsigned, signed = r.Kind, l.Kind
	}
	switch {
	case unsigned == schema.UInt64: // a Decimal128(20, 0) there
		return schema.Type{}, false
	case unsigned == schema.UInt32 || signed == schema.Int64:
		return schema.Int64Type, true
	case unsigned == schema.UInt16 || signed == schema.Int32:
		return schema.Int32Type, true
	default:
		return schema.Type{Kind: schema.Int16}, signed == schema.Int8
	}
}

// shift adds a constant interval to a timestamp.
func shift(ts expr, op string, iv interval) (string, error) {
	micros := microsOf(ts)
	switch {
	case ts.typ.Kind == schema.TimestampNano:
		sign := int64(1)
		if op == "-" {
			sign = -1
		}
		whole := "(" + micros + " " + op + " " + interval{iv.months, iv.days, 0}.sql() + ")"
		// DuckDB's TIMESTAMP ends at microseconds: what is finer goes around it.
		return fmt.Sprintf("make_timestamp_ns(epoch_ns(%s) + (epoch_ns(%s) - epoch_ns(%s)) + CAST(%d AS BIGINT))", whole, ts.sql, micros, sign*iv.nanos), nil
	case iv.nanos%(1e9/ts.typ.PerSecond()) != 0:
		return "", schema.NotSupported("adding an interval that is finer than %s", ts.typ.SQL())
	default:
		return "CAST(" + micros + " " + op + " " + iv.sql() + " AS " + ts.typ.Duck() + ")", nil
	}
}
