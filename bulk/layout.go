package bulk

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/greptime-go/greptime/bulk/internal/recordbatch"
	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/column"
)

// layout is the columns that streams are opened with and batches are encoded for: those
// that the table had when the writer was made, in their order, and behind them those that
// were added since. It is not changed once made.
type layout struct {
	table  *catalog.Table
	given  int    // how many of the columns every batch has; the others are filled in
	schema []byte // an IPC message
}

func newLayout(t *catalog.Table, given int) *layout {
	payload := ipc.GetSchemaPayload(t.Arrow(), memory.DefaultAllocator)
	defer payload.Release()
	meta := payload.Meta()
	defer meta.Release()
	return &layout{table: t, given: given, schema: slices.Clone(meta.Bytes())}
}

// follow returns the layout for the columns that the table has now: l itself if nothing
// has changed that matters to a batch. The error, for which errors.Is(err,
// ErrTableChanged) holds, names the columns that are in the way of a layout with which
// batches could continue.
func (l *layout) follow(now *catalog.Table) (*layout, error) {
	var wrong []string
	columns := slices.Clone(l.table.Columns)
	changed := false
	for i := range columns {
		have := &columns[i]
		name := strconv.Quote(have.Name)
		at, ok := now.Index(have.Name)
		if !ok {
			wrong = append(wrong, fmt.Sprintf("column %s was dropped", name))
			continue
		}
		c := &now.Columns[at]
		switch {
		case c.Type != have.Type:
			wrong = append(wrong, fmt.Sprintf("column %s is %s and was %s", name, c.Type, have.Type))
		case c.Role != have.Role:
			wrong = append(wrong, fmt.Sprintf("column %s is a %s and was a %s", name, roleName(c.Role), roleName(have.Role)))
		case have.Nullable && !c.Nullable:
			wrong = append(wrong, fmt.Sprintf("column %s is NOT NULL and was not", name))
		}
		if i >= l.given && !have.SameDefault(c) {
			*have, changed = *c, true
		}
	}
	for _, c := range now.Columns {
		if _, ok := l.table.Index(c.Name); !ok {
			columns, changed = append(columns, c), true
		}
	}
	for _, c := range columns[l.given:] {
		var cell column.Cell
		if err := c.SetDefault(&cell); err != nil {
			wrong = append(wrong, fmt.Sprintf("column %s was added, and %v", strconv.Quote(c.Name), err))
		} else if cell.IsNull() && !c.Nullable {
			wrong = append(wrong, fmt.Sprintf("column %s was added, and is NOT NULL without a constant DEFAULT", strconv.Quote(c.Name)))
		}
	}
	switch {
	case len(wrong) > 0:
		return nil, tableChanged(l.table.Name, strings.Join(wrong, "; "))
	case !changed:
		return l, nil
	}
	t, err := catalog.NewTable(l.table.Name, columns)
	if err != nil {
		return nil, tableChanged(l.table.Name, err.Error())
	}
	return newLayout(t, l.given), nil
}

// hasAdded reports whether columns were added since the Writer was made.
func (l *layout) hasAdded() bool { return len(l.table.Columns) > l.given }

// tableChanged returns the error of a table with which a writer cannot continue.
func tableChanged(table, what string) error {
	return fmt.Errorf("%w: table %s: %s; close this Writer, and write what it has not acknowledged with a new one, which reads the columns again", ErrTableChanged, strconv.Quote(table), what)
}

// arrange returns the columns of rows of table t in the order of the layout.
func (l *layout) arrange(t *catalog.Table, columns []recordbatch.Column, rows int) ([]recordbatch.Column, error) {
	if t == l.table {
		return columns, nil
	}
	places, err := l.match(t)
	if err != nil {
		return nil, err
	}
	out := make([]recordbatch.Column, len(places))
	for i, at := range places {
		c := &l.table.Columns[i]
		if at < 0 {
			if out[i], err = defaults(c, rows); err != nil {
				return nil, valueError(l.table, i, 0, err)
			}
		} else {
			out[i] = columns[at]
		}
		if err := checkNotNull(l.table, i, &out[i], rows); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// match returns, for each column of the layout, which column of t it is; -1 stands for one
// that t lacks because it was added since: t is what this Writer or an earlier one knew of
// the same table.
func (l *layout) match(t *catalog.Table) ([]int, error) {
	places := make([]int, len(l.table.Columns))
	for i, c := range l.table.Columns {
		at, ok := t.Index(c.Name)
		switch {
		case ok && t.Columns[at].Type == c.Type:
			places[i] = at
		case !ok && t.Name == l.table.Name:
			places[i] = -1
		default:
			return nil, otherColumns(l.table, c.Name)
		}
	}
	for _, c := range t.Columns {
		if _, ok := l.table.Index(c.Name); !ok {
			return nil, otherColumns(l.table, c.Name)
		}
	}
	return places, nil
}

func otherColumns(t *catalog.Table, name string) error {
	return fmt.Errorf("greptime: bulk: table %s: the batch was made for other columns than the table has (compare %s); make it with Writer.NewBatch",
		strconv.Quote(t.Name), strconv.Quote(name))
}

// defaults returns rows of a column that was added: its DEFAULT if that is a constant,
// otherwise NULL.
func defaults(c *catalog.Column, rows int) (recordbatch.Column, error) {
	var cell column.Cell
	if err := c.SetDefault(&cell); err != nil {
		return recordbatch.Column{}, err
	}
	return recordbatch.Repeat(c.Type, rows, &cell)
}

// checkNotNull returns an error if column i of the table is NOT NULL and has a NULL.
func checkNotNull(t *catalog.Table, i int, data *recordbatch.Column, rows int) error {
	c := &t.Columns[i]
	if c.Nullable {
		return nil
	}
	if row := data.FirstNull(rows); row >= 0 {
		return valueError(t, i, row, notNull(c))
	}
	return nil
}
