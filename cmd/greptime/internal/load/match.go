package load

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
)

// selected is a column of a file that is imported.
type selected struct {
	table string // its name in the table
	from  int    // -1: a key that the sample of NDJSON does not have
	key   string // its name in the file
}

// selectColumns returns the columns of a file that are imported.
func selectColumns(cols []fileColumn, format Format, opts *Options) ([]selected, error) {
	var out []selected
	positional := opts.NoHeader && (format == CSV || format == TSV)
	if len(opts.Columns) == 0 || positional {
		for i, c := range cols {
			name := c.name
			if positional {
				name = opts.Columns[i].Table
			}
			if !positional || name != leftOut {
				out = append(out, selected{name, i, c.name})
			}
		}
		return out, nil
	}
	places := map[string]int{}
	for i, c := range cols {
		places[c.name] = i
	}
	for _, c := range opts.Columns {
		at, ok := places[c.File]
		if !ok {
			if format != NDJSON {
				return nil, fmt.Errorf("the file has no column %s; it has %s", strconv.Quote(c.File), namesOf(cols))
			}
			at = -1
		}
		out = append(out, selected{c.Table, at, c.File})
	}
	return out, nil
}

// namesOf lists the columns of a file.
func namesOf(cols []fileColumn) string {
	const most = 40
	var names []string
	for _, c := range cols {
		if len(names) == most {
			names = append(names, fmt.Sprintf("and %d more", len(cols)-most))
			break
		}
		names = append(names, strconv.Quote(c.name))
	}
	return strings.Join(names, ", ")
}

// match returns, for each column of a table, where the values of a file's rows are from.
func match(cols []fileColumn, format Format, table string, columns []Column, opts *Options) ([]target, error) {
	chosen, err := selectColumns(cols, format, opts)
	if err != nil {
		return nil, err
	}
	targets := make([]target, len(columns))
	for i, c := range columns {
		targets[i] = target{column: c, from: -1}
		if format == NDJSON && len(opts.Columns) == 0 {
			targets[i].key = c.Name
		}
	}
	taken := map[int]string{}
	for _, s := range chosen {
		at, err := find(columns, s.table)
		if err != nil {
			return nil, err
		}
		if at < 0 {
			return nil, fmt.Errorf("table %s has no column %s, which the file has; name the columns to import by --columns, as in --columns %s, or add it by ALTER TABLE",
				strconv.Quote(table), strconv.Quote(s.table), example(chosen, s.table))
		}
		if other, twice := taken[at]; twice {
			return nil, fmt.Errorf("two columns of the file, %s and %s, go to column %s; leave one out by --columns", strconv.Quote(other), strconv.Quote(s.key), strconv.Quote(columns[at].Name))
		}
		taken[at] = s.key
		targets[at].from = s.from
		if format == NDJSON {
			targets[at].key = s.key
		}
	}
	for i := range targets {
		if err := opts.complete(&targets[i], cols); err != nil {
			return nil, fmt.Errorf("column %s: %w", strconv.Quote(columns[i].Name), err)
		}
	}
	return targets, nil
}

// example is the columns but for one, as an argument.
func example(chosen []selected, without string) string {
	var names []string
	for _, s := range chosen {
		if s.table != without {
			names = append(names, s.table)
		}
	}
	if len(names) > 4 {
		return strings.Join(names[:4], ",") + ",…"
	}
	return strings.Join(names, ",")
}

// find returns the column of that name, or of one that differs in case only; -1 if there is
// none.
func find(columns []Column, name string) (int, error) {
	at := -1
	for i, c := range columns {
		if c.Name == name {
			return i, nil
		}
		if strings.EqualFold(c.Name, name) {
			if at >= 0 {
				return -1, fmt.Errorf("column %s of the file may be %s or %s; name the right one by --columns", strconv.Quote(name), strconv.Quote(columns[at].Name), strconv.Quote(c.Name))
			}
			at = i
		}
	}
	return at, nil
}

// complete sets how the values of a target are read.
func (o *Options) complete(t *target, cols []fileColumn) error {
	times := o.times()
	if stamp, ok := t.column.Type.Arrow.(*arrow.TimestampType); ok {
		times.counts = stamp.Unit
	}
	if t.from >= 0 {
		if c := &cols[t.from]; c.arrow == nil && t.column.Type.IsTimestamp() && len(o.TimeFormats) == 0 {
			unit, known := c.guess.counts.unit()
			if known {
				times.counts = unit
			}
			if !c.guess.notInt && c.guess.seen() > 0 {
				t.note = fmt.Sprintf("counts of %s since 1970", unitNames[times.counts])
			}
		}
	}
	var err error
	if t.parse, err = parserOf(t.column.Type, times); err != nil {
		return err
	}
	switch {
	case t.from < 0 && t.key == "":
		return t.fillIn()
	case t.key != "": // a row may lack it
		t.fill = t.constantDefault()
	}
	if t.from < 0 {
		return nil
	}
	c := &cols[t.from]
	if c.arrow == nil {
		return nil
	}
	if t.column.Type.IsTimestamp() && arrow.IsInteger(c.arrow.ID()) {
		t.note = fmt.Sprintf("counts of %s since 1970", unitNames[times.counts])
	}
	t.convert, err = converterOf(c.arrow, t.column.Type, times, o.ArrowZone)
	return err
}

var unitNames = [...]string{arrow.Second: "seconds", arrow.Millisecond: "milliseconds", arrow.Microsecond: "microseconds", arrow.Nanosecond: "nanoseconds"}

// fillIn sets the value of a column that the file does not have.
func (t *target) fillIn() error {
	c := &t.column
	switch {
	case c.Role == TimeIndex && c.Default == "":
		return fmt.Errorf("it is the time index, and the file has no such column; name the file's column by --columns, as in --columns %s=FILECOLUMN,…", c.Name)
	case c.Default != "":
		if t.fill = t.constantDefault(); t.fill != nil {
			t.note = "not in the file: its DEFAULT " + c.Default
			return nil
		}
		if !c.Nullable {
			return fmt.Errorf("it is NOT NULL and not in the file, and its DEFAULT %s does not apply to bulk loads; add it to the file", c.Default)
		}
		t.note = "not in the file: NULL, because its DEFAULT " + c.Default + " does not apply to bulk loads"
		return nil
	case !c.Nullable:
		return fmt.Errorf("it is NOT NULL, and the file has no such column")
	}
	t.note = "not in the file: NULL"
	return nil
}

// constantDefault returns the DEFAULT of the column if it is a constant, and nil otherwise.
func (t *target) constantDefault() []byte {
	text := []byte(t.column.Default)
	if len(text) == 0 || bytes.HasSuffix(text, []byte("()")) {
		return nil
	}
	if _, err := t.parse(nil, text); err != nil {
		return nil
	}
	return text
}
