package govalue

import (
	"database/sql/driver"
	"encoding/json"
	"math/big"
	"reflect"
	"strings"
	"time"

	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/valuer"
	"github.com/greptime-go/greptime/sqltype"
)

var (
	valuerType      = reflect.TypeFor[driver.Valuer]()
	bytesType       = reflect.TypeFor[[]byte]()
	floatsType      = reflect.TypeFor[[]float32]()
	durationType    = reflect.TypeFor[time.Duration]()
	intervalType    = reflect.TypeFor[sqltype.Interval]()
	dateType        = reflect.TypeFor[sqltype.Date]()
	timeType        = reflect.TypeFor[time.Time]()
	jsonType        = reflect.TypeFor[json.RawMessage]()
	ratType         = reflect.TypeFor[*big.Rat]()
	sqltypePath     = dateType.PkgPath()
	reasonByteArray = "pass its String() for a STRING column, as of a UUID, or the slice b[:] for a VARBINARY column"
	reasonValuer    = "wrap it with insert.Valuer to have its Value stored"
	reasonMarshal   = "for a JSON column pass the json.RawMessage of json.Marshal"
	reasonStruct    = reasonNoClass + "; " + reasonMarshal
	reasonNoClass   = "pass a basic type, time.Time, a type of package greptime, or a driver.Valuer wrapped with insert.Valuer"
)

// MaxIndirections is the number of pointers and nullables that are followed to a value.
// Types that consist of nothing else, type P *P, have none.
const MaxIndirections = 16

// setReflect implements Set for named types, and pointers to them and to nullables.
func setReflect(c *column.Cell, t column.Type, rv reflect.Value) error {
	for range MaxIndirections {
		rt := rv.Type()
		switch {
		case rt.Kind() == reflect.Pointer && rv.IsNil() && !valuer.AsksNil(rt):
			c.SetNull()
			return nil
		case rt == ratType && rv.CanAddr():
			return setRat(c, t, *at[*big.Rat](rv))
		case rt.Kind() == reflect.Pointer && (known(rt.Elem()) || Nullable(rt.Elem()) || !rt.Implements(valuerType)):
			rv = rv.Elem()
		case Nullable(rt):
			if !rv.Field(1).Bool() {
				c.SetNull()
				return nil
			}
			rv = rv.Field(0)
		case !known(rt) && rt.Implements(valuerType):
			return column.Refuse(t, rt.String(), reasonValuer)
		default:
			return SetKind(c, t, rv)
		}
	}
	return column.Refuse(t, rv.Type().String(), reasonNoClass)
}

// known reports whether the type has its own class although it is a Valuer.
func known(rt reflect.Type) bool { return rt.PkgPath() == sqltypePath }

// Nullable reports whether rt is one of database/sql's nullable types, or sqltype.Null:
// a struct of a value and Valid.
func Nullable(rt reflect.Type) bool {
	isOurs := rt.PkgPath() == "database/sql" || rt.PkgPath() == sqltypePath
	return rt.Kind() == reflect.Struct && isOurs && strings.HasPrefix(rt.Name(), "Null") && rt.NumField() == 2
}

// SetKind implements Set for a value of a named type. It uses the underlying type and
// ignores all methods.
func SetKind(c *column.Cell, t column.Type, rv reflect.Value) error {
	rt := rv.Type()
	switch rv.Kind() {
	case reflect.Bool:
		return c.SetBool(t, rv.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		switch {
		case rt == durationType:
			return column.Refuse(t, rt.String(), reasonDuration)
		case rt == reflect.TypeFor[sqltype.TimeOfDay]():
			return SetTimeOfDay(c, t, sqltype.TimeOfDay(rv.Int()))
		}
		return c.SetInt(t, rv.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return c.SetUint(t, rv.Uint())
	case reflect.Float32:
		return c.SetFloat32(t, float32(rv.Float()))
	case reflect.Float64:
		return c.SetFloat64(t, rv.Float())
	case reflect.String:
		if rt == reflect.TypeFor[sqltype.Decimal]() {
			return c.SetDecimal(t, rv.String())
		}
		return c.SetString(t, rv.String())
	case reflect.Slice:
		switch {
		case rt == jsonType && rv.CanAddr():
			return c.SetJSON(t, *at[json.RawMessage](rv))
		case rt.ConvertibleTo(bytesType):
			if rv.IsNil() {
				c.SetNull()
				return nil
			}
			// Copy, because Bytes may also return the inside of an array, which would
			// make every caller's argument escape.
			return c.SetBytes(t, append([]byte{}, rv.Bytes()...))
		case rt.ConvertibleTo(floatsType) && rv.IsNil():
			c.SetNull()
			return nil
		case rt.ConvertibleTo(floatsType):
			v := make([]float32, rv.Len())
			for i := range v {
				v[i] = float32(rv.Index(i).Float())
			}
			return c.SetVector(t, v)
		}
	case reflect.Struct:
		switch {
		case rt == timeType && rv.CanAddr():
			return c.SetTime(t, *at[time.Time](rv))
		case rt == dateType && rv.CanAddr():
			return SetDate(c, t, *at[sqltype.Date](rv))
		case rt == intervalType:
			return column.Refuse(t, "greptime.Interval", reasonInterval)
		}
	}
	return column.Refuse(t, rt.String(), reasonOf(rt))
}

// at returns the address of a value, which is a T. Unlike Interface it does not let it escape.
func at[T any](rv reflect.Value) *T { return (*T)(rv.Addr().UnsafePointer()) }

// reasonOf returns advice for a type that has no values.
func reasonOf(rt reflect.Type) string {
	switch rt.Kind() {
	case reflect.Array:
		if rt.Elem().Kind() == reflect.Uint8 {
			return reasonByteArray
		}
		return reasonMarshal
	case reflect.Slice, reflect.Map:
		return reasonMarshal
	case reflect.Struct:
		return reasonStruct
	}
	return reasonNoClass
}

// setValuer calls a Valuer.
//
//go:noinline
func setValuer(c *column.Cell, t column.Type, asked driver.Valuer) error {
	for range 8 { // a Valuer may return another Valuer
		if asked == nil {
			c.SetNull()
			return nil
		}
		v, err := valuer.Value(asked)
		if err != nil {
			return column.Refuse(t, reflect.TypeOf(asked).String(), "its Value failed: "+err.Error())
		}
		if rt := reflect.TypeOf(v); rt != nil && !known(rt) {
			if next, ok := v.(driver.Valuer); ok {
				asked = next
				continue
			}
		}
		return Set(c, t, v)
	}
	return column.Refuse(t, reflect.TypeOf(asked).String(), "its Value does not come to an end")
}
