package sqlinsert

import (
	"database/sql/driver"
	"fmt"

	"github.com/greptime-go/greptime/internal/sqltext"
)

// Insert is an INSERT … VALUES of placeholders and literals, with its arguments.
type Insert struct {
	// Database and Table name the table. Database is empty if the text does not name it.
	Database, Table string

	// UTC reports that the session's time zone is UTC.
	UTC bool

	script *sqltext.Script
	memo   *Memo
	values *sqltext.Values
	args   []driver.NamedValue
	order  []int // the argument for each input of the placeholders; nil: in their order
}

// New returns the only statement of a script as an Insert. memo is that of the script, or nil. New
// returns a *NotNativeError if the script has another form.
func New(script *sqltext.Script, memo *Memo, args []driver.NamedValue) (Insert, error) {
	if len(script.Statements) != 1 {
		return Insert{}, &NotNativeError{Reason: "the text has several statements"}
	}
	v := script.Statements[0].Values
	switch {
	case v == nil || !v.Plain:
		return Insert{}, &NotNativeError{Reason: "it is more than INSERT INTO table (columns) VALUES (…), (…) with placeholders and literals"}
	case len(v.Columns) != v.Width && len(v.Columns) > 0:
		return Insert{}, &NotNativeError{Reason: fmt.Sprintf("it names %d columns and has %d values in a row", len(v.Columns), v.Width)}
	case len(v.Table) > 2 || v.Table[0] == "":
		return Insert{}, &NotNativeError{Reason: "the table's name has a catalog"}
	}
	order, err := script.Order(len(args), namesOf(args))
	if err != nil {
		return Insert{}, &NotNativeError{Reason: err.Error(), Cause: err}
	}
	n := Insert{Table: v.Table[len(v.Table)-1], script: script, memo: memo, values: v, args: args, order: order}
	if len(v.Table) == 2 {
		n.Database = v.Table[0]
	}
	return n, nil
}

// namesOf returns a function that returns the names of arguments, or nil if no argument has a
// name: then there are usually many arguments, and a call for each takes time.
func namesOf(args []driver.NamedValue) func(int) string {
	for i := range args {
		if args[i].Name != "" {
			return func(i int) string { return args[i].Name }
		}
	}
	return nil
}

// Rows returns the number of rows.
func (n *Insert) Rows() int { return n.values.Rows }

// NamesColumns reports whether the statement has a list of columns.
func (n *Insert) NamesColumns() bool { return len(n.values.Columns) > 0 }

// value returns value i: an argument, or a literal, whose text is not empty.
func (n *Insert) value(i int) (arg driver.Value, literal string) {
	if n.values.InOrder && n.order == nil {
		return n.args[i].Value, ""
	}
	if at, ok := n.argument(i); ok {
		return n.args[at].Value, ""
	}
	item := &n.values.Items[i]
	return nil, n.script.Text[item.Start:item.End]
}

// argument returns the index of the argument that value i is; ok is false for a literal.
func (n *Insert) argument(i int) (at int, ok bool) {
	if n.values.InOrder && n.order == nil {
		return i, true
	}
	item := &n.values.Items[i]
	if item.Kind != sqltext.Argument {
		return 0, false
	}
	at = int(n.script.Statements[0].Placeholders[item.Placeholder].Input)
	if n.order != nil {
		at = n.order[at]
	}
	return at, true
}

// argsFrom returns the index and the number of the arguments, one after the other, that value i
// and those behind it are, up to most of them. It returns 0 arguments if value i is a literal.
func (n *Insert) argsFrom(i, most int) (first, count int) {
	if n.values.InOrder && n.order == nil {
		return i, most
	}
	if at, ok := n.argument(i); ok {
		return at, 1
	}
	return 0, 0
}
