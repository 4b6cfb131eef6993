package sqltext

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// SyntaxError reports a text that cannot be split into tokens. The server could not read it
// either.
type SyntaxError struct {
	Offset  int    // position of the unfinished token in the text, in bytes
	Message string // description of the fault and its remedy
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("SQL text at byte %d: %s", e.Offset, e.Message)
}

// Lex returns all tokens of a text, in order. Comments are tokens, white space is not. The
// error is a *SyntaxError for a string, quoted identifier or comment without an end, for a
// dot that the server cannot read, and for text that is not UTF-8.
func Lex(text string) ([]Token, error) { return appendTokens(nil, text, true) }

// appendTokens appends the tokens of a text to dst.
func appendTokens(dst []Token, text string, comments bool) ([]Token, error) {
	if !utf8.ValidString(text) {
		return dst, invalidUTF8(text)
	}
	l := lexer{text: text, nameEnd: -1}
	for l.skipSpace(); l.pos < len(text); l.skipSpace() {
		start := l.pos
		kind, err := l.scan()
		if err != nil {
			return dst, err
		}
		if kind == TokenWord || kind == TokenQuotedIdent {
			l.nameEnd = l.pos
		}
		if comments || kind != TokenComment {
			dst = append(dst, Token{kind, start, l.pos})
		}
	}
	return dst, nil
}

// invalidUTF8 returns the error for a text that is not UTF-8.
func invalidUTF8(text string) error {
	for offset := 0; ; {
		r, size := utf8.DecodeRuneInString(text[offset:])
		if r == utf8.RuneError && size < 2 {
			return &SyntaxError{offset, "this is not UTF-8, and the server takes nothing else; pass bytes as a []byte argument"}
		}
		offset += size
	}
}

// lexer walks through a text of valid UTF-8.
type lexer struct {
	text    string
	pos     int
	nameEnd int // end of the last word or quoted identifier
}

func (l *lexer) skipSpace() {
	for l.pos < len(l.text) {
		c := l.text[l.pos]
		switch {
		case c == ' ' || '\t' <= c && c <= '\r':
			l.pos++
		case c < utf8.RuneSelf:
			return
		default:
			r, size := utf8.DecodeRuneInString(l.text[l.pos:])
			if !unicode.IsSpace(r) {
				return
			}
			l.pos += size
		}
	}
}

// at returns the byte n after the position, or 0 at the end.
func (l *lexer) at(n int) byte {
	if l.pos+n < len(l.text) {
		return l.text[l.pos+n]
	}
	return 0
}

// ends reports whether the text has no byte n after the position.
func (l *lexer) ends(n int) bool { return l.pos+n >= len(l.text) }

// scan reads one token, starting at a character that is not white space.
func (l *lexer) scan() (TokenKind, error) {
	c := l.text[l.pos]
	switch c {
	case ',', '(', ')':
		l.pos++
		return TokenPunct, nil
	case '\'':
		return TokenString, l.quoted("string literal")
	case '"', '`':
		return TokenQuotedIdent, l.quoted("quoted identifier")
	case 'x', 'X':
		if l.at(1) == '\'' {
			return TokenHexString, l.hexQuoted()
		}
		return l.word()
	case 'n', 'N':
		if l.at(1) == '\'' {
			l.pos++
			return TokenNationalString, l.quoted("string literal")
		}
		return l.word()
	case '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return l.number()
	case '.':
		return l.dot()
	case '?':
		l.pos++
		if c := l.at(0); '0' <= c && c <= '9' || c >= utf8.RuneSelf {
			l.skip(unicode.IsNumber)
		}
		return TokenPlaceholder, nil
	case '$':
		return l.dollar()
	case '@':
		return l.atSign()
	case '#':
		return l.hash()
	case '-':
		if l.at(1) == '-' {
			return l.lineComment()
		}
	case '/':
		if l.at(1) == '*' {
			return l.blockComment()
		}
	}
	if isIdentPart(c) {
		return l.word()
	}
	if c >= utf8.RuneSelf {
		r, size := utf8.DecodeRuneInString(l.text[l.pos:])
		if isAlphabetic(r) {
			return l.word()
		}
		l.pos += size
		return TokenInvalid, nil
	}
	return l.operator()
}

