package engine

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/greptime-go/greptime/internal/sqltext"
)

// A SELECT is parsed by DuckDB itself: the tokens are rewritten into DuckDB's
// dialect where the two differ in spelling, and json_serialize_sql gives the parse
// tree, which translate.go reads and writes as SQL again, node by node. A node it
// does not know is refused, so nothing reaches DuckDB that was not looked at.

// node is a node of DuckDB's parse tree.
type node map[string]any

func (n node) str(key string) string { s, _ := n[key].(string); return s }
func (n node) bool(key string) bool  { b, _ := n[key].(bool); return b }

func (n node) child(key string) node {
	m, _ := n[key].(map[string]any)
	return m
}

func (n node) list(key string) []node {
	l, _ := n[key].([]any)
	return nodes(l)
}

func (n node) strings(key string) []string {
	l, _ := n[key].([]any)
	out := make([]string, 0, len(l))
	for _, e := range l {
		s, _ := e.(string)
		out = append(out, s)
	}
	return out
}

func nodes(l []any) []node {
	out := make([]node, 0, len(l))
	for _, e := range l {
		m, _ := e.(map[string]any)
		out = append(out, m)
	}
	return out
}

// parseQuery returns the tree of a SELECT, WITH or VALUES.
func (e *Engine) parseQuery(ctx context.Context, toks []token) (node, error) {
	text, err := duckDialect(toks)
	if err != nil {
		return nil, err
	}
	var tree string
	row := e.db.QueryRowContext(ctx, `SELECT json_serialize_sql(CAST(? AS VARCHAR), skip_empty := true, skip_null := true)::VARCHAR`, text)
	if err := row.Scan(&tree); err != nil {
		return nil, asError(err)
	}
	dec := json.NewDecoder(strings.NewReader(tree))
	dec.UseNumber()
	var top map[string]any
	if err := dec.Decode(&top); err != nil {
		return nil, errorf(Unexpected, "parse tree: %v", err)
	}
	t := node(top)
	switch msg := t.str("error_message"); {
	case strings.Contains(msg, "errhint NOT IMPLEMENTED"):
		return nil, unsupported("LIMIT with a comma; write LIMIT … OFFSET …")
	case strings.Contains(msg, "expression depth limit"):
		return nil, tooDeep()
	}
	if t.bool("error") {
		return nil, errorf(InvalidSyntax, "Invalid SQL syntax: sql parser error: %s", t.str("error_message"))
	}
	stmts := t.list("statements")
	if len(stmts) != 1 {
		return nil, errorf(InvalidSyntax, "Invalid SQL syntax: sql parser error: expected one query")
	}
	return stmts[0].child("node"), nil
}

