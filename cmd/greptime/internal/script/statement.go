package script

import "strings"

// Statement is one statement of a text.
type Statement struct {
	Text  string // without the semicolon, and without comments and space around it
	Start int    // the byte at which it begins
	Line  int    // in which it begins, from 1
	Ended bool   // by a semicolon
}

// OfFile returns the text of a file, without the byte order mark that some editors begin it with.
func OfFile(data []byte) string { return strings.TrimPrefix(string(data), "\ufeff") }

// Split returns the statements of a text. Empty ones are left out.
func Split(text string) []Statement {
	var list []Statement
	start, end := -1, 0 // of the current statement
	line, counted := 1, 0
	add := func(ended bool) {
		if start < 0 {
			return
		}
		line += strings.Count(text[counted:start], "\n")
		counted = start
		list = append(list, Statement{Text: text[start:end], Start: start, Line: line, Ended: ended})
		start = -1
	}
	for t := range Tokens(text) {
		switch {
		case t.Kind == Comment:
		case t.Kind == Punct && t.Text(text) == ";":
			add(true)
		default:
			if start < 0 {
				start = t.Start
			}
			end = t.End
		}
	}
	add(false)
	return list
}

// IsComplete reports whether a text ends with a semicolon, or is empty but for comments, so
// that it can be run as it is.
func IsComplete(text string) bool {
	complete := true
	for t := range Tokens(text) {
		switch {
		case t.Open:
			return false
		case t.Kind != Comment:
			complete = t.Kind == Punct && t.Text(text) == ";"
		}
	}
	return complete
}

// withoutRows holds the first words of statements that answer with a number of rows, or with
// nothing.
var withoutRows = map[string]bool{
	"INSERT": true, "REPLACE": true, "DELETE": true, "COPY": true,
	"CREATE": true, "ALTER": true, "DROP": true, "TRUNCATE": true, "COMMENT": true,
	"USE": true, "SET": true, "KILL": true, "DECLARE": true, "CLOSE": true,
}

// ReturnsRows reports whether the statement may answer with rows.
func (s Statement) ReturnsRows() bool { return !withoutRows[s.Verb()] }

// Verb returns the first word of the statement in upper case, or "" if it does not begin
// with a word.
func (s Statement) Verb() string {
	for t := range Tokens(s.Text) {
		if t.Kind == Word {
			return strings.ToUpper(t.Text(s.Text))
		}
		if t.Kind != Comment {
			break
		}
	}
	return ""
}
