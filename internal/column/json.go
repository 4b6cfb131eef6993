package column

import (
	"bytes"
	"encoding/json"
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

// hasHugeNumber reports whether valid JSON contains a number beyond the range of a float64.
func hasHugeNumber(text []byte) bool {
	const most = 308 // any number with this many digits is in range
	for len(text) > 0 {
		c := text[0]
		switch {
		case c == '"':
			text = text[1:]
			for text[0] != '"' {
				if text[0] == '\\' {
					text = text[1:]
				}
				text = text[1:]
			}
		case '0' <= c && c <= '9':
			number := text
			if end := bytes.IndexAny(text, ",]} \t\r\n"); end >= 0 {
				number = text[:end]
			}
			if len(number) > most || bytes.ContainsAny(number, "eE") {
				if _, err := strconv.ParseFloat(string(number), 64); err != nil {
					return true
				}
			}
			text = text[len(number):]
			continue
		}
		text = text[1:]
	}
	return false
}
