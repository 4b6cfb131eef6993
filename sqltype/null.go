package sqltype

import (
	"database/sql"
	"database/sql/driver"
)

var (
	_ sql.Scanner   = (*Null[uint64])(nil)
	_ driver.Valuer = Null[uint64]{}
)

// Null is a value that may be NULL. It is the scan type of nullable columns for whose exact Go
// type database/sql has no type such as sql.NullInt64. As an argument it is its V, or NULL.
//
// It differs from sql.Null in two points. Value returns a uint64 unchanged, whereas sql.Null
// fails for the upper half. And tools that handle the types of database/sql by their names do
// not mistake it for one of those.
type Null[T any] sql.Null[T]

// Scan stores a column's value, as sql.Null does.
func (n *Null[T]) Scan(value any) error { return (*sql.Null[T])(n).Scan(value) }

// Value returns nil for NULL, an unsigned integer of 64 bits as a uint64, and everything
// else as sql.Null does. Drivers other than this one may refuse a uint64.
func (n Null[T]) Value() (driver.Value, error) {
	if n.Valid {
		switch v := any(n.V).(type) {
		case uint64:
			return v, nil
		case uint:
			return uint64(v), nil
		}
	}
	return sql.Null[T](n).Value()
}
