package greptime

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"reflect"
	"time"
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

// nullTypes maps the scan types of columns that are not nullable to those of nullable ones.
// A []byte can be NULL itself.
var nullTypes = map[reflect.Type]reflect.Type{
	reflect.TypeFor[bool]():            reflect.TypeFor[sql.NullBool](),
	reflect.TypeFor[int8]():            reflect.TypeFor[Null[int8]](),
	reflect.TypeFor[int16]():           reflect.TypeFor[sql.NullInt16](),
	reflect.TypeFor[int32]():           reflect.TypeFor[sql.NullInt32](),
	reflect.TypeFor[int64]():           reflect.TypeFor[sql.NullInt64](),
	reflect.TypeFor[uint8]():           reflect.TypeFor[Null[uint8]](),
	reflect.TypeFor[uint16]():          reflect.TypeFor[Null[uint16]](),
	reflect.TypeFor[uint32]():          reflect.TypeFor[Null[uint32]](),
	reflect.TypeFor[uint64]():          reflect.TypeFor[Null[uint64]](),
	reflect.TypeFor[float32]():         reflect.TypeFor[Null[float32]](),
	reflect.TypeFor[float64]():         reflect.TypeFor[sql.NullFloat64](),
	reflect.TypeFor[string]():          reflect.TypeFor[sql.NullString](),
	reflect.TypeFor[time.Time]():       reflect.TypeFor[sql.NullTime](),
	reflect.TypeFor[json.RawMessage](): reflect.TypeFor[Null[json.RawMessage]](),
}
