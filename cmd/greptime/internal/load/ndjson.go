package load

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// objectFields returns the function that finds n fields of a JSON object by their keys.
// places are those of the columns among the fields. Other keys are an error, unless others
// are left out.
func objectFields(places map[string]int, n int, withoutOthers bool) splitFields {
	return func(row []byte, fields []field) ([]field, error) {
		fields = fields[:0]
		for range n {
			fields = append(fields, field{null: true, absent: true})
		}
		err := eachMember(row, func(key string, value []byte) (err error) {
			at, ok := places[key]
			switch {
			case ok:
				fields[at], err = fieldOf(value)
			case !withoutOthers:
				err = fmt.Errorf("the key %s is not a column; name the keys to import by --columns, or add the column to the table", strconv.Quote(key))
			}
			return err
		})
		return fields, err
	}
}

// fieldOf returns a valid JSON value as a field.
func fieldOf(value []byte) (field, error) {
	switch value[0] {
	case 'n':
		return field{null: true}, nil
	case '"':
		text := value[1 : len(value)-1]
		if bytes.IndexByte(text, '\\') >= 0 {
			var err error
			if text, err = unescapeJSON(value); err != nil {
				return field{}, err
			}
		}
		return field{text: text, raw: value, quoted: true}, nil
	}
	return field{text: value, raw: value, quoted: true}, nil
}

// unescapeJSON returns the text of a JSON string. Package encoding/json replaces what is not
// Unicode.
func unescapeJSON(quoted []byte) ([]byte, error) {
	if !utf8.Valid(quoted) {
		return nil, errUTF8
	}
	var s string
	if err := json.Unmarshal(quoted, &s); err != nil {
		return nil, err
	}
	escapes := bytes.ToLower(bytes.ReplaceAll(quoted, []byte(`\\`), nil))
	if replaced := strings.Count(s, "\ufffd") - bytes.Count(quoted, []byte("\ufffd")) - bytes.Count(escapes, []byte(`\ufffd`)); replaced > 0 {
		return nil, errHalf
	}
	return []byte(s), nil
}

var errHalf = errors.New("an escape in it, \\ud800 to \\udfff, is half of a character")

var errNoObject = errors.New("not a JSON object")

// eachMember calls f for each member of an object in order.
func eachMember(row []byte, f func(key string, value []byte) error) error {
	row = bytes.Trim(row, " \t\r\n") // what JSON allows
	if len(row) == 0 || row[0] != '{' {
		if len(row) > 0 && row[0] == '[' {
			return fmt.Errorf("%w, but an array; write one object a line, for example with jq -c '.[]'", errNoObject)
		}
		return errNoObject
	}
	if !json.Valid(row) {
		var any json.RawMessage
		return fmt.Errorf("%w: %w", errNoObject, json.Unmarshal(row, &any))
	}
	// From here on nothing can be missing.
	i := skipSpace(row, 1)
	for row[i] != '}' {
		end := skipValue(row, i)
		key, err := keyOf(row[i:end])
		if err != nil {
			return err
		}
		i = skipSpace(row, skipSpace(row, end)+1) // the colon
		end = skipValue(row, i)
		if err := f(key, row[i:end]); err != nil {
			return err
		}
		if i = skipSpace(row, end); row[i] == ',' {
			i = skipSpace(row, i+1)
		}
	}
	return nil
}

// keyOf returns the text of a key. It may be a view of it.
func keyOf(quoted []byte) (string, error) {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return view(quoted[1 : len(quoted)-1]), nil
	}
	var key string
	err := json.Unmarshal(quoted, &key)
	return key, err
}

func skipSpace(row []byte, i int) int {
	for row[i] == ' ' || row[i] == '\t' || row[i] == '\n' || row[i] == '\r' {
		i++
	}
	return i
}

// skipValue returns the end of the value that begins at i.
func skipValue(row []byte, i int) int {
	depth := 0
	for {
		switch row[i] {
		case '"':
			for i++; row[i] != '"'; i++ {
				if row[i] == '\\' {
					i++
				}
			}
			i++
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
		case ',', ':', ' ', '\t', '\n', '\r':
			i++
		default:
			for strings.IndexByte(",:]} \t\r\n", row[i]) < 0 {
				i++
			}
		}
		if depth == 0 {
			return i
		}
	}
}
