package output

import (
	"bufio"
	"fmt"
	"slices"
	"strings"
)

// The first rows of a result decide the widths of a table's columns: so many rows, or so
// many bytes of them.
const (
	sampleRows  = 1000
	sampleBytes = 1 << 20
)

// minWidth is the width down to which a column of text is narrowed to fit the terminal.
const minWidth = 8

// tablePrinter writes a table. On a terminal it wraps text that does not fit. Otherwise each
// line of a value is one line of the table, and a value that is wider than the sample moves
// the rest of its line.
type tablePrinter struct {
	screen
	w       *bufio.Writer
	columns []column
	header  []shown
	sample  [][]shown
	bytes   int // in the sample
	widths  []int
	row1    []shown // memory of the present row
}

func (p *tablePrinter) begin(columns []column) error {
	p.columns = columns
	for _, c := range columns {
		p.header = append(p.header, showText(c.name, false))
	}
	p.row1 = make([]shown, len(columns))
	return nil
}

func (p *tablePrinter) row(cells []cell) error {
	for i, c := range cells {
		p.row1[i] = p.show(c)
		p.bytes += len(c.text)
	}
	if p.widths != nil {
		return p.writeRow(p.row1, "")
	}
	p.sample = append(p.sample, slices.Clone(p.row1))
	if len(p.sample) < sampleRows && p.bytes < sampleBytes {
		return nil
	}
	return p.writeSample()
}

// writeSample decides the widths and writes the rows so far.
func (p *tablePrinter) writeSample() error {
	p.widths = make([]int, len(p.columns))
	for i, h := range p.header {
		p.widths[i] = h.width
	}
	for _, row := range p.sample {
		for i, c := range row {
			p.widths[i] = max(p.widths[i], c.width)
		}
	}
	p.fit()
	if err := p.writeRow(p.header, bold); err != nil {
		return err
	}
	p.writeRule()
	for _, row := range p.sample {
		if err := p.writeRow(row, ""); err != nil {
			return err
		}
	}
	p.sample = nil
	return nil
}

// fit narrows the widest columns of text until the table fits the terminal, if that is
// possible.
func (p *tablePrinter) fit() {
	if p.width <= 0 {
		return
	}
	narrow := func(limit int) (widths []int, total int) {
		widths = slices.Clone(p.widths)
		total = 3*len(widths) - 1 // the bars, and a space at both sides of each value
		for i := range widths {
			if k := p.columns[i].kind; k == text || k == raw {
				widths[i] = min(widths[i], limit)
			}
			total += widths[i]
		}
		return widths, total
	}
	widest := slices.Max(append([]int{minWidth}, p.widths...))
	for limit := widest; ; limit-- {
		widths, total := narrow(limit)
		if total <= p.width || limit <= minWidth {
			p.widths = widths
			return
		}
		if over := (total - p.width) / len(widths); over > 1 { // many cells to go
			limit = max(minWidth+1, limit-over+1)
		}
	}
}

// writeRow writes a row, which has as many lines as its highest cell.
func (p *tablePrinter) writeRow(row []shown, style string) error {
	height := 1
	for i, c := range row {
		if p.width > 0 {
			c = c.wrap(p.widths[i])
			row[i] = c
		}
		height = max(height, len(c.lines))
	}
	for n := range height {
		gap := 1 // spaces not yet written, so that no line ends with them
		for i, c := range row {
			if i > 0 {
				pad(p.w, gap)
				p.styled(p.w, faint, "│")
				gap = 1
			}
			if n >= len(c.lines) || c.lines[n] == "" {
				gap += p.widths[i] + 1
				continue
			}
			line := c.lines[n]
			width := c.width
			if len(c.lines) > 1 {
				width = showText(line, false).width
			}
			free := max(0, p.widths[i]-width)
			if p.columns[i].kind == number {
				gap += free
				free = 0
			}
			pad(p.w, gap)
			if style == "" {
				p.styled(p.w, p.style(c), line)
			} else {
				p.styled(p.w, style, line)
			}
			gap = free + 1
		}
		if err := p.w.WriteByte('\n'); err != nil {
			return err
		}
	}
	return nil
}

func (p *tablePrinter) writeRule() {
	var b strings.Builder
	for i, width := range p.widths {
		if i > 0 {
			b.WriteString("┼")
		}
		b.WriteString(strings.Repeat("─", width+2))
	}
	p.styled(p.w, faint, b.String())
	p.w.WriteByte('\n')
}

func (p *tablePrinter) end(rows int64) error {
	if p.widths == nil {
		if err := p.writeSample(); err != nil {
			return err
		}
	}
	p.styled(p.w, faint, countOf(rows))
	return p.w.WriteByte('\n')
}

// countOf returns the line below a table.
func countOf(rows int64) string {
	if rows == 1 {
		return "(1 row)"
	}
	return fmt.Sprintf("(%d rows)", rows)
}
