package sqltext

// cursor goes through the tokens of a statement, which have no comments.
type cursor struct {
	text   string
	tokens []Token
	i      int // the next token
}

func (c *cursor) atEnd() bool { return c.i >= len(c.tokens) }

// word goes over a keyword, if it is next.
func (c *cursor) word(keyword string) bool {
	if c.atEnd() || !c.tokens[c.i].Is(c.text, keyword) {
		return false
	}
	c.i++
	return true
}

// punct goes over an operator or separator, if it is next.
func (c *cursor) punct(punct string) bool {
	if c.atEnd() || !c.tokens[c.i].isPunct(c.text, punct) {
		return false
	}
	c.i++
	return true
}

// identifier goes over a name, if one is next, and returns it without quotes, in the
// case in which it is written.
func (c *cursor) identifier() (name string, quoted, ok bool) {
	if c.atEnd() {
		return "", false, false
	}
	t := c.tokens[c.i]
	switch t.Kind {
	case TokenWord, TokenQuotedIdent, TokenString: // GreptimeDB takes strings for names
		c.i++
		return t.Value(c.text), t.Kind != TokenWord, true
	}
	return "", false, false
}
