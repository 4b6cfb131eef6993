package load

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/greptime-go/greptime/cmd/greptime/internal/progress"
)

// target is a column of the table, and where its values are from.
type target struct {
	column  Column
	from    int    // the column of the file; -1: every value is fill
	key     string // the name in the file; of NDJSON, where not every row has all; "": none
	fill    []byte // the DEFAULT if it is a constant, for rows without the column; nil: NULL
	parse   parser
	convert converter // of Arrow arrays
	note    string    // what to tell about it
}

// decoded is the rows of a piece as they can be written.
type decoded struct {
	parts []part
	bad   []BadRow
}

// part is rows as columns of the table.
type part struct {
	record arrow.RecordBatch // valid until the decoder is used again
	runs   []run             // their numbers
}

// BadRow is a row that cannot be written.
type BadRow struct {
	File   string
	Row    int64  // of the file, from 1
	Line   int64  // of the file, from 1; 0 if it has no lines
	Column string // of the table; "" if it is not about one
	Reason string
	Text   string // the row as it is in the file, or as JSON

	row int64 // of all files, from 0
}

// Error returns where the row is and what is wrong with it.
func (b *BadRow) Error() string {
	text := fmt.Sprintf("%s, row %d", b.File, b.Row)
	if b.Line > 0 {
		text += fmt.Sprintf(" (line %d)", b.Line)
	}
	if b.Column != "" {
		text += ", column " + strconv.Quote(b.Column)
	}
	return text + ": " + b.Reason
}

// decoder makes record batches of rows. Its memory is reused. It is for one goroutine.
type decoder struct {
	targets  []target
	isNull   func(field) bool
	skip     *Rows // not to be decoded
	schema   *arrow.Schema
	builders []*builder
	fields   []field
	columns  int // of a row of text; 0 if rows have keys

	emptyIsText bool // an empty field is the empty text of a STRING column, not NULL
}

func newDecoder(f *inputFile, opts *Options) *decoder {
	targets := f.targets
	d := &decoder{targets: targets, isNull: opts.isNull, skip: &opts.Skip, emptyIsText: f.format == TSV}
	if f.format == CSV || f.format == TSV {
		d.columns = len(f.cols)
	}
	fields := make([]arrow.Field, len(targets))
	for i, t := range targets {
		fields[i] = arrow.Field{Name: t.column.Name, Type: t.column.Type.Arrow, Nullable: true}
		d.builders = append(d.builders, newBuilder(t.column.Type.Arrow, t.parse))
	}
	d.schema = arrow.NewSchema(fields, nil)
	return d
}

func (d *decoder) reset() {
	for _, b := range d.builders {
		b.truncate(0)
	}
}

var errNull = errors.New("NULL, and the column is NOT NULL")

// appendRow appends a row of text. If it is bad, nothing of it is appended.
func (d *decoder) appendRow(row []byte, split splitFields) *BadRow {
	fields, err := split(row, d.fields)
	d.fields = fields
	if err == nil && d.columns > 0 && len(fields) != d.columns {
		err = fmt.Errorf("it has %s, and there are %d columns", progress.Count(int64(len(fields)), "field"), d.columns)
	}
	if err != nil {
		return &BadRow{Reason: err.Error()}
	}
	rows := d.builders[0].rows
	for i := range d.targets {
		t := &d.targets[i]
		var f field
		switch {
		case t.from >= 0 && (t.fill == nil || !fields[t.from].absent):
			f = fields[t.from]
			f.null = d.isNull(f) && !(d.emptyIsText && !f.null && len(f.text) == 0 && isPlainText(t.column.Type))
		case t.fill != nil:
			f.text = t.fill
		default:
			f.null = true
		}
		if err := d.append(i, f); err != nil {
			for _, b := range d.builders[:i] {
				b.truncate(rows)
			}
			return &BadRow{Column: t.column.Name, Reason: d.explain(t, f, err)}
		}
	}
	return nil
}

func isPlainText(t Type) bool { return t.Arrow.ID() == arrow.STRING && !t.JSON }

func (d *decoder) append(i int, f field) error {
	c := &d.targets[i].column
	switch {
	case f.null && !c.Nullable:
		return errNull
	case f.null:
		d.builders[i].appendNull()
		return nil
	case c.Type.JSON && f.raw != nil:
		return d.builders[i].append(f.raw)
	}
	return d.builders[i].append(f.text)
}

// explain says what is wrong with a value, and what can help.
func (d *decoder) explain(t *target, f field, err error) string {
	if f.null {
		return err.Error()
	}
	text := fmt.Sprintf("%.100q cannot be %s: %v", f.text, t.column.Type, err)
	if f.quoted {
		return text
	}
	for _, marker := range usualMarkers {
		if string(f.text) == marker {
			return text + "; if it stands for NULL, give --null " + marker
		}
	}
	return text
}

// record returns the rows that were appended.
func (d *decoder) record() arrow.RecordBatch {
	columns := make([]arrow.Array, len(d.builders))
	for i, b := range d.builders {
		columns[i] = b.array()
		defer columns[i].Release()
	}
	return array.NewRecordBatch(d.schema, columns, int64(d.builders[0].rows))
}

