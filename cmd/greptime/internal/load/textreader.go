package load

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
)

// sampleChunks is how many chunks of a text file are the sample.
const sampleChunks = 4

// fileColumn is a column of a file.
type fileColumn struct {
	name  string
	typ   Type  // for a table that is made of the file
	ok    bool  // there is a type
	guess guess // of text

	arrow arrow.DataType // of files that are not text
}

// reader reads the rows of a file.
type reader interface {
	columns() []fileColumn
	// prepare is told the columns that the rows go to. It can change where they are from.
	prepare(targets []target) error
	// next returns the next rows, and io.EOF after the last ones.
	next() (piece, error)
	// fraction returns which part of the file is read, or -1 if that is not known.
	fraction() float64
	close() error
}

// piece is some rows of a file.
type piece interface {
	// rows returns how many there are.
	rows() int64
	// decode returns the rows that are not to be skipped. first is the number of the first one.
	decode(d *decoder, first int64) (decoded, error)
}

// textReader reads CSV, TSV or NDJSON.
type textReader struct {
	src    *source
	lines  splitter
	split  splitFields
	queued []chunk // the sample
	ended  error   // of lines
	cols   []fileColumn
	opts   *Options
}

func newTextReader(src *source, opts *Options) (*textReader, error) {
	r := &textReader{src: src, opts: opts, lines: splitter{r: src.stream}}
	if src.format == CSV {
		r.lines.comma = opts.comma()
	}
	for len(r.queued) < sampleChunks {
		c, err := r.lines.next()
		if err != nil {
			r.ended = err
			break
		}
		r.queued = append(r.queued, c)
	}
	if r.ended != nil && r.ended != io.EOF && len(r.queued) == 0 {
		return nil, fmt.Errorf("%s: %w", src.name, r.ended)
	}
	var err error
	if src.format == NDJSON {
		err = r.sampleObjects()
	} else {
		err = r.sampleRows()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", src.name, err)
	}
	for i := range r.cols {
		r.cols[i].typ, _ = r.cols[i].guess.typ()
		r.cols[i].ok = true
	}
	return r, nil
}

// sampleRows reads the header, and the sample of CSV or TSV.
func (r *textReader) sampleRows() error {
	r.split = tsvFields
	if r.src.format == CSV {
		r.split = csvFields(r.lines.comma)
	}
	var names []string
	switch {
	case !r.opts.NoHeader:
		if len(r.queued) == 0 {
			return errors.New("it is empty; the first line must have the names of the columns")
		}
		header, err := r.takeHeader()
		if err != nil {
			return err
		}
		names = header
	case len(r.opts.Columns) > 0:
		for _, c := range r.opts.Columns {
			names = append(names, c.File)
		}
	default:
		return errors.New("without a header the columns have no names; give them by --columns a,b,c")
	}
	for i, name := range names {
		if !utf8.ValidString(name) {
			return fmt.Errorf("the name of column %d is not UTF-8", i+1)
		}
		r.cols = append(r.cols, fileColumn{name: name})
	}
	var fields []field
	r.eachSampled(func(row []byte) {
		var err error
		if fields, err = r.split(row, fields); err != nil {
			return // it is refused later
		}
		for i := range min(len(fields), len(r.cols)) {
			r.see(&r.cols[i], fields[i])
		}
	})
	return nil
}

// takeHeader takes the first row out of the sample.
func (r *textReader) takeHeader() ([]string, error) {
	c := &r.queued[0]
	row := c.text[:c.ends[0]]
	fields, err := r.split(bytes.TrimRight(row, "\r\n"), nil)
	if err != nil {
		return nil, fmt.Errorf("the header in line %d: %w", c.line, err)
	}
	seen := map[string]bool{}
	var names []string
	for i, f := range fields {
		name := string(bytes.TrimSpace(f.text))
		if f.quoted {
			name = string(f.text)
		} else if strings.Contains(name, "\r") {
			return nil, errors.New(`its lines end with \r alone; convert it, for example with tr '\r' '\n'`)
		}
		if seen[name] {
			return nil, fmt.Errorf("the header in line %d names column %s twice; rename one, or give --header=false --columns … and leave out the line", c.line, strconv.Quote(name))
		}
		seen[name] = true
		if name == "" {
			name = "column" + strconv.Itoa(i+1)
		}
		names = append(names, name)
	}
	if len(names) == 1 && r.src.format == CSV {
		for _, other := range []byte{',', ';', '\t', '|'} {
			if other != r.lines.comma && bytes.Count(row, []byte{other}) > 0 {
				return nil, fmt.Errorf("the header in line %d is one column, %s; if %q separates the columns, give --delimiter %q", c.line, strconv.Quote(names[0]), other, other)
			}
		}
	}
	used := c.ends[0]
	c.line += int64(bytes.Count(row, []byte("\n")))
	c.text = c.text[used:]
	c.ends = c.ends[1:]
	for i := range c.ends {
		c.ends[i] -= used
	}
	if len(c.ends) == 0 {
		r.queued = r.queued[1:]
	}
	return names, nil
}

