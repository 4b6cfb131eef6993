package column

import (
	"encoding/json"
	"errors"
	"strconv"
	"unicode/utf8"
)

func isJSON(text []byte) bool { return utf8.Valid(text) && json.Valid(text) }

// notJSON returns the reason why a JSON column cannot store a text, or "" if it can.
// GreptimeDB stores numbers that are not 64-bit integers as float64. According to its
// source, it turns numbers beyond the range of float64 into infinity.
func notJSON(text []byte) string {
	switch {
	case !isJSON(text):
		return reasonJSON
	case hasHugeNumber(text):
		return reasonJSONNumber
	}
	return ""
}

// IsJSONOutOfRange reports whether a text, as GreptimeDB reads JSON, has a number beyond the
// range of a float64. GreptimeDB reads more than JSON, such as control characters in strings.
// Of a text that it does not read as JSON, the answer means nothing.
func IsJSONOutOfRange[T string | ~[]byte](text T) bool {
	for len(text) > 0 && isJSONSpace(text[0]) {
		text = text[1:]
	}
	for len(text) > 0 && isJSONSpace(text[len(text)-1]) {
		text = text[:len(text)-1]
	}
	if len(text) == 0 {
		return false
	}
	switch first, last := text[0], text[len(text)-1]; {
	case first == '{' && last == '}', first == '[' && last == ']':
		return hasHugeNumber(text)
	case first == '-':
		text = text[1:]
	}
	return numberLength(text) == len(text) && hasHugeNumber(text)
}

// isJSONSpace reports whether GreptimeDB skips a byte between values. JSON has no form feed.
func isJSONSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' }

// numberLength returns the number of bytes of the digits, points, signs and exponents with which
// a text begins.
func numberLength[T string | ~[]byte](text T) int {
	for i := range len(text) {
		switch c := text[i]; {
		case '0' <= c && c <= '9', c == '.', c == '+', c == '-', c == 'e', c == 'E':
		default:
			return i
		}
	}
	return len(text)
}

// hasHugeNumber reports whether JSON contains a number beyond the range of a float64.
func hasHugeNumber[T string | ~[]byte](text T) bool {
	const most = 308 // any number with this many digits is in range
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
			i++
		case '0' <= c && c <= '9':
			number := text[i : i+numberLength(text[i:])]
			if len(number) > most || hasExponent(number) {
				if _, err := strconv.ParseFloat(string(number), 64); errors.Is(err, strconv.ErrRange) {
					return true
				}
			}
			i += len(number)
		default:
			i++
		}
	}
	return false
}

func hasExponent[T string | ~[]byte](number T) bool {
	for i := range len(number) {
		if number[i]|0x20 == 'e' {
			return true
		}
	}
	return false
}