// recordPiece is rows of a file that has Arrow's types.
type recordPiece struct{ record arrow.RecordBatch }

func (p *recordPiece) rows() int64 { return p.record.NumRows() }

func (p *recordPiece) decode(d *decoder, first int64) (out decoded, err error) {
	defer p.record.Release()
	for _, r := range d.skip.without(first, first+p.rows()) {
		slice := p.record.NewSlice(r.start-first, r.end-first)
		err = d.convert(&out, slice, r.start)
		slice.Release()
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// convert adds the rows of a record batch to out, as columns of the table.
func (d *decoder) convert(out *decoded, record arrow.RecordBatch, first int64) error {
	runs := []run{{first, first + record.NumRows()}}
	bad := map[int]BadRow{}
	converted, err := d.columnsOf(record, func(row int, column string, err error) {
		if _, ok := bad[row]; !ok {
			bad[row] = badRecord(record, row, first, column, err)
		}
	})
	if err != nil {
		return err
	}
	if len(bad) > 0 {
		converted.Release()
		var kept arrow.RecordBatch
		kept, runs, err = withoutRows(record, runs, func(row int) bool { _, is := bad[row]; return is })
		if err != nil {
			return err
		}
		for _, row := range slices.Sorted(maps.Keys(bad)) {
			out.bad = append(out.bad, bad[row])
		}
		defer kept.Release()
		if converted, err = d.columnsOf(kept, func(int, string, error) {}); err != nil {
			return err
		}
	}
	if converted.NumRows() > 0 {
		out.parts = append(out.parts, part{converted, runs})
	}
	return nil
}

// columnsOf returns the rows of a record batch as columns of the table. It calls bad for
// values that do not fit; their rows must be left out.
func (d *decoder) columnsOf(record arrow.RecordBatch, bad func(row int, column string, err error)) (arrow.RecordBatch, error) {
	columns := make([]arrow.Array, len(d.targets))
	fields := make([]arrow.Field, len(d.targets))
	defer func() {
		for _, c := range columns {
			if c != nil {
				c.Release()
			}
		}
	}()
	for i := range d.targets {
		t := &d.targets[i]
		a, err := d.column(t, record, func(row int, err error) { bad(row, t.column.Name, err) })
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", strconv.Quote(t.column.Name), err)
		}
		columns[i] = a
		fields[i] = arrow.Field{Name: t.column.Name, Type: a.DataType(), Nullable: true}
	}
	return array.NewRecordBatch(arrow.NewSchema(fields, nil), columns, record.NumRows()), nil
}

// withoutRows returns a record batch without the rows that drop names, and the numbers of
// the others.
func withoutRows(record arrow.RecordBatch, runs []run, drop func(row int) bool) (arrow.RecordBatch, []run, error) {
	var kept [][2]int64
	start := int64(0)
	var left []run
	rows := record.NumRows()
	for row := range rows + 1 {
		if row < rows && !drop(int(row)) {
			continue
		}
		if start < row {
			kept = append(kept, [2]int64{start, row})
			left = append(left, sliceRuns(runs, start, row)...)
		}
		start = row + 1
	}
	if len(kept) == 0 {
		return record.NewSlice(0, 0), nil, nil
	}
	columns := make([]arrow.Array, record.NumCols())
	for i := range columns {
		var pieces []arrow.Array
		for _, s := range kept {
			piece := array.NewSlice(record.Column(i), s[0], s[1])
			defer piece.Release()
			pieces = append(pieces, piece)
		}
		whole, err := array.Concatenate(pieces, memory.DefaultAllocator)
		if err != nil {
			return nil, nil, err
		}
		defer whole.Release()
		columns[i] = whole
	}
	return array.NewRecordBatch(record.Schema(), columns, countRows(left)), left, nil
}

// column returns the values of a column of the table. It calls bad for those that do not
// fit.
func (d *decoder) column(t *target, record arrow.RecordBatch, bad func(row int, err error)) (arrow.Array, error) {
	rows := int(record.NumRows())
	if t.from < 0 {
		if t.fill == nil {
			return array.NewNull(rows), nil
		}
		b := newBuilder(t.column.Type.Arrow, t.parse)
		for range rows {
			if err := b.append(t.fill); err != nil {
				return nil, err
			}
		}
		return b.array(), nil
	}
	a := record.Column(t.from)
	if !t.column.Nullable && a.NullN() > 0 {
		for row := range rows {
			if a.IsNull(row) {
				bad(row, errNull)
			}
		}
	}
	if t.convert != nil {
		return t.convert(a, bad)
	}
	a.Retain()
	return a, nil
}

// badRecord describes a row of a record batch whose first row has the number first.
func badRecord(record arrow.RecordBatch, row int, first int64, column string, err error) BadRow {
	one := record.NewSlice(int64(row), int64(row)+1)
	defer one.Release()
	structs := array.RecordToStructArray(one)
	defer structs.Release()
	return BadRow{row: first + int64(row), Column: column, Reason: err.Error(), Text: structs.ValueStr(0)}
}
