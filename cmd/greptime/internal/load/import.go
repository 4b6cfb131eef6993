// Package load imports files into a table: CSV, TSV, NDJSON, Parquet and Arrow IPC.
//
// # Damaged files
//
// A file that is damaged is an error that names it, or other values; never a panic, and never
// memory for what a length or a count only claims. Messages of Arrow IPC are read in steps and
// decoded by package flightdecode, which checks all that is in them: a header may have 16 MiB,
// and a body 4 GiB, also after decompression. What flightdecode does not decode is refused:
// Union, RunEndEncoded, ListView, and big-endian data.
//
// Parquet is read by arrow-go, which takes pages of 64 MiB, or 256 MiB after decompression. An
// Arrow schema in the file is used only if flightdecode can read it, record batches are checked,
// and panics of arrow-go become errors. The lists of the footer are beyond this package: Thrift
// lets one claim 100 million elements, 800 MiB of addresses, of which only what is there becomes
// memory.
package load

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/greptime-go/greptime"
)

// Import is an import that was prepared: the files were looked at, and the columns of the
// table are known. It must be closed.
type Import struct {
	Table   string
	Exists  bool     // the table does
	Columns []Column // of the table, as it is or as Create makes it
	Notes   []string // what to know before it begins

	conn  *greptime.Conn
	opts  Options
	files []*inputFile
}

// inputFile is a file to import.
type inputFile struct {
	name    string
	reader  reader // open, if the file can be read only once; others are opened again
	once    bool   // it can be read only once
	cols    []fileColumn
	format  Format
	targets []target
}

// Prepare looks at the files and the table, and says what is wrong before anything is
// written. It reads a sample of each text file. The files "-" is standard input.
func Prepare(ctx context.Context, conn *greptime.Conn, table string, files []string, opts Options) (_ *Import, err error) {
	im := &Import{Table: table, conn: conn, opts: opts}
	defer func() {
		if err != nil {
			err = errors.Join(err, im.Close())
		}
	}()
	for _, name := range files {
		if err := im.look(ctx, name); err != nil {
			return nil, err
		}
	}
	if im.Columns, err = readColumns(ctx, conn, table); err != nil {
		return nil, err
	}
	im.Exists = len(im.Columns) > 0
	if !im.Exists {
		if im.Columns, err = im.propose(); err != nil {
			return nil, err
		}
	}
	return im, im.match()
}

// look opens a file and finds its columns.
func (im *Import) look(ctx context.Context, name string) error {
	f := &inputFile{name: name}
	im.files = append(im.files, f)
	if name == StandardInput {
		for _, other := range im.files[:len(im.files)-1] {
			if other.name == StandardInput {
				return errors.New("standard input, -, is named twice")
			}
		}
	}
	r, format, err := im.open(ctx, f)
	if err != nil {
		return err
	}
	f.cols, f.format = r.columns(), format
	if len(f.cols) == 0 && format != NDJSON {
		return errors.Join(fmt.Errorf("%s has no columns", name), r.close())
	}
	if f.once {
		f.reader = r
		return nil
	}
	return r.close()
}

// open opens a file.
func (im *Import) open(ctx context.Context, f *inputFile) (reader, Format, error) {
	if f.reader != nil {
		r := f.reader
		f.reader = nil
		return r, f.format, nil
	}
	src, err := openSource(ctx, f.name, im.opts.Stdin, im.opts.Format)
	if err != nil {
		return nil, "", err
	}
	f.once = src.once
	var r reader
	switch src.format {
	case Parquet:
		r, err = asReader(newParquetReader(src))
	case Arrow:
		r, err = asReader(newArrowReader(src))
	default:
		var text *textReader
		if text, err = newTextReader(src, &im.opts); err == nil {
			r = text
		}
	}
	if err != nil {
		return nil, "", errors.Join(err, src.close())
	}
	return r, src.format, nil
}

func asReader(r *recordReader, err error) (reader, error) {
	if err != nil {
		return nil, err
	}
	return r, nil
}

