package sqlinsert

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/greptime-go/greptime/internal/catalog"
)

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
