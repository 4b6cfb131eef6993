package sqltext

// cursor walks through the tokens of a statement, which include no comments.
type cursor struct {
	text   string
	tokens []Token
	i      int // the next token
}

func (c *cursor) atEnd() bool { return c.i >= len(c.tokens) }

// word skips the keyword if it is next, and reports whether it was.
func (c *cursor) word(keyword string) bool {
	if c.atEnd() || !c.tokens[c.i].Is(c.text, keyword) {
		return false
	}
	c.i++
	return true
}

// punct skips the operator or separator if it is next, and reports whether it was.
func (c *cursor) punct(punct string) bool {
	if c.atEnd() || !c.tokens[c.i].isPunct(c.text, punct) {
		return false
	}
	c.i++
	return true
}

// identifier skips a name if it is next. It returns the name without quotes, in its
// original case.
func (c *cursor) identifier() (name string, quoted, ok bool) {
	if c.atEnd() {
		return "", false, false
	}
	t := c.tokens[c.i]
	switch t.Kind {
	case TokenWord, TokenQuotedIdent, TokenString: // GreptimeDB accepts strings as names
		c.i++
		return t.Value(c.text), t.Kind != TokenWord, true
	}
	return "", false, false
}
