package column

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

func isJSON(text []byte) bool { return utf8.Valid(text) && json.Valid(text) }

// notJSON says why a JSON column cannot store a text; empty if it can. GreptimeDB keeps
// numbers that are no 64-bit integers as float64, and, by its source, makes those beyond
// its range infinite.
func notJSON(text []byte) string {
	switch {
	case !isJSON(text):
		return reasonJSON
	case hasHugeNumber(text):
		return reasonJSONNumber
	}
	return ""
}

// hasHugeNumber says whether valid JSON has a number beyond the range of a float64.
func hasHugeNumber(text []byte) bool {
	const most = 308 // so many digits are in range
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
