package engine

import (
	"strings"

	"github.com/greptime-go/greptime/internal/sqltext"
)

// token is one token of a statement. Comments are left out.
type token struct {
	kind sqltext.TokenKind
	text string // as written
	pos  int    // byte offset in the text of the request
}

// is reports whether the token is this keyword or operator, in any case. A quoted
// identifier is never a keyword.
func (t token) is(s string) bool {
	return (t.kind == sqltext.TokenWord || t.kind == sqltext.TokenPunct) && strings.EqualFold(t.text, s)
}

// isName reports whether the token can be a name.
func (t token) isName() bool {
	return t.kind == sqltext.TokenWord || t.kind == sqltext.TokenQuotedIdent
}

// name returns the identifier: quotes undone, or in lower case if there are none.
func (t token) name() string {
	if t.kind == sqltext.TokenQuotedIdent {
		return unquote(t.text)
	}
	return strings.ToLower(t.text)
}

// unquote undoes the quotes of a string or a quoted identifier.
func unquote(s string) string {
	if len(s) < 2 {
		return s
	}
	q := s[:1]
	return strings.ReplaceAll(s[1:len(s)-1], q+q, q)
}

// quote makes an identifier of DuckDB or GreptimeDB. DuckDB's texts end at a NUL.
func quote(name string) string {
	return `"` + strings.ReplaceAll(strings.ReplaceAll(name, `"`, `""`), "\x00", "\uFFFD") + `"`
}

// quoteText makes a string of DuckDB's SQL, whose texts end at a NUL.
func quoteText(s string) string {
	q := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if strings.Contains(s, "\x00") {
		q = "(" + strings.ReplaceAll(q, "\x00", "' || chr(0) || '") + ")"
	}
	return q
}

// lex returns the tokens of each statement of a text. Statements without tokens
// are left out.
func lex(text string) ([][]token, error) {
	toks, err := sqltext.Lex(text)
	if err != nil {
		return nil, errorf(InvalidSyntax, "Invalid SQL syntax: sql parser error: %v", err)
	}
	var all [][]token
	var one []token
	for _, t := range toks {
		tok := token{t.Kind, text[t.Start:t.End], t.Start}
		switch {
		case t.Kind == sqltext.TokenComment || t.Kind == sqltext.TokenEOF:
		case tok.is(";"):
			if len(one) > 0 {
				all = append(all, one)
			}
			one = nil
		default:
			one = append(one, tok)
		}
	}
	if len(one) > 0 {
		all = append(all, one)
	}
	return all, nil
}

// cursor walks over the tokens of a statement.
type cursor struct {
	text string // of the request
	toks []token
	i    int
}

var endToken = token{kind: sqltext.TokenEOF, text: "EOF"}

func (c *cursor) at(k int) token {
	if c.i+k < len(c.toks) {
		return c.toks[c.i+k]
	}
	return endToken
}

func (c *cursor) peek() token { return c.at(0) }
func (c *cursor) done() bool  { return c.i >= len(c.toks) }

func (c *cursor) next() token {
	t := c.peek()
	c.i++
	return t
}

// accept takes these tokens if they are next, all or none.
func (c *cursor) accept(words ...string) bool {
	for k, w := range words {
		if !c.at(k).is(w) {
			return false
		}
	}
	c.i += len(words)
	return true
}

// expect takes a token or fails.
func (c *cursor) expect(word string) error {
	if c.accept(word) {
		return nil
	}
	return c.unexpected(word)
}

// unexpected returns the syntax error of the next token.
func (c *cursor) unexpected(expected string) *Error {
	return errorf(InvalidSyntax, "Invalid SQL syntax: sql parser error: Expected: %s, found: %s", expected, c.peek().text)
}

// end fails unless the statement is over.
func (c *cursor) end() error {
	if c.done() {
		return nil
	}
	return c.unexpected("end of statement")
}

// ident takes a name.
func (c *cursor) ident() (string, error) {
	if !c.peek().isName() {
		return "", c.unexpected("identifier")
	}
	return c.next().name(), nil
}

// string takes a string literal.
func (c *cursor) string() (string, error) {
	if c.peek().kind != sqltext.TokenString {
		return "", c.unexpected("literal string")
	}
	return unquote(c.next().text), nil
}

// tableName is a table as a statement names it.
type tableName struct {
	catalog, db, table string
}

func (n tableName) String() string { return n.catalog + "." + n.db + "." + n.table }

// tableName takes [[catalog.]database.]table.
func (c *cursor) tableName(s *Session) (tableName, error) {
	var parts []string
	for {
		p, err := c.ident()
		if err != nil {
			return tableName{}, err
		}
		if parts = append(parts, p); !c.accept(".") {
			break
		}
	}
	return s.resolve(parts)
}

// skipParens takes a balanced group that starts with "(".
func (c *cursor) skipParens() error {
	if err := c.expect("("); err != nil {
		return err
	}
	for depth := 1; depth > 0; {
		if c.done() {
			return c.unexpected(")")
		}
		switch t := c.next(); {
		case t.is("("):
			depth++
		case t.is(")"):
			depth--
		}
	}
	return nil
}

// rest returns the source text from token i on.
func (c *cursor) rest(i int) []token { return c.toks[i:] }
