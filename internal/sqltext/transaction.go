package sqltext

// transactionModes are the words that may follow BEGIN and START TRANSACTION.
var transactionModes = []string{
	"ISOLATION", "LEVEL", "SERIALIZABLE", "REPEATABLE", "COMMITTED", "UNCOMMITTED", "SNAPSHOT",
	"READ", "WRITE", "ONLY", "WITH", "CONSISTENT", "NOT", "DEFERRABLE",
}

// isTransaction reports whether a statement begins or ends a transaction or a savepoint in
// the syntax of MySQL, PostgreSQL or SQLite, and nothing follows: a statement after a BEGIN
// without a semicolon must not be lost.
func isTransaction(text string, tokens []Token) bool {
	c := cursor{text: text, tokens: tokens}
	switch {
	case c.word("START"):
		return c.word("TRANSACTION") && c.transactionModes()
	case c.word("BEGIN"):
		_ = c.word("DEFERRED") || c.word("IMMEDIATE") || c.word("EXCLUSIVE")
		c.transactionWord()
		return c.transactionModes()
	case c.word("COMMIT"), c.word("END"), c.word("ABORT"):
		c.transactionWord()
		return c.transactionChain()
	case c.word("ROLLBACK"):
		c.transactionWord()
		if c.word("TO") {
			return c.savepoint()
		}
		return c.transactionChain()
	case c.word("SAVEPOINT"):
		_, _, ok := c.identifier()
		return ok && c.atEnd()
	case c.word("RELEASE"):
		return c.savepoint()
	}
	return false
}

// transactionWord skips TRANSACTION or a synonym of it.
func (c *cursor) transactionWord() {
	_ = c.word("TRANSACTION") || c.word("WORK") || c.word("TRAN")
}

// transactionModes skips modes, and reports whether nothing else follows.
func (c *cursor) transactionModes() bool {
	for !c.atEnd() {
		known := c.punct(",")
		for _, mode := range transactionModes {
			known = known || c.word(mode)
		}
		if !known {
			return false
		}
	}
	return true
}

// transactionChain skips AND [NO] CHAIN and [NO] RELEASE, and reports whether nothing else
// follows.
func (c *cursor) transactionChain() bool {
	if c.word("AND") {
		c.word("NO")
		if !c.word("CHAIN") {
			return false
		}
	}
	if c.word("NO") && !c.word("RELEASE") {
		return false
	}
	c.word("RELEASE")
	return c.atEnd()
}

// savepoint skips [SAVEPOINT] and a name, and reports whether nothing else follows.
func (c *cursor) savepoint() bool {
	c.word("SAVEPOINT")
	if c.atEnd() { // RELEASE savepoint: it is the name
		return c.tokens[c.i-1].Is(c.text, "SAVEPOINT")
	}
	_, _, ok := c.identifier()
	return ok && c.atEnd()
}
