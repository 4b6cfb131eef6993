package output

import (
	"bufio"
	"bytes"
)

// linePrinter writes a row per line, with a separator between the fields: CSV as RFC 4180
// describes it, but with \n as the end of a line, or TSV as the text of PostgreSQL's COPY.
type linePrinter struct {
	w         *bufio.Writer
	null      string
	separator byte
	field     func(p *linePrinter, text []byte)
}

func newCSVPrinter(w *bufio.Writer, null string) *linePrinter {
	return &linePrinter{w, null, ',', (*linePrinter).quote}
}

func newTSVPrinter(w *bufio.Writer, null string) *linePrinter {
	return &linePrinter{w, null, '\t', (*linePrinter).escape}
}

func (p *linePrinter) begin(columns []column) error {
	for i, c := range columns {
		if i > 0 {
			p.w.WriteByte(p.separator)
		}
		p.field(p, []byte(c.name))
	}
	return p.w.WriteByte('\n')
}

func (p *linePrinter) row(cells []cell) error {
	for i, c := range cells {
		if i > 0 {
			p.w.WriteByte(p.separator)
		}
		if c.null {
			p.w.WriteString(p.null)
		} else {
			p.field(p, c.text)
		}
	}
	return p.w.WriteByte('\n')
}

func (p *linePrinter) end(int64) error { return nil }

// quote writes a field of CSV. A text that would read as NULL has quotes, so that both differ.
func (p *linePrinter) quote(text []byte) {
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

// escape writes a field of TSV. Tabs, line breaks and backslashes within it are \t, \n, \r and
// \\.
func (p *linePrinter) escape(text []byte) {
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
