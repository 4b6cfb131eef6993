package complete

import (
	"maps"
	"slices"
	"strings"

	"github.com/greptime-go/greptime/cmd/greptime/internal/script"
	"github.com/greptime-go/greptime/cmd/greptime/internal/visible"
)

// Candidate is something that can stand at the cursor.
type Candidate struct {
	Text  string // as it is inserted
	Name  string // as it is listed
	About string // the type of a column
	Group string // "tables", "columns", …
}

// The groups of candidates.
const (
	Databases = "databases"
	Tables    = "tables"
	Columns   = "columns"
	Functions = "functions"
	Keywords  = "keywords"
)

// Complete returns the candidates for the word that ends at the cursor, which is a byte of text, and
// the part of it that is there already. What follows the cursor tells which tables the statement is of.
func (c *Catalog) Complete(text string, cursor int) (prefix string, candidates []Candidate) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before, ok := tokensOf(text[:cursor])
	if !ok {
		return "", nil
	}
	word, quoted := "", false
	if n := len(before); n > 0 && before[n-1].End == cursor && isName(before[n-1]) {
		last := before[n-1]
		prefix, word, quoted = last.Text(text), last.Value(text), last.Kind == script.Ident
		before = before[:n-1]
	}
	if n := len(before); n > 0 && before[n-1].End == cursor-len(prefix) {
		if last := before[n-1]; last.Kind != script.Punct || strings.ContainsAny(text[last.End-1:last.End], "#@$") {
			return "", nil // what is inserted would be a part of it
		}
	}
	all := c.candidates(text, before, statementAt(text, cursor), quoted)
	matching := func(matches func(Candidate) bool) []Candidate {
		return slices.DeleteFunc(slices.Clone(all), func(c Candidate) bool { return !matches(c) })
	}
	candidates = matching(func(c Candidate) bool {
		if c.Group == Functions { // who writes FR means FROM
			return strings.HasPrefix(c.Name, word)
		}
		return hasPrefixFold(c.Name, word)
	})
	if len(candidates) == 0 { // and who writes COU means count
		candidates = matching(func(c Candidate) bool { return hasPrefixFold(c.Name, word) })
	}
	return prefix, candidates
}

// hasPrefixFold reports whether s begins with prefix, in any case.
func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// tokensOf returns the tokens of the last statement of text. ok is false within a string or
// comment.
func tokensOf(text string) (tokens []script.Token, ok bool) {
	for t := range script.Tokens(text) {
		switch {
		case t.Open && t.Kind != script.Ident:
			return nil, false
		case t.Kind == script.Comment:
			if t.End == len(text) && strings.HasPrefix(t.Text(text), "--") {
				return nil, false
			}
		case t.Kind == script.Punct && t.Text(text) == ";":
			tokens = nil
		default:
			tokens = append(tokens, t)
		}
	}
	return tokens, true
}

// statementAt returns the tokens of the statement that the cursor is in.
func statementAt(text string, cursor int) (tokens []script.Token) {
	for t := range script.Tokens(text) {
		switch {
		case t.Kind == script.Comment:
		case t.Kind != script.Punct || t.Text(text) != ";":
			tokens = append(tokens, t)
		case t.End > cursor:
			return tokens
		default:
			tokens = nil
		}
	}
	return tokens
}

func isName(t script.Token) bool { return t.Kind == script.Word || t.Kind == script.Ident && t.Open }

// candidates returns all that can follow the tokens before the word, in a statement of these tokens.
func (c *Catalog) candidates(text string, before, statement []script.Token, quoted bool) []Candidate {
	last := func(n int) string {
		if len(before) < n {
			return ""
		}
		return strings.ToUpper(before[len(before)-n].Value(text))
	}
	switch {
	case last(1) == "." && len(before) > 1:
		owner := before[len(before)-2].Value(text)
		table := c.tableOf(text, statement, owner)
		if table == "" && owner == c.database {
			return named(c.tables, Tables, quoted)
		}
		return c.columnsOf([]string{table}, quoted)
	case last(1) == "USE":
		return named(c.databases, Databases, quoted)
	case namesTable(last(1), last(2)):
		return named(c.tables, Tables, quoted)
	case len(before) == 0:
		return keywordsOf("SELECT", "INSERT", "SHOW", "DESC", "EXPLAIN", "CREATE", "ALTER", "DROP", "DELETE", "TQL", "ADMIN", "COPY", "SET", "USE", "WITH", "TRUNCATE")
	case last(1) == "SHOW":
		return keywordsOf("TABLES", "DATABASES", "CREATE", "COLUMNS", "INDEX", "VIEWS", "FLOWS", "FULL")
	}
	list := c.columnsOf(c.tablesIn(text, statement), quoted)
	if quoted {
		return list
	}
	for _, f := range functions {
		list = append(list, Candidate{Text: f + "(", Name: f, Group: Functions})
	}
	return append(list, keywordsOf(keywords...)...)
}

// namesTable reports whether a table follows the words.
func namesTable(last, beforeLast string) bool {
	switch last {
	case "FROM", "JOIN", "INTO", "TABLE", "DESC", "DESCRIBE", "TRUNCATE", "COPY":
		return last != "DESC" || beforeLast == "" // and not ORDER BY a DESC
	case "EXISTS":
		return beforeLast == "IF"
	}
	return false
}

// tablesIn returns the tables that a statement names, or all if it names none.
func (c *Catalog) tablesIn(text string, tokens []script.Token) []string {
	var list []string
	for i, t := range tokens {
		if i == 0 || t.Kind != script.Word && t.Kind != script.Ident {
			continue
		}
		name := t.Value(text)
		if _, ok := c.columns[name]; ok && namesTable(strings.ToUpper(tokens[i-1].Value(text)), "") && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	if list == nil {
		return c.tables
	}
	return list
}

// tableOf returns the table that a name or its alias stands for.
func (c *Catalog) tableOf(text string, tokens []script.Token, name string) string {
	if _, ok := c.columns[name]; ok {
		return name
	}
	for i, t := range tokens {
		if i == 0 || !strings.EqualFold(t.Value(text), name) {
			continue
		}
		owner := tokens[i-1]
		if i > 1 && owner.Is(text, "AS") {
			owner = tokens[i-2]
		}
		if _, ok := c.columns[owner.Value(text)]; ok {
			return owner.Value(text)
		}
	}
	return ""
}

// columnsOf returns the columns of tables, each name once.
func (c *Catalog) columnsOf(tables []string, quoted bool) []Candidate {
	types := map[string]string{}
	for _, table := range tables {
		for _, column := range c.columns[table] {
			types[column.Name] = column.Type
		}
	}
	list := named(slices.Sorted(maps.Keys(types)), Columns, quoted)
	for i := range list {
		list[i].About = visible.Line(types[list[i].Name])
	}
	return list
}

// named returns candidates for names, quoted where they must be. It leaves out names with characters
// that a terminal would not show as such.
func named(names []string, group string, quoted bool) []Candidate {
	var list []Candidate
	for _, name := range names {
		if name != visible.Line(name) {
			continue
		}
		text := Quote(name)
		if quoted && text == name {
			text = `"` + name + `"`
		}
		list = append(list, Candidate{Text: text, Name: name, Group: group})
	}
	return list
}

func keywordsOf(words ...string) []Candidate {
	list := make([]Candidate, len(words))
	for i, word := range words {
		list[i] = Candidate{Text: word, Name: word, Group: Keywords}
	}
	return list
}
