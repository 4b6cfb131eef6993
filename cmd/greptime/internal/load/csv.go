package load

import (
	"bytes"
	"errors"
	"fmt"
)

// field is the text of a value.
type field struct {
	text   []byte
	raw    []byte // of NDJSON: the JSON that text is the value of
	quoted bool   // in quotes or with an escape, and so never NULL
	null   bool   // of NDJSON: null, or left out
	absent bool   // of NDJSON: left out
}

// A splitFields returns the fields of a row, which has no line end. It may use the memory of
// fields.
type splitFields func(row []byte, fields []field) ([]field, error)

// csvFields returns the function that splits rows as RFC 4180 describes them, with another
// separator perhaps. Package encoding/csv does not say which fields have quotes, and so
// cannot tell the empty text from NULL.
func csvFields(comma byte) splitFields {
	return func(row []byte, fields []field) ([]field, error) {
		fields = fields[:0]
		for {
			if len(row) > 0 && row[0] == '"' {
				text, rest, err := unquote(row[1:])
				if err != nil {
					return fields, fmt.Errorf("field %d: %w", len(fields)+1, err)
				}
				fields = append(fields, field{text: text, quoted: true})
				if len(rest) == 0 {
					return fields, nil
				}
				if rest[0] != comma {
					return fields, fmt.Errorf("field %d: text follows the closing quote; double the quotes within a field", len(fields))
				}
				row = rest[1:]
				continue
			}
			i := bytes.IndexByte(row, comma)
			if i < 0 {
				return append(fields, field{text: row}), nil
			}
			fields = append(fields, field{text: row[:i]})
			row = row[i+1:]
		}
	}
}

var errOpenQuote = errors.New("the quote is not closed")

// unquote returns the text up to the closing quote, and what follows that.
func unquote(row []byte) (text, rest []byte, err error) {
	i := bytes.IndexByte(row, '"')
	if i < 0 {
		return nil, nil, errOpenQuote
	}
	if i+1 == len(row) || row[i+1] != '"' {
		return row[:i], row[i+1:], nil
	}
	for { // a doubled quote: the text is not what the row has
		text = append(text, row[:i+1]...)
		row = row[i+2:]
		if i = bytes.IndexByte(row, '"'); i < 0 {
			return nil, nil, errOpenQuote
		}
		if i+1 == len(row) || row[i+1] != '"' {
			return append(text, row[:i]...), row[i+1:], nil
		}
	}
}

// tsvFields splits a row at tabs. Tabs, line breaks and backslashes within a field are \t, \n,
// \r and \\, and NULL is \N, as in the text of PostgreSQL's COPY; quotes mean nothing.
func tsvFields(row []byte, fields []field) ([]field, error) {
	fields = fields[:0]
	for {
		text, rest, more := bytes.Cut(row, []byte{'\t'})
		f := field{text: text}
		if bytes.IndexByte(text, '\\') >= 0 {
			if f.null = string(text) == `\N`; !f.null {
				f.text, f.quoted = unescape(text), true
			}
		}
		fields = append(fields, f)
		if !more {
			return fields, nil
		}
		row = rest
	}
}

// escapes are what characters behind a backslash stand for; others stand for themselves.
var escapes = map[byte]byte{'t': '\t', 'n': '\n', 'r': '\r', 'b': '\b', 'f': '\f', 'v': '\v'}

func unescape(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '\\' && i+1 < len(text) {
			i++
			c = text[i]
			if e, ok := escapes[c]; ok {
				c = e
			}
		}
		out = append(out, c)
	}
	return out
}
