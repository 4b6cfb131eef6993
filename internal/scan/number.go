package scan

import (
	"database/sql"
	"database/sql/driver"
	"math"
	"reflect"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/greptime-go/greptime/sqltype"
)

type integer interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
}

// valuesArray is an Arrow array of fixed-width Go values.
type valuesArray[T any] interface {
	arrow.Array
	Values() []T
}

// integerColumn converts TINYINT to BIGINT, signed or unsigned.
type integerColumn[T integer] struct {
	columnInfo
	arr    valuesArray[T]
	values []T
}

func newInteger[T integer](f arrow.Field, sqlType string) Column {
	return &integerColumn[T]{columnInfo: infoOf[T](f, sqlType)}
}

func (c *integerColumn[T]) Load(arr arrow.Array) error {
	if err := loadAs(&c.arr, arr); err != nil {
		return err
	}
	c.values = c.arr.Values()
	return nil
}

func (c *integerColumn[T]) current() arrow.Array { return c.arr }

// value returns an int64, or a uint64 for BIGINT UNSIGNED, because of its upper half.
func (c *integerColumn[T]) Value(i int) (driver.Value, error) {
	if c.arr.IsNull(i) {
		return nil, nil
	}
	return boxInteger(c.values[i]), nil
}

func boxInteger[T integer](v T) driver.Value {
	if u, ok := any(v).(uint64); ok {
		return u
	}
	return int64(v)
}

func (c *integerColumn[T]) Scan(i int, dest any) (bool, error) {
	if c.arr.IsNull(i) {
		switch d := dest.(type) {
		case *sql.NullInt64:
			*d = sql.NullInt64{}
		case *sql.NullInt32:
			*d = sql.NullInt32{}
		case *sql.NullInt16:
			*d = sql.NullInt16{}
		case *sql.Null[int64]:
			*d = sql.Null[int64]{}
		default:
			return scanNull[T](dest), nil
		}
		return true, nil
	}
	v := c.values[i]
	switch d := dest.(type) {
	case *T:
		*d = v
	case *sql.Null[T]:
		*d = sql.Null[T]{V: v, Valid: true}
	case *sqltype.Null[T]:
		*d = sqltype.Null[T]{V: v, Valid: true}
	case *any:
		*d = boxInteger(v)
	default:
		if uint64(v) > math.MaxInt64 && v > 0 {
			return false, nil // it fits only a uint64; database/sql returns the error
		}
		return scanInt64(int64(v), dest), nil
	}
	return true, nil
}

// scanInt64 fills integer destinations that are not of the column's own type. It leaves
// values that do not fit to database/sql, which returns an error.
func scanInt64(v int64, dest any) bool {
	switch d := dest.(type) {
	case *int64:
		*d = v
	case *int:
		if int64(int(v)) != v {
			return false
		}
		*d = int(v)
	case *int32:
		if int64(int32(v)) != v {
			return false
		}
		*d = int32(v)
	case *uint64:
		if v < 0 {
			return false
		}
		*d = uint64(v)
	case *sql.NullInt64:
		*d = sql.NullInt64{Int64: v, Valid: true}
	case *sql.NullInt32:
		if int64(int32(v)) != v {
			return false
		}
		*d = sql.NullInt32{Int32: int32(v), Valid: true}
	case *sql.NullInt16:
		if int64(int16(v)) != v {
			return false
		}
		*d = sql.NullInt16{Int16: int16(v), Valid: true}
	case *sql.Null[int64]:
		*d = sql.Null[int64]{V: v, Valid: true}
	default:
		return false
	}
	return true
}

func (c *integerColumn[T]) isFloat() bool { return false }

func (c *integerColumn[T]) float(i int) float64 { return float64(c.values[i]) }

func (c *integerColumn[T]) signed(i int) (int64, error) {
	v := c.values[i]
	if v > 0 && uint64(v) > math.MaxInt64 {
		return 0, errRange
	}
	return int64(v), nil
}

func (c *integerColumn[T]) unsigned(i int) (uint64, error) {
	v := c.values[i]
	if v < 0 {
		return 0, errRange
	}
	return uint64(v), nil
}

func (c *integerColumn[T]) appendNumber(dst []byte, i int) []byte {
	v := c.values[i]
	if v > 0 {
		return strconv.AppendUint(dst, uint64(v), 10)
	}
	return strconv.AppendInt(dst, int64(v), 10)
}

