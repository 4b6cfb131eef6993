package sqltext

import (
	"strconv"
	"strings"
)

// TokenKind is the kind of a Token.
type TokenKind uint8

const (
	// TokenEOF is not a token, and Lex does not return it. Readers of tokens need something
	// that follows the last one.
	TokenEOF TokenKind = iota
	// TokenWord is a keyword or an identifier without quotes. It may begin with _,
	// # or @ and contain $, # and @: a$1, #x and @@time_zone are words.
	TokenWord
	// TokenQuotedIdent is an identifier in double quotes or backticks, in which a doubled
	// quote stands for one. If one in double quotes is alone in the VALUES of an INSERT,
	// GreptimeDB reads it as a string.
	TokenQuotedIdent
	// TokenString is a string in single quotes. Its only escape is the doubled
	// quote. A backslash is a plain character, and so are line breaks and NUL.
	TokenString
	// TokenNationalString is N'…': one token, which GreptimeDB 1.0.2 refuses.
	TokenNationalString
	// TokenDollarString is $$…$$ or $tag$…$tag$.
	TokenDollarString
	// TokenHexString is X'0aFF' or 0x0aFF. The lexer does not check the digits.
	TokenHexString
	// TokenNumber is a number without sign: 1, 1.5, .5, 5., 1e3, 1L.
	TokenNumber
	// TokenPlaceholder is a ? or $ with the letters and digits that follow: ?, $1. A
	// :name consists of two tokens, a colon and a word.
	TokenPlaceholder
	// TokenComment is -- up to the end of the line, or /* to the next */.
	TokenComment
	// TokenPunct is one operator or separator, of one to four characters.
	TokenPunct
	// TokenInvalid is a character that cannot begin a token.
	TokenInvalid
)

// Token is one token of a text.
type Token struct {
	Kind       TokenKind
	Start, End int // bytes of the text: text[Start:End]
}

// Text returns the token as it is written in its text.
func (t Token) Text(text string) string { return text[t.Start:t.End] }

// Is reports whether the token is the given word, which must be in upper case. Quoted
// identifiers are not keywords.
func (t Token) Is(text, keyword string) bool {
	return t.Kind == TokenWord && isWord(text[t.Start:t.End], keyword)
}

// Value returns the token without its quotes: the content of strings and quoted
// identifiers, and every other token unchanged.
func (t Token) Value(text string) string {
	s := text[t.Start:t.End]
	switch t.Kind {
	case TokenString, TokenQuotedIdent:
		return undouble(s)
	case TokenNationalString:
		return undouble(s[1:])
	case TokenDollarString:
		tag := strings.IndexByte(s[1:], '$') + 2
		return s[tag : len(s)-tag]
	default:
		return s
	}
}

// undouble removes the quotes around s, and one of each doubled quote within.
func undouble(s string) string {
	quote := s[:1]
	return strings.ReplaceAll(s[1:len(s)-1], quote+quote, quote)
}

// isPunct reports whether the token is the given operator or separator.
func (t Token) isPunct(text, punct string) bool {
	return t.Kind == TokenPunct && text[t.Start:t.End] == punct
}

// isWord compares a word with a keyword in upper case, as the server does: by the
// upper case of the word, which for ſ is S.
func isWord(word, keyword string) bool {
	if len(word) < len(keyword) {
		return false // no letter is shorter than its upper case in ASCII
	}
	for i := range len(word) {
		c := word[i]
		if c >= 0x80 {
			return strings.ToUpper(word) == keyword
		}
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		if i >= len(keyword) || c != keyword[i] {
			return false
		}
	}
	return true
}

// nameOf returns the name of a constant, or its number if it has none.
func nameOf(names []string, n uint8) string {
	if int(n) < len(names) {
		return names[n]
	}
	return strconv.Itoa(int(n))
}
