package translate

import (
	"strings"

	"github.com/greptime-go/greptime/greptimetest/internal/expr"
	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

func (tr *translator) selectNode(n node, parent *scope) (string, []expr.Expr, error) {
	if h := n.str("aggregate_handling"); h != "" && h != "STANDARD_HANDLING" {
		return "", nil, schema.NotSupported("GROUP BY ALL")
	}
	for _, k := range []string{"qualify", "sample"} {
		if n[k] != nil {
			return "", nil, schema.NotSupported("%s", strings.ToUpper(k))
		}
	}
	sc := &scope{parent: parent}
	from, err := tr.from(n.child("from_table"), sc)
	if err != nil {
		return "", nil, err
	}
	items, outs, err := tr.selectList(n, sc)
	if err != nil {
		return "", nil, err
	}
	sc.outs = outs
	q := "SELECT "
	mods, distinct, err := tr.selectModifiers(n, sc, outs)
	if err != nil {
		return "", nil, err
	}
	q += distinct + strings.Join(items, ", ")
	if from != "" {
		q += " FROM " + from
	}
	if w := n.child("where_clause"); w != nil {
		cond, err := tr.condition(w, sc)
		if err != nil {
			return "", nil, err
		}
		q += " WHERE " + cond
	}
	group, err := tr.groupBy(n, sc)
	if err != nil {
		return "", nil, err
	}
	q += group
	if h := n.child("having"); h != nil {
		cond, err := tr.filter(h, sc)
		if err != nil {
			return "", nil, err
		}
		q += " HAVING " + cond.SQL
	}
	return q + mods, outs, nil
}

// condition translates a WHERE.
func (tr *translator) condition(n node, sc *scope) (string, error) {
	outs := sc.outs
	sc.outs = nil // WHERE does not see the select list
	cond, err := tr.filter(n, sc)
	sc.outs = outs
	return cond.SQL, err
}

// filter translates the condition of WHERE, HAVING or ON.
func (tr *translator) filter(n node, sc *scope) (expr.Expr, error) {
	outer := tr.place
	tr.place.Filter = true
	cond, err := tr.expr(n, sc)
	tr.place = outer
	if err != nil {
		return expr.Expr{}, err
	}
	return cond, expr.MustBool(cond)
}

// selectList translates the select list with its stars written out.
func (tr *translator) selectList(n node, sc *scope) ([]string, []expr.Expr, error) {
	var items []string
	var outs []expr.Expr
	seen, asWritten := map[string]int{}, map[string]int{}
	outer := tr.place
	tr.place.SelectList, tr.place.Compared = true, map[string]bool{}
	defer func() { tr.place = outer }()
	for _, item := range n.list("select_list") {
		var es []expr.Expr
		var err error
		if item.str("class") == "STAR" {
			es, err = tr.star(item, sc)
		} else {
			var e expr.Expr
			e, err = tr.expr(item, sc)
			if a := item.str("alias"); a != "" {
				e.Name = a
			}
			es = []expr.Expr{e}
		}
		if err != nil {
			return nil, nil, err
		}
		for _, e := range es {
			// Columns of two tables may have one name. A column is not told from its CAST,
			// which has the name of the column with its table.
			written := e.Name
			if e.Form == expr.PlainColumn && item.str("alias") == "" {
				written = e.Text
			}
			first, dup := seen[e.Name]
			if dup = dup && !(e.Form == expr.PlainColumn && outs[first].Form == expr.PlainColumn && item.str("alias") == "" && e.Text != outs[first].Text); !dup {
				first, dup = asWritten[written]
			}
			if dup {
				return nil, nil, schema.PlanError(`Error during planning: Projections require unique expression names but the expression "%s AS %s" at position %d and "%s AS %s" at position %d have the same name. Consider aliasing ("AS") one of them.`,
					outs[first].Text, outs[first].Name, first, e.Text, e.Name, len(outs))
			}
			seen[e.Name], asWritten[written] = len(outs), len(outs)
			outs = append(outs, e)
			items = append(items, e.SQL+" AS "+schema.Quote(e.Name))
		}
	}
	for _, e := range outs {
		if e.IsColumn() && tr.place.Compared[e.Text] {
			return nil, nil, schema.NotSupported("comparing %s with text beside %s itself in a SELECT list; write TIMESTAMP '…Z'", e.Text, e.Text)
		}
	}
	return items, outs, nil
}

func (tr *translator) groupBy(n node, sc *scope) (string, error) {
	groups := n.list("group_expressions")
	if len(groups) == 0 {
		return "", nil
	}
	if sets, _ := n["group_sets"].([]any); len(sets) > 1 {
		return "", schema.NotSupported("GROUPING SETS, ROLLUP and CUBE")
	}
	parts := make([]string, len(groups))
	for i, g := range groups {
		q, _, err := tr.orderKey("GROUP BY", g, sc)
		if err != nil {
			return "", err
		}
		parts[i] = q
	}
	return " GROUP BY " + strings.Join(parts, ", "), nil
}