// sampleObjects reads the sample of NDJSON. The columns are its keys.
func (r *textReader) sampleObjects() error {
	places := map[string]int{}
	r.eachSampled(func(row []byte) {
		_ = eachMember(row, func(key string, value []byte) error { // a bad row is refused later
			i, ok := places[key]
			if !ok {
				i = len(r.cols)
				key = strings.Clone(key)
				places[key] = i
				r.cols = append(r.cols, fileColumn{name: key})
			}
			f, err := fieldOf(value)
			if err == nil {
				r.see(&r.cols[i], f)
			}
			return nil
		})
	})
	if len(r.queued) > 0 && len(r.cols) == 0 {
		c := r.queued[0]
		if err := eachMember(c.text[:c.ends[0]], func(string, []byte) error { return nil }); err != nil {
			return fmt.Errorf("line %d: %w", c.line, err)
		}
	}
	return nil
}

// eachSampled calls see for each row of the sample.
func (r *textReader) eachSampled(see func(row []byte)) {
	for _, c := range r.queued {
		start := 0
		for _, end := range c.ends {
			see(bytes.TrimRight(c.text[start:end], "\r\n"))
			start = end
		}
	}
}

func (r *textReader) see(c *fileColumn, f field) {
	if f.null || r.opts.isNull(f) {
		c.guess.nulls++
		return
	}
	c.guess.see(f, r.opts.times())
}

func (r *textReader) columns() []fileColumn { return r.cols }

func (r *textReader) prepare(targets []target) error {
	if r.src.format != NDJSON {
		return nil
	}
	// The sample need not have all keys.
	places := map[string]int{}
	n := 0
	for i := range targets {
		if t := &targets[i]; t.key != "" {
			t.from = n
			places[t.key] = n
			n++
		}
	}
	r.split = objectFields(places, n, len(r.opts.Columns) > 0)
	return nil
}

func (r *textReader) next() (piece, error) {
	if len(r.queued) > 0 {
		c := r.queued[0]
		r.queued = r.queued[1:]
		return &textPiece{chunk: c, reader: r}, nil
	}
	if r.ended != nil {
		return nil, r.fail(r.ended)
	}
	c, err := r.lines.next()
	if err != nil {
		r.ended = err
		return nil, r.fail(err)
	}
	return &textPiece{chunk: c, reader: r}, nil
}

func (r *textReader) fail(err error) error {
	if err == io.EOF {
		return err
	}
	return fmt.Errorf("%s: %w", r.src.name, err)
}

func (r *textReader) fraction() float64 {
	if r.src.size == 0 {
		return -1
	}
	return min(1, float64(r.src.read.Load())/float64(r.src.size))
}

func (r *textReader) close() error { return r.src.close() }

// textPiece is rows of text.
type textPiece struct {
	chunk
	reader *textReader
}

func (p *textPiece) rows() int64 { return int64(len(p.ends)) }

func (p *textPiece) decode(d *decoder, first int64) (out decoded, err error) {
	d.reset()
	var runs []run
	line, counted := p.line, 0 // the line of the byte at counted
	begin := 0
	for i, end := range p.ends {
		start, number := begin, first+int64(i)
		begin = end
		if d.skip.contains(number) {
			continue
		}
		row := bytes.TrimRight(p.text[start:end], "\r\n")
		bad := d.appendRow(row, p.reader.split)
		if bad == nil {
			runs = appendRow(runs, number)
			continue
		}
		line += int64(bytes.Count(p.text[counted:start], []byte("\n")))
		counted = start
		bad.row, bad.Line, bad.Text = number, line, string(row)
		out.bad = append(out.bad, *bad)
	}
	if len(runs) > 0 {
		out.parts = []part{{d.record(), runs}}
	}
	return out, nil
}