// match finds where the values of the table's columns are from, in each file.
func (im *Import) match() error {
	for i, f := range im.files {
		var err error
		if f.targets, err = match(f.cols, f.format, im.Table, im.Columns, &im.opts); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		for at, t := range f.targets {
			note := fmt.Sprintf("column %s: %s", strconv.Quote(t.column.Name), t.note)
			switch {
			case t.note == "", i > 0 && t.note == im.files[0].targets[at].note:
			case i > 0:
				im.Notes = append(im.Notes, f.name+", "+note)
			default:
				im.Notes = append(im.Notes, note)
			}
		}
	}
	return nil
}

// Source returns the name that a column of the table has in the first file, or "" if it is
// not there.
func (im *Import) Source(column int) string {
	f := im.files[0]
	t := &f.targets[column]
	if t.from >= 0 {
		return f.cols[t.from].name
	}
	return ""
}

// propose returns the columns of a table for the rows of the files.
func (im *Import) propose() ([]Column, error) {
	var columns []Column
	places := map[string]int{}
	guesses := map[string]*guess{}
	for i, f := range im.files {
		chosen, err := selectColumns(f.cols, f.format, &im.opts)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		for _, s := range chosen {
			c := &fileColumn{typ: typeString, ok: true}
			if s.from >= 0 {
				c = &f.cols[s.from]
			}
			at, known := places[s.table]
			switch {
			case !known && i > 0 && f.format != NDJSON:
				return nil, fmt.Errorf("%s has column %s, and %s has not; import them one by one, or make the table before", f.name, strconv.Quote(s.table), im.files[0].name)
			case !known:
				if !c.ok {
					return nil, fmt.Errorf("%s, column %s: no column type holds %s; leave it out by --columns, or give --type %s=STRING", f.name, strconv.Quote(s.table), c.arrow, s.table)
				}
				places[s.table] = len(columns)
				columns = append(columns, Column{Name: s.table, Type: c.typ, Nullable: true})
				if c.arrow == nil {
					g := c.guess
					guesses[s.table] = &g
				}
			case c.arrow == nil && guesses[s.table] != nil:
				guesses[s.table].merge(&c.guess)
			case !arrow.TypeEqual(columns[at].Type.Arrow, c.typ.Arrow):
				return nil, fmt.Errorf("%s has column %s as %s, and %s as %s; make the table before, or give --type %s=TYPE", f.name, strconv.Quote(s.table), c.typ, im.files[0].name, columns[at].Type, s.table)
			}
		}
	}
	for i := range columns {
		c := &columns[i]
		if g := guesses[c.Name]; g != nil {
			var marker string
			c.Type, marker = g.typ()
			if _, given := im.opts.Types[c.Name]; marker != "" && !given {
				im.Notes = append(im.Notes, fmt.Sprintf("column %s is STRING because of %q; if that stands for NULL, give --null %s", strconv.Quote(c.Name), marker, marker))
			}
		}
	}
	if err := im.setTypes(columns); err != nil {
		return nil, err
	}
	return columns, im.setRoles(columns, guesses)
}

// setTypes takes the types that the user has named.
func (im *Import) setTypes(columns []Column) error {
	for name, t := range im.opts.Types {
		at := slices.IndexFunc(columns, func(c Column) bool { return c.Name == name })
		if at < 0 {
			return fmt.Errorf("--type: there is no column %s", strconv.Quote(name))
		}
		columns[at].Type = t
	}
	return nil
}

