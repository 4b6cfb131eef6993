// Package sqlshape compares the SQL that a server is sent for harmless values with what it is
// sent for hostile ones. It reads SQL by itself, with a few patterns and without the driver's
// lexer, so that a mistake of the lexer does not hide another one.
package sqlshape

import (
	"regexp"
	"strings"
)

// Hostile returns texts that leave a literal, or a quoted name, that is written carelessly.
func Hostile() []string {
	return []string{
		"'; DROP TABLE t; --", `\'; DROP TABLE t; --`, `\`, `\\'`, "' OR ''='", "''", "'", `"`, `"; DROP TABLE t; --`, "`", "`; DROP TABLE t",
		`"t"; DROP TABLE t; --"`, "`t`; DROP TABLE t; --`", `'t'; DROP TABLE t; --'`, `""`, `"\"`,
		"/*", "*/", "--", "--\n", "# x", ";", "?", "$1", ":a", "@a", "$$", "$$; DROP TABLE t; $$", "E'\\''", "X'27'", "N'x'",
		"\x00", "a\x00'", "\n'", "\r'", "\u2019", "\uff07", "\u02bc", "\u00a0'", "\u2028'", "\ufeff'", "\xbf'", "\xbf\x27 OR 1=1",
		"%27", "&#39;", "{{.}}", "(SELECT 1)", "NULL", "1 OR 1=1", "1; DROP TABLE t", "-1", "0x27", "1e999", "",
	}
}

// Shape is what a SQL text is without the contents of its literals and quoted names.
type Shape struct {
	Tokens  string   // words in lower case; S is a string, X a hex string, 1 a number, Q a quoted name
	Strings []string // contents of the strings
	Names   []string // contents of the quoted names
}

var token = regexp.MustCompile(`(?s)--[^\n]*|/\*.*?\*/|[xXnN]?'(?:[^']|'')*'|"(?:[^"]|"")*"|` + "`(?:[^`]|``)*`" +
	`|\$\$.*?\$\$|[\pL_@][\pL\pN_]*|[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|\s+|.`)

// Of returns the shape of a text.
func Of(text string) Shape {
	var s Shape
	var tokens []string
	for _, t := range token.FindAllString(text, -1) {
		quote := t[len(t)-1:]
		switch {
		case strings.TrimSpace(t) == "", len(t) > 1 && (t[:2] == "--" || t[:2] == "/*"):
			continue
		case len(t) > 1 && (t[0] == 'x' || t[0] == 'X') && quote == "'":
			t = "X"
		case len(t) > 1 && quote == "'":
			t = strings.TrimLeft(t, "nN")
			s.Strings = append(s.Strings, strings.ReplaceAll(t[1:len(t)-1], "''", "'"))
			t = "S"
		case len(t) > 1 && t[0] == '$':
			t = "S"
		case len(t) > 1 && (quote == `"` || quote == "`"):
			s.Names = append(s.Names, strings.ReplaceAll(t[1:len(t)-1], quote+quote, quote))
			t = "Q"
		case t[0] >= '0' && t[0] <= '9':
			t = "1"
		default:
			t = strings.ToLower(t)
		}
		tokens = append(tokens, t)
	}
	s.Tokens = strings.Join(tokens, " ")
	return s
}
