package engine

import (
	"bytes"
	"cmp"
	"database/sql/driver"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/greptime-go/greptime/internal/sqltext"
)

// Partitioning is how a table's rows are divided among regions: PARTITION ON COLUMNS.
// The zero value is one region.
type Partitioning struct {
	Columns []string
	// Rules are the conditions of the regions as SQL text, in their order.
	Rules []string
}

// regions returns the number of a table's regions.
func (t *Table) regions() int { return max(1, len(t.Partitions.Rules)) }

// condition reports whether a row belongs to a region.
type condition func(row []any) bool

// partitionClause takes what follows PARTITION ON COLUMNS.
func (c *cursor) partitionClause(t *Table) error {
	columns, err := c.nameList()
	if err != nil {
		return err
	}
	for _, name := range columns {
		if _, ok := t.column(name); !ok {
			return errorf(InvalidArguments, "Invalid SQL, error: Column %s not found in PARTITION ON COLUMNS", name)
		}
	}
	p := Partitioning{Columns: columns}
	if err := c.expect("("); err != nil {
		return err
	}
	for !c.accept(")") {
		if len(p.Rules) > 0 {
			if err := c.expect(","); err != nil {
				return err
			}
		}
		start := c.i
		if _, err := c.partitionRule(t, columns); err != nil {
			return err
		}
		p.Rules = append(p.Rules, ruleText(c.toks[start:c.i]))
	}
	t.Partitions = p
	return nil
}

// ruleText writes a rule as SHOW CREATE TABLE does.
func ruleText(toks []token) string {
	var b strings.Builder
	for i, t := range toks {
		tight := i == 0 || t.is(")") || toks[i-1].is("(") || toks[i-1].is("-")
		if !tight {
			b.WriteByte(' ')
		}
		if t.is("AND") || t.is("OR") {
			b.WriteString(strings.ToUpper(t.text))
		} else {
			b.WriteString(t.text)
		}
	}
	return b.String()
}

// partitionRule takes comparisons of columns with literals, joined by AND and OR.
func (c *cursor) partitionRule(t *Table, columns []string) (condition, error) {
	left, err := c.partitionTerm(t, columns)
	for err == nil && c.accept("OR") {
		var right condition
		a := left
		right, err = c.partitionTerm(t, columns)
		left = func(row []any) bool { return a(row) || right(row) }
	}
	return left, err
}

func (c *cursor) partitionTerm(t *Table, columns []string) (condition, error) {
	left, err := c.comparison(t, columns)
	for err == nil && c.accept("AND") {
		var right condition
		a := left
		right, err = c.comparison(t, columns)
		left = func(row []any) bool { return a(row) && right(row) }
	}
	return left, err
}

var partitionOps = map[string]func(int) bool{
	"<": func(n int) bool { return n < 0 }, "<=": func(n int) bool { return n <= 0 }, "=": func(n int) bool { return n == 0 },
	">=": func(n int) bool { return n >= 0 }, ">": func(n int) bool { return n > 0 }, "<>": func(n int) bool { return n != 0 }, "!=": func(n int) bool { return n != 0 },
}

// comparison takes column op literal, or a rule in parentheses.
func (c *cursor) comparison(t *Table, columns []string) (condition, error) {
	if c.accept("(") {
		rule, err := c.partitionRule(t, columns)
		if err != nil {
			return nil, err
		}
		return rule, c.expect(")")
	}
	name, err := c.ident()
	if err != nil {
		return nil, err
	}
	i, ok := t.column(name)
	if !ok || !slices.Contains(columns, name) {
		return nil, errorf(InvalidArguments, "Invalid SQL, error: Column %s in a partition rule is not one of PARTITION ON COLUMNS", name)
	}
	var op string
	for c.peek().kind == sqltext.TokenPunct && len(op) < 2 && strings.Contains("<>=!", c.peek().text[:1]) {
		op += c.next().text
	}
	holds, ok := partitionOps[op]
	if !ok {
		return nil, unsupported("partition rules that are no comparisons of a column with a literal")
	}
	lit, ok := c.anyLiteral()
	if !ok {
		return nil, unsupported("partition rules that are no comparisons of a column with a literal")
	}
	bound, err := lit.cell(name, t.Columns[i].Type, time.UTC)
	if err != nil {
		return nil, err
	}
	return func(row []any) bool { return holds(compareCells(row[i], bound)) }, nil
}

// compareCells compares two cells of a column. NULL is less than everything.
func compareCells(a, b any) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	switch a := a.(type) {
	case bool:
		return boolRank(a) - boolRank(b.(bool))
	case int64:
		return cmp.Compare(a, b.(int64))
	case uint64:
		return cmp.Compare(a, b.(uint64))
	case float32:
		return cmp.Compare(a, b.(float32))
	case float64:
		return cmp.Compare(a, b.(float64))
	case string:
		return cmp.Compare(a, b.(string))
	case []byte:
		return bytes.Compare(a, b.([]byte))
	case *big.Int:
		return a.Cmp(b.(*big.Int))
	}
	return 0
}

func boolRank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// router returns the function that finds a row's region. A row that no rule takes
// belongs to the first region.
func (t *Table) router() (func(row []any) int, error) {
	rules := make([]condition, len(t.Partitions.Rules))
	for i, text := range t.Partitions.Rules {
		stmts, err := lex(text)
		if err != nil {
			return nil, err
		}
		if rules[i], err = (&cursor{text: text, toks: stmts[0]}).partitionRule(t, t.Partitions.Columns); err != nil {
			return nil, err
		}
	}
	return func(row []any) int {
		return max(0, slices.IndexFunc(rules, func(holds condition) bool { return holds(row) }))
	}, nil
}

// partitionText returns the PARTITION clause as SHOW CREATE TABLE prints it.
func (t *Table) partitionText() string {
	if len(t.Partitions.Columns) == 0 {
		return ""
	}
	names := make([]string, len(t.Partitions.Columns))
	for i, n := range t.Partitions.Columns {
		names[i] = quote(n)
	}
	return "PARTITION ON COLUMNS (" + strings.Join(names, ", ") + ") (\n  " + strings.Join(t.Partitions.Rules, ",\n  ") + "\n)"
}

// infoPartitionsRows returns a row for each region.
func (e *Engine) infoPartitionsRows() [][]driver.Value {
	var list [][]driver.Value
	e.eachTable(func(t *Table) {
		if t.View != "" {
			return
		}
		for n := range t.regions() {
			row := make([]driver.Value, len(infoTables["partitions"].cols))
			copy(row, []driver.Value{catalogName, t.Database, t.Name, "p" + itoa(n), nil, int64(n + 1)})
			if len(t.Partitions.Rules) > 0 {
				row[7], row[9], row[11] = "RANGE", strings.Join(t.Partitions.Columns, ", "), t.Partitions.Rules[n]
			}
			row[25] = int64(t.ID)<<32 + int64(n)
			list = append(list, row)
		}
	})
	return list
}