// setRoles sets the time index and the tags of a table.
func (im *Import) setRoles(columns []Column, guesses map[string]*guess) error {
	for _, tag := range im.opts.Tags {
		at := slices.IndexFunc(columns, func(c Column) bool { return c.Name == tag })
		if at < 0 {
			return fmt.Errorf("--tag: there is no column %s", strconv.Quote(tag))
		}
		columns[at].Role = Tag
	}
	name := im.opts.Time
	if name == "" {
		for _, c := range columns {
			if c.Type.IsTimestamp() && c.Role == Field {
				name = c.Name
				break
			}
		}
	}
	if name == "" {
		return fmt.Errorf("table %s does not exist, and to make it takes a time index: name a column of times by --time COLUMN; the columns are %s", strconv.Quote(im.Table), columnNames(columns))
	}
	at := slices.IndexFunc(columns, func(c Column) bool { return c.Name == name })
	if at < 0 {
		return fmt.Errorf("--time: there is no column %s; there are %s", strconv.Quote(name), columnNames(columns))
	}
	c := &columns[at]
	if c.Role == Tag {
		return fmt.Errorf("column %s cannot be both the time index and a tag", strconv.Quote(name))
	}
	if !c.Type.IsTimestamp() {
		t, err := im.timeType(c, guesses[name])
		if err != nil {
			return err
		}
		c.Type = t
	}
	c.Role, c.Nullable = TimeIndex, false
	return nil
}

// timeType returns the type of a time index of numbers or dates.
func (im *Import) timeType(c *Column, g *guess) (Type, error) {
	switch {
	case c.Type.Arrow.ID() == arrow.DATE32:
		return timestampOf(arrow.Millisecond), nil
	case len(im.opts.TimeFormats) > 0 && g != nil && !g.notTime && g.seen() > 0:
		return timestampOf(max(g.unit, arrow.Millisecond)), nil
	case len(im.opts.TimeFormats) > 0 && arrow.IsInteger(c.Type.Arrow.ID()):
		return timestampOf(max(im.opts.TimeFormats[0].unit, arrow.Millisecond)), nil
	case g != nil && !g.notInt && g.seen() > 0:
		unit, ok := g.counts.unit()
		if !ok {
			return Type{}, fmt.Errorf("--time: the integers in column %s may be seconds or smaller units; give --time-format unix, unixms, unixus or unixns", strconv.Quote(c.Name))
		}
		return timestampOf(unit), nil
	case arrow.IsInteger(c.Type.Arrow.ID()):
		return Type{}, fmt.Errorf("--time: column %s has integers; give --time-format unix, unixms, unixus or unixns", strconv.Quote(c.Name))
	}
	why := ""
	switch {
	case g != nil && g.seen() == 0:
		why = ": the file has no value of it"
	case g != nil && g.odd != "":
		why = ", as " + g.odd + " is"
	}
	return Type{}, fmt.Errorf("--time: column %s is %s, not of times%s; name another one, give --time-format for times of another form, or give --type %s=TIMESTAMP(3)", strconv.Quote(c.Name), c.Type, why, c.Name)
}

func columnNames(columns []Column) string {
	cols := make([]fileColumn, len(columns))
	for i, c := range columns {
		cols[i].name = c.Name
	}
	return namesOf(cols)
}

// CreateSQL returns the statement by which Create makes the table.
func (im *Import) CreateSQL() string { return createTable(im.Table, im.Columns, im.opts.Append) }

// Create makes the table, if it does not exist.
func (im *Import) Create(ctx context.Context) error {
	if im.Exists {
		return nil
	}
	for _, c := range im.Columns {
		if id := c.Type.Arrow.ID(); id == arrow.TIME32 || id == arrow.TIME64 {
			return fmt.Errorf("column %s: GreptimeDB has no SQL for columns of type %s; give --type %s=STRING", strconv.Quote(c.Name), c.Type, c.Name)
		}
	}
	if _, err := im.conn.Exec(ctx, im.CreateSQL()); err != nil {
		return fmt.Errorf("making table %s: %w", strconv.Quote(im.Table), err)
	}
	im.Exists = true
	return nil
}

// Close closes what is open of the files.
func (im *Import) Close() error {
	var errs []error
	for _, f := range im.files {
		if f.reader != nil {
			errs = append(errs, f.reader.close())
			f.reader = nil
		}
	}
	return errors.Join(errs...)
}
