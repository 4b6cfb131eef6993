package output

import (
	"bufio"
	"database/sql"
	"errors"
	"io"
)

// cell is the text of one value. Its memory is used again for the next row.
type cell struct {
	text []byte
	null bool
}

// printer writes the rows of a result in one format.
type printer interface {
	// begin is called once, before the first row.
	begin(columns []column) error
	row(cells []cell) error
	// end is called once, after the last row of a complete result.
	end(rows int64) error
}

// WriteRows writes the present result set of rows in a format that is not FromBatches. It
// returns the number of rows written. It does not close rows.
func WriteRows(w io.Writer, rows *sql.Rows, o Options) (n int64, err error) {
	columns, err := newColumns(rows, o.Format.ForEyes())
	if err != nil {
		return 0, err
	}
	buffered := bufio.NewWriterSize(w, 64<<10)
	p := newPrinter(buffered, o)
	n, err = printRows(p, rows, columns)
	if err == nil {
		err = p.end(n)
	}
	return n, errors.Join(err, buffered.Flush())
}

func printRows(p printer, rows *sql.Rows, columns []column) (n int64, err error) {
	if err := p.begin(columns); err != nil {
		return 0, err
	}
	dest := make([]any, len(columns))
	for i := range columns {
		dest[i] = columns[i].dest
	}
	cells := make([]cell, len(columns))
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return n, err
		}
		for i := range columns {
			text, ok := columns[i].appendText(cells[i].text[:0])
			cells[i] = cell{text, !ok}
		}
		if err := p.row(cells); err != nil {
			return n, err
		}
		n++
	}
	return n, rows.Err()
}

// newPrinter returns the printer of a format.
func newPrinter(w *bufio.Writer, o Options) printer {
	p := formatPrinter(w, o)
	if o.Progress != nil {
		p = &reportingPrinter{printer: p, progress: o.Progress}
	}
	return p
}

// progressRows is how many rows are written between two calls of Options.Progress.
const progressRows = 1000

// reportingPrinter is a printer that reports its progress.
type reportingPrinter struct {
	printer
	progress func(rows int64)
	rows     int64
}

func (p *reportingPrinter) row(cells []cell) error {
	if p.rows++; p.rows%progressRows == 0 {
		p.progress(p.rows)
	}
	return p.printer.row(cells)
}

func formatPrinter(w *bufio.Writer, o Options) printer {
	switch o.Format {
	case Vertical:
		return &verticalPrinter{w: w, screen: newScreen(o)}
	case CSV:
		return newCSVPrinter(w, o.null())
	case TSV:
		return newTSVPrinter(w, o.null())
	case JSON:
		return &jsonPrinter{w: w, array: true}
	case NDJSON:
		return &jsonPrinter{w: w}
	case Markdown:
		return &markdownPrinter{w: w, null: o.null()}
	default:
		return &tablePrinter{w: w, screen: newScreen(o)}
	}
}
