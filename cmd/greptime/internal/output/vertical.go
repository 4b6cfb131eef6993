package output

import (
	"bufio"
	"fmt"
	"strings"
)

// verticalPrinter writes a line per value, which suits rows that are too wide for a table.
type verticalPrinter struct {
	screen
	w     *bufio.Writer
	names []shown // each in one line
	left  int     // width of the widest name
	rows  int64
}

func (p *verticalPrinter) begin(columns []column) error {
	for _, c := range columns {
		name := showText(strings.Join(showText(c.name, false).lines, " "), false)
		p.names = append(p.names, name)
		p.left = max(p.left, name.width)
	}
	return nil
}

func (p *verticalPrinter) row(cells []cell) error {
	p.rows++
	title := fmt.Sprintf("─[ row %d ]", p.rows)
	rule := max(0, p.left+3-len([]rune(title))) // up to the bar between names and values
	p.styled(p.w, faint, title+strings.Repeat("─", rule))
	p.w.WriteByte('\n')
	for i, c := range cells {
		value := p.show(c)
		if p.width > p.left+3 {
			value = value.wrap(p.width - p.left - 3)
		}
		for n, line := range value.lines {
			name := shown{}
			if n == 0 {
				name = p.names[i]
				p.styled(p.w, bold, name.lines[0])
			}
			pad(p.w, p.left-name.width+1)
			p.styled(p.w, faint, "│")
			if line != "" {
				p.w.WriteByte(' ')
				p.styled(p.w, p.style(value), line)
			}
			if err := p.w.WriteByte('\n'); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *verticalPrinter) end(rows int64) error {
	p.styled(p.w, faint, countOf(rows))
	return p.w.WriteByte('\n')
}