// isIdentPart reports whether an ASCII character may be inside a word. Where a word begins,
// digits, $, @ and # are handled before.
func isIdentPart(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' ||
		'0' <= c && c <= '9' || c == '$' || c == '@' || c == '#'
}

// isAlphabetic reports whether r has Unicode's property Alphabetic.
func isAlphabetic(r rune) bool {
	return unicode.IsLetter(r) || unicode.In(r, unicode.Nl, unicode.Other_Alphabetic)
}

// word reads the rest of a word, whose first character may be any.
func (l *lexer) word() (TokenKind, error) {
	_, size := utf8.DecodeRuneInString(l.text[l.pos:])
	l.pos += size
	for l.pos < len(l.text) {
		if c := l.text[l.pos]; c < utf8.RuneSelf {
			if !isIdentPart(c) {
				break
			}
			l.pos++
			continue
		}
		r, size := utf8.DecodeRuneInString(l.text[l.pos:])
		if !isAlphabetic(r) {
			break
		}
		l.pos += size
	}
	return TokenWord, nil
}

// skip skips all characters of a class.
func (l *lexer) skip(class func(rune) bool) {
	for l.pos < len(l.text) {
		r, size := utf8.DecodeRuneInString(l.text[l.pos:])
		if !class(r) {
			return
		}
		l.pos += size
	}
}

func (l *lexer) skipDigits() {
	for '0' <= l.at(0) && l.at(0) <= '9' {
		l.pos++
	}
}

// quoted reads up to the quote that closes the one at the position. A doubled quote does
// not close it.
func (l *lexer) quoted(what string) error {
	start, quote := l.pos, l.text[l.pos]
	for l.pos++; ; l.pos += 2 {
		i := strings.IndexByte(l.text[l.pos:], quote)
		if i < 0 {
			return &SyntaxError{start, fmt.Sprintf("the %s that begins here has no closing %c; a %c within it is written twice", what, quote, quote)}
		}
		l.pos += i
		if l.at(1) != quote {
			l.pos++
			return nil
		}
	}
}

// hexQuoted reads X'…'. Unlike in '…', the server's lexer treats a backslash as an escape
// here.
func (l *lexer) hexQuoted() error {
	start := l.pos
	for l.pos += 2; !l.ends(0); l.pos++ {
		switch l.at(0) {
		case '\\':
			l.pos++
		case '\'':
			if l.at(1) != '\'' {
				l.pos++
				return nil
			}
			l.pos++
		}
	}
	l.pos = len(l.text)
	return &SyntaxError{start, "the hexadecimal string that begins here has no closing '"}
}

// number reads a number or 0x….
func (l *lexer) number() (TokenKind, error) {
	start := l.pos
	l.skipDigits()
	if l.at(0) == 'x' && l.text[start:l.pos] == "0" {
		l.pos++
		for isHexDigit(l.at(0)) {
			l.pos++
		}
		return TokenHexString, nil
	}
	if l.at(0) == '.' {
		l.pos++
		l.skipDigits()
	}
	l.exponent()
	return TokenNumber, nil
}

// exponent reads the rest of a number: e+10, L.
func (l *lexer) exponent() {
	if l.at(0) == 'e' || l.at(0) == 'E' {
		n := 1
		if l.at(n) == '+' || l.at(n) == '-' {
			n++
		}
		if '0' <= l.at(n) && l.at(n) <= '9' {
			l.pos += n
			l.skipDigits()
		}
	}
	if l.at(0) == 'L' {
		l.pos++
	}
}