// sameKind returns the filler for integers of the same size, or nil.
func (c *integerColumn[T]) sameKind(kind reflect.Kind) Filler {
	switch {
	case kind == reflect.Int && strconv.IntSize == 64:
		kind = reflect.Int64
	case kind == reflect.Uint && strconv.IntSize == 64:
		kind = reflect.Uint64
	}
	if kind != reflect.TypeFor[T]().Kind() {
		return nil
	}
	return func(r Rows) (int, error) { return copyValues(r, c.arr, c.values) }
}

// floatColumn converts FLOAT or DOUBLE.
type floatColumn[T float32 | float64] struct {
	columnInfo
	arr    valuesArray[T]
	values []T
}

func (c *floatColumn[T]) Load(arr arrow.Array) error {
	if err := loadAs(&c.arr, arr); err != nil {
		return err
	}
	c.values = c.arr.Values()
	return nil
}

func (c *floatColumn[T]) current() arrow.Array { return c.arr }

// value returns a float64, which represents every FLOAT exactly.
func (c *floatColumn[T]) Value(i int) (driver.Value, error) {
	if c.arr.IsNull(i) {
		return nil, nil
	}
	return float64(c.values[i]), nil
}

func (c *floatColumn[T]) Scan(i int, dest any) (bool, error) {
	if c.arr.IsNull(i) {
		switch d := dest.(type) {
		case *sql.NullFloat64:
			*d = sql.NullFloat64{}
		case *sql.Null[float64]:
			*d = sql.Null[float64]{}
		default:
			return scanNull[T](dest), nil
		}
		return true, nil
	}
	v := c.values[i]
	switch d := dest.(type) {
	case *T:
		*d = v
	case *float64:
		*d = float64(v)
	case *sql.NullFloat64:
		*d = sql.NullFloat64{Float64: float64(v), Valid: true}
	case *sql.Null[T]:
		*d = sql.Null[T]{V: v, Valid: true}
	case *sqltype.Null[T]:
		*d = sqltype.Null[T]{V: v, Valid: true}
	case *sql.Null[float64]:
		*d = sql.Null[float64]{V: float64(v), Valid: true}
	case *any:
		*d = float64(v)
	default:
		return false, nil
	}
	return true, nil
}

func (c *floatColumn[T]) isFloat() bool { return true }

func (c *floatColumn[T]) float(i int) float64 { return float64(c.values[i]) }

// signed returns a float that is whole as an integer.
func (c *floatColumn[T]) signed(i int) (int64, error) {
	v := float64(c.values[i])
	switch {
	case v != math.Trunc(v): // also NaN
		return 0, strconv.ErrSyntax
	case v < math.MinInt64 || v >= math.MaxInt64:
		return 0, errRange
	}
	return int64(v), nil
}

func (c *floatColumn[T]) unsigned(i int) (uint64, error) {
	v := float64(c.values[i])
	switch {
	case v != math.Trunc(v):
		return 0, strconv.ErrSyntax
	case v < 0 || v >= math.MaxUint64:
		return 0, errRange
	}
	return uint64(v), nil
}

// appendNumber appends the text of the float64 that database/sql gets.
func (c *floatColumn[T]) appendNumber(dst []byte, i int) []byte {
	return strconv.AppendFloat(dst, float64(c.values[i]), 'g', -1, 64)
}

// sameKind returns the filler for floats of the same size, or nil.
func (c *floatColumn[T]) sameKind(kind reflect.Kind) Filler {
	if kind != reflect.TypeFor[T]().Kind() {
		return nil
	}
	return func(r Rows) (int, error) { return copyValues(r, c.arr, c.values) }
}

// boolColumn converts BOOLEAN.
type boolColumn struct {
	columnInfo
	arr *array.Boolean
}

func (c *boolColumn) Load(arr arrow.Array) error { return loadAs(&c.arr, arr) }

func (c *boolColumn) current() arrow.Array { return c.arr }

func (c *boolColumn) Value(i int) (driver.Value, error) {
	if c.arr.IsNull(i) {
		return nil, nil
	}
	return c.arr.Value(i), nil
}

func (c *boolColumn) Scan(i int, dest any) (bool, error) {
	if c.arr.IsNull(i) {
		if d, ok := dest.(*sql.NullBool); ok {
			*d = sql.NullBool{}
			return true, nil
		}
		return scanNull[bool](dest), nil
	}
	v := c.arr.Value(i)
	switch d := dest.(type) {
	case *bool:
		*d = v
	case *sql.NullBool:
		*d = sql.NullBool{Bool: v, Valid: true}
	case *sql.Null[bool]:
		*d = sql.Null[bool]{V: v, Valid: true}
	case *any:
		*d = v
	default:
		return false, nil
	}
	return true, nil
}
