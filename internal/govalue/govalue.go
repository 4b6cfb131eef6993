// Package govalue stores Go values of any type in cells. It maps concrete types to the
// classes of package column, which decides what fits.
//
// Set does not let its argument escape, so that a call with values boxed for it allocates
// nothing. For this reason it does not call methods of types that it does not know: the
// compiler cannot see what a method does with its receiver, and would allocate every
// argument of every caller. A driver.Valuer must therefore be wrapped in a [Valuer].
package govalue

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"math/big"
	"reflect"
	"time"

	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/sqltype"
)

// Valuer wraps a driver.Valuer whose Value method is to be called.
type Valuer struct{ Valuer driver.Valuer }

const (
	reasonInterval = "GreptimeDB has no INTERVAL columns; store months, days or nanoseconds as integers"
	reasonDuration = "can mean a number of any unit or a time of day; pass an integer such as d.Milliseconds(), or greptime.TimeOfDay"
)

// Set stores v in the cell for a column of type t. nil, nil pointers and invalid sql.Null
// values are NULL. Other pointers are followed. Named types are treated as their underlying
// types. Errors are *column.Error. The cell refers to the strings and slices in v.
func Set(c *column.Cell, t column.Type, v any) error {
	switch v := v.(type) {
	case nil:
		c.SetNull()
		return nil
	case string:
		return c.SetString(t, v)
	case float64:
		return c.SetFloat64(t, v)
	case int64:
		return c.SetInt(t, v)
	case time.Time:
		return c.SetTime(t, v)
	case bool:
		return c.SetBool(t, v)
	case int:
		return c.SetInt(t, int64(v))
	case int8:
		return c.SetInt(t, int64(v))
	case int16:
		return c.SetInt(t, int64(v))
	case int32:
		return c.SetInt(t, int64(v))
	case uint:
		return c.SetUint(t, uint64(v))
	case uint8:
		return c.SetUint(t, uint64(v))
	case uint16:
		return c.SetUint(t, uint64(v))
	case uint32:
		return c.SetUint(t, uint64(v))
	case uint64:
		return c.SetUint(t, v)
	case float32:
		return c.SetFloat32(t, v)
	case []byte:
		return c.SetBytes(t, v)
	case json.RawMessage:
		return c.SetJSON(t, v)
	case sqltype.Date:
		return SetDate(c, t, v)
	case sqltype.TimeOfDay:
		return SetTimeOfDay(c, t, v)
	case sqltype.Decimal:
		return c.SetDecimal(t, string(v))
	case sqltype.Vector:
		return c.SetVector(t, v)
	case []float32:
		return c.SetVector(t, v)
	case sqltype.Interval:
		return column.Refuse(t, "greptime.Interval", reasonInterval)
	case time.Duration:
		return column.Refuse(t, "time.Duration", reasonDuration)
	case Valuer:
		return setValuer(c, t, v.Valuer)
	}
	if handled, err := setPointer(c, t, v); handled {
		return err
	}
	if handled, err := setNullable(c, t, v); handled {
		return err
	}
	return setReflect(c, t, reflect.ValueOf(v))
}

// setPointer implements Set for pointers to the types that Set knows, which is the form of
// struct fields.
func setPointer(c *column.Cell, t column.Type, v any) (handled bool, err error) {
	switch v := v.(type) {
	case *string:
		return deref(c, t, v, (*column.Cell).SetString)
	case *float64:
		return deref(c, t, v, (*column.Cell).SetFloat64)
	case *int64:
		return deref(c, t, v, (*column.Cell).SetInt)
	case *time.Time:
		return deref(c, t, v, (*column.Cell).SetTime)
	case *bool:
		return deref(c, t, v, (*column.Cell).SetBool)
	case *int:
		return deref(c, t, v, setInt[int])
	case *int8:
		return deref(c, t, v, setInt[int8])
	case *int16:
		return deref(c, t, v, setInt[int16])
	case *int32:
		return deref(c, t, v, setInt[int32])
	case *uint:
		return deref(c, t, v, setUint[uint])
	case *uint8:
		return deref(c, t, v, setUint[uint8])
	case *uint16:
		return deref(c, t, v, setUint[uint16])
	case *uint32:
		return deref(c, t, v, setUint[uint32])
	case *uint64:
		return deref(c, t, v, (*column.Cell).SetUint)
	case *float32:
		return deref(c, t, v, (*column.Cell).SetFloat32)
	case *[]byte:
		return deref(c, t, v, (*column.Cell).SetBytes)
	case *json.RawMessage:
		return deref(c, t, v, (*column.Cell).SetJSON)
	case *sqltype.Date:
		return deref(c, t, v, SetDate)
	case *sqltype.TimeOfDay:
		return deref(c, t, v, SetTimeOfDay)
	case *sqltype.Decimal:
		return deref(c, t, v, setDecimal)
	case *sqltype.Vector:
		return deref(c, t, v, setVector)
	case *[]float32:
		return deref(c, t, v, (*column.Cell).SetVector)
	case *big.Rat:
		return true, setRat(c, t, v)
	case **big.Rat:
		return deref(c, t, v, setRat)
	}
	return false, nil
}

func deref[T any](c *column.Cell, t column.Type, p *T, set func(*column.Cell, column.Type, T) error) (bool, error) {
	if p == nil {
		c.SetNull()
		return true, nil
	}
	return true, set(c, t, *p)
}

