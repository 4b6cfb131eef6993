// Package sqlvalue decides which values of an INSERT … VALUES may be sent as a native
// row insert: it has an allow-list of pairs of Go value, or literal, and column type.
//
// A value is accepted for a column if GreptimeDB 1.0.2 stores exactly the same when it
// reads the value's literal in the text of the INSERT, according to the recorded literals.
// Any other value is an [*NotNativeError] error: it may be valid, but the server must read it.
// If the server would store something else without an error, such as NULL for a DECIMAL with
// too many digits or an infinity for a number that is too large, the error is a [*LossyError].
//
// Accepted values, in addition to NULL for every type:
//
//	column type     arguments                      literals
//	BOOLEAN         bool, 0, 1                     TRUE, FALSE, 0, 1
//	integers        integers, whole Decimals       integers in range
//	FLOAT           floats, integers up to 2^24,   numbers
//	                Decimal
//	DOUBLE          floats, integers up to 2^53,   numbers
//	                Decimal
//	STRING          text, []byte, JSON, Decimal    '…', X'…'
//	VARBINARY       text, []byte, JSON, Decimal    '…', X'…'
//	DATE            Date; text under UTC;          '2006-01-02' under UTC
//	                a time.Time at midnight UTC
//	TIMESTAMP       time.Time, integers; text      integers, '…T…Z', '…T…+08:00'; '… …' under UTC
//	DECIMAL         Decimal, numbers, text         numbers and text without exponent
//	JSON            JSON, text, []byte, Decimal    '…'
//	VECTOR          Vector, []byte, text           '[1,2.5]', X'…'
//
// So a column accepts every value that a query returns for such a column. The text of an
// INSERT refuses two of these: bytes for a JSON column, and a time.Time for a DATE.
//
// TIME columns, which SQL cannot create, and everything else are left to the text.
package sqlvalue

import "github.com/greptime-go/greptime/internal/column"

// NotNativeError is the error for a value that must be sent in the text of its INSERT.
type NotNativeError struct{ Reason string }

// Error returns the reason.
func (e *NotNativeError) Error() string { return e.Reason }

// LossyError is the error for a value that would not be stored unchanged.
type LossyError struct{ Reason string }

// Error returns the reason.
func (e *LossyError) Error() string { return e.Reason }

var (
	errNoPair     = &NotNativeError{"such a value is left to the server to read for this type of column"}
	errRange      = &NotNativeError{"the value may be out of range for the column"}
	errText       = &NotNativeError{"text in this form is left to the server to read"}
	errNumber     = &NotNativeError{"a number in this form is left to the server to read"}
	errNaiveTime  = &NotNativeError{"the server reads text without a time zone in the session's, which is not UTC"}
	errHalfway    = &NotNativeError{"the number may lie halfway between two FLOATs, and the server rounds it"}
	errDefault    = &NotNativeError{"DEFAULT is the server's to fill in"}
	errNotUTF8    = &LossyError{"the bytes are not valid UTF-8, and GreptimeDB would store NULL"}
	errManyDigits = &LossyError{"the number has more digits before the point than the column takes, and GreptimeDB would store NULL"}
	errOverflow   = &LossyError{"the number is beyond the largest of the column's type, and GreptimeDB would store an infinity"}
)

// Cell is a value of an INSERT. The zero Cell is NULL, in a session whose time zone is
// not UTC. You can reuse a Cell: each Set method replaces its value. After a Set method has
// returned an error, set the Cell again before you use it. A Cell refers to the strings and
// slices that were passed to it.
type Cell struct {
	// UTC reports that the session's time zone is UTC.
	UTC bool

	cell column.Cell
}

// SetNull sets the cell to NULL.
func (c *Cell) SetNull() { c.cell.SetNull() }

// IsNull reports whether the cell is NULL.
func (c *Cell) IsNull() bool { return c.cell.IsNull() }

// AppendValue appends the cell to the values of a greptime.v1.Row.
func (c *Cell) AppendValue(dst []byte, t column.Type) []byte { return t.AppendValue(dst, &c.cell) }

// textUnless returns nil if a value was accepted, and otherwise leaves it to the server.
func textUnless(err error) error {
	if err != nil {
		return errRange
	}
	return nil
}

// SetBool sets TRUE or FALSE.
func (c *Cell) SetBool(t column.Type, v bool) error {
	if t.Kind() != column.Boolean {
		return errNoPair
	}
	return textUnless(c.cell.SetBool(t, v))
}
