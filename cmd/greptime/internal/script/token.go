// Package script splits SQL text into tokens and statements, as far as a client needs it:
// to see where a statement ends, and to colour and complete what you type.
//
// It follows GreptimeDB's lexer: a backslash is a plain character in '…', a quote within is
// doubled, comments do not nest, and $tag$…$tag$ is a string. Unlike the server it also
// accepts text that is not finished yet.
package script

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind is the kind of a Token.
type Kind uint8

const (
	Word     Kind = iota // a keyword, a function or a name without quotes
	Ident                // a name in double quotes or backticks
	String               // '…', N'…', X'…', $$…$$
	Number               // 1, 1.5, 1e3, 0x0a
	Variable             // ?, $1
	Comment              // --… to the end of the line, /*…*/
	Punct                // one operator or separator
)

// Token is one token of a text.
type Token struct {
	Kind       Kind
	Start, End int  // bytes of the text
	Open       bool // the text ends before the token does
}

// Text returns the token as it is written.
func (t Token) Text(text string) string { return text[t.Start:t.End] }

// Value returns a name without its quotes, and any other token as it is written.
func (t Token) Value(text string) string {
	s := t.Text(text)
	if t.Kind != Ident {
		return s
	}
	quote := s[:1]
	s = s[1:]
	if !t.Open {
		s = s[:len(s)-1]
	}
	return strings.ReplaceAll(s, quote+quote, quote)
}

// Quote returns a name as an identifier in quotes.
func Quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// Is reports whether the token is a keyword, in any case.
func (t Token) Is(text, keyword string) bool {
	return t.Kind == Word && strings.EqualFold(t.Text(text), keyword)
}

// Tokens returns the tokens of a text in order, with comments and without white space.
func Tokens(text string) iter.Seq[Token] {
	return func(yield func(Token) bool) {
		l := lexer{text: text}
		for l.skip(unicode.IsSpace); l.pos < len(text); l.skip(unicode.IsSpace) {
			t := Token{Start: l.pos}
			l.tokenStart = l.pos
			t.Kind, t.Open = l.scan()
			t.End = l.pos
			if !yield(t) {
				return
			}
		}
	}
}

// lexer walks through a text.
type lexer struct {
	text       string
	pos        int
	tokenStart int // of the present token
}

// at returns the byte n after the position, or 0 at the end.
func (l *lexer) at(n int) byte {
	if l.pos+n < len(l.text) {
		return l.text[l.pos+n]
	}
	return 0
}

// skip skips the characters of a class.
func (l *lexer) skip(class func(rune) bool) {
	for l.pos < len(l.text) {
		r, size := utf8.DecodeRuneInString(l.text[l.pos:])
		if !class(r) {
			return
		}
		l.pos += size
	}
}

// upTo moves behind the next end, or to the end of the text.
func (l *lexer) upTo(end string) (open bool) {
	i := strings.Index(l.text[l.pos:], end)
	if i < 0 {
		l.pos = len(l.text)
		return true
	}
	l.pos += i + len(end)
	return false
}

// scan reads one token, which begins at the position.
func (l *lexer) scan() (kind Kind, open bool) {
	switch c := l.at(0); {
	case c == '\'':
		return String, l.quoted()
	case c == '"' || c == '`':
		return Ident, l.quoted()
	case (c == 'n' || c == 'N') && l.at(1) == '\'':
		l.pos++
		return String, l.quoted()
	case (c == 'x' || c == 'X') && l.at(1) == '\'':
		return String, l.hexQuoted()
	case isDigit(c), c == '.' && isDigit(l.at(1)):
		l.number()
		return Number, false
	case c == '?':
		l.pos++
		l.skip(unicode.IsNumber)
		return Variable, false
	case c == '$':
		return l.dollar()
	case c == '-' && l.at(1) == '-':
		if !l.upTo("\n") {
			l.pos--
		}
		return Comment, false
	case c == '/' && l.at(1) == '*':
		l.pos += 2
		return Comment, l.upTo("*/")
	}
	if n := l.operator(); n > 0 {
		l.pos += n
		return Punct, false
	}
	if c := l.at(0); c == '@' || c == '#' { // the character behind belongs to the name, whatever it is
		l.pos++
		if c == '@' && l.at(0) == '@' {
			l.pos++
		}
	}
	r, size := utf8.DecodeRuneInString(l.text[l.pos:])
	l.pos += size
	if l.pos-l.tokenStart == size && !isNamePart(r) {
		return Punct, false
	}
	l.skip(isNamePart)
	return Word, false
}

