package sqlinsert

import (
	"database/sql/driver"
	"encoding/json"
	"slices"
	"time"

	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/sqltype"
)

// Args returns the arguments of the statement.
func (n *Insert) Args() []driver.NamedValue { return n.args }

// ArgsFor returns the arguments as the text of the INSERT needs them for a table: a DATE column
// does not accept a time.Time, and a JSON column does not accept bytes, although queries return
// these types.
func (n *Insert) ArgsFor(table *catalog.Table) []driver.NamedValue {
	list, _ := n.columnsOf(table)
	if list == nil {
		return n.args
	}
	kinds := make([]column.Kind, len(n.args)) // of the column of each argument; 0: of several
	seen := make([]bool, len(n.args))
	for i := range n.values.Items {
		at, ok := n.argument(i)
		if !ok {
			continue
		}
		if kind := list[i%len(list)].Type.Kind(); !seen[at] {
			kinds[at], seen[at] = kind, true
		} else if kinds[at] != kind {
			kinds[at] = 0
		}
	}
	var typed []driver.NamedValue
	for at, kind := range kinds {
		v := typedArg(kind, n.args[at].Value)
		if v == nil {
			continue
		}
		if typed == nil {
			typed = slices.Clone(n.args)
		}
		typed[at].Value = v
	}
	if typed == nil {
		return n.args
	}
	return typed
}

// typedArg returns the value that replaces v in the text for a column, or nil if that is v
// itself.
func typedArg(kind column.Kind, v driver.Value) driver.Value {
	switch v := v.(type) {
	case time.Time:
		if kind == column.Date && isDay(v) {
			return sqltype.DateOf(v)
		}
	case []byte:
		if kind == column.JSON && json.Valid(v) {
			return json.RawMessage(v)
		}
	}
	return nil
}
