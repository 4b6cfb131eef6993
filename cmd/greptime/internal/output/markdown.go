package output

import (
	"bufio"
	"strings"
)

// markdownPrinter writes a table of Markdown.
type markdownPrinter struct {
	w    *bufio.Writer
	null string
}

var markdownEscapes = strings.NewReplacer(`\`, `\\`, "|", `\|`, "\r\n", "<br>", "\n", "<br>", "\r", "<br>", "<", "&lt;", "*", `\*`, "_", `\_`, "`", "\\`")

func (p *markdownPrinter) begin(columns []column) error {
	for _, c := range columns {
		p.field(c.name)
	}
	p.w.WriteString("|\n")
	for _, c := range columns {
		if c.kind == number {
			p.w.WriteString("| ---: ")
		} else {
			p.w.WriteString("| --- ")
		}
	}
	_, err := p.w.WriteString("|\n")
	return err
}

func (p *markdownPrinter) row(cells []cell) error {
	for _, c := range cells {
		if c.null {
			p.field(p.null)
		} else {
			p.field(string(c.text))
		}
	}
	_, err := p.w.WriteString("|\n")
	return err
}

func (p *markdownPrinter) field(text string) {
	p.w.WriteString("| ")
	markdownEscapes.WriteString(p.w, text)
	p.w.WriteByte(' ')
}

func (p *markdownPrinter) end(int64) error { return nil }
