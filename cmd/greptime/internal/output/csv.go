package output

import (
	"bufio"
	"bytes"
)

// csvPrinter writes RFC 4180, with \n as the end of a line. A text that would read as NULL
// has quotes, so that both differ.
type csvPrinter struct {
	w    *bufio.Writer
	null string
}

func (p *csvPrinter) begin(columns []column) error {
	for i, c := range columns {
		if i > 0 {
			p.w.WriteByte(',')
		}
		p.field([]byte(c.name))
	}
	return p.w.WriteByte('\n')
}

func (p *csvPrinter) row(cells []cell) error {
	for i, c := range cells {
		if i > 0 {
			p.w.WriteByte(',')
		}
		if c.null {
			p.w.WriteString(p.null)
		} else {
			p.field(c.text)
		}
	}
	return p.w.WriteByte('\n')
}

func (p *csvPrinter) field(text []byte) {
	if string(text) != p.null && len(text) > 0 && !bytes.ContainsAny(text, ",\"\r\n") && text[0] != ' ' && text[len(text)-1] != ' ' {
		p.w.Write(text)
		return
	}
	p.w.WriteByte('"')
	for len(text) > 0 {
		i := bytes.IndexByte(text, '"')
		if i < 0 {
			break
		}
		p.w.Write(text[:i+1])
		p.w.WriteByte('"')
		text = text[i+1:]
	}
	p.w.Write(text)
	p.w.WriteByte('"')
}

func (p *csvPrinter) end(int64) error { return nil }

// tsvPrinter writes columns between tabs. Tabs, line breaks and backslashes within a value
// are \t, \n, \r and \\, as in the text of PostgreSQL's COPY.
type tsvPrinter struct {
	w    *bufio.Writer
	null string
}

func (p *tsvPrinter) begin(columns []column) error {
	for i, c := range columns {
		if i > 0 {
			p.w.WriteByte('\t')
		}
		p.field([]byte(c.name))
	}
	return p.w.WriteByte('\n')
}

func (p *tsvPrinter) row(cells []cell) error {
	for i, c := range cells {
		if i > 0 {
			p.w.WriteByte('\t')
		}
		if c.null {
			p.w.WriteString(p.null)
		} else {
			p.field(c.text)
		}
	}
	return p.w.WriteByte('\n')
}

func (p *tsvPrinter) field(text []byte) {
	for {
		i := bytes.IndexAny(text, "\t\n\r\\")
		if i < 0 {
			p.w.Write(text)
			return
		}
		p.w.Write(text[:i])
		p.w.WriteByte('\\')
		switch text[i] {
		case '\t':
			p.w.WriteByte('t')
		case '\n':
			p.w.WriteByte('n')
		case '\r':
			p.w.WriteByte('r')
		default:
			p.w.WriteByte('\\')
		}
		text = text[i+1:]
	}
}

func (p *tsvPrinter) end(int64) error { return nil }
