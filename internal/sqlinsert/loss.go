package sqlinsert

import (
	"encoding/hex"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/greptime-go/greptime/internal/catalog"
	"github.com/greptime-go/greptime/internal/column"
)

// The functions below report whether GreptimeDB may misread a value of an INSERT as text:
// whether there is a type of column for which it stores something else without an error,
// see [LossyError]. They are for columns that are not known, and return true if in doubt.
//
// Any number can be too large for a DECIMAL. Integers of one digit are too large only for
// a DECIMAL without digits before the point, and so count as harmless: flags and small
// numbers are no reason to read a table's columns.

// mayLoseInt reports whether the server may misread an integer.
func mayLoseInt(v int64) bool { return v <= -10 || v >= 10 }

// mayLoseUint reports whether the server may misread an unsigned integer.
func mayLoseUint(v uint64) bool { return v >= 10 }

// mayLoseFloat reports whether the server may misread a float. NaN and infinities cannot be
// written as text at all.
func mayLoseFloat(v float64) bool { return v != 0 && !math.IsNaN(v) && !math.IsInf(v, 0) }

// mayLoseBytes reports whether the server may misread bytes.
func mayLoseBytes(v []byte) bool { return !utf8.Valid(v) || column.IsJSONOutOfRange(v) }

// mayLoseText reports whether the server may misread text: a decimal number, a vector, or JSON.
func mayLoseText(v string) bool {
	if _, ok := decimalDigits(v); ok {
		return !isZero(v)
	}
	if digits, ok := spelledDecimal(v); ok {
		return !isZero(digits)
	}
	return column.IsVectorOutOfRange(v) || column.IsJSONOutOfRange(v)
}

// isZero reports whether a decimal number has no digit but 0.
func isZero(digits string) bool { return strings.Trim(digits, "+-.0") == "" }

// mayLoseLiteral reports whether the server may misread a literal that SetLiteral reads.
func mayLoseLiteral(text string) bool {
	switch ch := text[0]; {
	case ch == '\'':
		return mayLoseText(strings.ReplaceAll(text[1:len(text)-1], "''", "'"))
	case ch == '"':
		return mayLoseText(strings.ReplaceAll(text[1:len(text)-1], `""`, `"`))
	case (ch == 'X' || ch == 'x') && len(text) > 2 && text[1] == '\'':
		return mayLoseHex(text[2 : len(text)-1])
	case strings.HasPrefix(text, "0x"):
		return mayLoseHex(text[2:])
	}
	digits := strings.TrimLeft(text, "+- \t\r\n")
	isInteger, hasExponent, ok := false, false, false
	if digits != "" {
		isInteger, hasExponent, ok = numberForm(digits)
	}
	switch {
	case !ok:
		return false
	case isInteger:
		return len(strings.TrimLeft(digits, "0")) > 1
	}
	return hasExponent || !isZero(digits)
}

func mayLoseHex(digits string) bool {
	b, err := hex.DecodeString(digits)
	return err == nil && mayLoseBytes(b)
}

// MayLose reports whether the text might lose one of the values, in a column of some type.
func (n *Insert) MayLose() bool {
	for i := range n.values.Items {
		arg, literal := n.value(i)
		if literal != "" && mayLoseLiteral(literal) || literal == "" && mayLoseArg(arg) {
			return true
		}
	}
	return false
}

// Loss returns the error of the first value that the text would lose if the statement has no
// list of columns and its values are for the columns of table, in order; nil if there is none.
func (n *Insert) Loss(table *catalog.Table) error {
	if len(table.Columns) != n.values.Width {
		return nil // the server reports it
	}
	list := make([]*catalog.Column, len(table.Columns))
	for i := range list {
		list[i] = &table.Columns[i]
	}
	return n.loss(list, 0)
}

// loss returns the error of the first value, starting at index from, that the text would
// lose; nil if there is none. list has the columns of a row.
func (n *Insert) loss(list []*catalog.Column, from int) error {
	cell := Cell{UTC: n.UTC}
	for i := from; i < n.values.Rows*len(list); i++ {
		c := list[i%len(list)]
		arg, literal := n.value(i)
		var err error
		if literal == "" {
			err = cell.SetArg(c.Type, arg)
		} else {
			err = cell.SetLiteral(c.Type, literal)
		}
		if isLossy(err) {
			return n.valueError(err, i/len(list), c)
		}
	}
	return nil
}
