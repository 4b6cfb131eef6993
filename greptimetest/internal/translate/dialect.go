package translate

import (
	"encoding/hex"
	"math"
	"strconv"
	"strings"

	"github.com/greptime-go/greptime/greptimetest/internal/schema"
	"github.com/greptime-go/greptime/internal/sqltext"
)

// duckDialect spells tokens for DuckDB's parser: names without quotes in lower
// case, types by DuckDB's names, numbers with a fraction as doubles.
func duckDialect(toks []schema.Token) (string, error) {
	var b strings.Builder
	var casts []bool // for each open parenthesis, whether it is CAST's
	for i := 0; i < len(toks); i++ {
		t := toks[i]
		prev := schema.EndToken
		if i > 0 {
			prev = toks[i-1]
		}
		inCast := len(casts) > 0 && casts[len(casts)-1]
		if prev.Is("::") || prev.Is("AS") && inCast {
			typ, n := castType(toks[i:])
			if n == 0 && !t.Is("TIME") && !t.Is("INTERVAL") {
				return "", schema.NotSupported("CAST to %s", t.Text)
			}
			if n > 0 {
				b.WriteString(typ + " ")
				i += n - 1
				continue
			}
		}
		switch t.Kind {
		case sqltext.TokenWord:
			w := strings.ToLower(t.Text)
			next := schema.EndToken
			if i+1 < len(toks) {
				next = toks[i+1]
			}
			if refused := duckOnly(prev, w, next); refused != "" {
				return "", schema.NotSupported("%s", refused)
			}
			switch {
			case prev.Is("(") && i > 1 && toks[i-2].Is("EXTRACT") && next.Is("FROM"):
				w = schema.QuoteText(strings.ToUpper(w)) // as GreptimeDB names the part
			case next.Kind == sqltext.TokenString && (w == "timestamp" || w == "timestamptz"):
				w = "timestamp_ns" // typed literals are nanoseconds
			case strings.ContainsAny(w, "#@$"):
				w = schema.Quote(w)
			case next.Is("(") && parserFunctions[w]:
				return "", schema.PlanError("Error during planning: Invalid function '%s'.", w)
			case w == "ifnull" && next.Is("("):
				w = "greptime_ifnull" // DuckDB's parser makes coalesce of it
			case w == "align" && next.Kind == sqltext.TokenString:
				return "", schema.NotSupported("RANGE … ALIGN queries")
			case strings.HasPrefix(w, "@"):
				return "", schema.Errorf(schema.PlanQuery, "Failed to plan SQL: variable %s not found", t.Text)
			}
			b.WriteString(w)
		case sqltext.TokenQuotedIdent:
			b.WriteString(schema.Quote(schema.Unquote(t.Text)))
		case sqltext.TokenDollarString:
			tag := t.Text[:strings.IndexByte(t.Text[1:], '$')+2]
			b.WriteString(schema.QuoteText(t.Text[len(tag) : len(t.Text)-len(tag)]))
		case sqltext.TokenHexString:
			d := schema.HexDigits(t.Text)
			if len(d)%2 == 1 {
				d = "0" + d
			}
			b.WriteString("unhex(" + schema.QuoteText(d) + ")")
		case sqltext.TokenString:
			if strings.Contains(t.Text, "\x00") { // DuckDB's parser would stop there
				b.WriteString("greptime_text('" + hex.EncodeToString([]byte(schema.Unquote(t.Text))) + "')")
			} else {
				b.WriteString(t.Text)
			}
		case sqltext.TokenNumber:
			b.WriteString(duckNumber(t.Text))
		case sqltext.TokenPlaceholder:
			return "", schema.Errorf(schema.EngineExecuteQuery, "Execution error: Placeholder '%s' was not provided a value for execution.", t.Text)
		case sqltext.TokenPunct:
			switch t.Text {
			case ":":
				return "", schema.NotSupported("a colon")
			case "(":
				if prev.Is("(") && i > 1 && toks[i-2].Is("IN") && subqueryThenMore(toks[i:]) {
					return "", schema.Errorf(schema.InvalidSyntax, "Invalid SQL syntax: sql parser error: Expected: ), found: ,")
				}
				if i > 2 && toks[i-2].Is(".") && prev.IsName() {
					return "", schema.PlanError("Error during planning: Invalid function '%s.%s'.", toks[i-3].Name(), prev.Name())
				}
				casts = append(casts, prev.Is("CAST") || prev.Is("TRY_CAST"))
			case ")":
				if len(casts) > 0 {
					casts = casts[:len(casts)-1]
				}
			}
			b.WriteString(t.Text)
		default:
			b.WriteString(t.Text)
		}
		b.WriteByte(' ')
	}
	return b.String(), nil
}

// subqueryThenMore reports whether toks start with a subquery in brackets and a comma.
// GreptimeDB's parser takes the whole list of an IN for a subquery if it begins with one.
func subqueryThenMore(toks []schema.Token) bool {
	c := &schema.Cursor{Tokens: toks}
	k := 0
	for c.At(k).Is("(") {
		k++
	}
	if first := c.At(k); !first.Is("SELECT") && !first.Is("WITH") && !first.Is("VALUES") {
		return false
	}
	return c.SkipParens() == nil && c.Peek().Is(",")
}

// duckOnly names what DuckDB's parser reads otherwise than GreptimeDB's, or reads into a
// tree that does not show it; "" if the word is not such.
func duckOnly(prev schema.Token, word string, next schema.Token) string {
	switch {
	case word == "except" && prev.Is("*"):
		return "* EXCEPT"
	case word == "isnull" || word == "notnull":
		return "ISNULL and NOTNULL"
	case (word == "rollup" || word == "cube") && next.Is("("), word == "grouping" && next.Is("SETS"):
		return "GROUPING SETS, ROLLUP and CUBE"
	case (word == "semi" || word == "anti") && next.Is("JOIN"):
		return "SEMI and ANTI joins"
	case word == "fetch" && (next.Is("FIRST") || next.Is("NEXT")):
		return "FETCH FIRST"
	case word == "materialized" && next.Is("("):
		return "MATERIALIZED"
	}
	return ""
}

// parserFunctions are functions that only DuckDB's parser, or duckDialect, may put
// into the tree: for operators, list literals, X'…'. GreptimeDB has none of them.
var parserFunctions = schema.WordSet("regexp_full_match unhex list_value count_star greptime_text greptime_ifnull if")

// castType reads a type in a cast and returns it in DuckDB's spelling with the
// number of its tokens; 0 if it is not one of GreptimeDB's column types.
func castType(toks []schema.Token) (string, int) {
	c := &schema.Cursor{Tokens: toks}
	t, err := c.ColumnType()
	if err != nil || t.Kind == schema.JSON || t.Kind == schema.Vector {
		return "", 0
	}
	return t.Duck(), c.Next
}

// duckNumber keeps integers and makes everything else a double. "1L" is 1.
func duckNumber(s string) string {
	s = strings.TrimRight(s, "lL")
	if !strings.ContainsAny(s, ".eE") {
		if len(strings.TrimLeft(s, "0")) <= 38 { // DuckDB's HUGEINT
			return s
		}
	}
	f, err := schema.ParseFloat(s, 64)
	if err != nil {
		return s
	}
	if math.IsInf(f, 0) {
		return "cast('inf' as double)"
	}
	return strconv.FormatFloat(f, 'e', -1, 64)
}
