package schema

import (
	"bytes"
	"cmp"
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

// Regions returns the number of a table's regions.
func (t *Table) Regions() int { return max(1, len(t.Partitions.Rules)) }

// condition reports whether a row belongs to a region.
type condition func(row []any) bool

// partitionClause takes what follows PARTITION ON COLUMNS.
func (c *Cursor) partitionClause(t *Table) error {
	columns, err := c.nameList()
	if err != nil {
		return err
	}
	for _, name := range columns {
		if _, ok := t.Column(name); !ok {
			return Errorf(InvalidArguments, "Invalid SQL, error: Column %s not found in PARTITION ON COLUMNS", name)
		}
	}
	p := Partitioning{Columns: columns}
	if err := c.Expect("("); err != nil {
		return err
	}
	for !c.Accept(")") {
		if len(p.Rules) > 0 {
			if err := c.Expect(","); err != nil {
				return err
			}
		}
		start := c.Next
		if _, err := c.partitionRule(t, columns); err != nil {
			return err
		}
		p.Rules = append(p.Rules, ruleText(c.Tokens[start:c.Next]))
	}
	t.Partitions = p
	return nil
}

// ruleText writes a rule as SHOW CREATE TABLE does.
func ruleText(toks []Token) string {
	var b strings.Builder
	for i, t := range toks {
		tight := i == 0 || t.Is(")") || toks[i-1].Is("(") || toks[i-1].Is("-")
		if !tight {
			b.WriteByte(' ')
		}
		if t.Is("AND") || t.Is("OR") {
			b.WriteString(strings.ToUpper(t.Text))
		} else {
			b.WriteString(t.Text)
		}
	}
	return b.String()
}

// partitionRule takes comparisons of columns with literals, joined by AND and OR.
func (c *Cursor) partitionRule(t *Table, columns []string) (condition, error) {
	left, err := c.partitionTerm(t, columns)
	for err == nil && c.Accept("OR") {
		var right condition
		a := left
		right, err = c.partitionTerm(t, columns)
		left = func(row []any) bool { return a(row) || right(row) }
	}
	return left, err
}

func (c *Cursor) partitionTerm(t *Table, columns []string) (condition, error) {
	left, err := c.comparison(t, columns)
	for err == nil && c.Accept("AND") {
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
func (c *Cursor) comparison(t *Table, columns []string) (condition, error) {
	if c.Accept("(") {
		rule, err := c.partitionRule(t, columns)
		if err != nil {
			return nil, err
		}
		return rule, c.Expect(")")
	}
	name, err := c.Ident()
	if err != nil {
		return nil, err
	}
	i, ok := t.Column(name)
	if !ok || !slices.Contains(columns, name) {
		return nil, Errorf(InvalidArguments, "Invalid SQL, error: Column %s in a partition rule is not one of PARTITION ON COLUMNS", name)
	}
	var op string
	for c.Peek().Kind == sqltext.TokenPunct && len(op) < 2 && strings.Contains("<>=!", c.Peek().Text[:1]) {
		op += c.Take().Text
	}
	holds, ok := partitionOps[op]
	if !ok {
		return nil, NotSupported("partition rules that are no comparisons of a column with a literal")
	}
	lit, ok := c.anyLiteral()
	if !ok {
		return nil, NotSupported("partition rules that are no comparisons of a column with a literal")
	}
	bound, err := lit.Cell(name, t.Columns[i].Type, time.UTC)
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

// Router returns the function that finds a row's region. A row that no rule takes
// belongs to the first region.
func (t *Table) Router() (func(row []any) int, error) {
	rules := make([]condition, len(t.Partitions.Rules))
	for i, text := range t.Partitions.Rules {
		stmts, err := Lex(text)
		if err != nil {
			return nil, err
		}
		if rules[i], err = (&Cursor{SQL: text, Tokens: stmts[0]}).partitionRule(t, t.Partitions.Columns); err != nil {
			return nil, err
		}
	}
	return func(row []any) int {
		return max(0, slices.IndexFunc(rules, func(holds condition) bool { return holds(row) }))
	}, nil
}
