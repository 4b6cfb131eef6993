package insert

import (
	"fmt"

	"github.com/greptime-go/greptime/internal/column"
)

// Type is the type of a column. Types are comparable, and the zero Type is not a type. Types
// without parameters are constants. [Timestamp], [TimeOfDay], [Decimal] and [Vector] return the
// others, and [ParseType] returns any of them.
type Type uint64

// The types without parameters. In SQL they are called BOOLEAN, TINYINT to BIGINT,
// TINYINT UNSIGNED to BIGINT UNSIGNED, FLOAT, DOUBLE, STRING, VARBINARY, DATE and
// JSON.
const (
	Bool    = Type(column.Boolean)
	Int8    = Type(column.Int8)
	Int16   = Type(column.Int16)
	Int32   = Type(column.Int32)
	Int64   = Type(column.Int64)
	Uint8   = Type(column.Uint8)
	Uint16  = Type(column.Uint16)
	Uint32  = Type(column.Uint32)
	Uint64  = Type(column.Uint64)
	Float32 = Type(column.Float32)
	Float64 = Type(column.Float64)
	String  = Type(column.String)
	Binary  = Type(column.Binary)
	Date    = Type(column.Date)
	JSON    = Type(column.JSON)
)

// Unit is the unit of a timestamp or a time of day. Its value is the number of decimal digits
// of a second, as in TIMESTAMP(3).
type Unit int

// The units.
const (
	Second      Unit = 0
	Millisecond Unit = 3
	Microsecond Unit = 6
	Nanosecond  Unit = 9
)

// Timestamp returns TIMESTAMP(0), (3), (6) or (9), which has no time zone.
func Timestamp(unit Unit) Type {
	t, _ := column.TimestampOf(int(unit)) // no type for no unit: the schema is refused
	return Type(t)
}

// TimeOfDay returns TIME(0), (3), (6) or (9). GreptimeDB 1.0.2 has no SQL for such columns;
// only inserts create them.
func TimeOfDay(unit Unit) Type {
	t, _ := column.TimeOf(int(unit))
	return Type(t)
}

// Decimal returns DECIMAL(precision, scale): a precision of 1 to 38 digits, of which scale
// come after the point.
func Decimal(precision, scale int) Type { return Type(column.DecimalOf(precision, scale)) }

// Vector returns VECTOR(dim): dim float32 numbers.
func Vector(dim int) Type { return Type(column.VectorOf(dim)) }

// ParseType returns the type for a name in GreptimeDB's SQL (TIMESTAMP(3)), in its DESC TABLE
// (TimestampMillisecond) or in Go (int64), in upper or lower case. DATETIME, INTERVAL and
// lists, which no table of GreptimeDB 1.0.2 gets by inserts, are errors that say what to use
// instead.
func ParseType(name string) (Type, error) {
	t, err := column.ParseType(name)
	if err != nil {
		return 0, fmt.Errorf("greptime: insert: %w", err)
	}
	return Type(t), nil
}

// String returns the name in GreptimeDB's SQL.
func (t Type) String() string { return column.Type(t).String() }
