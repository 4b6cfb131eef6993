package output

import (
	"bufio"
	"fmt"
	"unicode/utf8"
)

// jsonPrinter writes an object per row and line, and for JSON an array around them. Numbers
// have all their digits.
type jsonPrinter struct {
	w     *bufio.Writer
	array bool

	keys  [][]byte // the names as JSON strings, with a colon
	kinds []kind
	rows  int
	buf   []byte
}

func (p *jsonPrinter) begin(columns []column) error {
	seen := make(map[string]bool, len(columns))
	for _, c := range columns {
		name := c.name
		for n := 2; seen[name]; n++ { // an object cannot have two keys of one name
			name = fmt.Sprintf("%s_%d", c.name, n)
		}
		seen[name] = true
		p.keys = append(p.keys, append(appendJSONString(nil, []byte(name)), ':'))
		p.kinds = append(p.kinds, c.kind)
	}
	if p.array {
		p.w.WriteByte('[')
	}
	return nil
}

func (p *jsonPrinter) row(cells []cell) error {
	if p.array {
		if p.rows > 0 {
			p.w.WriteByte(',')
		}
		p.w.WriteByte('\n')
	}
	p.rows++
	p.w.WriteByte('{')
	for i, c := range cells {
		if i > 0 {
			p.w.WriteByte(',')
		}
		p.w.Write(p.keys[i])
		p.value(c, p.kinds[i])
	}
	p.w.WriteByte('}')
	if p.array {
		return nil
	}
	return p.w.WriteByte('\n')
}

func (p *jsonPrinter) value(c cell, k kind) {
	switch {
	case c.null:
		p.w.WriteString("null")
	case k == text, k == number && !isJSONNumber(c.text):
		p.buf = appendJSONString(p.buf[:0], c.text)
		p.w.Write(p.buf)
	default:
		p.w.Write(c.text)
	}
}

func (p *jsonPrinter) end(rows int64) error {
	if !p.array {
		return nil
	}
	if rows > 0 {
		p.w.WriteByte('\n')
	}
	_, err := p.w.WriteString("]\n")
	return err
}

// isJSONNumber reports whether a number can be written in JSON: NaN and Infinity cannot.
func isJSONNumber(text []byte) bool {
	last := text[len(text)-1]
	return '0' <= last && last <= '9'
}

// appendJSONString appends text as a JSON string.
func appendJSONString(dst, text []byte) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		case c < utf8.RuneSelf:
			dst = append(dst, c)
		default:
			r, size := utf8.DecodeRune(text[i:])
			dst = utf8.AppendRune(dst, r)
			i += size
			continue
		}
		i++
	}
	return append(dst, '"')
}