func isHexDigit(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// dot reads a number that begins with a point, or the dot between two names.
func (l *lexer) dot() (TokenKind, error) {
	switch c := l.at(1); {
	case '0' <= c && c <= '9':
		l.pos++
		l.skipDigits()
		l.exponent()
		return TokenNumber, nil
	case c == '_' && l.nameEnd != l.pos:
		return 0, &SyntaxError{l.pos, "GreptimeDB cannot read ._ here; put the name behind the dot into double quotes"}
	}
	l.pos++
	return TokenPunct, nil
}

// dollar reads $$…$$, $tag$…$tag$ or a placeholder.
func (l *lexer) dollar() (TokenKind, error) {
	start := l.pos
	l.pos++
	l.skip(func(r rune) bool { return isAlphabetic(r) || unicode.IsNumber(r) || r == '_' })
	if l.at(0) != '$' {
		return TokenPlaceholder, nil
	}
	l.pos++
	tag := l.text[start:l.pos]
	i := strings.Index(l.text[l.pos:], tag)
	if i < 0 {
		return 0, &SyntaxError{start, fmt.Sprintf("the string that begins here has no closing %s", tag)}
	}
	l.pos += i + len(tag)
	return TokenDollarString, nil
}

// atSign reads an operator that begins with @, or a word: @x, @@x. Whatever character
// follows the @ or @@ is part of the word, unless it forms an operator.
func (l *lexer) atSign() (TokenKind, error) {
	l.pos++
	switch c := l.at(0); {
	case l.ends(0), c == ' ', c == '\'', c == '"', c == '`':
		return TokenPunct, nil
	case c == '>', c == '?':
		l.pos++
		return TokenPunct, nil
	case c == '@':
		l.pos++
		if l.ends(0) || l.at(0) == ' ' {
			return TokenPunct, nil
		}
	}
	return l.word()
}

// hash reads an operator that begins with #, or a word: #x. Whatever character follows the
// # is part of the word, unless it forms an operator.
func (l *lexer) hash() (TokenKind, error) {
	l.pos++
	switch c := l.at(0); {
	case l.ends(0), c == ' ':
		return TokenPunct, nil
	case c == '-':
		l.pos++
		return TokenPunct, nil
	case c == '>':
		l.pos++
		if l.at(0) == '>' {
			l.pos++
		}
		return TokenPunct, nil
	}
	return l.word()
}

// lineComment reads -- to the end of the line. The -- need not be followed by a space, and
// a carriage return does not end the line.
func (l *lexer) lineComment() (TokenKind, error) {
	if i := strings.IndexByte(l.text[l.pos:], '\n'); i >= 0 {
		l.pos += i
	} else {
		l.pos = len(l.text)
	}
	return TokenComment, nil
}

// blockComment reads /* to the first */; comments do not nest.
func (l *lexer) blockComment() (TokenKind, error) {
	i := strings.Index(l.text[l.pos+2:], "*/")
	if i < 0 {
		return 0, &SyntaxError{l.pos, "the comment that begins here has no closing */"}
	}
	l.pos += i + 4
	return TokenComment, nil
}

// operators are the operators of more than one character, by their first character, longest
// first. They do not include those that begin with @ or #.
var operators = [utf8.RuneSelf][]string{
	'-': {"->>", "->"},
	'|': {"||/", "||", "|/"},
	'=': {"=>", "=="},
	'!': {"!~~*", "!~~", "!~*", "!~", "!=", "!!"},
	'<': {"<=>", "<=", "<>", "<<", "<@"},
	'>': {">=", ">>"},
	':': {"::", ":="},
	'&': {"&&"},
	'^': {"^@"},
	'~': {"~~*", "~~", "~*"},
}

// single holds the operators and separators of one character.
const single = "-|=!<>:&^~;\\[]{}+*%/" // (),

// operator reads an operator, a separator, or an ASCII character that is neither.
func (l *lexer) operator() (TokenKind, error) {
	c := l.text[l.pos]
	for _, op := range operators[c] {
		if strings.HasPrefix(l.text[l.pos:], op) {
			l.pos += len(op)
			return TokenPunct, nil
		}
	}
	l.pos++
	if strings.IndexByte(single, c) < 0 {
		return TokenInvalid, nil
	}
	return TokenPunct, nil
}
