package sqltext

import (
	"errors"
	"strings"
	"unicode/utf8"
)

var errNotUTF8 = errors.New("the text is not valid UTF-8, and GreptimeDB accepts nothing else in a string; pass a []byte for a VARBINARY column")

// QuoteString returns a string literal with the content s, which may be any valid UTF-8,
// including NUL and line breaks.
func QuoteString(s string) (string, error) {
	quoted, err := appendString(make([]byte, 0, len(s)+2), s)
	return string(quoted), err
}

// QuoteIdent returns s as a quoted identifier. In the VALUES of an INSERT, GreptimeDB reads
// it as a string.
func QuoteIdent(s string) string {
	return string(appendDoubled(make([]byte, 0, len(s)+2), s, '"'))
}

func appendString(dst []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return dst, errNotUTF8
	}
	return appendDoubled(dst, s, '\''), nil
}

// appendDoubled appends s between quotes, and doubles the quotes within.
func appendDoubled(dst []byte, s string, quote byte) []byte {
	dst = append(dst, quote)
	for {
		i := strings.IndexByte(s, quote)
		if i < 0 {
			break
		}
		dst = append(dst, s[:i+1]...)
		dst = append(dst, quote)
		s = s[i+1:]
	}
	dst = append(dst, s...)
	return append(dst, quote)
}