// setNullable implements Set for the nullable types of database/sql over types that Set
// knows, and for sqltype.Null over those that setReflect does not know.
func setNullable(c *column.Cell, t column.Type, v any) (handled bool, err error) {
	switch v := v.(type) {
	case sql.NullString:
		return null(c, t, v.Valid, v.String, (*column.Cell).SetString)
	case sql.NullFloat64:
		return null(c, t, v.Valid, v.Float64, (*column.Cell).SetFloat64)
	case sql.NullInt64:
		return null(c, t, v.Valid, v.Int64, (*column.Cell).SetInt)
	case sql.NullInt32:
		return null(c, t, v.Valid, v.Int32, setInt[int32])
	case sql.NullInt16:
		return null(c, t, v.Valid, v.Int16, setInt[int16])
	case sql.NullByte:
		return null(c, t, v.Valid, v.Byte, setUint[byte])
	case sql.NullBool:
		return null(c, t, v.Valid, v.Bool, (*column.Cell).SetBool)
	case sql.NullTime:
		return null(c, t, v.Valid, v.Time, (*column.Cell).SetTime)
	case sql.Null[string]:
		return null(c, t, v.Valid, v.V, (*column.Cell).SetString)
	case sql.Null[float64]:
		return null(c, t, v.Valid, v.V, (*column.Cell).SetFloat64)
	case sql.Null[float32]:
		return null(c, t, v.Valid, v.V, (*column.Cell).SetFloat32)
	case sql.Null[int64]:
		return null(c, t, v.Valid, v.V, (*column.Cell).SetInt)
	case sql.Null[int32]:
		return null(c, t, v.Valid, v.V, setInt[int32])
	case sql.Null[int16]:
		return null(c, t, v.Valid, v.V, setInt[int16])
	case sql.Null[int8]:
		return null(c, t, v.Valid, v.V, setInt[int8])
	case sql.Null[int]:
		return null(c, t, v.Valid, v.V, setInt[int])
	case sql.Null[uint64]:
		return null(c, t, v.Valid, v.V, (*column.Cell).SetUint)
	case sql.Null[uint32]:
		return null(c, t, v.Valid, v.V, setUint[uint32])
	case sql.Null[uint16]:
		return null(c, t, v.Valid, v.V, setUint[uint16])
	case sql.Null[uint8]:
		return null(c, t, v.Valid, v.V, setUint[uint8])
	case sql.Null[uint]:
		return null(c, t, v.Valid, v.V, setUint[uint])
	case sql.Null[bool]:
		return null(c, t, v.Valid, v.V, (*column.Cell).SetBool)
	case sql.Null[time.Time]:
		return null(c, t, v.Valid, v.V, (*column.Cell).SetTime)
	case sql.Null[[]byte]:
		return null(c, t, v.Valid, v.V, (*column.Cell).SetBytes)
	case sql.Null[json.RawMessage]:
		return null(c, t, v.Valid, v.V, (*column.Cell).SetJSON)
	case sql.Null[sqltype.Date]:
		return null(c, t, v.Valid, v.V, SetDate)
	case sql.Null[sqltype.TimeOfDay]:
		return null(c, t, v.Valid, v.V, SetTimeOfDay)
	case sql.Null[sqltype.Decimal]:
		return null(c, t, v.Valid, v.V, setDecimal)
	case sql.Null[sqltype.Vector]:
		return null(c, t, v.Valid, v.V, setVector)
	case sql.Null[*big.Rat]:
		return null(c, t, v.Valid, v.V, setRat)
	case sqltype.Null[time.Time]:
		return null(c, t, v.Valid, v.V, (*column.Cell).SetTime)
	case sqltype.Null[json.RawMessage]:
		return null(c, t, v.Valid, v.V, (*column.Cell).SetJSON)
	case sqltype.Null[sqltype.Date]:
		return null(c, t, v.Valid, v.V, SetDate)
	case sqltype.Null[*big.Rat]:
		return null(c, t, v.Valid, v.V, setRat)
	}
	return false, nil
}

func null[T any](c *column.Cell, t column.Type, valid bool, v T, set func(*column.Cell, column.Type, T) error) (bool, error) {
	if !valid {
		c.SetNull()
		return true, nil
	}
	return true, set(c, t, v)
}

func setInt[T int | int8 | int16 | int32](c *column.Cell, t column.Type, v T) error {
	return c.SetInt(t, int64(v))
}

func setUint[T uint | uint8 | uint16 | uint32](c *column.Cell, t column.Type, v T) error {
	return c.SetUint(t, uint64(v))
}

// SetDate is like Set for a Date, without boxing it.
func SetDate(c *column.Cell, t column.Type, v sqltype.Date) error {
	days, err := v.EpochDays()
	if err != nil {
		return &column.Error{Type: t, Value: v, Reason: err.Error()}
	}
	return refusing(v, c.SetDate(t, days))
}

// SetTimeOfDay is like Set for a TimeOfDay, without boxing it.
func SetTimeOfDay(c *column.Cell, t column.Type, v sqltype.TimeOfDay) error {
	return refusing(v, c.SetTimeOfDay(t, int64(v)))
}

// refusing makes an error name v instead of the number that the cell received for it.
func refusing[T any](v T, err error) error {
	if e, ok := err.(*column.Error); ok {
		e.Value = v
	}
	return err
}

func setDecimal(c *column.Cell, t column.Type, v sqltype.Decimal) error {
	return c.SetDecimal(t, string(v))
}

func setRat(c *column.Cell, t column.Type, v *big.Rat) error {
	if v == nil {
		c.SetNull()
		return nil
	}
	return c.SetRat(t, v)
}

func setVector(c *column.Cell, t column.Type, v sqltype.Vector) error { return c.SetVector(t, v) }