// operators are the operators of more than one character, longest first.
var operators = []string{
	"!~~*", "->>", "||/", "!~~", "!~*", "<=>", "~~*", "#>>",
	"->", "||", "|/", "=>", "==", "!~", "!=", "!!", "<=", "<>", "<<", "<@", ">=", ">>", "::", ":=", "&&", "^@", "~~", "~*", "@>", "@?", "#-", "#>",
}

// operator returns the length of the operator at the position, or 0. A @ or # that begins a
// name is none.
func (l *lexer) operator() int {
	rest := l.text[l.pos:]
	for _, op := range operators {
		if strings.HasPrefix(rest, op) {
			return len(op)
		}
	}
	switch {
	case rest[0] == '#' && (len(rest) == 1 || rest[1] == ' '):
		return 1
	case strings.HasPrefix(rest, "@@") && (len(rest) == 2 || rest[2] == ' '):
		return 2
	case rest[0] == '@' && (len(rest) == 1 || strings.IndexByte(" '\"`", rest[1]) >= 0):
		return 1
	}
	return 0
}

// quoted reads up to the quote that closes the one at the position.
func (l *lexer) quoted() (open bool) {
	quote := l.text[l.pos : l.pos+1]
	l.pos++
	for {
		if l.upTo(quote) {
			return true
		}
		if l.at(0) != quote[0] {
			return false
		}
		l.pos++
	}
}

// hexQuoted reads X'…', in which a backslash escapes.
func (l *lexer) hexQuoted() (open bool) {
	for l.pos += 2; l.pos < len(l.text); l.pos++ {
		switch l.at(0) {
		case '\\':
			l.pos++
		case '\'':
			l.pos++
			if l.at(0) != '\'' {
				return false
			}
		}
	}
	l.pos = len(l.text)
	return true
}

// number reads a number or 0x….
func (l *lexer) number() {
	start := l.pos
	l.digits()
	if l.at(0) == 'x' && l.text[start:l.pos] == "0" {
		l.pos++
		l.skip(func(r rune) bool { return strings.ContainsRune("0123456789abcdefABCDEF", r) })
		return
	}
	if l.at(0) == '.' {
		l.pos++
		l.digits()
	}
	if c := l.at(0); c == 'e' || c == 'E' {
		n := 1
		if l.at(n) == '+' || l.at(n) == '-' {
			n++
		}
		if isDigit(l.at(n)) {
			l.pos += n
			l.digits()
		}
	}
	if l.at(0) == 'L' {
		l.pos++
	}
}

func (l *lexer) digits() {
	for isDigit(l.at(0)) {
		l.pos++
	}
}

// dollar reads $$…$$, $tag$…$tag$ or $1.
func (l *lexer) dollar() (kind Kind, open bool) {
	start := l.pos
	l.pos++
	l.skip(func(r rune) bool { return r == '_' || isAlphabetic(r) || unicode.IsNumber(r) })
	if l.at(0) != '$' {
		return Variable, false
	}
	l.pos++
	return String, l.upTo(l.text[start:l.pos])
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isNamePart reports whether a character may be within a name without quotes.
func isNamePart(r rune) bool {
	return r == '_' || r == '$' || r == '@' || r == '#' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' ||
		r >= utf8.RuneSelf && isAlphabetic(r)
}

// isAlphabetic reports whether r has Unicode's property Alphabetic.
func isAlphabetic(r rune) bool {
	return unicode.IsLetter(r) || unicode.In(r, unicode.Nl, unicode.Other_Alphabetic)
}
