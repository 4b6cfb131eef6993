package sqlinsert

import (
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/column"
)

// columns are the columns that a statement names, as a table has them, with what is the same for
// all rows. They do not change.
type columns struct {
	table  *catalog.Table
	list   []*catalog.Column
	kinds  []column.Kind
	schema []byte // the fields schema of a greptime.v1.Rows
}

// Memo keeps what the executions of one text have in common: its columns in the table as it was
// read last. A table that was read again is another one. A Memo is safe for concurrent use. A nil
// Memo keeps nothing.
type Memo struct{ last atomic.Pointer[columns] }

// columns returns the columns that the statement n of the Memo's text names in a table. It returns
// the errors of columnsOf.
func (m *Memo) columns(n *Insert, table *catalog.Table) (*columns, error) {
	if m != nil {
		if c := m.last.Load(); c != nil && c.table == table {
			return c, nil
		}
	}
	list, err := n.columnsOf(table)
	c := &columns{table: table, list: list}
	if err != nil {
		return c, err
	}
	c.kinds = make([]column.Kind, len(list))
	for i, col := range list {
		c.kinds[i] = col.Type.Kind()
		c.schema = col.Type.AppendSchema(c.schema, col.Name, col.Role.SemanticType())
	}
	if m != nil {
		m.last.Store(c)
	}
	return c, nil
}

// columnsOf returns the columns that the statement names. The server fills in the others.
// If it would call a function for one of them, the error is *NotNativeError.
func (n *Insert) columnsOf(table *catalog.Table) ([]*catalog.Column, error) {
	list := make([]*catalog.Column, len(n.values.Columns))
	named := make([]bool, len(table.Columns))
	for i, name := range n.values.Columns {
		at, ok := table.Index(name)
		switch {
		case !ok:
			return nil, &NotNativeError{Reason: fmt.Sprintf("table %s has no column %s", strconv.Quote(n.Table), strconv.Quote(name)), Stale: true}
		case named[at]:
			return nil, &NotNativeError{Reason: fmt.Sprintf("it names column %s twice", strconv.Quote(name)), Stale: true}
		}
		named[at] = true
		list[i] = &table.Columns[at]
	}
	for i := range table.Columns {
		c := &table.Columns[i]
		switch {
		case named[i]:
		case !c.Nullable && c.Default == "":
			return list, &NotNativeError{Reason: fmt.Sprintf("column %s is left out, and must have a value", strconv.Quote(c.Name)), Stale: true}
		case c.Role == catalog.TimeIndex, strings.HasSuffix(c.Default, ")"):
			return list, &NotNativeError{Reason: fmt.Sprintf("column %s is left out, and has the DEFAULT %s", strconv.Quote(c.Name), c.Default)}
		}
	}
	return list, nil
}
