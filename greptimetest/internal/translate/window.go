package translate

import (
	"strings"

	"github.com/greptime-go/greptime/greptimetest/internal/expr"
	"github.com/greptime-go/greptime/greptimetest/internal/functions"
	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// windows are the functions that only stand before OVER.
var windows = map[string]schema.Type{
	"row_number": schema.UInt64Type, "rank": schema.UInt64Type, "dense_rank": schema.UInt64Type, "percent_rank": schema.DoubleType, "cume_dist": schema.DoubleType,
}

func (tr *translator) window(n node, sc *scope) (expr.Expr, error) {
	name := n.str("function_name")
	args, err := tr.operands(n.list("children"), sc)
	if err != nil {
		return expr.Expr{}, err
	}
	if name == "count" && len(args) == 0 {
		name = "count_star"
	}
	if err := expr.NoIntervals(name, args...); err != nil {
		return expr.Expr{}, err
	}
	var e expr.Expr
	switch t, rank := windows[name]; {
	case n.bool("ignore_nulls") || n.bool("distinct") || n.child("filter_expr") != nil || n.str("exclude_clause") != "NO_OTHER":
		return expr.Expr{}, schema.NotSupported("IGNORE NULLS, DISTINCT, FILTER and EXCLUDE in a window")
	case rank && len(args) == 0:
		e = expr.Expr{SQL: name + "()", Result: expr.Result{Type: t}, Text: name + "()"}
	case len(args) == 1 && args[0].IsNull():
		return expr.Expr{}, schema.NotSupported("%s of NULL; CAST it", name)
	case name == "lag" || name == "lead":
		if n.child("offset_expr") != nil || n.child("default_expr") != nil || len(args) != 1 {
			return expr.Expr{}, schema.NotSupported("%s with an offset or a default", name)
		}
		e = expr.Expr{SQL: name + "(" + args[0].SQL + ")", Result: expr.Result{Type: args[0].Type, Null: true}}
	case name == "first_value" || name == "last_value":
		e = expr.Expr{SQL: name + "(" + expr.SQLs(args) + ")", Result: expr.Result{Type: args[0].Type, Null: true}}
	case functions.IsAggregate(name):
		if e, err = functions.Call(tr.env, name, args); err != nil {
			return expr.Expr{}, err
		}
	default:
		return expr.Expr{}, schema.NotSupported("the window function %s", name)
	}
	spec, over, err := tr.windowSpec(n, sc)
	if err != nil {
		return expr.Expr{}, err
	}
	// OVER belongs right behind the call, inside a cast that may be around it.
	if rest, ok := strings.CutPrefix(e.SQL, "CAST("); ok {
		i := strings.LastIndex(rest, " AS ")
		e.SQL = "CAST(" + rest[:i] + spec + rest[i:]
	} else {
		e.SQL += spec
	}
	if e.Text == "" {
		e.Text = name + "(" + expr.Arguments(args) + ")"
	}
	e.Text += over
	e.Name, e.Traits = e.Text, e.Traits|expr.OfColumn
	return e, nil
}

var frameBounds = map[string]string{
	"UNBOUNDED_PRECEDING": "UNBOUNDED PRECEDING", "UNBOUNDED_FOLLOWING": "UNBOUNDED FOLLOWING",
	"CURRENT_ROW_RANGE": "CURRENT ROW", "CURRENT_ROW_ROWS": "CURRENT ROW",
	"EXPR_PRECEDING_ROWS": "PRECEDING", "EXPR_FOLLOWING_ROWS": "FOLLOWING",
}

// windowSpec translates what stands behind OVER, and returns it as the name of a
// result column has it, too.
func (tr *translator) windowSpec(n node, sc *scope) (sql, text string, err error) {
	var parts []string
	if p := n.list("partitions"); len(p) > 0 {
		es, err := tr.operands(p, sc)
		if err != nil {
			return "", "", err
		}
		if err := expr.NoIntervals("PARTITION BY", es...); err != nil {
			return "", "", err
		}
		if err := expr.Plannable("PARTITION BY", es...); err != nil {
			return "", "", err
		}
		parts = append(parts, "PARTITION BY "+expr.SQLs(es))
		text = " PARTITION BY [" + strings.Join(expr.Texts(es), ", ") + "]"
	}
	o := n.list("orders")
	if len(o) > 0 {
		q, keys, err := tr.orders(o, sc)
		if err != nil {
			return "", "", err
		}
		parts = append(parts, "ORDER BY "+q)
		text += " ORDER BY [" + keys + "]"
	}
	frame, err := windowFrame(n)
	if err != nil {
		return "", "", err
	}
	if frame != "" {
		parts = append(parts, frame)
	}
	switch {
	case frame != "":
		text += " " + frame
	case len(o) > 0:
		text += " RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
	default:
		text += " ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING"
	}
	return " OVER (" + strings.Join(parts, " ") + ")", text, nil
}

// windowFrame translates the frame of a window; "" is the one that is the default.
func windowFrame(n node) (string, error) {
	bound := func(kind, at string) (string, error) {
		b, ok := frameBounds[kind]
		if !ok {
			return "", schema.NotSupported("the window frame %s", kind)
		}
		if strings.HasPrefix(kind, "EXPR_") {
			num, ok := integerLiteral(n.child(at))
			if !ok {
				return "", schema.NotSupported("a window frame whose bound is not a number")
			}
			b = num + " " + b
		}
		return b, nil
	}
	start, end := n.str("start"), n.str("end")
	if start == "UNBOUNDED_PRECEDING" && end == "CURRENT_ROW_RANGE" {
		return "", nil
	}
	from, err := bound(start, "start_expr")
	if err != nil {
		return "", err
	}
	to, err := bound(end, "end_expr")
	if err != nil {
		return "", err
	}
	mode := "ROWS"
	if strings.HasSuffix(start, "RANGE") || strings.HasSuffix(end, "RANGE") {
		mode = "RANGE"
	}
	return mode + " BETWEEN " + from + " AND " + to, nil
}
