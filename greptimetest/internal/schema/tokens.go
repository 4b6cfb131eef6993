package schema

import (
	"strings"

	"github.com/greptime-go/greptime/internal/sqltext"
)

// Token is one token of a statement. Comments are left out.
type Token struct {
	Kind   sqltext.TokenKind
	Text   string // as written
	Offset int    // byte offset in the text of the request
}

// Is reports whether the token is this keyword or operator, in any case. A quoted
// identifier is never a keyword.
func (t Token) Is(s string) bool {
	return (t.Kind == sqltext.TokenWord || t.Kind == sqltext.TokenPunct) && strings.EqualFold(t.Text, s)
}

// IsName reports whether the token can be a name.
func (t Token) IsName() bool {
	return t.Kind == sqltext.TokenWord || t.Kind == sqltext.TokenQuotedIdent
}

// Name returns the identifier: quotes undone, or in lower case if there are none.
func (t Token) Name() string {
	if t.Kind == sqltext.TokenQuotedIdent {
		return Unquote(t.Text)
	}
	return strings.ToLower(t.Text)
}

// Unquote undoes the quotes of a string or a quoted identifier.
func Unquote(s string) string {
	if len(s) < 2 {
		return s
	}
	q := s[:1]
	return strings.ReplaceAll(s[1:len(s)-1], q+q, q)
}

// Quote makes an identifier of DuckDB or GreptimeDB. DuckDB's texts end at a NUL.
func Quote(name string) string {
	return `"` + strings.ReplaceAll(strings.ReplaceAll(name, `"`, `""`), "\x00", "\uFFFD") + `"`
}

// QuoteText makes a string of DuckDB's SQL, whose texts end at a NUL.
func QuoteText(s string) string {
	q := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if strings.Contains(s, "\x00") {
		q = "(" + strings.ReplaceAll(q, "\x00", "' || chr(0) || '") + ")"
	}
	return q
}

// Lex returns the tokens of each statement of a text. Statements without tokens
// are left out.
func Lex(text string) ([][]Token, error) {
	toks, err := sqltext.Lex(text)
	if err != nil {
		return nil, Errorf(InvalidSyntax, "Invalid SQL syntax: sql parser error: %v", err)
	}
	var all [][]Token
	var one []Token
	for _, t := range toks {
		tok := Token{t.Kind, text[t.Start:t.End], t.Start}
		switch {
		case t.Kind == sqltext.TokenComment || t.Kind == sqltext.TokenEOF:
		case tok.Is(";"):
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

// Cursor walks over the tokens of a statement.
type Cursor struct {
	SQL    string // of the request
	Tokens []Token
	Next   int // index of the token that is taken next
}

// EndToken is the token behind the last one.
var EndToken = Token{Kind: sqltext.TokenEOF, Text: "EOF"}

// At returns the token k places behind the next one.
func (c *Cursor) At(k int) Token {
	if c.Next+k < len(c.Tokens) {
		return c.Tokens[c.Next+k]
	}
	return EndToken
}

// Peek returns the next token.
func (c *Cursor) Peek() Token { return c.At(0) }

// Done reports whether all tokens are taken.
func (c *Cursor) Done() bool { return c.Next >= len(c.Tokens) }

// Take returns the next token and moves behind it.
func (c *Cursor) Take() Token {
	t := c.Peek()
	c.Next++
	return t
}

// Accept takes these tokens if they are next, all or none.
func (c *Cursor) Accept(words ...string) bool {
	for k, w := range words {
		if !c.At(k).Is(w) {
			return false
		}
	}
	c.Next += len(words)
	return true
}

// Expect takes a token or fails.
func (c *Cursor) Expect(word string) error {
	if c.Accept(word) {
		return nil
	}
	return c.Unexpected(word)
}

// Unexpected returns the syntax error of the next token.
func (c *Cursor) Unexpected(expected string) *Error {
	return Errorf(InvalidSyntax, "Invalid SQL syntax: sql parser error: Expected: %s, found: %s", expected, c.Peek().Text)
}

// End fails unless the statement is over.
func (c *Cursor) End() error {
	if c.Done() {
		return nil
	}
	return c.Unexpected("end of statement")
}

// Ident takes a name.
func (c *Cursor) Ident() (string, error) {
	if !c.Peek().IsName() {
		return "", c.Unexpected("identifier")
	}
	return c.Take().Name(), nil
}

// StringLiteral takes a string literal.
func (c *Cursor) StringLiteral() (string, error) {
	if c.Peek().Kind != sqltext.TokenString {
		return "", c.Unexpected("literal string")
	}
	return Unquote(c.Take().Text), nil
}

// TableName is a table as a statement names it.
type TableName struct {
	Catalog, DB, Table string
}

// String returns the name with all its parts.
func (n TableName) String() string { return n.Catalog + "." + n.DB + "." + n.Table }

// TableName takes [[catalog.]database.]table.
func (c *Cursor) TableName(s *Session) (TableName, error) {
	parts, err := c.nameParts()
	if err != nil {
		return TableName{}, err
	}
	return s.Resolve(parts)
}

// ColumnName takes the name of a column after that of its table and a dot.
func (c *Cursor) ColumnName(s *Session) (TableName, string, error) {
	parts, err := c.nameParts()
	if err != nil {
		return TableName{}, "", err
	}
	last := len(parts) - 1
	if last < 1 {
		return TableName{}, "", Errorf(InvalidArguments, "Invalid SQL, error: COMMENT ON COLUMN expects <table>.<column>")
	}
	table, err := s.Resolve(parts[:last])
	return table, parts[last], err
}

// nameParts takes names with dots between them.
func (c *Cursor) nameParts() ([]string, error) {
	var parts []string
	for {
		p, err := c.Ident()
		if err != nil {
			return nil, err
		}
		if parts = append(parts, p); !c.Accept(".") {
			return parts, nil
		}
	}
}

// LastTableName takes the name of a table, which ends the statement.
func (c *Cursor) LastTableName(s *Session) (TableName, error) {
	n, err := c.TableName(s)
	if err != nil {
		return TableName{}, err
	}
	return n, c.End()
}

// SkipParens takes a balanced group that starts with "(".
func (c *Cursor) SkipParens() error {
	if err := c.Expect("("); err != nil {
		return err
	}
	for depth := 1; depth > 0; {
		if c.Done() {
			return c.Unexpected(")")
		}
		switch t := c.Take(); {
		case t.Is("("):
			depth++
		case t.Is(")"):
			depth--
		}
	}
	return nil
}

// Rest returns the source text from token i on.
func (c *Cursor) Rest(i int) []Token { return c.Tokens[i:] }

// nameList takes (a, b).
func (c *Cursor) nameList() ([]string, error) {
	if err := c.Expect("("); err != nil {
		return nil, err
	}
	var list []string
	for {
		n, err := c.Ident()
		if err != nil {
			return nil, err
		}
		list = append(list, n)
		if c.Accept(")") {
			return list, nil
		}
		if err := c.Expect(","); err != nil {
			return nil, err
		}
	}
}

// WordSet returns the set of the words of a list.
func WordSet(list string) map[string]bool {
	m := map[string]bool{}
	for _, n := range strings.Fields(list) {
		m[n] = true
	}
	return m
}