// duckDialect spells tokens for DuckDB's parser: names without quotes in lower
// case, types by DuckDB's names, numbers with a fraction as doubles.
func duckDialect(toks []token) (string, error) {
	var b strings.Builder
	var casts []bool // for each open parenthesis, whether it is CAST's
	for i := 0; i < len(toks); i++ {
		t := toks[i]
		prev := endToken
		if i > 0 {
			prev = toks[i-1]
		}
		inCast := len(casts) > 0 && casts[len(casts)-1]
		if prev.is("::") || prev.is("AS") && inCast {
			typ, n := castType(toks[i:])
			if n == 0 && !t.is("TIME") && !t.is("INTERVAL") {
				return "", unsupported("CAST to %s", t.text)
			}
			if n > 0 {
				b.WriteString(typ + " ")
				i += n - 1
				continue
			}
		}
		switch t.kind {
		case sqltext.TokenWord:
			w := strings.ToLower(t.text)
			next := endToken
			if i+1 < len(toks) {
				next = toks[i+1]
			}
			if refused := duckOnly(prev, w, next); refused != "" {
				return "", unsupported("%s", refused)
			}
			switch {
			case prev.is("(") && i > 1 && toks[i-2].is("EXTRACT") && next.is("FROM"):
				w = quoteText(strings.ToUpper(w)) // as GreptimeDB names the part
			case next.kind == sqltext.TokenString && (w == "timestamp" || w == "timestamptz"):
				w = "timestamp_ns" // typed literals are nanoseconds
			case strings.ContainsAny(w, "#@$"):
				w = quote(w)
			case next.is("(") && parserFunctions[w]:
				return "", planError("Error during planning: Invalid function '%s'.", w)
			case w == "ifnull" && next.is("("):
				w = "greptime_ifnull" // DuckDB's parser makes coalesce of it
			case w == "align" && next.kind == sqltext.TokenString:
				return "", unsupported("RANGE … ALIGN queries")
			case strings.HasPrefix(w, "@"):
				return "", errorf(PlanQuery, "Failed to plan SQL: variable %s not found", t.text)
			}
			b.WriteString(w)
		case sqltext.TokenQuotedIdent:
			b.WriteString(quote(unquote(t.text)))
		case sqltext.TokenDollarString:
			tag := t.text[:strings.IndexByte(t.text[1:], '$')+2]
			b.WriteString(quoteText(t.text[len(tag) : len(t.text)-len(tag)]))
		case sqltext.TokenHexString:
			d := hexDigits(t.text)
			if len(d)%2 == 1 {
				d = "0" + d
			}
			b.WriteString("unhex(" + quoteText(d) + ")")
		case sqltext.TokenString:
			if strings.Contains(t.text, "\x00") { // DuckDB's parser would stop there
				b.WriteString("greptime_text('" + hex.EncodeToString([]byte(unquote(t.text))) + "')")
			} else {
				b.WriteString(t.text)
			}
		case sqltext.TokenNumber:
			b.WriteString(duckNumber(t.text))
		case sqltext.TokenPlaceholder:
			return "", errorf(EngineExecuteQuery, "Execution error: Placeholder '%s' was not provided a value for execution.", t.text)
		case sqltext.TokenPunct:
			switch t.text {
			case ":":
				return "", unsupported("a colon")
			case "(":
				if prev.is("(") && i > 1 && toks[i-2].is("IN") && subqueryThenMore(toks[i:]) {
					return "", errorf(InvalidSyntax, "Invalid SQL syntax: sql parser error: Expected: ), found: ,")
				}
				if i > 2 && toks[i-2].is(".") && prev.isName() {
					return "", planError("Error during planning: Invalid function '%s.%s'.", toks[i-3].name(), prev.name())
				}
				casts = append(casts, prev.is("CAST") || prev.is("TRY_CAST"))
			case ")":
				if len(casts) > 0 {
					casts = casts[:len(casts)-1]
				}
			}
			b.WriteString(t.text)
		default:
			b.WriteString(t.text)
		}
		b.WriteByte(' ')
	}
	return b.String(), nil
}

// subqueryThenMore reports whether toks start with a subquery in brackets and a comma.
// GreptimeDB's parser takes the whole list of an IN for a subquery if it begins with one.
func subqueryThenMore(toks []token) bool {
	c := &cursor{toks: toks}
	k := 0
	for c.at(k).is("(") {
		k++
	}
	if first := c.at(k); !first.is("SELECT") && !first.is("WITH") && !first.is("VALUES") {
		return false
	}
	return c.skipParens() == nil && c.peek().is(",")
}

// duckOnly names what DuckDB's parser reads otherwise than GreptimeDB's, or reads into a
// tree that does not show it; "" if the word is not such.
func duckOnly(prev token, word string, next token) string {
	switch {
	case word == "except" && prev.is("*"):
		return "* EXCEPT"
	case word == "isnull" || word == "notnull":
		return "ISNULL and NOTNULL"
	case (word == "rollup" || word == "cube") && next.is("("), word == "grouping" && next.is("SETS"):
		return "GROUPING SETS, ROLLUP and CUBE"
	case (word == "semi" || word == "anti") && next.is("JOIN"):
		return "SEMI and ANTI joins"
	case word == "fetch" && (next.is("FIRST") || next.is("NEXT")):
		return "FETCH FIRST"
	case word == "materialized" && next.is("("):
		return "MATERIALIZED"
	}
	return ""
}

// parserFunctions are functions that only DuckDB's parser, or duckDialect, may put
// into the tree: for operators, list literals, X'…'. GreptimeDB has none of them.
var parserFunctions = names("regexp_full_match unhex list_value count_star greptime_text greptime_ifnull if")

// castType reads a type in a cast and returns it in DuckDB's spelling with the
// number of its tokens; 0 if it is not one of GreptimeDB's column types.
func castType(toks []token) (string, int) {
	c := &cursor{toks: toks}
	t, err := c.columnType()
	if err != nil || t.Kind == JSON || t.Kind == Vector {
		return "", 0
	}
	return t.duck(), c.i
}

// duckNumber keeps integers and makes everything else a double. "1L" is 1.
func duckNumber(s string) string {
	s = strings.TrimRight(s, "lL")
	if !strings.ContainsAny(s, ".eE") {
		if len(strings.TrimLeft(s, "0")) <= 38 { // DuckDB's HUGEINT
			return s
		}
	}
	f, err := parseFloat(s, 64)
	if err != nil {
		return s
	}
	if math.IsInf(f, 0) {
		return "cast('inf' as double)"
	}
	return strconv.FormatFloat(f, 'e', -1, 64)
}
