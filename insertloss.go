package greptime

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"math/big"
	"slices"
	"time"

	"github.com/greptime-go/greptime/internal/catalog"
	columns "github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/sqlvalue"
)

// GreptimeDB stores NULL, without an error, for a number that has too many digits for its
// DECIMAL, and an infinity for one that is too large for its FLOAT. The driver can detect
// this if it knows the columns, so it reads them before it sends such a value.

// mayLose reports whether the text might lose one of the values, in a column of some type.
func (n *nativeInsert) mayLose() bool {
	for i := range n.values.Items {
		arg, literal := n.value(i)
		if literal != "" && sqlvalue.MayLoseLiteral(literal) || literal == "" && mayLose(arg) {
			return true
		}
	}
	return false
}

func mayLose(arg driver.Value) bool {
	switch v := arg.(type) {
	case int64:
		return sqlvalue.MayLoseInt(v)
	case int:
		return sqlvalue.MayLoseInt(int64(v))
	case int32:
		return sqlvalue.MayLoseInt(int64(v))
	case int16:
		return sqlvalue.MayLoseInt(int64(v))
	case int8:
		return sqlvalue.MayLoseInt(int64(v))
	case uint64:
		return sqlvalue.MayLoseUint(v)
	case uint:
		return sqlvalue.MayLoseUint(uint64(v))
	case uint32:
		return sqlvalue.MayLoseUint(uint64(v))
	case uint16:
		return sqlvalue.MayLoseUint(uint64(v))
	case uint8:
		return sqlvalue.MayLoseUint(uint64(v))
	case float64:
		return sqlvalue.MayLoseFloat(v)
	case float32:
		return sqlvalue.MayLoseFloat(float64(v))
	case string:
		return sqlvalue.MayLoseText(v)
	case Decimal:
		return sqlvalue.MayLoseText(string(v))
	case *big.Rat:
		return v != nil && v.Sign() != 0
	case []byte:
		return sqlvalue.MayLoseBytes(v)
	}
	return false
}

// loss returns the error of the first value, starting at index from, that the text would
// lose; nil if there is none. list has the columns of a row.
func (n *nativeInsert) loss(list []*catalog.Column, from int) error {
	cell := sqlvalue.Cell{UTC: n.session.isUTC()}
	for i := from; i < n.values.Rows*len(list); i++ {
		c := list[i%len(list)]
		arg, literal := n.value(i)
		var err error
		if literal == "" {
			err = setArg(&cell, c.Type, arg)
		} else {
			err = cell.SetLiteral(c.Type, literal)
		}
		if isLossy(err) {
			return n.valueError(err, i/len(list), c)
		}
	}
	return nil
}

// checkPositional returns the error of a value that an INSERT without a list of columns
// would lose. The order of the columns is the table's, which only the server knows for
// certain: such an INSERT is only checked here, and goes as text.
func (n *nativeInsert) checkPositional(ctx context.Context) error {
	if !n.mayLose() {
		return nil
	}
	for {
		table, err := n.columns(ctx)
		switch {
		case isAsText(err):
			return nil // the server reports the error
		case err != nil:
			return err
		case len(table.Columns) != n.values.Width:
			return nil
		}
		list := make([]*catalog.Column, len(table.Columns))
		for i := range list {
			list[i] = &table.Columns[i]
		}
		if err = n.loss(list, 0); err == nil || n.fresh {
			return err
		}
		n.forget() // a column may have become larger
	}
}

// typedArgs returns the arguments as the text of the INSERT needs them, if the columns are
// known: a DATE column does not accept a time.Time, and a JSON column does not accept bytes,
// although queries return these types.
func (n *nativeInsert) typedArgs() []driver.NamedValue {
	table, known, err := n.cache().Lookup(n.session.database, n.table)
	if !known || err != nil {
		return n.args
	}
	list, _ := n.columnsOf(table)
	if list == nil {
		return n.args
	}
	kinds := make([]columns.Kind, len(n.args)) // of the column of each argument; 0: of several
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
func typedArg(kind columns.Kind, v driver.Value) driver.Value {
	switch v := v.(type) {
	case time.Time:
		if kind == columns.Date && sqlvalue.IsDay(v) {
			return DateOf(v)
		}
	case []byte:
		if kind == columns.JSON && json.Valid(v) {
			return json.RawMessage(v)
		}
	}
	return nil
}
