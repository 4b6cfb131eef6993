package translate

import (
	"slices"
	"strings"

	"github.com/greptime-go/greptime/greptimetest/internal/expr"
	"github.com/greptime-go/greptime/greptimetest/internal/functions"
	"github.com/greptime-go/greptime/greptimetest/internal/schema"
)

// relation is something in FROM.
type relation struct {
	name string      // as the statement calls it; "" if it has none
	phys string      // as DuckDB calls it
	cols []expr.Expr // their names, results and constant intervals
	// hidden are the columns that a join with USING has merged away.
	hidden map[string]bool
}

// scope is where names are looked up.
type scope struct {
	parent *scope
	rels   []relation
	// outs are the aliases of the select list, which ORDER BY and GROUP BY may name.
	outs []expr.Expr
	// outsFirst: an alias hides a column of the same name. ORDER BY reads names so,
	// GROUP BY and HAVING the other way round.
	outsFirst bool
}

// out finds a name of the select list, which must be the only one.
func (s *scope) out(name string) (o expr.Expr, ok bool, err error) {
	for _, e := range s.outs {
		if e.Name == name && ok {
			return expr.Expr{}, false, schema.PlanError("Schema error: Ambiguous reference to unqualified field %s", name)
		}
		if e.Name == name {
			o, ok = e, true
		}
	}
	return o, ok, nil
}

// aliasRef returns a name of the select list. It stands for its expression, which cannot
// be mistaken for a column of that name; over a set operation only the name is there.
func (s *scope) aliasRef(o expr.Expr) expr.Expr {
	if len(s.rels) == 0 {
		o.SQL = schema.Quote(o.Name)
	} else {
		o.SQL = "(" + o.SQL + ")"
	}
	o.Text, o.Traits = o.Name, o.Traits|expr.OfColumn
	return o
}

// reference returns the expression that names a column of a relation.
func reference(r relation, c expr.Expr) expr.Expr {
	c.SQL = schema.Quote(r.phys) + "." + schema.Quote(c.Name)
	c.Text = c.Name
	if r.name != "" {
		c.Text = r.name + "." + c.Name
	}
	c.Traits, c.Form = c.Traits|expr.OfColumn, expr.PlainColumn
	c.Constant = expr.Constant{Interval: c.Interval}
	c.Opaque = c.Opaque || c.Interval != nil // the constant, or NULL
	return c
}

// columnsOf returns the result columns of a query as the surrounding query sees them.
func columnsOf(outs []expr.Expr) []expr.Expr {
	cols := make([]expr.Expr, len(outs))
	for i, o := range outs {
		cols[i] = expr.Expr{Name: o.Name, Result: expr.Result{Type: o.Type, Arrow: o.Arrow, Opaque: o.Opaque, Null: o.Null, Metadata: o.Metadata}, Constant: expr.Constant{Interval: o.Interval}}
	}
	return cols
}

// ColumnList returns the names of columns in brackets, as behind an alias.
func ColumnList(outs []expr.Expr) string {
	names := make([]string, len(outs))
	for i, o := range outs {
		names[i] = schema.Quote(o.Name)
	}
	return "(" + strings.Join(names, ", ") + ")"
}

// rename gives columns the names of an alias list.
func rename(outs []expr.Expr, names []string) ([]expr.Expr, error) {
	if len(names) > 0 && len(names) != len(outs) {
		return nil, schema.PlanError("Source table contains %d columns but only %d names given as column alias", len(outs), len(names))
	}
	outs = slices.Clone(outs)
	for i, n := range names {
		outs[i].Name = n
	}
	seen := map[string]bool{}
	for _, o := range outs {
		if k := strings.ToLower(o.Name); seen[k] {
			return nil, schema.NotSupported("columns whose names are the same, or differ in case only (%s)", o.Name)
		} else {
			seen[k] = true
		}
	}
	return outs, nil
}

func (tr *translator) star(n node, sc *scope) ([]expr.Expr, error) {
	if n.bool("columns") {
		return nil, schema.NotSupported("COLUMNS(*)")
	}
	for _, k := range []string{"exclude_list", "replace_list", "qualified_exclude_list", "rename_list", "expr"} {
		if n[k] != nil {
			return nil, schema.NotSupported("* with %s", strings.TrimSuffix(k, "_list"))
		}
	}
	rel, found := n.str("relation_name"), false
	var es []expr.Expr
	for _, r := range sc.rels {
		if rel != "" && r.name != rel {
			continue
		}
		found = true
		for _, c := range r.cols {
			if rel != "" || !r.hidden[c.Name] {
				es = append(es, reference(r, c))
			}
		}
	}
	if !found {
		return nil, schema.PlanError("Error during planning: Invalid qualifier %s", rel)
	}
	return es, nil
}

// columnRef finds a column in the scopes, from the inside out.
func (tr *translator) columnRef(parts []string, sc *scope) (expr.Expr, error) {
	column := parts[len(parts)-1]
	rel := ""
	if len(parts) > 1 {
		rel = parts[len(parts)-2]
	}
	for s := sc; s != nil; s = s.parent {
		out, alias, err := s.out(column)
		if rel == "" && s.outsFirst && (alias || err != nil) {
			return s.aliasRef(out), err
		}
		var found []expr.Expr
		for _, r := range s.rels {
			if rel != "" && r.name != rel {
				continue
			}
			for _, c := range r.cols {
				if c.Name == column && (rel != "" || !r.hidden[column]) {
					found = append(found, reference(r, c))
				}
			}
		}
		if len(found) > 1 {
			return expr.Expr{}, schema.PlanError("Schema error: Ambiguous reference to unqualified field %s", column)
		}
		if len(found) == 1 {
			return found[0], nil
		}
		if rel == "" && (alias || err != nil) {
			return s.aliasRef(out), err
		}
	}
	if rel == "" && (column == "current_timestamp" || column == "current_date" || column == "current_time") {
		return functions.Call(tr.env, column, nil)
	}
	var valid []string
	for _, r := range sc.rels {
		for _, c := range r.cols {
			valid = append(valid, reference(r, c).Text)
		}
	}
	name := strings.Join(parts, ".")
	if len(valid) == 0 {
		return expr.Expr{}, schema.PlanError("No field named %s.", name)
	}
	return expr.Expr{}, schema.PlanError("No field named %s. Valid fields are %s.", name, strings.Join(valid, ", "))
}

// columnNamed returns the type of the first column of a name.
func columnNamed(rels []relation, name string) schema.Type {
	for _, r := range rels {
		for _, c := range r.cols {
			if c.Name == name {
				return c.Type
			}
		}
	}
	return schema.Type{}
}

func nullable(rels []relation) {
	for i := range rels {
		for k := range rels[i].cols {
			rels[i].cols[k].Null = true
		}
	}
}
