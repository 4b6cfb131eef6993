package greptime

import (
	"context"
	"database/sql/driver"
)

// GreptimeDB stores NULL, without an error, for a number that has too many digits for its
// DECIMAL, and an infinity for one that is too large for its FLOAT. The driver can detect
// this if it knows the columns, so it reads them before it sends such a value.

// checkPositional returns the error of a value that an INSERT without a list of columns
// would lose. The order of the columns is the table's, which only the server knows for
// certain: such an INSERT is only checked here, and goes as text.
func (n *nativeInsert) checkPositional(ctx context.Context) error {
	if !n.MayLose() {
		return nil
	}
	for {
		table, err := n.columns(ctx)
		switch {
		case isAsText(err):
			return nil // the server reports the error
		case err != nil:
			return err
		}
		if err = n.Loss(table); err == nil || n.fresh {
			return err
		}
		n.forget() // a column may have become larger
	}
}

// typedArgs returns the arguments as the text of the INSERT needs them, if the columns are
// known.
func (n *nativeInsert) typedArgs() []driver.NamedValue {
	table, known, err := n.cache().Lookup(n.session.database, n.Table)
	if !known || err != nil {
		return n.Args()
	}
	return n.ArgsFor(table)
}
