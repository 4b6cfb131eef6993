package translate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/greptime-go/greptime/greptimetest/internal/expr"
	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// orderKey translates an expression of ORDER BY or GROUP BY, where an integer is
// the position of a column.
func (tr *translator) orderKey(what string, n node, sc *scope) (sql, text string, err error) {
	if n.str("class") == "CONSTANT" {
		v := n.child("value")
		i, err := strconv.Atoi(fmt.Sprint(v["value"]))
		if err != nil || v.child("type").str("id") != "INTEGER" {
			return "", "", schema.NotSupported("ordering and grouping by a constant")
		}
		if i >= 1 && i <= len(sc.outs) {
			err = expr.NoIntervals("ordering and grouping", sc.outs[i-1])
		}
		return strconv.Itoa(i), strconv.Itoa(i), err
	}
	if parts := n.strings("column_names"); len(parts) == 1 && sc.outsFirst {
		o, ok, err := sc.out(parts[0])
		if err != nil {
			return "", "", err
		}
		if ok {
			return schema.Quote(parts[0]), parts[0], expr.NoIntervals("ordering and grouping", o)
		}
	}
	e, err := tr.expr(n, sc)
	if err == nil {
		err = expr.Plannable(what, e)
	}
	if err != nil {
		return "", "", err
	}
	// The planner adds the column to the select list, where its CAST has the same name.
	if i := slices.IndexFunc(sc.outs, func(o expr.Expr) bool { return o.Form != expr.PlainColumn && o.Name == e.Text }); i >= 0 && sc.outsFirst && e.Form == expr.PlainColumn {
		return "", "", schema.PlanError(`Error during planning: Projections require unique expression names but the expression "%s AS %s" at position %d and "%s" of ORDER BY have the same name. Consider aliasing ("AS") one of them.`,
			sc.outs[i].Text, sc.outs[i].Name, i, e.Text)
	}
	return e.SQL, e.Text, expr.NoIntervals("ordering and grouping", e)
}

// selectModifiers translates ORDER BY and LIMIT, and DISTINCT, which stands
// elsewhere.
func (tr *translator) selectModifiers(n node, sc *scope, outs []expr.Expr) (mods, distinct string, err error) {
	for _, m := range n.list("modifiers") {
		if m.str("type") == "DISTINCT_MODIFIER" {
			distinct = "DISTINCT "
			if err := expr.NoIntervals("DISTINCT", outs...); err != nil {
				return "", "", err
			}
			if on := m.list("distinct_on_targets"); len(on) > 0 {
				parts := make([]string, len(on))
				for i, o := range on {
					e, err := tr.expr(o, sc)
					if err != nil {
						return "", "", err
					}
					parts[i] = e.SQL
				}
				distinct = "DISTINCT ON (" + strings.Join(parts, ", ") + ") "
			}
		}
	}
	if distinct == "DISTINCT " {
		for _, m := range n.list("modifiers") {
			if err := tr.distinctOrder(m.list("orders"), sc); err != nil {
				return "", "", err
			}
		}
	}
	mods, err = tr.modifiers(n, sc, outs)
	return mods, distinct, err
}

func (tr *translator) modifiers(n node, sc *scope, outs []expr.Expr) (string, error) {
	var order, limit string
	for _, m := range n.list("modifiers") {
		switch m.str("type") {
		case "DISTINCT_MODIFIER":
		case "ORDER_MODIFIER":
			sc.outsFirst = true
			o, _, err := tr.orders(m.list("orders"), sc)
			sc.outsFirst = false
			if err != nil {
				return "", err
			}
			order = " ORDER BY " + o
		case "LIMIT_MODIFIER":
			for _, k := range []string{"limit", "offset"} {
				l := m.child(k)
				if l == nil {
					continue
				}
				num, ok := integerLiteral(l)
				if !ok && (l.str("class") != "CONSTANT" || l.child("value").bool("is_null")) {
					return "", schema.NotSupported("%s of anything but a number", strings.ToUpper(k))
				}
				if !ok {
					return "", schema.Errorf(schema.EngineExecuteQuery, "Error during planning: Expected %s to be an integer literal", strings.ToUpper(k))
				}
				limit += " " + strings.ToUpper(k) + " " + num
			}
		default:
			return "", schema.NotSupported("%s", m.str("type"))
		}
	}
	return order + limit, nil
}

func integerLiteral(n node) (string, bool) {
	v := n.child("value")
	id := v.child("type").str("id")
	if n.str("class") != "CONSTANT" || id != "INTEGER" && id != "BIGINT" {
		return "", false
	}
	s := fmt.Sprint(v["value"])
	_, err := strconv.ParseUint(s, 10, 63)
	return s, err == nil
}

// distinctOrder refuses to order by what DISTINCT has not kept.
func (tr *translator) distinctOrder(list []node, sc *scope) error {
	for _, o := range list {
		n := o.child("expression")
		if _, position := integerLiteral(n); position {
			continue
		}
		if parts := n.strings("column_names"); len(parts) == 1 && slices.ContainsFunc(sc.outs, func(o expr.Expr) bool { return o.Name == parts[0] }) {
			continue
		}
		e, err := tr.expr(n, sc)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(sc.outs, func(o expr.Expr) bool { return o.SQL == e.SQL }) {
			return schema.PlanError("Error during planning: For SELECT DISTINCT, ORDER BY expressions %s must appear in select list", e.Text)
		}
	}
	return nil
}

// orders translates the keys of an ORDER BY, and returns them as the name of a result
// column has them, too.
func (tr *translator) orders(list []node, sc *scope) (sql, text string, err error) {
	parts, texts := make([]string, len(list)), make([]string, len(list))
	for i, o := range list {
		key, name, err := tr.orderKey("ORDER BY", o.child("expression"), sc)
		if err != nil {
			return "", "", err
		}
		direction, nulls := " ASC", " NULLS LAST"
		if o.str("type") == "DESCENDING" {
			direction, nulls = " DESC", " NULLS FIRST"
		}
		switch n := strings.ReplaceAll(o.str("null_order"), "_", " "); n {
		case "NULLS FIRST", "NULLS LAST":
			nulls = " " + n
		}
		parts[i], texts[i] = key+direction+nulls, name+direction+nulls
	}
	return strings.Join(parts, ", "), strings.Join(texts, ", "), nil
}
